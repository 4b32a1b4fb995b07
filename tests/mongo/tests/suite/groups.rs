//! Commits of several documents, by several nodes at once.

use std::sync::Arc;
use std::thread;

use playhouse_mongo_tests::shared;
use playhouse_store::{Committed, Value};
use playhouse_store_tests::held::text;
use playhouse_store_tests::{AVATARS, GUILDS, Held, block_on};

use crate::{Opened, database};

/// How many nodes commit at once.
const NODES: u64 = 3;
/// How many commits each of them makes.
const ROUNDS: u64 = 5;

#[test]
fn of_transactions_that_meet_all_end_and_none_is_half_done() {
    let database = database();
    let nodes = (1..=NODES).map(|node| {
        let database = database.clone();
        thread::spawn(move || {
            let opened = Opened::at(shared(), &database);
            let store = opened.store();
            let mut won = 0;
            for _ in 0..ROUNDS {
                // All claim the same pair and commit both: each fences the others at some moment.
                let mut pair = Vec::new();
                for key in ["a", "b"] {
                    pair.push(block_on(Held::claim(&store, GUILDS, key, node)));
                }
                let (Some(a), Some(b)) = (pair.first(), pair.last()) else {
                    continue;
                };
                let count = a.document.root.at(&["body".to_owned(), "n".to_owned()]);
                let next = match count {
                    Some(Value::Unsigned(count)) => count + 1,
                    _ => 1,
                };
                let commits = [a, b].map(|held| Arc::new(held.set("n", Value::Unsigned(next))));
                let outcomes = match block_on(store.commit(commits.to_vec())) {
                    Ok(outcomes) => outcomes,
                    Err(error) => panic!("{error}"),
                };
                if outcomes == [Committed::Applied, Committed::Applied] {
                    won += 1;
                } else {
                    assert!(outcomes.contains(&Committed::Fenced), "{outcomes:?}");
                    assert!(!outcomes.contains(&Committed::Applied), "{outcomes:?}");
                }
            }
            won
        })
    });
    let nodes: Vec<_> = nodes.collect();
    let won: u64 = nodes
        .into_iter()
        .map(|node| node.join().expect("a node"))
        .sum();
    let opened = Opened::at(shared(), &database);
    let store = opened.store();
    let counts = ["a", "b"].map(|key| {
        let held = block_on(Held::claim(&store, GUILDS, key, 9));
        let count = held.document.root.at(&["body".to_owned(), "n".to_owned()]);
        count.cloned()
    });
    assert_eq!(counts[0], counts[1]);
    let count = (won > 0).then_some(Value::Unsigned(won));
    assert_eq!(counts[0], count);
}

#[test]
fn of_nodes_that_want_a_name_at_once_one_has_it() {
    let database = database();
    // Indexes are made by whoever comes first.
    drop(Opened::at(shared(), &database));
    let nodes = (1..=NODES).map(|node| {
        let database = database.clone();
        thread::spawn(move || {
            let opened = Opened::at(shared(), &database);
            let store = opened.store();
            let mut held = block_on(Held::claim(&store, AVATARS, &format!("u{node}"), node));
            let outcomes = (0..ROUNDS).map(|round| {
                let commit = held.set("name", text(&format!("name {round}")));
                block_on(held.apply(&store, commit))
            });
            outcomes.collect::<Vec<_>>()
        })
    });
    let nodes: Vec<_> = nodes.collect();
    let outcomes: Vec<_> = nodes
        .into_iter()
        .flat_map(|node| node.join().expect("a node"))
        .collect();
    let of = |wanted: fn(&Committed) -> bool| outcomes.iter().filter(|it| wanted(it)).count();
    let applied = of(|outcome| *outcome == Committed::Applied);
    let taken = of(|outcome| matches!(outcome, Committed::Taken { .. }));
    assert_eq!(applied + taken, outcomes.len(), "{outcomes:?}");
    let opened = Opened::at(shared(), &database);
    let store = opened.store();
    for round in 0..ROUNDS {
        let find = playhouse_store::Find {
            collection: AVATARS.into(),
            path: playhouse_store::Path::of(["body", "name"]),
            value: text(&format!("name {round}")),
            limit: 9,
        };
        let found = block_on(store.find(find)).expect("an answer");
        assert!(found.len() <= 1, "{found:?}");
    }
}

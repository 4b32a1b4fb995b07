//! What stands in the database, and its limits.

use std::sync::Arc;

use mongodb::bson::{Bson, doc};
use playhouse_mongo_tests::shared;
use playhouse_store::mongo::{COMMIT_BATCH_MAX, DOCUMENT_BYTES_MAX};
use playhouse_store::{Committed, Path, StoreError, Update, Value};
use playhouse_store_tests::{AVATARS, GUILDS, Held, block_on};

use crate::{Opened, database};

#[test]
fn documents_are_what_the_pages_say() {
    let database = database();
    let opened = Opened::at(shared(), &database);
    let store = opened.store();
    let mut held = block_on(Held::claim(&store, AVATARS, "u1", u64::MAX));
    let mut commit = held.commit();
    let mut update = Update::new();
    for (name, value) in [
        ("", Value::Unsigned(u64::MAX)),
        ("$set", Value::Nil),
        ("a.b", Value::Negative(i64::MIN)),
        ("7", Value::Unsigned(i64::MAX.cast_unsigned() + 1)),
    ] {
        update.set(Path::of(["body", "bag", name]), value);
    }
    commit.update = update;
    commit.wake_us = Some(-5);
    assert_eq!(block_on(held.apply(&store, commit)), Committed::Applied);
    let answer = opened.command(shared(), &database, doc! { "find": AVATARS });
    let cursor = answer.get_document("cursor").expect("a cursor");
    let found = cursor.get_array("firstBatch").expect("documents");
    let expected = doc! {
        "_id": "u1",
        "birth": -1_i64,
        "schema": 1_i64,
        "owner": { "node": "node", "incarnation": -1_i64 },
        "epoch": 1_i64,
        "rev": 2_i64,
        "born": true,
        "pending": false,
        "root": { "body": { "bag": { "%": -1_i64, "%24set": Bson::Null, "a%2eb": i64::MIN, "7": i64::MIN } } },
        "wake": -5_i64,
    };
    assert_eq!(found[..], [Bson::Document(expected)]);
}

#[test]
fn a_document_over_its_limit_is_full_and_stays_as_it_was() {
    let opened = Opened::at(shared(), &database());
    let store = opened.store();
    let mut held = block_on(Held::claim(&store, AVATARS, "u1", 1));
    let bytes = |length: usize| Value::Bytes(vec![7; length]);
    // One that no document can hold, and one that this document can't hold beside what it has.
    let commit = held.set("a", bytes(DOCUMENT_BYTES_MAX));
    let outcome = block_on(store.commit(vec![Arc::new(commit)]));
    assert!(matches!(outcome, Err(StoreError::Full(_))), "{outcome:?}");
    let commit = held.set("a", bytes(DOCUMENT_BYTES_MAX * 2 / 3));
    assert_eq!(block_on(held.apply(&store, commit)), Committed::Applied);
    let commit = held.set("b", bytes(DOCUMENT_BYTES_MAX * 2 / 3));
    let outcome = block_on(store.commit(vec![Arc::new(commit.clone())]));
    assert!(matches!(outcome, Err(StoreError::Full(_))), "{outcome:?}");
    let other = block_on(Held::claim(&store, AVATARS, "u2", 1));
    let both = vec![Arc::new(commit), Arc::new(other.set("x", Value::Nil))];
    let outcome = block_on(store.commit(both));
    assert!(matches!(outcome, Err(StoreError::Full(_))), "{outcome:?}");
    let commit = held.set("b", Value::Nil);
    assert_eq!(block_on(held.apply(&store, commit)), Committed::Applied);
}

#[test]
fn a_change_within_what_is_no_table_makes_one() {
    let opened = Opened::at(shared(), &database());
    let store = opened.store();
    let mut held = block_on(Held::claim(&store, AVATARS, "u1", 1));
    let commit = held.set("bag", Value::Unsigned(3));
    assert_eq!(block_on(held.apply(&store, commit)), Committed::Applied);
    let mut commit = held.commit();
    let path = Path::of(["body", "bag", "sword"]);
    commit.update.set(path.clone(), Value::Bool(true));
    assert_eq!(
        block_on(held.apply(&store, commit.clone())),
        Committed::Applied
    );
    let again = block_on(store.commit(vec![Arc::new(commit)]));
    assert_eq!(again, Ok(vec![Committed::Applied]));
    let document = block_on(playhouse_store_tests::held::read(&store, &held.document.id));
    assert_eq!(document.root.at(&path.0), Some(&Value::Bool(true)));
    assert_eq!(document.header.rev, 3);
}

#[test]
fn of_many_commits_at_once_each_is_answered_for_itself() {
    let opened = Opened::at(shared(), &database());
    let store = opened.store();
    let outcomes = block_on(async {
        let mut answers = Vec::new();
        // More than one command has room for, of two collections; every third is stale.
        for index in 0..COMMIT_BATCH_MAX + 7 {
            let collection = if index % 2 == 0 { AVATARS } else { GUILDS };
            let held = Held::claim(&store, collection, &format!("u{index}"), 1).await;
            let mut commit = held.set("n", Value::Unsigned(index as u64));
            if index % 3 == 0 {
                commit.epoch += 1;
            }
            answers.push(commit);
        }
        let answers = answers
            .into_iter()
            .map(|commit| store.commit(vec![Arc::new(commit)]));
        let mut outcomes = Vec::new();
        for answer in answers.collect::<Vec<_>>() {
            outcomes.push(answer.await);
        }
        outcomes
    });
    for (index, outcome) in outcomes.into_iter().enumerate() {
        let expected = if index % 3 == 0 {
            Committed::Fenced
        } else {
            Committed::Applied
        };
        assert_eq!(outcome, Ok(vec![expected]), "{index}");
    }
}

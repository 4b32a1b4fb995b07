//! Game nodes that crash, db nodes that crash, and links that are cut, in virtual time.

use std::time::Duration;

use playhouse::sim::Sim;
use playhouse::{CallError, Failure, Ref};

use crate::schema::{Hero, NameError};
use crate::world::{EVERY_MS, Kept, sim};

const SEEDS: u64 = 20;

/// The indexes that a db node of this schema has.
fn kept() -> Kept {
    let index = playhouse::store::Index {
        path: playhouse::store::Path::of(["body", "name"]),
        unique: true,
    };
    Kept::new(&[playhouse::store::Collection {
        name: "vault.Hero".into(),
        indexes: vec![index],
    }])
}

fn add(sim: &Sim, node: &str, hero: u64, amount: u64) -> Result<u64, Failure> {
    sim.on(node, async move || Hero::of(hero).add(amount).await)
        .unwrap()
}

/// What a hero has, as soon as it can be asked again.
fn gold(sim: &Sim, node: &str, hero: u64) -> u64 {
    for _ in 0..100 {
        if let Ok(gold) = add(sim, node, hero, 0) {
            return gold;
        }
        sim.run_for(Duration::from_millis(100));
    }
    panic!("the hero can't be loaded")
}

fn stream(sim: &Sim) {
    // The interval, and the way there and back.
    sim.run_for(Duration::from_millis(EVERY_MS * 3));
}

#[test]
fn what_was_streamed_outlives_the_game_node() {
    for seed in 0..SEEDS {
        let store = kept();
        let sim = sim(seed, &store, &["one", "two"]);
        for hero in 1..=5 {
            assert_eq!(add(&sim, "one", hero, hero), Ok(hero));
        }
        let put = sim.on("one", async || {
            Hero::of(1).put("a.b $".to_owned(), u64::MAX).await
        });
        assert_eq!(put.unwrap(), Ok(1));
        stream(&sim);
        sim.crash("one");
        for hero in 1..=5 {
            assert_eq!(gold(&sim, "two", hero), hero, "seed {seed}");
        }
        let count = sim.on("two", async || Hero::of(1).count("a.b $".to_owned()).await);
        assert_eq!(count.unwrap(), Ok(u64::MAX), "seed {seed}");
        sim.end().unwrap();
    }
}

#[test]
fn what_was_acknowledged_outlives_both_nodes() {
    for seed in 0..SEEDS {
        let store = kept();
        let sim = sim(seed, &store, &["one"]);
        let saved = sim.on("one", async || {
            Hero::of(1).add(7).await?;
            Hero::of(1).save_now().await
        });
        assert_eq!(saved.unwrap(), Ok(true));
        sim.crash("one");
        sim.crash("db");
        sim.restart("db");
        sim.restart("one");
        assert_eq!(gold(&sim, "one", 1), 7, "seed {seed}");
        sim.end().unwrap();
    }
}

#[test]
fn a_db_node_that_is_away_loses_nothing_of_a_game_node_that_runs() {
    for seed in 0..SEEDS {
        let store = kept();
        let sim = sim(seed, &store, &["one", "two"]);
        for round in 1..=6 {
            assert_eq!(add(&sim, "one", 1, 1), Ok(round), "seed {seed}");
            // In the middle of a save, more or less.
            sim.run_for(Duration::from_millis(EVERY_MS + seed % 7));
            if round % 2 == 0 {
                sim.crash("db");
                sim.run_for(Duration::from_millis(300));
                sim.restart("db");
            } else {
                sim.partition("one", "db");
                sim.run_for(Duration::from_secs(1));
                sim.heal("one", "db");
            }
        }
        sim.run_for(Duration::from_secs(30));
        sim.crash("one");
        assert_eq!(gold(&sim, "two", 1), 6, "seed {seed}");
        sim.end().unwrap();
    }
}

#[test]
fn what_is_sent_for_good_arrives_once_though_every_node_crashes() {
    for seed in 0..SEEDS {
        let store = kept();
        let sim = sim(seed, &store, &["one"]);
        assert_eq!(add(&sim, "one", 1, 10), Ok(10));
        for _ in 0..5 {
            let given = sim.on("one", async || {
                let to: Ref<Hero> = Ref::to_entity([2_u64.into()]);
                Hero::of(1).give(to, 1).await
            });
            assert_eq!(given.unwrap(), Ok(()), "seed {seed}");
        }
        sim.run_for(Duration::from_millis(5 + seed * 3));
        for node in ["one", "db"] {
            sim.crash(node);
            sim.restart(node);
        }
        // What was committed goes on its way again.
        sim.run_for(Duration::from_secs(60));
        let both = gold(&sim, "one", 1) + gold(&sim, "one", 2);
        assert!(both == 10 || both == 0, "seed {seed}: {both}");
        sim.end().unwrap();
    }
}

#[test]
fn a_name_that_is_taken_is_refused_by_the_db_node() {
    let store = kept();
    let sim = sim(1, &store, &["one", "two"]);
    let rename = |node: &str, hero: u64| {
        let renamed = sim.on(node, async move || {
            Hero::of(hero).rename("Anna".to_owned()).await
        });
        renamed.unwrap()
    };
    assert_eq!(rename("one", 1), Ok(()));
    assert_eq!(rename("two", 2), Err(CallError::Thrown(NameError::Taken)));
    sim.end().unwrap();
}

//! Entities that end: made again under the same key while others remember where they were, or gone with their node.

use std::time::Duration;

use playhouse::{FailureKind, Reach};

use crate::schema::caravan::{Camel, Tent};
use crate::simulated::Caravan;

#[test]
fn whoever_remembers_an_earlier_life_disturbs_none_of_the_later_one() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west", "south", "north"]);
        let camel = caravan.camel_on("east");
        // Its epoch rises with each move.
        caravan.drain("east");
        let others = ["west", "south", "north"];
        for node in others {
            let thirst = caravan.on(node, async move || Camel::of(camel).thirst_now().await);
            assert_eq!(thirst, Ok(0), "seed {seed}: all of them know where it is");
        }
        caravan
            .on("north", async move || {
                Camel::of(camel).leave_after_a_while().await
            })
            .unwrap();
        caravan.sim.run_for(Duration::from_secs(1));
        let drunk = caravan.on("west", async move || Camel::of(camel).drink(7).await);
        assert_eq!(drunk, Ok(()), "seed {seed}");
        for node in others {
            let thirst = caravan.on(node, async move || Camel::of(camel).thirst_now().await);
            assert_eq!(thirst, Ok(7), "seed {seed}: {node}'s question ended it");
        }
        let documents = caravan.sim.store().documents();
        let epochs = documents
            .iter()
            .filter(|it| it.id.collection.ends_with("Camel"));
        let epochs: Vec<_> = epochs
            .filter(|it| it.id.key.ends_with(&camel.to_string()))
            .map(|it| it.header.epoch)
            .collect();
        assert_eq!(epochs, [3], "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

#[test]
fn what_was_made_a_moment_ago_is_found_by_whoever_is_told_of_it() {
    for seed in 0..10 {
        let caravan = Caravan::new(seed, &["east", "west", "south", "north"]);
        let camel = caravan.camel_on("east");
        for asking in ["west", "south", "north"] {
            let guests = caravan.on(asking, async move || {
                let mut guests = Vec::new();
                for _ in 0..20 {
                    // It is on its way into the store.
                    let tent = Camel::of(camel).pitch().await.unwrap();
                    guests.push(tent.proxy().enter().await);
                }
                guests
            });
            assert_eq!(guests, vec![Ok(1); 20], "seed {seed}: asked by {asking}");
        }
        caravan.sim.end().unwrap();
    }
}

#[test]
fn that_there_is_none_is_true_once_all_who_may_have_made_it_have_said_so() {
    for seed in 0..5 {
        let caravan = Caravan::new(seed, &["east", "west", "south"]);
        let asked = || {
            let tent = Tent::of(7).deadline(Duration::from_secs(5));
            caravan.on("south", async move || {
                tent.enter().await.unwrap_err().kind()
            })
        };
        assert_eq!(asked(), FailureKind::NotFound, "seed {seed}");
        caravan.sim.crash("east");
        let heard = asked();
        assert_ne!(
            heard,
            FailureKind::NotFound,
            "seed {seed}: east may know it"
        );
        caravan.meeting.forget("east");
        // Its link is silent for so long before it counts as dead.
        caravan.sim.run_for(Duration::from_secs(20));
        assert_eq!(asked(), FailureKind::NotFound, "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

#[test]
fn what_nobody_asks_for_again_is_cleared_away_after_its_node() {
    for seed in 0..5 {
        let caravan = Caravan::new(seed, &["east", "west", "south"]);
        let camel = caravan.camel_on("east");
        let tents = caravan.on("east", async move || {
            let mut tents = Vec::new();
            for _ in 0..20 {
                tents.push(Camel::of(camel).pitch().await.unwrap());
            }
            tents
        });
        let entered = tents[0].clone();
        let guests = caravan.on("west", async move || entered.proxy().enter().await);
        assert_eq!(guests, Ok(1), "seed {seed}");
        let left = || {
            let documents = caravan.sim.store().documents();
            let tents = documents
                .iter()
                .filter(|it| it.id.collection.ends_with("Tent"));
            tents.count()
        };
        assert_eq!(left(), 20);
        caravan.sim.crash("east");
        caravan.meeting.forget("east");
        let cleared = caravan
            .sim
            .run_until(Duration::from_secs(30), || left() == 0);
        assert!(cleared, "seed {seed}: {} are left", left());
        let entered = tents[0].clone();
        let gone = caravan.on("south", async move || entered.proxy().enter().await);
        assert_eq!(gone.unwrap_err().kind(), FailureKind::NotFound);
        caravan.sim.end().unwrap();
    }
}

//! Calls of one node start in the order in which they were made, whatever becomes of the activation that they wait for.

use std::time::Duration;

use crate::schema::caravan::Camel;
use crate::simulated::Caravan;

/// How many calls are made at once, and how many one after the other, while the entity ends.
const AT_ONCE: usize = 8;
const ONE_BY_ONE: usize = 32;

#[test]
fn calls_that_waited_for_an_entity_that_ended_are_made_anew_in_their_order() {
    for seed in 0..20 {
        let caravan = Caravan::new(seed, &["east", "west"]);
        let camel = caravan.camel_on("east");
        let steps = caravan.on("east", async move || {
            let left = tokio::task::spawn_local(async move {
                let camel = Camel::of(camel);
                camel.leave_after_a_while().await
            });
            // It has begun, and these wait for its end.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let step = || tokio::task::spawn_local(async move { Camel::of(camel).step().await });
            let mut steps: Vec<_> = (0..AT_ONCE).map(|_| step()).collect();
            tokio::time::sleep(Duration::from_millis(190)).await;
            for _ in 0..ONE_BY_ONE {
                steps.push(step());
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
            left.await.unwrap().unwrap();
            let mut answers = Vec::new();
            for step in steps {
                answers.push(step.await.unwrap());
            }
            answers
        });
        // They are the first steps of the next camel of this name.
        let expected: Vec<_> = (1..=(AT_ONCE + ONE_BY_ONE) as u64).map(Ok).collect();
        assert_eq!(steps, expected, "seed {seed}");
        caravan.sim.end().unwrap();
    }
}

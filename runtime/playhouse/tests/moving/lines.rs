//! Calls of one node start in the order in which they were made, whatever becomes of the activation that they wait for.

use std::time::Duration;

use playhouse::host::MAILBOX_MAX;
use playhouse::{Executed, FailureKind};

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

#[test]
fn a_full_mailbox_returns_as_a_whole_and_later_calls_are_refused_or_stay_behind() {
    let caravan = Caravan::new(1, &["east", "west"]);
    let camel = caravan.camel_on("east");
    let (kept, later) = caravan.on("east", async move || {
        let left = tokio::task::spawn_local(async move {
            let camel = Camel::of(camel);
            camel.leave_after_a_while().await
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        let step = || tokio::task::spawn_local(async move { Camel::of(camel).step().await });
        let kept: Vec<_> = (0..=MAILBOX_MAX).map(|_| step()).collect();
        tokio::time::sleep(Duration::from_millis(195)).await;
        let mut later = Vec::new();
        for _ in 0..400 {
            later.push(step());
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
        left.await.unwrap().unwrap();
        let mut answers = [Vec::new(), Vec::new()];
        for (steps, answers) in [kept, later].into_iter().zip(&mut answers) {
            for step in steps {
                answers.push(step.await.unwrap());
            }
        }
        let [kept, later] = answers;
        (kept, later)
    });
    let mut expected = 1;
    for (number, step) in kept.iter().chain(&later).enumerate() {
        match step {
            Ok(step) => {
                assert_eq!(*step, expected, "call {number}");
                expected += 1;
            }
            Err(failure) => {
                assert!(number >= MAILBOX_MAX, "call {number}: {failure}");
                assert_eq!(
                    (failure.kind(), failure.executed()),
                    (FailureKind::Overloaded, Executed::NotExecuted)
                );
            }
        }
    }
    assert!(kept.last().unwrap().is_err(), "the mailbox had room for it");
    assert!(later.last().unwrap().is_ok(), "there is room again");
    caravan.sim.end().unwrap();
}

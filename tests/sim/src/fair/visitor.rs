//! Those who come to the fair.

use std::time::Duration;

use playhouse::Failure;
use playhouse::sim::Random;

use super::BOOTHS;
use super::ledger::Ledger;
use crate::schema::fair::Booth;

/// How long a visitor waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// The longest that a visitor stays.
const STAYS_US: u64 = 20_000;

/// How often a visitor comes, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) times: u32,
    /// The longest pause between two visits.
    pub(super) pause_ms: u64,
    /// How often at most it calls a booth without waiting in between.
    pub(super) calls: u64,
}

/// Comes so many times, on the node that this runs on. Each time it calls a booth a few times, without waiting for answers
/// in between.
pub(super) async fn visit(visitor: u64, random: Random, pace: Pace) {
    let mut number = 0;
    for _ in 0..pace.times {
        tokio::time::sleep(Duration::from_millis(random.below(pace.pause_ms))).await;
        let booth = u32::try_from(random.below(BOOTHS.into())).unwrap_or(0);
        let mut calls = Vec::new();
        for _ in 0..=random.below(pace.calls) {
            number += 1;
            if random.chance(0.4) {
                tokio::time::sleep(Duration::from_micros(random.below(6_000))).await;
            }
            let may_repeat = random.chance(0.3);
            let stays = random.below(STAYS_US) * u64::from(random.chance(0.5));
            Ledger::with(|ledger| ledger.issued((visitor, number), may_repeat));
            let call = call(booth, (visitor, number), may_repeat, stays);
            calls.push(tokio::task::spawn_local(call));
        }
        for call in calls {
            // One that was dropped with its node is told nothing.
            let _ = call.await;
        }
    }
}

async fn call(booth: u32, (visitor, number): (u64, u32), may_repeat: bool, stays_us: u64) {
    let proxy = Booth::of(booth).deadline(PATIENCE);
    let outcome: Result<u32, Failure> = if may_repeat {
        proxy.look(visitor, number).await
    } else {
        let stays = i64::try_from(stays_us).unwrap_or(0);
        let stays = playhouse::Duration::from_micros(stays);
        proxy.visit(visitor, number, stays).await
    };
    Ledger::with(|ledger| ledger.told((visitor, number), &outcome));
}

/// Calls every booth once, when nothing fails any more. What did not work.
pub(super) async fn inspect(visitor: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, booth) in (1..).zip(0..BOOTHS) {
        Ledger::with(|ledger| ledger.issued((visitor, number), true));
        let outcome = Booth::of(booth)
            .deadline(PATIENCE)
            .look(visitor, number)
            .await;
        Ledger::with(|ledger| ledger.told((visitor, number), &outcome));
        if let Err(failure) = outcome {
            wrong.push(format!(
                "booth {booth} is out of reach though nothing fails any more: {failure}"
            ));
        }
    }
    wrong
}

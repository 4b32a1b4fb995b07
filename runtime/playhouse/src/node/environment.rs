//! What a node in production takes from the machine: its clock, its date, its chance.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use playhouse_net::Random;
use playhouse_wire::Timestamp;
use tokio::time::Instant;

use crate::host::Env;

/// The machine, as one shard sees it.
#[derive(Debug)]
pub(super) struct Machine {
    random: Random,
    /// Whether other shards may answer while this one waits.
    spins: bool,
}

impl Machine {
    pub(super) fn new(spins: bool) -> Self {
        Self {
            random: Random::new(seed()),
            spins,
        }
    }
}

/// Sixty-four bits that no other call in this process and, as far as can be, no other process gets.
pub(super) fn seed() -> u64 {
    // The standard library keys each of its hashers from the system's source of randomness; it offers no other way to
    // it. Enough for jitter and for names that must differ, not for secrets.
    RandomState::new().hash_one(std::process::id())
}

/// The date, in microseconds since 1970.
pub(super) fn date_us() -> i64 {
    let micros = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => -micros(before.duration()),
    }
}

impl Env for Machine {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> Timestamp {
        Timestamp(date_us())
    }

    fn random(&self) -> u64 {
        self.random.u64()
    }

    fn spins(&self) -> bool {
        self.spins
    }
}

//! What a node in production takes from the machine: its clock, its date, its chance.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use playhouse_net::Random;
use playhouse_wire::Timestamp;
use tokio::time::Instant;

use crate::host::{Env, Processors};

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

    fn processors(&self) -> Option<Processors> {
        let count = std::thread::available_parallelism().ok()?;
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        Some(Processors {
            count: u16::try_from(count.get()).unwrap_or(u16::MAX),
            used_us: used_us(&stat)?,
        })
    }

    fn spins(&self) -> bool {
        self.spins
    }
}

/// The processor time in what Linux says of a process. Its unit is a hundredth of a second on every machine that Linux runs on.
fn used_us(stat: &str) -> Option<u64> {
    // The name of the program may have blanks and brackets.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let (user, system) = (ticks()?, ticks()?);
    user.checked_add(system)?.checked_mul(10_000)
}

#[cfg(test)]
mod tests {
    use super::used_us;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 1 2 3 4 125 75 5 6 20 0 3 0 100 200";
        assert_eq!(used_us(stat), Some(2_000_000));
        assert_eq!(used_us("7 (a) S 1"), None);
        assert_eq!(used_us(""), None);
    }
}

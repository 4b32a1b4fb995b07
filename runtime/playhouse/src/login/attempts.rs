//! How often somebody may try a password.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use playhouse_wire::{Duration, Timestamp};
use sha2::{Digest, Sha256};

use crate::node::Place;

/// Wrong passwords for one account from one address before the next has to wait.
pub const FREE_OF_BOTH: u32 = 5;

/// Wrong passwords from one address, whatever the account.
pub const FREE_OF_ADDRESS: u32 = 20;

/// Wrong passwords for one account, whatever the address.
pub const FREE_OF_ACCOUNT: u32 = 50;

/// The first wait; each further failure doubles it.
pub const BACK_OFF_FIRST: Duration = Duration::from_seconds(1);

/// The longest wait.
pub const BACK_OFF_MAX: Duration = Duration::from_seconds(15 * 60);

/// After so long without a failure they are forgotten.
pub const FORGIVEN_AFTER: Duration = Duration::from_seconds(3600);

/// For how long an address is known as an account's own after a login from there.
pub const KNOWN_FOR: Duration = Duration::from_seconds(30 * 24 * 3600);

/// Most accounts and addresses that are remembered together; the one that was quiet for longest makes room.
pub const ATTEMPTS_MAX: usize = 65_536;

/// Who has tried how often. A clone is the same.
///
/// Three things are counted: failures of an account from an address, of an address, and of an account. Beyond what each
/// has free, the next try waits, twice as long each time. A stranger must not lock the owner out of an account, however
/// many addresses the stranger has: so where an account has logged in from of late, its own failures from elsewhere
/// don't count, and only those from that very address do. What is refused here costs no hash and is not counted again,
/// so that hammering doesn't lengthen the wait.
///
/// It is kept by the node alone, in memory.
#[derive(Clone, Default)]
pub struct Attempts(Arc<Mutex<Table>>);

/// A try that is underway. It counts as failed from its beginning, so that many at once gain nothing, until it
/// [succeeds](Self::succeeded).
#[must_use = "it counts as failed until it has succeeded"]
#[derive(Debug)]
pub struct Attempt {
    attempts: Attempts,
    now: Timestamp,
    /// What is counted, and how it was before.
    counted: [(Key, Before); 3],
}

/// What an attempt changed of an entry.
#[derive(Debug, Clone, Copy)]
struct Before {
    not_before: Timestamp,
    /// The touch that changed it.
    touched: u64,
}

#[derive(Default)]
struct Table {
    entries: HashMap<Key, Entry>,
    /// Who was touched when, by a number that only grows.
    order: BTreeMap<u64, Key>,
    touched: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Both([u8; 16], Option<Place>),
    Address(Option<Place>),
    Account([u8; 16]),
}

#[derive(Clone, Copy)]
struct Entry {
    failures: u32,
    failed_at: Timestamp,
    not_before: Timestamp,
    known_until: Timestamp,
    touched: u64,
}

impl Attempts {
    /// Somebody at this address begins to try a password of this account.
    ///
    /// # Errors
    ///
    /// How long to wait before the next try.
    pub fn begin(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Attempt, Duration> {
        let digest = Sha256::digest(account.as_bytes());
        let mut name = [0; 16];
        name.copy_from_slice(&digest[..16]);
        let place = address.map(Place::of_ip);
        let both = Key::Both(name, place);
        let keys = [both, Key::Address(place), Key::Account(name)];
        let mut table = self.lock();
        let is_known = table.get(&both).is_some_and(|it| now < it.known_until);
        let counts = |key: &Key| !(is_known && matches!(key, Key::Account(_)));
        let waits = keys.iter().filter(|key| counts(key));
        let wait = waits.filter_map(|key| table.wait(key, now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        let counted = keys.map(|key| (key, table.fail(key, now)));
        drop(table);
        Ok(Attempt {
            attempts: self.clone(),
            now,
            counted,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while it holds this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// The password was right.
    pub fn succeeded(self) {
        let mut table = self.attempts.lock();
        for (key, before) in self.counted {
            let Some(entry) = table.entries.get_mut(&key) else {
                continue;
            };
            if matches!(key, Key::Both(..)) {
                // What failed before from here was the owner.
                entry.failures = 0;
                entry.not_before = self.now;
                entry.known_until = self.now + KNOWN_FOR;
                continue;
            }
            // An address and an account keep what others did: a wait is taken back by whoever caused it alone.
            entry.failures = entry.failures.saturating_sub(1);
            if entry.touched == before.touched {
                entry.not_before = before.not_before;
            }
        }
    }
}

impl Key {
    const fn free(&self) -> u32 {
        match self {
            Self::Both(..) => FREE_OF_BOTH,
            Self::Address(_) => FREE_OF_ADDRESS,
            Self::Account(_) => FREE_OF_ACCOUNT,
        }
    }
}

impl Table {
    fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// How long this one has to wait, if it has to.
    fn wait(&self, key: &Key, now: Timestamp) -> Option<Duration> {
        // Those who come without an address share none.
        if matches!(key, Key::Address(None)) {
            return None;
        }
        let entry = self.get(key)?;
        (now < entry.not_before).then(|| entry.not_before - now)
    }

    fn fail(&mut self, key: Key, now: Timestamp) -> Before {
        self.touched += 1;
        let touched = self.touched;
        let entry = self.entries.entry(key).or_insert(Entry {
            failures: 0,
            failed_at: now,
            not_before: now,
            known_until: now,
            touched,
        });
        let before = Before {
            not_before: entry.not_before,
            touched,
        };
        self.order.remove(&entry.touched);
        entry.touched = touched;
        if entry.failed_at + FORGIVEN_AFTER < now {
            entry.failures = 0;
        }
        entry.failures = entry.failures.saturating_add(1);
        entry.failed_at = now;
        if let Some(beyond) = entry.failures.checked_sub(key.free()) {
            let factor = 1_i64 << beyond.min(32);
            let wait = BACK_OFF_FIRST.as_micros().saturating_mul(factor);
            let wait = wait.min(BACK_OFF_MAX.as_micros());
            entry.not_before = now + Duration::from_micros(wait);
        }
        self.order.insert(touched, key);
        while self.entries.len() > ATTEMPTS_MAX
            && let Some((_, key)) = self.order.pop_first()
        {
            self.entries.remove(&key);
        }
        before
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Both(..) => "Both",
            Self::Address(_) => "Address",
            Self::Account(_) => "Account",
        })
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts")
            .field("entries", &self.lock().entries.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000_000);
    const ANN: &str = "ann@example.org";

    fn at(host: u32) -> Option<IpAddr> {
        Some(IpAddr::V4(host.into()))
    }

    fn fails(attempts: &Attempts, account: &str, host: u32, now: Timestamp) -> bool {
        attempts.begin(account, at(host), now).is_ok()
    }

    #[test]
    fn wrong_passwords_wait_longer_each_time() {
        let attempts = Attempts::default();
        for _ in 0..FREE_OF_BOTH {
            assert!(fails(&attempts, ANN, 1, NOW));
        }
        let wait = |now| attempts.begin(ANN, at(1), now).err();
        assert_eq!(wait(NOW), Some(BACK_OFF_FIRST));
        assert_eq!(
            wait(NOW),
            Some(BACK_OFF_FIRST),
            "hammering costs nothing more"
        );
        let later = NOW + BACK_OFF_FIRST;
        assert_eq!(wait(later), None);
        assert_eq!(wait(later), Some(Duration::from_seconds(2)));
        let mut now = later;
        for _ in 0..20 {
            now = now + wait(now).unwrap();
            assert_eq!(wait(now), None);
        }
        assert_eq!(wait(now), Some(BACK_OFF_MAX));
        let rested = now + FORGIVEN_AFTER + Duration::from_micros(1);
        assert_eq!(wait(rested), None);
        assert_eq!(wait(rested), None, "forgiven");
    }

    #[test]
    fn a_right_password_is_free_and_forgives() {
        let attempts = Attempts::default();
        for _ in 0..1_000 {
            attempts.begin(ANN, at(1), NOW).unwrap().succeeded();
        }
        for _ in 1..FREE_OF_BOTH {
            assert!(fails(&attempts, ANN, 1, NOW));
        }
        attempts.begin(ANN, at(1), NOW).unwrap().succeeded();
        assert!(fails(&attempts, ANN, 1, NOW));
    }

    #[test]
    fn one_address_can_not_try_everybody() {
        let attempts = Attempts::default();
        let tried = (0..1_000).filter(|it| fails(&attempts, &format!("{it}"), 1, NOW));
        assert_eq!(tried.count(), FREE_OF_ADDRESS as usize);
        assert!(fails(&attempts, ANN, 2, NOW), "another address");
    }

    #[test]
    fn many_addresses_can_not_try_one_account_nor_lock_its_owner_out() {
        let attempts = Attempts::default();
        attempts.begin(ANN, at(1), NOW).unwrap().succeeded();
        let tried = (2..1_000).filter(|host| fails(&attempts, ANN, *host, NOW));
        assert_eq!(tried.count(), FREE_OF_ACCOUNT as usize);
        // The owner comes from where she came from before.
        attempts.begin(ANN, at(1), NOW).unwrap().succeeded();
        assert!(!fails(&attempts, ANN, 5_000, NOW));
    }

    #[test]
    fn many_at_once_are_no_more_than_one_after_another() {
        let attempts = Attempts::default();
        let begun: Vec<_> = (0..100)
            .filter_map(|_| attempts.begin(ANN, at(1), NOW).ok())
            .collect();
        assert_eq!(begun.len(), FREE_OF_BOTH as usize);
    }

    #[test]
    fn the_table_is_bounded_and_keeps_who_is_busy() {
        let attempts = Attempts::default();
        for _ in 0..FREE_OF_BOTH {
            assert!(fails(&attempts, ANN, 1, NOW));
        }
        for host in 0..40_000_u32 {
            let _ = attempts.begin(&format!("{host}"), at(10 + host), NOW);
        }
        let table = attempts.lock();
        assert_eq!(table.entries.len(), ATTEMPTS_MAX);
        assert_eq!(table.order.len(), ATTEMPTS_MAX);
    }
}

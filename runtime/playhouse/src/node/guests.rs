//! What the guests of one address may do together: a new link gives them nothing that the old one had used up.
//!
//! A rate is what one client may do, and each link counts for itself. Besides, all guests of an address have what
//! [`GUESTS_PER_ADDRESS`] of them may do, in a table that the shards of a node share. An entry is forgotten once its
//! bucket is full again, which is no different from never having been there. If the table is full of others, an
//! address that isn't in it has its links' own limits alone: whoever owns so many addresses could do as much without,
//! and must not lock out everybody else.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::Network;
use crate::rate::{Bucket, Rate};

/// As how many guests those of one address count if nothing is said: a household, a school, players behind one
/// provider's address.
pub const GUESTS_PER_ADDRESS: u32 = 16;

/// Most calls of addresses that are remembered, each an address and a call.
pub const GUEST_CALLS_MAX: usize = 65_536;

/// Least time between two searches of a full table for what can be forgotten.
const SWEEP_US: u64 = 1_000_000;

/// Where a guest is: an address of version 4, or a network of version 6, since who has one of its addresses has all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Place(IpAddr);

/// What the guests of each address have done.
pub(super) struct Guests {
    per_address: u32,
    calls_max: usize,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    began: Option<Instant>,
    swept_us: u64,
    calls: HashMap<(Place, u64), Entry>,
}

struct Entry {
    bucket: Bucket,
    /// When the bucket is full again.
    full_us: u64,
}

impl Place {
    /// Where a link's other end is; nothing if it is no internet address.
    pub(super) fn of(address: &str) -> Option<Self> {
        let address = address.parse::<SocketAddr>().ok()?;
        Some(Self::of_ip(address.ip()))
    }

    /// Where an address is.
    pub(crate) fn of_ip(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self(match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        })
    }

    /// All its addresses.
    pub(super) fn network(self) -> Network {
        Network::whole(self.0, if self.0.is_ipv4() { 32 } else { 64 })
    }
}

impl Guests {
    pub(super) fn new(per_address: u32, calls_max: usize) -> Self {
        Self {
            per_address,
            calls_max,
            table: Mutex::default(),
        }
    }

    /// Whether a guest of this address may make the call that `call` stands for; if so, it has.
    pub(super) fn take(&self, place: Place, call: u64, rate: Rate, now: Instant) -> bool {
        let rate = rate.of_many(self.per_address);
        // A panic elsewhere leaves whole buckets behind.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let now_us = table.time(now);
        let key = (place, call);
        if !table.calls.contains_key(&key) && !table.has_room(self.calls_max, now_us) {
            return true;
        }
        let entry = table.calls.entry(key).or_insert(Entry {
            bucket: Bucket::new(),
            full_us: 0,
        });
        let taken = entry.bucket.take(rate, now_us);
        entry.full_us = match entry.bucket.full_in_us(rate, now_us) {
            Some(wait_us) => now_us.saturating_add(wait_us),
            None => u64::MAX,
        };
        taken
    }
}

impl Table {
    fn time(&mut self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(*self.began.get_or_insert(now));
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn has_room(&mut self, calls_max: usize, now_us: u64) -> bool {
        let rested = now_us.saturating_sub(self.swept_us) >= SWEEP_US;
        if self.calls.len() >= calls_max && rested {
            self.swept_us = now_us;
            self.calls.retain(|_, entry| entry.full_us > now_us);
        }
        self.calls.len() < calls_max
    }
}

impl fmt::Debug for Guests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guests")
            .field("per_address", &self.per_address)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Duration;

    use super::*;

    const RATE: Rate = Rate {
        count: 1,
        period_us: 60_000_000,
        burst: 2,
    };

    fn place(host: u8) -> Place {
        Place::of(&format!("10.0.0.{host}:4000")).unwrap()
    }

    #[test]
    fn a_place_is_an_address_or_a_network() {
        assert_eq!(Place::of("10.0.0.1:1"), Place::of("10.0.0.1:65535"));
        assert_ne!(place(1), place(2));
        assert_eq!(Place::of("[::ffff:10.0.0.1]:9"), Some(place(1)));
        let network = Place::of("[2001:db8:1:2::5]:1");
        assert_eq!(network, Place::of("[2001:db8:1:2:ffff::9]:7"));
        assert_ne!(network, Place::of("[2001:db8:1:3::5]:1"));
        for address in ["", "bot-1:7000", "10.0.0.1", "[::1"] {
            assert_eq!(Place::of(address), None, "{address}");
        }
    }

    #[test]
    fn guests_of_an_address_share_what_so_many_may_do() {
        let now = Instant::now();
        let guests = Guests::new(3, GUEST_CALLS_MAX);
        let taken = (0..100).filter(|_| guests.take(place(1), 7, RATE, now));
        assert_eq!(taken.count(), 6);
        assert!(guests.take(place(2), 7, RATE, now), "another address");
        assert!(guests.take(place(1), 8, RATE, now), "another call");
        // Three times the rate as well.
        let later = now + Duration::from_secs(20);
        assert!(guests.take(place(1), 7, RATE, later));
        assert!(!guests.take(place(1), 7, RATE, later));
    }

    #[test]
    fn the_table_is_bounded_and_forgets_who_has_rested() {
        let now = Instant::now();
        let guests = Guests::new(1, 2);
        let len = || guests.table.lock().unwrap().calls.len();
        for host in 1..=9 {
            assert!(guests.take(place(host), 7, RATE, now));
            assert!(guests.take(place(host), 7, RATE, now));
        }
        assert_eq!(len(), 2);
        assert!(!guests.take(place(1), 7, RATE, now), "it is remembered");
        assert!(guests.take(place(9), 7, RATE, now), "its links count alone");
        // Not full again yet.
        let later = now + Duration::from_secs(119);
        assert!(guests.take(place(9), 7, RATE, later));
        assert!(guests.take(place(2), 7, RATE, later));
        let rested = now + Duration::from_secs(121);
        assert!(guests.take(place(9), 7, RATE, rested));
        assert_eq!(len(), 2, "one has gone, one has come");
        assert!(guests.take(place(9), 7, RATE, rested));
        assert!(!guests.take(place(9), 7, RATE, rested));
    }
}

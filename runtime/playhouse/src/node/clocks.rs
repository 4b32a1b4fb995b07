//! Clocks of other nodes that show another time than this one's.
//!
//! Nothing that nodes decide together goes by dates: leases and deadlines are measured by how long each has waited. But what a
//! game stamps with a date on one node and reads on another does suffer.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use playhouse_cluster::MEMBERS_MAX;
use playhouse_wire::link::Peer;
use playhouse_wire::message::{Incarnation, Role};

/// The clock of another node may differ by so much from this one's before the log says so.
pub const CLOCK_DIFFERENCE_MAX: Duration = Duration::from_secs(2);

/// What the log was told of other nodes' clocks.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// Whose clocks differ, and in which of their lives that was said.
    told: Mutex<BTreeMap<Box<str>, Incarnation>>,
}

impl Clocks {
    /// What to say of the clock of a node that this one has dialled: once in each of its lives, if it differs by too much.
    pub(super) fn judge(&self, peer: &Peer) -> Option<String> {
        let clock = peer.clock.filter(|_| peer.role == Role::Node)?;
        let difference = Duration::from_micros(clock.ahead_us.unsigned_abs());
        let within = Duration::from_micros(clock.within_us);
        // Nothing panics while it holds this lock.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if difference <= CLOCK_DIFFERENCE_MAX.saturating_add(within) {
            told.remove(&*peer.name);
            return None;
        }
        if told.get(&*peer.name) == Some(&peer.incarnation) {
            return None;
        }
        if told.len() >= MEMBERS_MAX {
            told.clear();
        }
        told.insert(peer.name.clone(), peer.incarnation);
        let side = if clock.ahead_us < 0 {
            "behind"
        } else {
            "ahead of"
        };
        Some(format!(
            "the clock of node `{}` is {:.1} s {side} this node's: tokens and tickets, cron times and the times in logs go \
             wrong by as much; have both machines keep time by NTP",
            peer.name,
            difference.as_secs_f64()
        ))
    }
}

#[cfg(test)]
mod tests {
    use playhouse_wire::link::ClockAhead;

    use super::*;

    fn peer(name: &str, lease: u64, ahead_us: i64, within_us: u64) -> Peer {
        Peer {
            version: 1,
            role: Role::Node,
            name: name.into(),
            incarnation: Incarnation { boot: 7, lease },
            root: 0,
            digests: None,
            frame_bytes_max: 4096,
            requests_max: 1,
            lane: 0,
            packs: false,
            clock: Some(ClockAhead {
                ahead_us,
                within_us,
            }),
        }
    }

    #[test]
    fn a_clock_is_told_of_past_the_limit_and_what_the_exchange_leaves_open() {
        let told =
            |ahead_us, within_us| Clocks::default().judge(&peer("b", 1, ahead_us, within_us));
        let limit = i64::try_from(CLOCK_DIFFERENCE_MAX.as_micros()).unwrap_or_default();
        for (ahead_us, within_us) in [(limit, 0), (-limit, 0), (limit + 500, 500)] {
            assert_eq!(told(ahead_us, within_us), None, "{ahead_us} {within_us}");
        }
        let ahead = told(limit + 501, 500).unwrap_or_default();
        assert!(
            ahead.contains("`b` is 2.0 s ahead of this node's"),
            "{ahead}"
        );
        assert!(ahead.contains("keep time by NTP"), "{ahead}");
        let behind = told(-12_340_000, 0).unwrap_or_default();
        assert!(behind.contains("is 12.3 s behind this node's"), "{behind}");
        assert!(told(i64::MIN, u64::MAX).is_none());
    }

    #[test]
    fn it_is_told_once_in_each_life_and_again_if_it_was_right_meanwhile() {
        let clocks = Clocks::default();
        let tells =
            |name: &str, lease, ahead_us| clocks.judge(&peer(name, lease, ahead_us, 0)).is_some();
        assert!(tells("b", 1, 5_000_000) && !tells("b", 1, 9_000_000));
        assert!(tells("b", 2, 5_000_000), "another life");
        assert!(!tells("b", 2, 0) && tells("b", 2, 5_000_000));
        let mut client = peer("c", 1, 5_000_000, 0);
        client.role = Role::Client;
        assert_eq!(clocks.judge(&client), None);
    }

    #[test]
    fn as_many_are_remembered_as_there_are_members() {
        let clocks = Clocks::default();
        for number in 0..=MEMBERS_MAX {
            let told = clocks.judge(&peer(&number.to_string(), 1, 5_000_000, 0));
            assert!(told.is_some());
        }
        let told = clocks.told.lock().map_or(0, |told| told.len());
        assert_eq!(told, 1);
    }
}

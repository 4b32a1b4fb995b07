//! What came to a listener's socket, counted by kinds.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A kind of what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Count {
    /// Hellos, which were answered with a cookie.
    Hello,
    /// Connections that were opened.
    Opened,
    /// Datagrams that begin as none of ours does.
    Garbage,
    /// Cookies that are old, forged or of another address.
    Cookie,
    /// Handshakes that failed.
    Handshake,
    /// Connections that a limit refused.
    Full,
    /// Half-open connections whose time was over.
    Expired,
    /// Data of no connection here.
    Stranger,
    /// Data that the connection's peer did not send, or that came before.
    Foul,
    /// Data for which a connection's queue had no room.
    Dropped,
}

const KINDS: usize = 10;

/// Counts all kinds. Clones share their numbers.
#[derive(Debug, Clone, Default)]
pub struct Counts(Arc<[AtomicU64; KINDS]>);

impl Counts {
    /// All kinds with their names, as metrics have them.
    pub const ALL: [(Count, &'static str); KINDS] = [
        (Count::Hello, "hello"),
        (Count::Opened, "opened"),
        (Count::Garbage, "garbage"),
        (Count::Cookie, "cookie"),
        (Count::Handshake, "handshake"),
        (Count::Full, "full"),
        (Count::Expired, "expired"),
        (Count::Stranger, "stranger"),
        (Count::Foul, "foul"),
        (Count::Dropped, "dropped"),
    ];

    pub(super) fn add(&self, count: Count) {
        if let Some(counter) = self.0.get(count as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many of a kind came.
    #[must_use]
    pub fn get(&self, count: Count) -> u64 {
        self.0
            .get(count as usize)
            .map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_number() {
        for (at, (count, _)) in Counts::ALL.into_iter().enumerate() {
            assert_eq!(count as usize, at);
        }
        let counts = Counts::default();
        counts.clone().add(Count::Dropped);
        assert_eq!(counts.get(Count::Dropped), 1);
        assert_eq!(counts.get(Count::Hello), 0);
    }
}

//! How many handshakes there were, and what was wrong with the others.

use std::sync::atomic::{AtomicU64, Ordering};

use super::NoiseError;

/// Counts of all shards that share some [`Keys`](super::Keys).
#[derive(Debug, Default)]
pub struct Counts {
    handshakes: AtomicU64,
    plain: AtomicU64,
    refused: AtomicU64,
    timed_out: AtomicU64,
    forged: AtomicU64,
}

/// What [`Counts`] have come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counted {
    /// Handshakes that this side answered.
    pub handshakes: u64,
    /// Peers without encryption that were refused.
    pub plain: u64,
    /// Offers that were refused: malformed, of another key, with a bad ticket.
    pub refused: u64,
    /// Offers that did not come in time.
    pub timed_out: u64,
    /// Records and datagrams that were not what the peer had encrypted, or came again.
    pub forged: u64,
}

impl Counts {
    /// What they are now.
    #[must_use]
    pub fn read(&self) -> Counted {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counted {
            handshakes: read(&self.handshakes),
            plain: read(&self.plain),
            refused: read(&self.refused),
            timed_out: read(&self.timed_out),
            forged: read(&self.forged),
        }
    }

    /// A handshake was answered.
    pub(super) fn handshake(&self) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
    }

    /// Something was wrong with what a peer sent.
    pub fn problem(&self, error: &NoiseError) {
        let count = match error {
            NoiseError::Plain => &self.plain,
            NoiseError::TimedOut => &self.timed_out,
            NoiseError::Forged | NoiseError::Replayed | NoiseError::Worn => &self.forged,
            _ => &self.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

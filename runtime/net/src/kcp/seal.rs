//! What is beneath a connection's datagrams: encryption, or nothing.

use std::sync::Arc;

use crate::noise::{Counts, Datagrams};

/// Seals and opens the datagrams of one connection.
#[derive(Debug)]
pub(super) enum Seal {
    /// Datagrams go as they are: for tests, and for listeners whose config says so.
    Plain,
    /// Each is encrypted, numbered, and opens once.
    Noise {
        datagrams: Box<Datagrams>,
        /// Counts what is not the peer's.
        counts: Option<Arc<Counts>>,
        /// One above the highest number that came.
        next: u64,
    },
}

/// What a datagram turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The peer's, and sealed after all others that came: so he is where it came from.
    Newest,
    /// The peer's.
    Good,
    /// Not the peer's, or one that came before.
    Foul,
}

impl Seal {
    pub(super) fn noise(datagrams: Datagrams, counts: Option<Arc<Counts>>) -> Self {
        Self::Noise {
            datagrams: Box::new(datagrams),
            counts,
            next: 0,
        }
    }

    pub(super) fn binding(&self) -> Option<[u8; 32]> {
        match self {
            Self::Plain => None,
            Self::Noise { datagrams, .. } => Some(*datagrams.binding()),
        }
    }

    /// Appends what `plain` is on the network; false if it can't be sealed any more.
    pub(super) fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> bool {
        match self {
            Self::Plain => {
                out.extend_from_slice(plain);
                true
            }
            Self::Noise { datagrams, .. } => datagrams.seal(plain, out).is_ok(),
        }
    }

    /// Puts what was sealed in place of what `out` has. `at_home` says that it came from where the peer was last.
    pub(super) fn open(&mut self, sealed: &[u8], at_home: bool, out: &mut Vec<u8>) -> Verdict {
        out.clear();
        match self {
            Self::Plain if at_home => {
                out.extend_from_slice(sealed);
                Verdict::Good
            }
            Self::Plain => Verdict::Foul,
            Self::Noise {
                datagrams,
                counts,
                next,
            } => {
                if let Err(error) = datagrams.open(sealed, out) {
                    if let Some(counts) = counts {
                        counts.problem(&error);
                    }
                    return Verdict::Foul;
                }
                let number = sealed.first_chunk().copied().map_or(0, u64::from_le_bytes);
                if number < *next {
                    return Verdict::Good;
                }
                *next = number.saturating_add(1);
                Verdict::Newest
            }
        }
    }
}

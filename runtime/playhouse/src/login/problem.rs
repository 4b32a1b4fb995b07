//! Why a token admits nobody, and how often that was said.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::claims::Claims;
use super::keys::{GENERATIONS_MAX, SECRET_BYTES_MIN};

/// Why a token admits nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It is cut off.
    Truncated,
    /// It is no token, or one of another release of the framework.
    Malformed,
    /// It was sealed with a secret that this node doesn't have: another cluster's, or one that is out of use.
    Foreign,
    /// Somebody changed it.
    Forged,
    /// It comes from the future: the clocks of the nodes differ too much.
    Early,
    /// Its time is over.
    Expired,
    /// Whoever it was given to logged out, or was shut out, since.
    Revoked,
}

impl TokenError {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Truncated,
        Self::Malformed,
        Self::Foreign,
        Self::Forged,
        Self::Early,
        Self::Expired,
        Self::Revoked,
    ];

    /// In one word, as the metrics have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Foreign => "foreign",
            Self::Forged => "forged",
            Self::Early => "early",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the token is cut off; log in again",
            Self::Malformed => "this is no token; log in again",
            Self::Foreign => "the token is not one of this cluster's; log in again",
            Self::Forged => "the token was changed; log in again",
            Self::Early => "the token is from the future; set the clocks of the nodes",
            Self::Expired => "the token has expired; log in again",
            Self::Revoked => "the token was revoked; log in again",
        })
    }
}

impl std::error::Error for TokenError {}

/// Why there are no keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeysError {
    /// No secret, or too many.
    Generations {
        /// How many.
        count: usize,
    },
    /// A secret that could be guessed.
    Short {
        /// Its length.
        bytes: usize,
    },
    /// The operating system gives no random bytes.
    NoRandomness {
        /// Why.
        error: String,
    },
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generations { count } => write!(
                f,
                "there are {count} secrets for tokens: give 1 to {GENERATIONS_MAX}, the one that seals first"
            ),
            Self::Short { bytes } => write!(
                f,
                "a secret for tokens has {bytes} bytes: take at least {SECRET_BYTES_MIN} that nobody can guess"
            ),
            Self::NoRandomness { error } => write!(
                f,
                "the operating system gives no random bytes ({error}): name a secret for tokens"
            ),
        }
    }
}

impl std::error::Error for KeysError {}

/// How often each was said, on all threads of a node.
#[derive(Debug, Default)]
pub(super) struct Counts {
    accepted: AtomicU64,
    refused: [AtomicU64; TokenError::ALL.len()],
}

impl Counts {
    pub(super) fn count(&self, opened: &Result<Claims, TokenError>) {
        let counter = match opened {
            Ok(_) => Some(&self.accepted),
            Err(error) => self.refused.get(*error as usize),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn all(&self) -> Vec<(&'static str, u64)> {
        let accepted = ("accepted", self.accepted.load(Ordering::Relaxed));
        let refused = TokenError::ALL.iter().zip(&self.refused);
        let refused = refused.map(|(error, count)| (error.word(), count.load(Ordering::Relaxed)));
        std::iter::once(accepted).chain(refused).collect()
    }
}

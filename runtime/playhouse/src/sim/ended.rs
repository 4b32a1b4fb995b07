//! How a seed ends.

use std::fmt;
use std::time::Duration;

/// How a simulation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The seed.
    pub seed: u64,
    /// Over every event and whatever was mixed in.
    pub hash: u64,
    /// How many events there were.
    pub events: u64,
    /// The virtual time at the end.
    pub lasted: Duration,
}

/// Why a seed failed. It shows the seed, the reasons and the last events.
#[derive(Debug, Clone)]
pub struct SimError {
    pub(super) seed: u64,
    pub(super) reasons: Vec<String>,
    pub(super) last: Vec<String>,
}

impl SimError {
    /// The seed that failed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What was wrong.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }
}

impl fmt::Display for SimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {} failed: {}", self.seed, self.reasons.join("; "))?;
        if !self.last.is_empty() {
            write!(f, "\nlast events:\n  {}", self.last.join("\n  "))?;
        }
        Ok(())
    }
}

impl std::error::Error for SimError {}

//! How long to leave an address alone that could not be reached.

use std::time::Duration;

use crate::random::Random;

/// The first pause, [`Backoff::least`].
pub const BACKOFF_LEAST: Duration = Duration::from_millis(100);

/// The longest pause, [`Backoff::most`].
pub const BACKOFF_MOST: Duration = Duration::from_secs(5);

/// Pauses that double with each failure, of which chance takes up to a half: peers of one dead node don't all come back
/// in the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure: 100 ms. A link that lived shorter than this counts as a failure too.
    pub least: Duration,
    /// After many: 5 s.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            least: BACKOFF_LEAST,
            most: BACKOFF_MOST,
        }
    }
}

impl Backoff {
    /// The pause after so many failures in a row.
    #[must_use]
    pub fn pause(&self, failures: u32, random: &Random) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let whole = self.least.saturating_mul(1 << doublings).min(self.most);
        whole.mul_f64(0.5 + 0.5 * random.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_most_and_chance_takes_at_most_half() {
        let (backoff, random) = (Backoff::default(), Random::new(1));
        for (failures, whole_ms) in [(1, 100), (2, 200), (6, 3200), (7, 5000), (u32::MAX, 5000)] {
            for _ in 0..100 {
                let pause = backoff.pause(failures, &random);
                let whole = Duration::from_millis(whole_ms);
                assert!(
                    whole / 2 <= pause && pause <= whole,
                    "{failures}: {pause:?}"
                );
            }
        }
    }
}

//! What goes wrong with a simulated store, and how often.

use std::ops::Range;
use std::time::Duration;

/// How a simulated store answers. Probabilities are from 0 to 1, and of each request by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// How long a request takes to get there, and an answer to get back.
    pub way: Range<Duration>,
    /// How long what was written takes to last.
    pub sync: Range<Duration>,
    /// The probability that a request is late: it gets there, or what it wrote lasts, so much later.
    pub late: f64,
    /// How much later.
    pub late_by: Range<Duration>,
    /// The probability that a request never gets there; whoever asked does not know.
    pub lost: f64,
    /// The probability that a request is done and its answer is lost.
    pub unanswered: f64,
    /// The probability that a request is turned away: surely nothing is done.
    pub refused: f64,
    /// The probability that the disk does not say that what was written lasts. The store goes down and comes back with what
    /// lasts: some of it.
    pub failed_sync: f64,
    /// How long the store is down then.
    pub down: Range<Duration>,
    /// How long whoever asks waits for an answer. After that nobody knows what came of it, or will come of it yet.
    pub patience: Duration,
}

impl Faults {
    /// A store that takes its time and does what it is asked.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            way: Duration::from_micros(200)..Duration::from_millis(1),
            sync: Duration::from_millis(1)..Duration::from_millis(3),
            late: 0.0,
            late_by: Duration::ZERO..Duration::ZERO,
            lost: 0.0,
            unanswered: 0.0,
            refused: 0.0,
            failed_sync: 0.0,
            down: Duration::ZERO..Duration::ZERO,
            patience: Duration::from_secs(2),
        }
    }

    /// Everything that can go wrong does: about one request in five has something of it.
    #[must_use]
    pub const fn wild() -> Self {
        Self {
            way: Duration::from_micros(200)..Duration::from_millis(8),
            sync: Duration::from_millis(1)..Duration::from_millis(12),
            late: 0.06,
            late_by: Duration::from_millis(20)..Duration::from_millis(900),
            lost: 0.04,
            unanswered: 0.04,
            refused: 0.03,
            failed_sync: 0.01,
            down: Duration::from_millis(20)..Duration::from_millis(400),
            patience: Duration::from_millis(300),
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}

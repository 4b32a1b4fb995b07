//! Time as handlers see it: the node's own clock, which is virtual in a simulation.

use playhouse::{Cx, Duration, Timestamp};

/// A moment, for measuring how long ago it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// Now.
    #[must_use]
    pub fn now(cx: &Cx) -> Self {
        Self(cx.utc())
    }

    /// Seconds since an earlier moment.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f32 {
        let micros = (self.0 - earlier.0).as_micros().max(0);
        micros as f32 / 1_000_000.0
    }

    /// How long it is until a later moment; nothing if it is over.
    #[must_use]
    pub fn until(self, later: Timestamp) -> Duration {
        Duration::from_micros((later - self.0).as_micros().max(0))
    }
}

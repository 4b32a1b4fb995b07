//! The clock that leases are measured by: microseconds since the lease task began.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// Parts per million.
const PPM: i128 = 1_000_000;

/// The clock that leases are measured by.
#[derive(Debug, Default)]
pub(super) struct Clock {
    began: OnceLock<Began>,
}

#[derive(Debug)]
struct Began {
    at: Instant,
    /// How much faster it runs than the true time: simulated machines have clocks of their own.
    rate_ppm: i64,
}

impl Clock {
    /// It begins at this time; a second call does nothing.
    pub(super) fn begin(&self, now: Instant, rate_ppm: i64) {
        let began = Began { at: now, rate_ppm };
        let _ = self.began.set(began);
    }

    /// Microseconds since it began; at least 1 from then on.
    pub(super) fn now_us(&self) -> u64 {
        let Some(began) = self.began.get() else {
            return 0;
        };
        let us = Instant::now()
            .saturating_duration_since(began.at)
            .as_micros();
        let us = u64::try_from(us).unwrap_or(u64::MAX).saturating_add(1);
        if began.rate_ppm == 0 {
            return us;
        }
        let skewed = i128::from(us) * (PPM + i128::from(began.rate_ppm)) / PPM;
        u64::try_from(skewed).unwrap_or(u64::MAX)
    }

    /// How long it takes until it shows this time.
    pub(super) fn until(&self, us: u64) -> Duration {
        let left_us = us.saturating_sub(self.now_us());
        let rate_ppm = self.began.get().map_or(0, |began| began.rate_ppm);
        let true_us = i128::from(left_us) * PPM / (PPM + i128::from(rate_ppm)).max(1);
        // One more: what is rounded down comes too early.
        Duration::from_micros(u64::try_from(true_us).unwrap_or(u64::MAX).saturating_add(1))
    }
}

//! Rate limits: how often something may happen, kept in 16 bytes.

use crate::descriptor::Exposed;

/// How often something may happen: `count` times per `period_us`, and `burst` times at once after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How often per period. 0: never again once the burst is used up.
    pub count: u32,
    /// The period, in microseconds. 0: without limit.
    pub period_us: u64,
    /// How often at once.
    pub burst: u32,
}

/// A token bucket: full at first, a token for each time that something happens, refilled at the rate.
///
/// It is exact: it counts in tokens times the period, of which each microsecond gives back `count`, so that nothing is
/// lost to rounding, whatever the rate. It takes no clock; a time before the last one counts as that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// What is missing from the burst, in tokens times the period.
    used: u64,
    last_us: u64,
}

impl Rate {
    const fn capacity(self) -> u64 {
        self.period_us.saturating_mul(self.burst as u64)
    }

    /// What so many may do together, each at this rate.
    #[must_use]
    pub const fn of_many(self, many: u32) -> Self {
        Self {
            count: self.count.saturating_mul(many),
            burst: self.burst.saturating_mul(many),
            ..self
        }
    }
}

impl From<Exposed> for Rate {
    fn from(exposed: Exposed) -> Self {
        Self {
            count: exposed.count,
            period_us: u64::try_from(exposed.per_us).unwrap_or(0),
            burst: exposed.burst,
        }
    }
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            used: 0,
            last_us: 0,
        }
    }

    /// Whether it may happen now; if so, it has.
    #[must_use = "what is refused must not happen"]
    pub fn take(&mut self, rate: Rate, now_us: u64) -> bool {
        self.refill(rate, now_us);
        match self.used.checked_add(rate.period_us) {
            Some(used) if used <= rate.capacity() => {
                self.used = used;
                true
            }
            _ => false,
        }
    }

    /// In how many microseconds it may happen again; 0: now. Nothing: never, at this rate.
    #[must_use]
    pub fn wait_us(mut self, rate: Rate, now_us: u64) -> Option<u64> {
        self.refill(rate, now_us);
        let spare = rate.capacity().checked_sub(rate.period_us)?;
        let missing = self.used.saturating_sub(spare);
        match (missing, rate.count) {
            (0, _) => Some(0),
            (_, 0) => None,
            (missing, count) => Some(missing.div_ceil(count.into())),
        }
    }

    /// In how many microseconds it is full again, as if nothing had ever happened. Nothing: never, at this rate.
    #[must_use]
    pub fn full_in_us(mut self, rate: Rate, now_us: u64) -> Option<u64> {
        self.refill(rate, now_us);
        match (self.used, rate.count) {
            (0, _) => Some(0),
            (_, 0) => None,
            (used, count) => Some(used.div_ceil(count.into())),
        }
    }

    fn refill(&mut self, rate: Rate, now_us: u64) {
        let passed_us = now_us.saturating_sub(self.last_us);
        self.last_us = self.last_us.max(now_us);
        let refilled = passed_us.saturating_mul(rate.count.into());
        self.used = self.used.saturating_sub(refilled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const RATE: Rate = Rate {
        count: 10,
        period_us: SECOND,
        burst: 20,
    };

    fn taken(bucket: &mut Bucket, rate: Rate, now_us: u64) -> u32 {
        (0..1_000).take_while(|_| bucket.take(rate, now_us)).count() as u32
    }

    #[test]
    fn a_bucket_is_small() {
        assert_eq!(size_of::<Bucket>(), 16);
    }

    #[test]
    fn the_burst_is_all_there_is_at_once() {
        let mut bucket = Bucket::new();
        assert_eq!(taken(&mut bucket, RATE, 5 * SECOND), 20);
        assert_eq!(bucket.wait_us(RATE, 5 * SECOND), Some(100_000));
        assert_eq!(taken(&mut bucket, RATE, 5 * SECOND + 99_999), 0);
        assert_eq!(taken(&mut bucket, RATE, 5 * SECOND + 100_000), 1);
        assert_eq!(taken(&mut bucket, RATE, 3_600 * SECOND), 20);
    }

    #[test]
    fn no_token_is_lost_to_rounding() {
        let rate = Rate {
            count: 7,
            period_us: SECOND,
            burst: 1,
        };
        let mut bucket = Bucket::new();
        let mut happened = 0;
        for now_us in (0..=3 * SECOND).step_by(13) {
            happened += u32::from(bucket.take(rate, now_us));
        }
        assert_eq!(happened, 21);
        let mut refused = bucket;
        for now_us in 3 * SECOND..3 * SECOND + bucket.wait_us(rate, 3 * SECOND).unwrap() {
            assert!(!refused.take(rate, now_us));
        }
    }

    #[test]
    fn it_is_full_again_when_it_says() {
        let mut bucket = Bucket::new();
        assert_eq!(bucket.full_in_us(RATE, 0), Some(0));
        assert_eq!(taken(&mut bucket, RATE, SECOND), 20);
        assert_eq!(bucket.full_in_us(RATE, SECOND), Some(2 * SECOND));
        assert_eq!(bucket.full_in_us(RATE, 3 * SECOND - 1), Some(1));
        assert_eq!(bucket.full_in_us(RATE, 3 * SECOND), Some(0));
        let never = Rate { count: 0, ..RATE };
        assert_eq!(bucket.full_in_us(never, SECOND), None);
    }

    #[test]
    fn many_have_as_much_as_each_of_them() {
        let many = RATE.of_many(3);
        assert_eq!((many.count, many.burst), (30, 60));
        assert_eq!(many.period_us, RATE.period_us);
        assert_eq!(RATE.of_many(u32::MAX).burst, u32::MAX);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let mut bucket = Bucket::new();
        assert_eq!(taken(&mut bucket, RATE, 10 * SECOND), 20);
        assert_eq!(taken(&mut bucket, RATE, 0), 0);
        assert_eq!(taken(&mut bucket, RATE, 10 * SECOND), 0);
        assert_eq!(taken(&mut bucket, RATE, 11 * SECOND), 10);
    }

    #[test]
    fn the_ends_of_the_ranges_hold() {
        let day = 86_400 * SECOND;
        let seldom = Rate {
            count: 1,
            period_us: day,
            burst: u32::MAX,
        };
        assert_eq!(taken(&mut Bucket::new(), seldom, u64::MAX), 1_000);
        let never = Rate {
            count: 0,
            period_us: day,
            burst: 2,
        };
        let mut bucket = Bucket::new();
        assert_eq!(taken(&mut bucket, never, 0), 2);
        assert_eq!(taken(&mut bucket, never, u64::MAX), 0);
        assert_eq!(bucket.wait_us(never, 0), None);
        let none = Rate { burst: 0, ..RATE };
        assert_eq!(taken(&mut Bucket::new(), none, SECOND), 0);
        assert_eq!(Bucket::new().wait_us(none, SECOND), None);
        let free = Rate {
            period_us: 0,
            ..RATE
        };
        assert_eq!(taken(&mut Bucket::new(), free, 0), 1_000);
        let often = Rate {
            count: u32::MAX,
            period_us: 1,
            burst: u32::MAX,
        };
        assert_eq!(taken(&mut Bucket::new(), often, u64::MAX), 1_000);
    }
}

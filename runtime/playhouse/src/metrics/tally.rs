//! What a shard counts while it works: plain cells, which only its own thread touches.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use tokio::time::Instant;

use crate::call::FailureKind;
use crate::host::CallOutcome;

/// Of the calls that end without ever waiting, one in so many has its time taken, for itself and those before it:
/// reading the clock costs as much as such a call.
pub const TIMED_EVERY: u64 = 64;

/// Upper bounds of the histogram of calls, in nanoseconds. What took longer is in one more bucket.
pub(crate) const BUCKETS_NS: [u64; 13] = [
    10_000,
    100_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
    5_000_000_000,
];

/// How a call may end: with a result, with what its handler threw, or with a failure of some kind.
pub(crate) const ENDS: usize = 2 + FailureKind::ALL.len();

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(Cell<u64>);

impl Counter {
    #[inline]
    pub(crate) fn add(&self, count: u64) {
        self.0.set(self.0.get().wrapping_add(count));
    }

    pub(crate) const fn get(&self) -> u64 {
        self.0.get()
    }
}

/// What a shard counts beside the calls of each method.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Calls for which no handler was found, or none was asked, by kind of failure.
    pub(crate) refused: [Counter; FailureKind::ALL.len()],
    /// Calls of entities that were sent to their owners: each attempt.
    pub(crate) placed: Counter,
    /// How often it was asked who runs an entity.
    pub(crate) locates: Counter,
    /// Timers of entities that fired.
    pub(crate) timers_fired: Counter,
    /// Events of entities that were written for clients, each once.
    pub(crate) events: Counter,
    /// Clients that events were sent to.
    pub(crate) events_sent: Counter,
}

impl Tally {
    /// A call was refused before any handler was asked.
    #[cold]
    pub(crate) fn refuse(&self, kind: FailureKind) {
        if let Some(counter) = self.refused.get(usize::from(kind.number()) - 1) {
            counter.add(1);
        }
    }
}

/// What is counted of one method, on one shard.
#[derive(Default)]
pub(crate) struct CallTally {
    /// Calls that ended without waiting since the last of them that was timed.
    untimed: Cell<u64>,
    /// How many of them make the next one be timed: the very first is.
    until: Cell<u64>,
    ends: [Counter; ENDS],
    buckets: [Counter; BUCKETS_NS.len() + 1],
    sum_ns: Counter,
}

/// As numbers, to be sent to who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallCounts {
    /// By end: results, thrown, then failures by their numbers.
    pub(crate) ends: [u64; ENDS],
    /// Not cumulative.
    pub(crate) buckets: [u64; BUCKETS_NS.len() + 1],
    pub(crate) sum_ns: u64,
}

impl CallTally {
    /// A call is about to be handled: when, if its time is to be taken.
    #[inline]
    pub(crate) fn begin(&self, clock: impl FnOnce() -> Instant) -> Option<Instant> {
        (self.untimed.get() >= self.until.get()).then(clock)
    }

    /// It has ended, and never waited.
    #[inline]
    pub(crate) fn end(
        &self,
        began: Option<Instant>,
        clock: impl FnOnce() -> Instant,
        outcome: CallOutcome,
    ) {
        self.count(outcome);
        let untimed = self.untimed.get() + 1;
        match began {
            None => self.untimed.set(untimed),
            Some(began) => {
                let took = clock().saturating_duration_since(began).as_nanos();
                self.untimed.set(0);
                self.until.set(TIMED_EVERY - 1);
                self.time(u64::try_from(took).unwrap_or(u64::MAX), untimed);
            }
        }
    }

    /// It waits from now on, by the shard's clock: what is returned is told when it has ended.
    pub(crate) fn wait(self: &Rc<Self>, now_us: u64) -> Parked {
        Parked {
            tally: Rc::clone(self),
            began_us: now_us,
        }
    }

    #[inline]
    fn count(&self, outcome: CallOutcome) {
        let index = match outcome {
            CallOutcome::Ok => 0,
            CallOutcome::Thrown => 1,
            CallOutcome::Failed(kind) => 1 + usize::from(kind.number()),
        };
        if let Some(end) = self.ends.get(index) {
            end.add(1);
        }
    }

    fn time(&self, took_ns: u64, calls: u64) {
        // What waits often ends within what the shard's clock can tell.
        let index = if took_ns <= BUCKETS_NS[0] {
            0
        } else {
            BUCKETS_NS.partition_point(|bound| *bound < took_ns)
        };
        if let Some(bucket) = self.buckets.get(index) {
            bucket.add(calls);
        }
        self.sum_ns.add(took_ns.saturating_mul(calls));
    }

    /// What was counted; none if nothing was.
    pub(crate) fn counts(&self) -> Option<CallCounts> {
        let counts = CallCounts {
            ends: std::array::from_fn(|index| self.ends[index].get()),
            buckets: std::array::from_fn(|index| self.buckets[index].get()),
            sum_ns: self.sum_ns.get(),
        };
        counts.ends.iter().any(|count| *count > 0).then_some(counts)
    }
}

impl fmt::Debug for CallTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallTally({:?})", self.counts())
    }
}

/// A call whose handler waits.
#[must_use = "the call counts when its end is told"]
pub(crate) struct Parked {
    tally: Rc<CallTally>,
    began_us: u64,
}

impl Parked {
    /// It has ended, by the same clock.
    pub(crate) fn end(self, now_us: u64, outcome: CallOutcome) {
        self.tally.count(outcome);
        let took_us = now_us.saturating_sub(self.began_us);
        self.tally.time(took_us.saturating_mul(1000), 1);
    }
}

impl CallCounts {
    /// Both together.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in self.ends.iter_mut().zip(&other.ends) {
            *sum += more;
        }
        for (sum, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum += more;
        }
        self.sum_ns = self.sum_ns.wrapping_add(other.sum_ns);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Duration;

    use super::*;

    #[test]
    fn of_calls_that_never_wait_the_first_is_timed_and_then_one_in_so_many() {
        let tally = CallTally::default();
        let start = Instant::now();
        let mut looks = 0;
        for _ in 0..=TIMED_EVERY {
            let began = tally.begin(|| {
                looks += 1;
                start
            });
            tally.end(
                began,
                || start + Duration::from_micros(200),
                CallOutcome::Ok,
            );
        }
        assert_eq!(looks, 2);
        let counts = tally.counts().unwrap();
        assert_eq!(counts.ends[0], TIMED_EVERY + 1);
        assert_eq!(
            counts.buckets[2],
            TIMED_EVERY + 1,
            "each stands for those before it"
        );
        assert_eq!(counts.sum_ns, (TIMED_EVERY + 1) * 200_000);
    }

    #[test]
    fn a_call_that_waits_is_timed_by_itself() {
        let tally = Rc::new(CallTally::default());
        let [at_bound, beyond] = [0; 2].map(|_| tally.wait(1_000));
        at_bound.end(1_000 + 5_000_000, CallOutcome::Thrown);
        beyond.end(
            1_000 + 5_000_001,
            CallOutcome::Failed(FailureKind::Internal),
        );
        let counts = tally.counts().unwrap();
        assert_eq!((counts.ends[1], counts.ends[ENDS - 1]), (1, 1));
        assert_eq!(
            counts.buckets[12..],
            [1, 1],
            "a bound belongs to its bucket"
        );
    }

    #[test]
    fn what_was_never_called_counts_nothing() {
        assert_eq!(CallTally::default().counts(), None);
    }
}

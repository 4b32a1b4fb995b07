//! The fixed step of an entity with `@tick`.

/// Says when the next step is due, and what to do about steps that come late.
///
/// Steps are due at a fixed phase: a late one does not put off those after it. After a pause they are run one after
/// the other, at most [`Ticker::CATCH_UP_MAX`] in a row; if the present is not reached by then, the rest is skipped and
/// reported, so that an overloaded entity loses steps instead of falling behind for ever.
#[derive(Debug, Clone)]
pub struct Ticker {
    step_us: u64,
    due_us: u64,
    number: u64,
    late_in_a_row: u32,
    skipped: u64,
}

/// A step that is to be run now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Counts the steps that were run, from 1.
    pub number: u64,
    /// How many whole steps late it is.
    pub behind: u64,
    /// How many steps were skipped just before it: more than 0 is an overrun, to be reported.
    pub skipped: u64,
}

impl Ticker {
    /// How many late steps are run in a row before the rest is skipped.
    pub const CATCH_UP_MAX: u32 = 5;

    /// Steps of `step_us` microseconds, at least 1 ms, the first one step after `now_us`.
    #[must_use]
    pub fn new(now_us: u64, step_us: u64) -> Self {
        let step_us = step_us.max(1_000);
        Self {
            step_us,
            due_us: now_us.saturating_add(step_us),
            number: 0,
            late_in_a_row: 0,
            skipped: 0,
        }
    }

    /// When the next step is due.
    #[must_use]
    pub const fn due_us(&self) -> u64 {
        self.due_us
    }

    /// How many steps were skipped since the beginning.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The step to run at `now_us`; nothing if none is due. Ask again once it was run.
    pub fn poll(&mut self, now_us: u64) -> Option<Tick> {
        let late_us = now_us.checked_sub(self.due_us)?;
        let mut behind = late_us / self.step_us;
        let mut skipped = 0;
        if behind == 0 {
            self.late_in_a_row = 0;
        } else if self.late_in_a_row == Self::CATCH_UP_MAX {
            skipped = std::mem::take(&mut behind);
            self.late_in_a_row = 0;
        } else {
            self.late_in_a_row += 1;
        }
        self.skipped += skipped;
        self.due_us = self
            .due_us
            .saturating_add(self.step_us.saturating_mul(skipped + 1));
        self.number += 1;
        Some(Tick {
            number: self.number,
            behind,
            skipped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: u64 = 50_000;

    fn run(ticker: &mut Ticker, now_us: u64) -> Vec<(u64, u64, u64)> {
        std::iter::from_fn(|| ticker.poll(now_us))
            .map(|tick| (tick.number, tick.behind, tick.skipped))
            .collect()
    }

    #[test]
    fn steps_keep_their_phase() {
        let mut ticker = Ticker::new(7_000, STEP);
        assert_eq!(run(&mut ticker, 56_999), []);
        assert_eq!(run(&mut ticker, 57_000), [(1, 0, 0)]);
        assert_eq!(run(&mut ticker, 149_999), [(2, 0, 0)]);
        assert_eq!(ticker.due_us(), 157_000);
    }

    #[test]
    fn a_short_pause_is_caught_up_with() {
        let mut ticker = Ticker::new(0, STEP);
        let late = Ticker::CATCH_UP_MAX as u64;
        let steps = run(&mut ticker, STEP * (late + 1));
        assert_eq!(steps.first(), Some(&(1, late, 0)));
        assert_eq!(steps.last(), Some(&(late + 1, 0, 0)));
        assert_eq!(ticker.skipped(), 0);
    }

    #[test]
    fn a_long_pause_is_skipped_and_reported() {
        let mut ticker = Ticker::new(0, STEP);
        let late = Ticker::CATCH_UP_MAX as u64;
        let steps = run(&mut ticker, STEP * (late + 2));
        assert_eq!(steps.last(), Some(&(late + 1, 0, 1)));
        assert_eq!(ticker.skipped(), 1);
        assert_eq!(ticker.due_us(), STEP * (late + 3));

        let hour = 3_600_000_000;
        assert_eq!(
            run(&mut ticker, hour).len(),
            Ticker::CATCH_UP_MAX as usize + 1
        );
        assert!(ticker.due_us() > hour);
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        let mut ticker = Ticker::new(u64::MAX - 1, STEP);
        assert_eq!(ticker.due_us(), u64::MAX);
        assert!(ticker.poll(u64::MAX).is_some());
    }
}

//! When a timer fires, and how often.

use std::fmt;
use std::num::NonZeroU32;

use playhouse_wire::Timestamp;

use super::{Cron, CronError, TimerKey};
use crate::call::{Failure, FailureKind};

/// The shortest period of a timer.
pub(super) const PERIOD_US_MIN: u64 = 1_000;

/// How long a timer by cron sleeps at most before it looks at the clock on the wall, which may have been set.
const CRON_LOOK_US: u64 = 600_000_000;

/// How many missed firings of a timer by cron are counted; more count as this many.
const CRON_MISSED_MAX: u64 = 1_000;

/// The present, by both clocks: the one that timers run on, and the one on the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds on the clock of the wheel, which never goes backwards.
    pub us: u64,
    /// The date and time.
    pub utc: Timestamp,
}

/// A timer as it is asked for. The default fires once, at once.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Plan {
    /// What it is cancelled by, together with all others that have the same.
    pub key: Option<TimerKey>,
    /// How long until it fires first: by default a period, or at once if there is none.
    pub after: Option<std::time::Duration>,
    /// How long from one firing to the next.
    pub every: Option<std::time::Duration>,
    /// Moments at which it fires, in place of the two above.
    pub cron: Option<String>,
    /// How often it fires: by default once, or without end if it has a period or moments.
    pub times: Option<u32>,
}

/// Why a timer is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimerError {
    /// The entity has [`Timers::PENDING_MAX`](super::Timers::PENDING_MAX) already.
    TooMany,
    /// The period is under a millisecond.
    Period,
    /// It is to fire not at all, or several times with nothing that says when.
    Times,
    /// Both a cron expression and a span of time.
    Both,
    /// The cron expression can't be read.
    Cron(CronError),
}

/// When a pending timer is due.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) due_us: u64,
    /// Firings to come; none: without end.
    pub(super) left: Option<NonZeroU32>,
    pub(super) rhythm: Rhythm,
    /// What was missed before the entity was there.
    pub(super) behind: Option<Behind>,
}

/// Firings of a period that were due while nobody ran the entity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind {
    /// How many, besides the one that is due.
    pub(super) missed: u64,
    /// When the one after that is due.
    pub(super) next_us: u64,
}

#[derive(Debug, Clone)]
pub(super) enum Rhythm {
    Once,
    Every { period_us: u64 },
    Cron { cron: Box<Cron>, at: Timestamp },
}

/// What is to be done with a timer that the wheel says is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Fire it; `missed` more firings were due by now.
    Now { missed: u64, last: bool },
    /// Sleep on, until the new `due_us`.
    Later,
}

impl Plan {
    /// The schedule of it, from this moment on.
    pub(super) fn schedule(&self, now: Moment) -> Result<Schedule, TimerError> {
        let times = self
            .times
            .map(|times| NonZeroU32::new(times).ok_or(TimerError::Times));
        let left = times.transpose()?;
        if let Some(text) = &self.cron {
            if self.after.is_some() || self.every.is_some() {
                return Err(TimerError::Both);
            }
            let cron: Box<Cron> = Box::new(text.parse()?);
            let at = cron.next_after(now.utc).unwrap_or(Timestamp(i64::MAX));
            return Ok(Schedule {
                due_us: sleep(now, at),
                left,
                rhythm: Rhythm::Cron { cron, at },
                behind: None,
            });
        }
        let period_us = self.every.map(micros);
        let after_us = self.after.map(micros);
        let due_us = now.us.saturating_add(after_us.or(period_us).unwrap_or(0));
        let (left, rhythm) = match period_us {
            Some(period_us) if period_us < PERIOD_US_MIN => return Err(TimerError::Period),
            Some(period_us) => (left, Rhythm::Every { period_us }),
            None if left.is_some_and(|times| times.get() > 1) => return Err(TimerError::Times),
            None => (Some(NonZeroU32::MIN), Rhythm::Once),
        };
        Ok(Schedule {
            due_us,
            left,
            rhythm,
            behind: None,
        })
    }
}

impl Schedule {
    /// Goes on to the next firing, or to the end.
    pub(super) fn advance(&mut self, now: Moment) -> Due {
        let missed = match &mut self.rhythm {
            Rhythm::Once => 0,
            Rhythm::Every { period_us } => {
                let (before, next_us) = match self.behind.take() {
                    Some(behind) => (behind.missed, behind.next_us),
                    None => (0, self.due_us.saturating_add(*period_us)),
                };
                // Those after the one that fires and up to now are missed.
                let passed = match now.us.checked_sub(next_us) {
                    Some(late_us) => late_us / *period_us + 1,
                    None => 0,
                };
                self.due_us = next_us.saturating_add(period_us.saturating_mul(passed));
                before.saturating_add(passed)
            }
            Rhythm::Cron { at, .. } if now.utc < *at => {
                self.due_us = sleep(now, *at);
                return Due::Later;
            }
            Rhythm::Cron { cron, at } => {
                let mut missed = 0;
                let mut next = cron.next_after(*at);
                while let Some(passed) = next.filter(|next| *next <= now.utc) {
                    missed += 1;
                    let from = if missed < CRON_MISSED_MAX {
                        passed
                    } else {
                        now.utc
                    };
                    next = cron.next_after(from);
                }
                *at = next.unwrap_or(Timestamp(i64::MAX));
                self.due_us = sleep(now, *at);
                missed
            }
        };
        let last = match &mut self.left {
            None => false,
            Some(left) => match NonZeroU32::new(left.get() - 1) {
                Some(fewer) => {
                    *left = fewer;
                    false
                }
                None => true,
            },
        };
        Due::Now { missed, last }
    }
}

/// When to look again for a firing at `at`.
pub(super) fn sleep(now: Moment, at: Timestamp) -> u64 {
    let span = u64::try_from((at - now.utc).as_micros()).unwrap_or(0);
    now.us.saturating_add(span.min(CRON_LOOK_US))
}

fn micros(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

impl From<CronError> for TimerError {
    fn from(error: CronError) -> Self {
        Self::Cron(error)
    }
}

impl From<TimerError> for Failure {
    fn from(error: TimerError) -> Self {
        let kind = match error {
            TimerError::TooMany => FailureKind::Overloaded,
            _ => FailureKind::Invalid,
        };
        Self::not_executed(kind).because(error.to_string())
    }
}

impl fmt::Display for TimerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(
                f,
                "the entity has {} timers: cancel some, or keep one timer and a list of your own",
                super::Timers::<()>::PENDING_MAX
            ),
            Self::Period => f.write_str("a timer's period is at least 1 ms: use a tick for less"),
            Self::Times => f.write_str(
                "a timer fires at least once, and more often only with `every` or `cron` to say when",
            ),
            Self::Both => f.write_str(
                "a timer by cron has its moments: leave out `after` and `every`, or the cron expression",
            ),
            Self::Cron(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TimerError {}

//! Timers that are written down: when they are due by the clock on the wall, and how they go on.

use std::num::NonZeroU32;

use playhouse_wire::Timestamp;

use super::plan::{Behind, PERIOD_US_MIN, Rhythm, Schedule, sleep};
use super::{Moment, TimerError};

/// When a timer is due and how it goes on, without the clock that it runs on: so it goes on in another life of its entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasting {
    /// When it fires next.
    pub due: Timestamp,
    /// How long from one firing to the next, in microseconds.
    pub every_us: Option<u64>,
    /// Moments at which it fires.
    pub cron: Option<String>,
    /// How many firings are to come; none: without end.
    pub left: Option<u32>,
}

impl Lasting {
    /// As of a pending timer.
    pub(super) fn of(schedule: &Schedule, now: Moment) -> Self {
        let in_us = i64::try_from(schedule.due_us.saturating_sub(now.us)).unwrap_or(i64::MAX);
        let since_us = i64::try_from(now.us.saturating_sub(schedule.due_us)).unwrap_or(i64::MAX);
        let due_us = now
            .utc
            .as_micros()
            .saturating_add(in_us)
            .saturating_sub(since_us);
        let (due, every_us, cron) = match &schedule.rhythm {
            Rhythm::Once => (Timestamp::from_micros(due_us), None, None),
            Rhythm::Every { period_us } => (Timestamp::from_micros(due_us), Some(*period_us), None),
            Rhythm::Cron { cron, at } => (*at, None, Some(cron.to_string())),
        };
        Self {
            due,
            every_us,
            cron,
            left: schedule.left.map(NonZeroU32::get),
        }
    }

    /// The schedule of it from this moment on. What was due meanwhile fires once, and the rest counts as missed.
    pub(super) fn schedule(&self, now: Moment) -> Result<Schedule, TimerError> {
        let left = self
            .left
            .map(|left| NonZeroU32::new(left).ok_or(TimerError::Times))
            .transpose()?;
        if let Some(text) = &self.cron {
            return Ok(Schedule {
                due_us: sleep(now, self.due),
                left,
                rhythm: Rhythm::Cron {
                    cron: Box::new(text.parse()?),
                    at: self.due,
                },
                behind: None,
            });
        }
        let in_us = self.due.as_micros().saturating_sub(now.utc.as_micros());
        let due_us = now.us.saturating_add(u64::try_from(in_us).unwrap_or(0));
        let Some(period_us) = self.every_us else {
            return Ok(Schedule {
                due_us,
                left,
                rhythm: Rhythm::Once,
                behind: None,
            });
        };
        if period_us < PERIOD_US_MIN {
            return Err(TimerError::Period);
        }
        let late_us = u64::try_from(in_us.saturating_neg()).unwrap_or(0);
        let behind = (in_us < 0).then(|| Behind {
            missed: late_us / period_us,
            next_us: now.us.saturating_add(period_us - late_us % period_us),
        });
        Ok(Schedule {
            due_us,
            left,
            rhythm: Rhythm::Every { period_us },
            behind,
        })
    }
}

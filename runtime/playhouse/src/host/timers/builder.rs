//! A timer on its way to be set.

use std::fmt;
use std::rc::Rc;

use super::super::cell::Life;
use super::super::lease::leased;
use super::super::shard::Due;
use super::{Action, no_timer, owner};
use crate::call::Failure;
use crate::host::Cx;
use crate::timer::{Plan, TimerError, TimerHandle, TimerKey};

/// A timer that is about to be set. `after`, `every` and `cron` set it.
///
/// It belongs to the component or entity whose handler sets it, and ends with the entity, or with its activation if the schema doesn't
/// mark it `@durable`: a durable one is saved with the entity and goes on after a restart. Firings wait for their turn like calls. If they can't keep up with a period, those that are due meanwhile are counted ([`Cx::missed`]) and not
/// made up for.
#[must_use = "it is set by `after`, `every` or `cron`"]
pub struct TimerBuilder<'a> {
    pub(super) cx: &'a mut Cx,
    pub(super) action: Result<(u8, Action), Failure>,
    pub(super) plan: Plan,
}

impl TimerBuilder<'_> {
    /// What it is cancelled by, with all others of this component or entity that have the same: see
    /// [`Cx::cancel_timers`]. Setting a key again adds a timer.
    pub fn key(mut self, key: impl Into<TimerKey>) -> Self {
        self.plan.key = Some(key.into());
        self
    }

    /// How often it fires: by default once `after`, without end `every` or by `cron`.
    pub const fn times(mut self, times: u32) -> Self {
        self.plan.times = Some(times);
        self
    }

    /// When it fires first, if that is not one period from now.
    pub fn first(mut self, after: impl Into<crate::Duration>) -> Self {
        self.plan.after = Some(span(after.into()));
        self
    }

    /// Fires once, so long from now.
    ///
    /// # Errors
    ///
    /// See [`TimerError`](crate::timer::TimerError); and `NotFound` if nothing handles the timer.
    pub fn after(mut self, after: impl Into<crate::Duration>) -> Result<TimerHandle, Failure> {
        self.plan.after = Some(span(after.into()));
        self.set()
    }

    /// Fires again and again, at a fixed period.
    ///
    /// # Errors
    ///
    /// As [`TimerBuilder::after`].
    pub fn every(mut self, period: impl Into<crate::Duration>) -> Result<TimerHandle, Failure> {
        self.plan.every = Some(span(period.into()));
        self.set()
    }

    /// Fires at the moments of a cron expression, in UTC: see [`Cron`](crate::timer::Cron).
    ///
    /// # Errors
    ///
    /// As [`TimerBuilder::after`].
    pub fn cron(mut self, expression: impl Into<String>) -> Result<TimerHandle, Failure> {
        self.plan.cron = Some(expression.into());
        self.set()
    }

    fn set(self) -> Result<TimerHandle, Failure> {
        let (slot, action) = self.action?;
        let Some(cell) = self.cx.cell() else {
            return Err(no_timer("services have no timers"));
        };
        if cell.header().life.get() == Life::Over {
            return Err(no_timer("the entity has ended"));
        }
        let shard = self.cx.shard();
        let owner = owner(&cell, slot);
        let mut action = action;
        let set = leased(&cell).header().rare_mut(|rare| {
            let timers = rare.timers.get_or_insert_default();
            let number = timers.number(&mut action);
            let handle = timers.timers.set(
                &mut shard.wheel.borrow_mut(),
                shard.moment(),
                owner,
                self.plan,
                action,
                |handle| Due::Timer(Rc::downgrade(&cell), handle),
            )?;
            if let Some(number) = number {
                timers.numbers.insert(number, handle);
                timers.changed.insert(number);
            }
            Ok::<_, TimerError>((handle, number))
        });
        shard.arm();
        let (handle, number) = set?;
        if number.is_some() {
            shard.save_later(&cell);
        }
        Ok(handle)
    }
}

fn span(span: crate::Duration) -> std::time::Duration {
    span.try_into().unwrap_or_default()
}

impl fmt::Debug for TimerBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerBuilder")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

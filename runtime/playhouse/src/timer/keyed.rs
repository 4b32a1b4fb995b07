//! The timers of one entity: keyed, many to a key, repeating.

use std::collections::BTreeSet;
use std::fmt;

use slab::Slab;

use super::plan::{Due, Schedule};
use super::{Lasting, Moment, Plan, TimerError, TimerId, TimerKey, Wheel};

/// What a timer belongs to: a slot of an entity, or of a local entity inside of it. Keys are its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerOwner {
    /// The local entity's number; none: the entity itself.
    pub local: Option<u32>,
    /// The component's slot; 0: none, the entity's own.
    pub slot: u8,
}

/// A timer that was set, for cancelling it. It is of no use once the timer has fired for the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimerHandle {
    index: u32,
    serial: u32,
}

/// A timer that fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing<A> {
    /// Whose it is.
    pub owner: TimerOwner,
    /// What is to be done.
    pub action: A,
    /// How many more firings were due by now: they are counted here and not made up for.
    pub missed: u64,
    /// Whether it was the last, so that the timer is gone.
    pub last: bool,
}

/// A timer that is pending.
#[derive(Debug)]
pub struct Pending<'a, A> {
    /// Whose it is.
    pub owner: TimerOwner,
    /// What it is cancelled by.
    pub key: Option<&'a TimerKey>,
    /// What is to be done when it fires.
    pub action: &'a A,
    /// When it is due, on the clock of the wheel.
    pub due_us: u64,
}

/// The timers of one entity, beside a wheel that it shares with the others of its shard.
///
/// Setting a key again adds a timer. Cancelling a key cancels all of its timers, those included that are due and wait
/// for the entity to be free. Repeating n times means n firings. Firings keep their phase whenever they are run; those
/// that are due while one of the same timer waits are counted, not made up for.
///
/// The order of calls: [`Timers::set`] puts an entry of the caller's into the wheel; when the wheel hands that out,
/// the caller waits until the entity is free and calls [`Timers::begin`], which says what to do and puts the next
/// entry into the wheel. By then nothing of the timer is borrowed: what is done may set and cancel timers, this one
/// included.
pub struct Timers<A> {
    timers: Slab<Timer<A>>,
    /// Those that have a key.
    keyed: BTreeSet<(TimerOwner, TimerKey, u32)>,
    serial: u32,
}

struct Timer<A> {
    serial: u32,
    owner: TimerOwner,
    key: Option<TimerKey>,
    action: A,
    schedule: Schedule,
    entry: TimerId,
}

impl<A> Timers<A> {
    /// How many timers an entity may have.
    pub const PENDING_MAX: usize = 65_536;

    /// No timers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            timers: Slab::new(),
            keyed: BTreeSet::new(),
            serial: 0,
        }
    }

    /// How many timers are pending.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timers.len()
    }

    /// Whether none is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }

    /// Every pending timer.
    pub fn iter(&self) -> impl Iterator<Item = Pending<'_, A>> {
        self.timers.iter().map(|(_, timer)| Pending {
            owner: timer.owner,
            key: timer.key.as_ref(),
            action: &timer.action,
            due_us: timer.schedule.due_us,
        })
    }

    /// Sets a timer; `wake` makes the wheel's entry for it.
    ///
    /// # Errors
    ///
    /// The plan makes no sense, or the entity has [`Timers::PENDING_MAX`] timers.
    pub fn set<W>(
        &mut self,
        wheel: &mut Wheel<W>,
        now: Moment,
        owner: TimerOwner,
        plan: Plan,
        action: A,
        wake: impl FnOnce(TimerHandle) -> W,
    ) -> Result<TimerHandle, TimerError> {
        let schedule = plan.schedule(now)?;
        self.insert(wheel, owner, plan.key, schedule, action, wake)
    }

    /// Sets a timer that was written down: it goes on as it would have.
    ///
    /// # Errors
    ///
    /// What was written down makes no sense, or the entity has [`Timers::PENDING_MAX`] timers.
    #[expect(
        clippy::too_many_arguments,
        reason = "each of them is one part of what was written down"
    )]
    pub fn restore<W>(
        &mut self,
        wheel: &mut Wheel<W>,
        now: Moment,
        owner: TimerOwner,
        key: Option<TimerKey>,
        lasting: &Lasting,
        action: A,
        wake: impl FnOnce(TimerHandle) -> W,
    ) -> Result<TimerHandle, TimerError> {
        let schedule = lasting.schedule(now)?;
        self.insert(wheel, owner, key, schedule, action, wake)
    }

    /// What is to be written down of a timer: whose it is, its key, when it fires; nothing if it is not pending.
    #[must_use]
    pub fn lasting(&self, handle: TimerHandle, now: Moment) -> Option<(Pending<'_, A>, Lasting)> {
        self.get(handle)?;
        let timer = self.timers.get(handle.index as usize)?;
        let pending = Pending {
            owner: timer.owner,
            key: timer.key.as_ref(),
            action: &timer.action,
            due_us: timer.schedule.due_us,
        };
        Some((pending, Lasting::of(&timer.schedule, now)))
    }

    /// As [`Timers::lasting`], of every pending timer.
    pub fn all_lasting(&self, now: Moment) -> impl Iterator<Item = (Pending<'_, A>, Lasting)> {
        let timers = self.timers.iter();
        timers.map(move |(_, timer)| {
            let pending = Pending {
                owner: timer.owner,
                key: timer.key.as_ref(),
                action: &timer.action,
                due_us: timer.schedule.due_us,
            };
            (pending, Lasting::of(&timer.schedule, now))
        })
    }

    fn insert<W>(
        &mut self,
        wheel: &mut Wheel<W>,
        owner: TimerOwner,
        key: Option<TimerKey>,
        schedule: Schedule,
        action: A,
        wake: impl FnOnce(TimerHandle) -> W,
    ) -> Result<TimerHandle, TimerError> {
        if self.timers.len() >= Self::PENDING_MAX {
            return Err(TimerError::TooMany);
        }
        self.serial = self.serial.wrapping_add(1);
        let vacant = self.timers.vacant_entry();
        let handle = TimerHandle {
            index: vacant.key() as u32,
            serial: self.serial,
        };
        if let Some(key) = &key {
            self.keyed.insert((owner, key.clone(), handle.index));
        }
        vacant.insert(Timer {
            serial: handle.serial,
            owner,
            key,
            action,
            entry: wheel.insert(schedule.due_us, wake(handle)),
            schedule,
        });
        Ok(handle)
    }

    /// Whose a timer is, and what is to be done; nothing if it is not pending.
    #[must_use]
    pub fn get(&self, handle: TimerHandle) -> Option<(TimerOwner, &A)> {
        let timer = self.timers.get(handle.index as usize)?;
        (timer.serial == handle.serial).then_some((timer.owner, &timer.action))
    }

    /// Puts off a firing whose entry came out of the wheel and that the entity has no room for.
    pub fn put_off<W>(
        &mut self,
        wheel: &mut Wheel<W>,
        handle: TimerHandle,
        until_us: u64,
        wake: W,
    ) {
        if let Some(timer) = self.timers.get_mut(handle.index as usize)
            && timer.serial == handle.serial
        {
            wheel.cancel(timer.entry);
            timer.entry = wheel.insert(until_us, wake);
        }
    }

    /// Begins a firing whose entry came out of the wheel. Nothing if the timer was cancelled since, or is not due yet
    /// by the clock on the wall; `wake` makes the entry for the next firing, if there is one.
    pub fn begin<W>(
        &mut self,
        wheel: &mut Wheel<W>,
        now: Moment,
        handle: TimerHandle,
        wake: impl FnOnce(TimerHandle) -> W,
    ) -> Option<Firing<A>>
    where
        A: Clone,
    {
        let timer = self.timers.get_mut(handle.index as usize)?;
        if timer.serial != handle.serial || wheel.get(timer.entry).is_some() {
            return None;
        }
        match timer.schedule.advance(now) {
            Due::Now { missed, last: true } => {
                let timer = self.take(handle.index);
                Some(Firing {
                    owner: timer.owner,
                    action: timer.action,
                    missed,
                    last: true,
                })
            }
            Due::Now {
                missed,
                last: false,
            } => {
                timer.entry = wheel.insert(timer.schedule.due_us, wake(handle));
                Some(Firing {
                    owner: timer.owner,
                    action: timer.action.clone(),
                    missed,
                    last: false,
                })
            }
            Due::Later => {
                timer.entry = wheel.insert(timer.schedule.due_us, wake(handle));
                None
            }
        }
    }

    /// Cancels one timer, and gives back its action; nothing if it was not pending.
    ///
    /// Actions come back, here and below, so that the caller can drop them when it holds nothing else.
    pub fn cancel<W>(&mut self, wheel: &mut Wheel<W>, handle: TimerHandle) -> Option<A> {
        self.get(handle)?;
        let timer = self.take(handle.index);
        wheel.cancel(timer.entry);
        Some(timer.action)
    }

    /// Cancels every timer of a key.
    pub fn cancel_key<W>(
        &mut self,
        wheel: &mut Wheel<W>,
        owner: TimerOwner,
        key: TimerKey,
    ) -> Vec<A> {
        let all = (owner, key.clone(), 0)..=(owner, key, u32::MAX);
        let indices: Vec<u32> = self.keyed.range(all).map(|(_, _, index)| *index).collect();
        self.cancel_all(wheel, indices)
    }

    /// Cancels every timer of a local entity, or of all: at its end.
    pub fn clear<W>(&mut self, wheel: &mut Wheel<W>, local: Option<u32>) -> Vec<A> {
        let ends = |timer: &Timer<A>| local.is_none() || timer.owner.local == local;
        let indices: Vec<u32> = self
            .timers
            .iter()
            .filter_map(|(index, timer)| ends(timer).then_some(index as u32))
            .collect();
        self.cancel_all(wheel, indices)
    }

    fn cancel_all<W>(&mut self, wheel: &mut Wheel<W>, indices: Vec<u32>) -> Vec<A> {
        let mut actions = Vec::with_capacity(indices.len());
        for index in indices {
            let timer = self.take(index);
            wheel.cancel(timer.entry);
            actions.push(timer.action);
        }
        actions
    }

    fn take(&mut self, index: u32) -> Timer<A> {
        let mut timer = self.timers.remove(index as usize);
        if let Some(key) = timer.key.take() {
            self.keyed.remove(&(timer.owner, key, index));
        }
        timer
    }
}

impl<A> Default for Timers<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> fmt::Debug for Timers<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timers({} pending)", self.timers.len())
    }
}

//! Timers that move with an entity: those that call a handler and are not saved with it.

use std::rc::Rc;

use playhouse_wire::message::{ElementBuffer, HANDOFF_TIMERS_MAX, TimerState};
use playhouse_wire::{Duration, KeyPart};

use super::super::cell::Hosted;
use super::super::shard::{Due, Shard};
use super::super::timers::Action;
use crate::timer::{Lasting, TimerKey, TimerOwner};

/// A timer on its way, with the time that is left until it fires.
pub(super) struct Remaining {
    slot: u8,
    tag: u8,
    key: Option<String>,
    remaining_us: u64,
    every_us: Option<u64>,
    left: Option<u32>,
    args: Box<[u8]>,
    cron: Option<String>,
}

impl Remaining {
    /// As it came.
    pub(super) fn of(state: &TimerState<'_>) -> Self {
        Self {
            slot: state.slot,
            tag: state.tag,
            key: match &state.key {
                Some(KeyPart::Text(text)) => Some(text.to_string()),
                _ => None,
            },
            remaining_us: state.remaining_us,
            every_us: state.every_us,
            left: state.times,
            args: state.args.into(),
            cron: state.cron.map(str::to_owned),
        }
    }
}

/// As they are sent.
pub(super) fn elements(timers: &[Remaining]) -> ElementBuffer<TimerState<'_>> {
    let mut buffer = ElementBuffer::new();
    for timer in timers {
        let fits = buffer.push(&TimerState {
            slot: timer.slot,
            tag: timer.tag,
            key: timer.key.as_deref().map(KeyPart::from),
            remaining_us: timer.remaining_us,
            every_us: timer.every_us,
            times: timer.left,
            args: &timer.args,
            cron: timer.cron.as_deref(),
        });
        debug_assert!(fits, "no more than there is room for were taken");
    }
    buffer
}

impl Shard {
    /// The timers of a frozen entity that are not in its document. Closures can't be written down, and timers of local
    /// entities end with these: both stay behind.
    pub(super) fn remaining_timers(&self, cell: &Rc<dyn Hosted>) -> Vec<Remaining> {
        let now = self.moment();
        let found = cell.header().rare(|rare| {
            let timers = rare.timers.as_ref()?;
            let moving = timers
                .timers
                .all_lasting(now)
                .filter_map(|(pending, lasting)| {
                    let Action::Call {
                        tag,
                        args,
                        number: None,
                    } = pending.action
                    else {
                        return None;
                    };
                    if pending.owner.local.is_some() {
                        return None;
                    }
                    let left_us = lasting.due.as_micros().saturating_sub(now.utc.as_micros());
                    Some(Remaining {
                        slot: pending.owner.slot,
                        tag: *tag,
                        key: pending.key.map(TimerKey::to_text),
                        remaining_us: u64::try_from(left_us).unwrap_or(0),
                        every_us: lasting.every_us,
                        left: lasting.left,
                        args: (**args).into(),
                        cron: lasting.cron,
                    })
                });
            Some(moving.collect::<Vec<_>>())
        });
        let mut timers = found.flatten().unwrap_or_default();
        if timers.len() > HANDOFF_TIMERS_MAX {
            let entity = self.kind(cell.header().kind).descriptor.head.name;
            tracing::warn!(
                entity,
                key = ?cell.header().key,
                timers = timers.len(),
                "an entity that moves leaves timers behind: at most {HANDOFF_TIMERS_MAX} move with it"
            );
            timers.sort_by_key(|timer| timer.remaining_us);
            timers.truncate(HANDOFF_TIMERS_MAX);
        }
        timers
    }

    /// Sets the timers that came with an entity.
    pub(super) fn set_remaining(&self, cell: &Rc<dyn Hosted>, timers: Vec<Remaining>) {
        for timer in timers {
            if let Err(why) = self.set_one(cell, timer) {
                let entity = self.kind(cell.header().kind).descriptor.head.name;
                tracing::warn!(entity, key = ?cell.header().key, why, "a timer could not move with its entity");
            }
        }
        self.arm();
    }

    fn set_one(&self, cell: &Rc<dyn Hosted>, timer: Remaining) -> Result<(), String> {
        let kind = self.kind(cell.header().kind);
        let known = kind.timer(timer.slot, timer.tag);
        if known.is_none_or(|known| known.call.durable) {
            return Err("the entity has no such timer here".to_owned());
        }
        let key = match &timer.key {
            Some(text) => Some(TimerKey::from_text(text).ok_or("its key can't be read")?),
            None => None,
        };
        let now = self.moment();
        let in_us = i64::try_from(timer.remaining_us).unwrap_or(i64::MAX);
        let lasting = Lasting {
            due: now.utc + Duration::from_micros(in_us),
            every_us: timer.every_us,
            cron: timer.cron,
            left: timer.left,
        };
        let owner = TimerOwner {
            local: None,
            slot: timer.slot,
        };
        let action = Action::Call {
            tag: timer.tag,
            args: Rc::from(timer.args),
            number: None,
        };
        cell.header().rare_mut(|rare| {
            let timers = rare.timers.get_or_insert_default();
            let wake = |handle| Due::Timer(Rc::downgrade(cell), handle);
            let mut wheel = self.wheel.borrow_mut();
            let set = timers
                .timers
                .restore(&mut wheel, now, owner, key, &lasting, action, wake);
            set.map(drop).map_err(|error| error.to_string())
        })
    }
}

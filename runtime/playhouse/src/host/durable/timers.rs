//! Durable timers: what of them stands in the entity's document, and how they come back.
//!
//! A firing's effect and its end, or its next time, are in one commit, so that a timer takes effect once. A firing that the
//! node did not live to save fires again, with the state as it was before.

use std::collections::BTreeMap;
use std::rc::Rc;

use playhouse_store::{DocumentId, Path, Update, Value};
use playhouse_wire::Timestamp;

use super::super::cell::Hosted;
use super::super::lease::leased;
use super::super::shard::{Due, Shard};
use super::super::timers::Action;
use super::inbox::{POISON_ATTEMPTS_MAX, defer_saves};
use crate::document;
use crate::timer::{Lasting, TimerKey, TimerOwner};

/// The section of a document that holds timers.
const TIMERS: &str = "timers";

/// Most timers of a shard whose panics are counted at a time.
const COUNTED_MAX: usize = 1024;

/// A timer as its document has it.
struct Stored {
    slot: u8,
    tag: u8,
    args: Rc<[u8]>,
    key: Option<TimerKey>,
    lasting: Lasting,
}

impl Shard {
    /// The entity's properties are filled: what it had set goes on.
    pub(in crate::host) fn restore_timers(self: &Rc<Self>, cell: &Rc<dyn Hosted>, root: &Value) {
        let section = root.at(&[TIMERS.to_owned()]).and_then(Value::entries);
        for (name, value) in section.into_iter().flatten() {
            if let Err(why) = self.restore_timer(cell, name, value) {
                let kind = self.kind(cell.header().kind).descriptor;
                let document = document::document_id(kind, &cell.header().key);
                tracing::warn!(%document, timer = &**name, why, "a stored timer stays where it is");
            }
        }
        self.arm();
    }

    fn restore_timer(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        name: &str,
        value: &Value,
    ) -> Result<(), String> {
        let number: u64 = name
            .parse()
            .map_err(|_| "its name is no number".to_owned())?;
        let stored = Stored::read(value).ok_or("it can't be read")?;
        let kind = self.kind(cell.header().kind);
        let known = kind.timer(stored.slot, stored.tag);
        if known.is_none_or(|timer| !timer.call.durable) {
            return Err("the entity has no such durable timer any more".to_owned());
        }
        let owner = TimerOwner {
            local: None,
            slot: stored.slot,
        };
        let action = Action::Call {
            tag: stored.tag,
            args: stored.args,
            number: Some(number),
        };
        let (now, header) = (self.moment(), cell.header());
        header.rare_mut(|rare| {
            let timers = rare.timers.get_or_insert_default();
            timers.next_number = timers.next_number.max(number.saturating_add(1));
            let wake = |handle| Due::Timer(Rc::downgrade(cell), handle);
            let handle = timers
                .timers
                .restore(
                    &mut self.wheel.borrow_mut(),
                    now,
                    owner,
                    stored.key,
                    &stored.lasting,
                    action,
                    wake,
                )
                .map_err(|error| error.to_string())?;
            timers.numbers.insert(number, handle);
            Ok(())
        })
    }

    /// Adds what changed of the entity's timers to what is committed.
    pub(in crate::host) fn save_timers(&self, cell: &Rc<dyn Hosted>, update: &mut Update) {
        let header = cell.header();
        if !header
            .rare(|rare| {
                rare.timers
                    .as_ref()
                    .map(|timers| !timers.changed.is_empty())
            })
            .flatten()
            .unwrap_or(false)
        {
            return;
        }
        let (kind, now) = (self.kind(header.kind), self.moment());
        header.rare_mut(|rare| {
            let Some(timers) = &mut rare.timers else {
                return;
            };
            for number in std::mem::take(&mut timers.changed) {
                let path = Path::of([TIMERS, &format!("{number:020}")]);
                let pending = timers.numbers.get(&number).copied();
                let pending = pending.and_then(|handle| timers.timers.lasting(handle, now));
                let Some((pending, lasting)) = pending else {
                    update.remove(path);
                    continue;
                };
                if let Action::Call { tag, args, .. } = pending.action {
                    let slot = pending.owner.slot;
                    let call = kind.timer(slot, *tag).map_or("", |timer| timer.call.name);
                    let stored = Stored {
                        slot,
                        tag: *tag,
                        args: Rc::clone(args),
                        key: pending.key.cloned(),
                        lasting,
                    };
                    update.set(path, stored.value(call));
                }
            }
        });
    }

    /// When the entity wants to be run though nobody calls, in microseconds since 1970: at its first durable timer.
    pub(in crate::host) fn wake_us(&self, cell: &Rc<dyn Hosted>) -> Option<i64> {
        let due_us = cell.header().rare(|rare| {
            let timers = rare.timers.as_ref()?;
            if timers.numbers.is_empty() {
                return None;
            }
            let now = self.moment();
            let numbers = timers.numbers.values();
            let due = numbers.filter_map(|handle| timers.timers.lasting(*handle, now));
            due.map(|(_, lasting)| lasting.due.as_micros()).min()
        });
        due_us.flatten()
    }

    /// Whether the entity may have durable timers in its document, whatever it has in memory.
    pub(in crate::host) fn may_wake(&self, cell: &Rc<dyn Hosted>) -> bool {
        let kind = self.kind(cell.header().kind);
        let mut timers = kind.slots.iter().flatten().flat_map(|slot| &slot.timers);
        timers.any(|timer| timer.as_ref().is_some_and(|timer| timer.call.durable))
    }

    /// A durable timer is about to fire. Not if it has panicked too often: then it is over.
    pub(in crate::host) fn timer_begins(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        number: Option<u64>,
    ) -> bool {
        let Some(number) = number else {
            return true;
        };
        let id = self.timer_id(cell, number);
        let mut panics = self.durable.timer_panics.borrow_mut();
        let count = panics.get(&id).copied().unwrap_or(0);
        if count >= POISON_ATTEMPTS_MAX {
            panics.remove(&id);
            drop(panics);
            tracing::error!(document = %id.0, timer = number, "a durable timer panicked {count} times in a row and does not fire");
            self.commit_soon(cell);
            return false;
        }
        if panics.len() >= COUNTED_MAX {
            panics.pop_first();
        }
        // Taken back when it has fired.
        panics.insert(id, count + 1);
        defer_saves(&leased(cell), true);
        true
    }

    /// A durable timer has fired: what it did and that it did are saved at once.
    pub(in crate::host) fn timer_fired(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        number: Option<u64>,
    ) {
        if let Some(number) = number {
            let id = self.timer_id(cell, number);
            self.durable.timer_panics.borrow_mut().remove(&id);
            defer_saves(&leased(cell), false);
            self.commit_soon(cell);
        }
    }

    fn timer_id(&self, cell: &Rc<dyn Hosted>, number: u64) -> (DocumentId, u64) {
        let whole = leased(cell);
        let header = whole.header();
        let kind = self.kind(header.kind).descriptor;
        (document::document_id(kind, &header.key), number)
    }
}

impl Stored {
    fn value(&self, call: &str) -> Value {
        let mut members = BTreeMap::from([
            ("slot".to_owned(), Value::Unsigned(self.slot.into())),
            ("tag".to_owned(), Value::Unsigned(self.tag.into())),
            ("call".to_owned(), Value::Text(call.to_owned())),
            ("args".to_owned(), Value::Bytes(self.args.to_vec())),
            ("due_us".to_owned(), signed(self.lasting.due.as_micros())),
        ]);
        if let Some(every_us) = self.lasting.every_us {
            members.insert("every_us".to_owned(), Value::Unsigned(every_us));
        }
        if let Some(cron) = &self.lasting.cron {
            members.insert("cron".to_owned(), Value::Text(cron.clone()));
        }
        if let Some(left) = self.lasting.left {
            members.insert("left".to_owned(), Value::Unsigned(left.into()));
        }
        if let Some(key) = &self.key {
            members.insert("key".to_owned(), Value::Text(key.to_text()));
        }
        Value::Map(members)
    }

    fn read(value: &Value) -> Option<Self> {
        let members = value.entries()?;
        let text = |name: &str| match members.get(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let number = |name: &str| match members.get(name) {
            Some(Value::Unsigned(number)) => Some(*number),
            _ => None,
        };
        let due_us = match members.get("due_us")? {
            Value::Unsigned(number) => i64::try_from(*number).ok()?,
            Value::Negative(number) => *number,
            _ => return None,
        };
        let Some(Value::Bytes(args)) = members.get("args") else {
            return None;
        };
        let key = match text("key") {
            Some(text) => Some(TimerKey::from_text(&text)?),
            None => None,
        };
        let left = match number("left") {
            Some(left) => Some(u32::try_from(left).ok()?),
            None => None,
        };
        Some(Self {
            slot: u8::try_from(number("slot")?).ok()?,
            tag: u8::try_from(number("tag")?).ok()?,
            args: args.as_slice().into(),
            key,
            lasting: Lasting {
                due: Timestamp::from_micros(due_us),
                every_us: number("every_us"),
                cron: text("cron"),
                left,
            },
        })
    }
}

fn signed(value: i64) -> Value {
    u64::try_from(value).map_or(Value::Negative(value), Value::Unsigned)
}

//! Deadlocks: calls that would wait for themselves.
//!
//! They are looked for where they can arise: when a call is about to wait for an entity that is leased to another.
//! Upwards stand those that wait for this call; downwards, from the holder of the entity, what that one waits for. If
//! the two meet, nobody in the circle could ever go on.

use std::fmt::Write as _;
use std::rc::Rc;

use playhouse_wire::KeyPart;

use super::calls::{Call, CallId, Calls, Place};
use super::cell::{Header, Hosted};
use super::shard::Shard;
use crate::call::{Failure, FailureKind};

/// Most calls that one search looks at. What is longer is left to the deadline.
pub const DEADLOCK_STEPS_MAX: usize = 4096;

/// A call that is served elsewhere.
#[derive(Debug, Default)]
pub(super) struct Away {}

impl Away {
    pub(super) fn cancel(&self, _shard: &Rc<Shard>, _call: CallId) {}
}

impl Shard {
    /// Whether `call` would wait for ever in the mailbox of this entity.
    pub(super) fn find_deadlock(&self, cell: &Rc<dyn Hosted>, call: CallId) -> Option<Failure> {
        let calls = self.calls.borrow();
        let header = cell.header();
        // From the outermost to the one that makes this call.
        let mut above = Vec::new();
        let mut next = calls.get(call)?.parent;
        while let Some(entry) = calls.get(next) {
            above.push(next);
            next = entry.parent;
            if above.len() >= DEADLOCK_STEPS_MAX {
                break;
            }
        }
        if above.is_empty() {
            return None;
        }
        let mut path = Vec::new();
        let mut steps = 0;
        if !descend(&calls, header.holder.get(), &above, &mut path, &mut steps) {
            return None;
        }
        // The path ends at one of those above; from there on it goes down to this call.
        let met = *path.last()?;
        let at = above.iter().position(|id| *id == met)?;
        path.extend(above[..at].iter().rev());
        path.push(call);
        let mut text = String::new();
        for id in path {
            if !text.is_empty() {
                text.push_str(" -> ");
            }
            if let Some(call) = calls.get(id) {
                self.write_call(&mut text, call);
            }
        }
        Some(Failure::not_executed(FailureKind::Deadlock).along(text))
    }

    /// `Avatar(7).bag.trade`
    pub(super) fn call_path(&self, call: CallId) -> String {
        let mut text = String::new();
        if let Some(call) = self.calls.borrow().get(call) {
            self.write_call(&mut text, call);
        }
        text
    }

    fn write_call(&self, text: &mut String, call: &Call) {
        match &call.place {
            Place::Entity(cell) => {
                let header = cell.header();
                let kind = self.kind(header.kind);
                text.push_str(kind.descriptor.head.name);
                write_key(text, header);
                let slot = kind.slots.get(usize::from(call.slot));
                if let Some(slot) = slot.and_then(Option::as_ref) {
                    if !slot.name.is_empty() {
                        let _ = write!(text, ".{}", slot.name);
                    }
                }
                let called = kind.call(call.slot, call.tag).map(|host| host.call);
                let timer = kind.timer(call.slot, call.tag).map(|host| host.call);
                let name = called.or(timer).map_or("life", |call| call.name);
                let _ = write!(text, ".{name}");
            }
            Place::Service(service) => {
                let name = service.call(call.tag).map_or("", |host| host.call.name);
                let _ = write!(text, "{}.{name}", service.descriptor.head.name);
            }
            Place::Away(_) => text.push_str("elsewhere"),
        }
    }
}

pub(super) fn write_key(text: &mut String, header: &Header) {
    let parts = header.key.parts();
    if parts.is_empty() {
        return;
    }
    text.push('(');
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        // Writing to a string doesn't fail.
        let _ = match part {
            KeyPart::Unsigned(value) => write!(text, "{value}"),
            KeyPart::Negative(value) => write!(text, "{value}"),
            KeyPart::Text(value) => write!(text, "{value}"),
            KeyPart::Uuid(value) => write!(text, "{value}"),
        };
    }
    text.push(')');
}

/// Whether `call`, or anything that it waits for, waits for one of `above`. `path` are those on the way.
fn descend(
    calls: &Calls,
    call: CallId,
    above: &[CallId],
    path: &mut Vec<CallId>,
    steps: &mut usize,
) -> bool {
    *steps += 1;
    if *steps > DEADLOCK_STEPS_MAX || calls.get(call).is_none() {
        return false;
    }
    path.push(call);
    if above.contains(&call) {
        return true;
    }
    for (id, child) in calls.children(call) {
        let next = match &child.place {
            Place::Entity(cell) if child.queued && !child.granted => {
                super::lease::leased(cell).header().holder.get()
            }
            Place::Entity(_) | Place::Service(_) => id,
            Place::Away(_) => continue,
        };
        if descend(calls, next, above, path, steps) {
            return true;
        }
    }
    path.pop();
    false
}

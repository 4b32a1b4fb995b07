//! Deadlocks: calls that would wait for themselves.
//!
//! They are looked for where they can arise: when a call is about to wait for an entity that is leased to another.
//! Upwards stand those that wait for this call, those elsewhere included; downwards, from the holder of the entity, what
//! that one waits for. If the two meet, nobody in the circle could ever go on. Where the way down leaves the shard, a
//! probe follows it (`probe`).

use std::fmt::Write as _;
use std::rc::Rc;

use playhouse_wire::message::Waiting as Waits;
use playhouse_wire::{EntityRef, KeyPart};

use super::away::Route;
use super::calls::{CallId, Calls, Place};
use super::cell::Hosted;
use super::probe::{Probe, same_entity};
use super::shard::Shard;
use crate::call::{Failure, FailureKind};

/// Most calls that one search looks at. What is longer is left to the deadline.
pub const DEADLOCK_STEPS_MAX: usize = 4096;

/// What a search on this shard comes to.
#[derive(Default)]
struct Search {
    /// Calls on the way down.
    path: Vec<CallId>,
    /// The way left the shard, to an entity that is among those that wait elsewhere: its place among them.
    met: Option<usize>,
    /// Where the way leaves the shard otherwise.
    leaves: Vec<(Route, Waits, Vec<CallId>)>,
    steps: usize,
}

impl Shard {
    /// Whether `call` would wait for ever in the mailbox of this entity.
    pub(super) fn find_deadlock(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        call: CallId,
    ) -> Option<Failure> {
        let header = cell.header();
        let calls = self.calls.borrow();
        // From the one that makes this call to the outermost.
        let mut above = Vec::new();
        let mut from = calls.get(call)?.from.clone();
        let mut next = calls.get(call)?.parent;
        while let Some(entry) = calls.get(next) {
            above.push(next);
            next = entry.parent;
            from = from.or_else(|| entry.from.clone());
            if above.len() >= DEADLOCK_STEPS_MAX {
                break;
            }
        }
        let chain: &[Waits] = from.as_ref().map_or(&[], |from| &from.chain);
        if above.is_empty() && chain.is_empty() {
            return None;
        }
        let kind = self.kind(header.kind).descriptor;
        let is_this = |waits: &Waits| {
            (waits.method.package, waits.method.number) == (kind.package, kind.number)
                && waits.key == header.key
        };
        let mut path = Vec::new();
        let mut search = Search::default();
        if let Some(at) = chain.iter().position(is_this) {
            path.extend(chain.iter().skip(at).cloned());
        } else if descend(&calls, header.holder.get(), (&above, chain), &mut search) {
            path.extend(search.path.iter().filter_map(|id| self.waits(*id)));
            if let Some(met) = search.met {
                path.extend(chain.iter().skip(met).cloned());
                drop(calls);
                path.extend(
                    above
                        .iter()
                        .rev()
                        .chain([&call])
                        .filter_map(|id| self.waits(*id)),
                );
                // The others of the circle are elsewhere, and may have found it at the same moment.
                return self
                    .gives_way(call, &path)
                    .then(|| self.deadlock_along(&path));
            } else {
                let met = search.path.last()?;
                above.truncate(above.iter().position(|id| id == met)?);
            }
        } else {
            drop(calls);
            self.send_probes(call, &above, chain, search.leaves);
            return None;
        }
        drop(calls);
        path.extend(
            above
                .iter()
                .rev()
                .chain([&call])
                .filter_map(|id| self.waits(*id)),
        );
        Some(self.deadlock_along(&path))
    }

    pub(super) fn deadlock_along(&self, path: &[Waits]) -> Failure {
        Failure::not_executed(FailureKind::Deadlock).along(self.path_text(path))
    }

    fn send_probes(
        self: &Rc<Self>,
        call: CallId,
        above: &[CallId],
        chain: &[Waits],
        leaves: Vec<(Route, Waits, Vec<CallId>)>,
    ) {
        if leaves.is_empty() {
            return;
        }
        let mut waiting = chain.to_vec();
        waiting.extend(
            above
                .iter()
                .rev()
                .chain([&call])
                .filter_map(|id| self.waits(*id)),
        );
        for (route, target, path) in leaves {
            let probe = Probe {
                home: self.index,
                call,
                above: waiting.clone(),
                path: path.iter().filter_map(|id| self.waits(*id)).collect(),
                target,
                far: None,
            };
            self.send_probe(route, probe);
        }
    }

    /// `Avatar(7).bag.trade`
    pub(super) fn call_path(&self, call: CallId) -> String {
        self.waits(call)
            .map_or_else(String::new, |waits| self.path_text(&[waits]))
    }

    /// `Avatar(7).bag.trade -> Avatar(9).bag.deliver`
    pub(super) fn path_text(&self, path: &[Waits]) -> String {
        let mut text = String::new();
        for waits in path {
            if !text.is_empty() {
                text.push_str(" -> ");
            }
            self.write_waits(&mut text, waits);
        }
        text
    }

    fn write_waits(&self, text: &mut String, waits: &Waits) {
        let method = waits.method;
        if let Some(kind) = self.find_kind(method.package, method.number) {
            text.push_str(kind.descriptor.head.name);
            write_key(text, waits.key.parts());
            let slot = kind.slots.get(usize::from(method.slot));
            if let Some(slot) = slot
                .and_then(Option::as_ref)
                .filter(|slot| !slot.name.is_empty())
            {
                let _ = write!(text, ".{}", slot.name);
            }
            let call = kind.call(method.slot, method.tag).map(|host| host.call);
            let timer = kind.timer(method.slot, method.tag).map(|host| host.call);
            let name = call.or(timer).map_or("life", |call| call.name);
            let _ = write!(text, ".{name}");
            return;
        }
        if let Some(service) = self.find_service(method.package, method.number) {
            let call = service.call(method.tag);
            let name = service.descriptor.head.name;
            let _ = write!(text, "{name}.{}", call.map_or("", |host| host.call.name));
            return;
        }
        let _ = write!(text, "{}.{}", method.package, method.number);
        write_key(text, waits.key.parts());
        let _ = write!(text, ".{}.{}", method.slot, method.tag);
    }
}

impl Shard {
    /// `Avatar(7)`
    pub(super) fn entity_text(&self, entity: &EntityRef) -> String {
        let mut text = self.owner_name(entity.package, entity.number).to_owned();
        if text.is_empty() {
            // Of a type that this node does not run.
            let _ = write!(text, "{}.{}", entity.package, entity.number);
        }
        write_key(&mut text, entity.key.parts());
        text
    }
}

/// `(7)`, `(7, sun)`; nothing for a singleton.
fn write_key(text: &mut String, parts: &[KeyPart]) {
    for (index, part) in parts.iter().enumerate() {
        text.push_str(if index == 0 { "(" } else { ", " });
        // Writing to a string doesn't fail.
        let _ = match part {
            KeyPart::Unsigned(value) => write!(text, "{value}"),
            KeyPart::Negative(value) => write!(text, "{value}"),
            KeyPart::Text(value) => write!(text, "{value}"),
            KeyPart::Uuid(value) => write!(text, "{value}"),
        };
    }
    if !parts.is_empty() {
        text.push(')');
    }
}

/// Whether `call`, or anything that it waits for, waits for one of those above.
fn descend(calls: &Calls, call: CallId, above: (&[CallId], &[Waits]), search: &mut Search) -> bool {
    search.steps += 1;
    if search.steps > DEADLOCK_STEPS_MAX || calls.get(call).is_none() {
        return false;
    }
    search.path.push(call);
    if above.0.contains(&call) {
        return true;
    }
    for (id, child) in calls.children(call) {
        let next = match &child.place {
            Place::Entity(cell) if child.queued && !child.granted => {
                super::lease::leased(cell).header().holder.get()
            }
            Place::Entity(_) | Place::Service(_) => id,
            Place::Away(away) => {
                let Some(target) = &away.target else {
                    continue;
                };
                search.met = above.1.iter().position(|waits| same_entity(waits, target));
                if search.met.is_some() {
                    return true;
                }
                let path = search.path.clone();
                search.leaves.push((away.way(), target.clone(), path));
                continue;
            }
        };
        if descend(calls, next, above, search) {
            return true;
        }
    }
    search.path.pop();
    false
}

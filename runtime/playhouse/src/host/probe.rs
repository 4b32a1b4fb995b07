//! Looking for deadlocks across shards.
//!
//! Where the search of one shard (`deadlock`) comes to a call that is served by another, it goes on there: a probe
//! follows the wait-for graph from shard to shard, with those on its back who wait for the call that began it. If it
//! meets one of them, the first shard hears of it and fails that call.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::message::{CHAIN_MAX, Waiting as Waits};

use super::afar::FarOrigin;
use super::away::Route;
use super::calls::{CallId, Place};
use super::fabric::Packet;
use super::shard::Shard;
use crate::call::{Failure, FailureKind, Target};
use playhouse_wire::EntityRef;

/// Most entities that a probe goes through.
pub const PROBE_STEPS_MAX: usize = CHAIN_MAX;

/// A search on its way.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) home: u32,
    /// The call that waits in a mailbox.
    pub(super) call: CallId,
    /// Who waits for it, outermost first, and itself.
    pub(super) above: Vec<Waits>,
    /// Through whom the search has come.
    pub(super) path: Vec<Waits>,
    /// On whom the next call is made.
    pub(super) target: Waits,
    /// Of a search that another node began.
    pub(super) far: Option<Arc<FarOrigin>>,
}

/// What a search found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) call: CallId,
    pub(super) path: Vec<Waits>,
    /// Of a search that another node began.
    pub(super) far: Option<Arc<FarOrigin>>,
}

/// Whether two are the same entity, in whatever calls.
pub(super) fn same_entity(a: &Waits, b: &Waits) -> bool {
    (a.method.package, a.method.number) == (b.method.package, b.method.number) && a.key == b.key
}

impl Shard {
    /// Sends a probe on to where the entity lives that it comes to next.
    pub(super) fn send_probe(self: &Rc<Self>, route: Route, probe: Probe) {
        // One that comes back to where it was goes round in a circle that the first call is not part of.
        let again = probe
            .path
            .iter()
            .filter(|waits| same_entity(waits, &probe.target));
        if probe.path.len() >= PROBE_STEPS_MAX || again.count() > 0 {
            return;
        }
        match route {
            Route::Shard(shard) => self.post(shard, Packet::Probe(Box::new(probe))),
            Route::Link(id) => self.probe_afar(id, &probe),
            Route::Nowhere | Route::Session(..) => {}
        }
    }

    /// Goes on with a search that another shard began.
    pub(super) fn follow(self: &Rc<Self>, probe: Probe) {
        let method = probe.target.method;
        let Some(kind) = self.find_kind(method.package, method.number) else {
            return;
        };
        let Some(cell) = kind.find(&probe.target.key) else {
            return;
        };
        let holder = cell.header().holder.get();
        let mut probes = Vec::new();
        let mut steps = 0;
        let met = self.descend_probe(&probe, holder, &mut probes, &mut steps);
        if let Some(mut path) = met {
            let last = path.last().cloned();
            let at = last.and_then(|last| {
                probe
                    .above
                    .iter()
                    .position(|waits| same_entity(waits, &last))
            });
            if let Some(at) = at {
                path.extend(probe.above.iter().skip(at + 1).cloned());
            }
            let found = Found {
                call: probe.call,
                path,
                far: probe.far,
            };
            return self.post(probe.home, Packet::Found(Box::new(found)));
        }
        for (route, probe) in probes {
            self.send_probe(route, probe);
        }
    }

    fn descend_probe(
        &self,
        probe: &Probe,
        call: CallId,
        probes: &mut Vec<(Route, Probe)>,
        steps: &mut usize,
    ) -> Option<Vec<Waits>> {
        *steps += 1;
        if *steps > PROBE_STEPS_MAX {
            return None;
        }
        let waits = self.waits(call)?;
        let mut path = probe.path.clone();
        path.push(waits.clone());
        if probe.above.iter().any(|above| same_entity(above, &waits)) {
            return Some(path);
        }
        let on = Probe {
            path,
            ..probe.clone()
        };
        let mut next = Vec::new();
        for (id, child) in self.calls.borrow().children(call) {
            match &child.place {
                Place::Entity(cell) if child.queued && !child.granted => {
                    next.push(super::lease::leased(cell).header().holder.get());
                }
                Place::Entity(_) | Place::Service(_) => next.push(id),
                Place::Away(away) => {
                    let Some(target) = &away.target else {
                        continue;
                    };
                    let mut above = probe.above.iter();
                    if let Some(met) = above.find(|above| same_entity(above, target)) {
                        let mut path = on.path;
                        path.push(met.clone());
                        return Some(path);
                    }
                    let target = target.clone();
                    let probe = Probe {
                        target,
                        ..on.clone()
                    };
                    probes.push((away.route.get(), probe));
                }
            }
        }
        next.into_iter()
            .find_map(|call| self.descend_probe(&on, call, probes, steps))
    }

    /// A search that this shard began has met who waits for its call.
    pub(super) fn found(self: &Rc<Self>, found: Found) {
        if let Some(far) = &found.far {
            return self.found_for(far, &found.path);
        }
        let path = self.path_text(&found.path);
        let waker = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(found.call) else {
                return;
            };
            if !call.queued || call.granted || call.cancelled {
                return;
            }
            call.failure = Some(Failure::not_executed(FailureKind::Deadlock).along(path));
            // Its place in the mailbox is given up.
            call.cancelled = true;
            call.handler_waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// A call as those see it who are elsewhere.
    pub(super) fn waits(&self, call: CallId) -> Option<Waits> {
        let calls = self.calls.borrow();
        let call = calls.get(call)?;
        Some(match &call.place {
            Place::Entity(cell) => {
                let cell = super::lease::leased(cell);
                let header = cell.header();
                let descriptor = self.kind(header.kind).descriptor;
                let address = EntityRef {
                    package: descriptor.package,
                    number: descriptor.number,
                    slot: call.slot,
                    key: header.key.clone(),
                };
                let (method, _) = super::egress::address(&Target::Entity(address), call.tag);
                Waits {
                    method,
                    key: header.key.clone(),
                }
            }
            Place::Service(service) => {
                let target = Target::Service {
                    package: service.descriptor.package,
                    number: service.descriptor.number,
                    key: None,
                };
                let (method, _) = super::egress::address(&target, call.tag);
                Waits {
                    method,
                    key: playhouse_wire::EntityKey::default(),
                }
            }
            Place::Away(away) => away.target.clone()?,
        })
    }
}

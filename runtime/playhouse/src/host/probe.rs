//! Looking for deadlocks across shards.
//!
//! Where the search of one shard (`deadlock`) comes to a call that is served by another, it goes on there: a probe
//! follows the wait-for graph from shard to shard, with those on its back who wait for the call that began it. If it
//! meets one of them, the first shard hears of it and fails that call.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::message::{CHAIN_MAX, Waiting as Waits};
use tokio::time::Duration;

use super::afar::FarOrigin;
use super::away::Route;
use super::calls::{CallId, Patience, Place};
use super::fabric::Packet;
use super::shard::Shard;
use crate::call::{Failure, Target};
use playhouse_wire::EntityRef;

/// Most entities that a probe goes through.
pub const PROBE_STEPS_MAX: usize = CHAIN_MAX;

/// How long a call of a circle leaves it to a greater entity's to give way.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// For how many greater ones it waits at most.
const RANK_MAX: u32 = 8;

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
            Route::Here => self.post(self.index, Packet::Probe(Box::new(probe))),
            Route::Nowhere | Route::Placed | Route::Session(..) => {}
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
                    probes.push((away.way(), probe));
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
        if self.gives_way(found.call, &found.path) {
            self.fail_queued(found.call, self.deadlock_along(&found.path));
        }
    }

    /// Whether this call is the one that fails, of those in a circle that is not of this shard alone: each of them may
    /// have found it, and one that fails frees all. That is the call of the greatest entity. The others wait for it,
    /// each a little longer, and look again: whoever began to search before the circle was closed has not found it.
    pub(super) fn gives_way(self: &Rc<Self>, call: CallId, path: &[Waits]) -> bool {
        let Some(maker) = path.len().checked_sub(2).and_then(|at| path.get(at)) else {
            return true;
        };
        let order = |waits: &Waits| (waits.method.package, waits.method.number, waits.key.clone());
        let mine = order(maker);
        let mut greater: Vec<_> = path.iter().map(order).filter(|it| *it > mine).collect();
        greater.sort_unstable();
        greater.dedup();
        let rank = u32::try_from(greater.len())
            .unwrap_or(u32::MAX)
            .min(RANK_MAX);
        {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(call) else {
                return false;
            };
            match call.patience {
                Patience::Over => return true,
                Patience::Waits => return false,
                Patience::None if rank == 0 => return true,
                Patience::None => call.patience = Patience::Waits,
            }
        }
        let shard = Rc::downgrade(self);
        self.spawn(async move {
            tokio::time::sleep(LOOK_AGAIN * rank).await;
            if let Some(shard) = shard.upgrade() {
                shard.look_again(call);
            }
        });
        false
    }

    /// Searches anew for a call that left it to others to give way.
    fn look_again(self: &Rc<Self>, call: CallId) {
        let cell = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(call) else {
                return;
            };
            call.patience = Patience::Over;
            match &call.place {
                Place::Entity(cell) if call.queued && !call.granted && !call.cancelled => {
                    super::lease::leased(cell)
                }
                _ => return,
            }
        };
        if let Some(failure) = self.find_deadlock(&cell, call) {
            self.fail_queued(call, failure);
        }
    }

    /// Fails a call that waits in a mailbox.
    fn fail_queued(&self, call: CallId, failure: Failure) {
        let waker = {
            let mut calls = self.calls.borrow_mut();
            let Some(call) = calls.get_mut(call) else {
                return;
            };
            if !call.queued || call.granted || call.cancelled {
                return;
            }
            call.failure = Some(failure);
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

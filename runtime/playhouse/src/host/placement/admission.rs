//! The owner's side: who may run a call that names an activation, and whether this node may run anything.

use std::rc::Rc;

use playhouse_cluster::placement::{Admission, Rule};
use playhouse_wire::EntityRef;

use super::super::calls::CallId;
use super::super::cell::{Header as CellHeader, Hosted};
use super::super::handler::Answer;
use super::super::ingress::{Incoming, ReplyTo, Serving};
use super::super::shard::Shard;
use super::Clustered;
use super::internal::INTERNAL_SLOT;
use super::table::Spot;
use crate::call::{Failure, FailureKind, Target};
use crate::descriptor::CallKind;

impl Shard {
    /// Whether this node may run what it owns: a node that could not renew its lease in time may not.
    ///
    /// # Errors
    ///
    /// That it may not.
    #[inline]
    pub(in crate::host) fn stands(&self) -> Result<(), Failure> {
        match self.clustered() {
            Some(cluster) if !cluster.standing.holds() || self.is_of_past_life(cluster) => {
                Err(self.lost_its_lease())
            }
            _ => Ok(()),
        }
    }

    /// Whether the node has lost its lease, and what this shard ran by it is not discarded yet.
    fn is_of_past_life(&self, cluster: &Clustered) -> bool {
        let life = self
            .keeper()
            .map(|keeper| keeper.owner.borrow().incarnation);
        life.is_some_and(|life| life != cluster.standing.incarnation())
    }

    #[cold]
    fn lost_its_lease(&self) -> Failure {
        Failure::not_executed(FailureKind::Unreachable).because(format!(
            "node {} has no lease just now: the store did not renew it in time",
            self.node
        ))
    }

    /// The epoch of a live activation; none while it is being claimed.
    pub(in crate::host) fn epoch_of(&self, cell: &Rc<dyn Hosted>) -> Option<u64> {
        let persisted = super::super::lease::leased(cell).header().persisted()?;
        persisted.tenure.borrow().epoch()
    }

    /// What an activation makes of a call that names this epoch.
    pub(super) fn admission(&self, cell: &Rc<dyn Hosted>, epoch: u64) -> Result<(), Failure> {
        let persisted = super::super::lease::leased(cell).header().persisted();
        match persisted.map(|it| it.tenure.borrow().admits(epoch)) {
            // What may not start yet waits, and is judged again when its turn comes.
            Some(Admission::Run | Admission::Hold) => Ok(()),
            Some(Admission::Moved) | None => Err(Failure::moved(None)),
        }
    }

    /// As [`serve_at_epoch`](Self::serve_at_epoch), for a request of a link.
    pub(in crate::host) fn serve_of_link_at_epoch(
        self: &Rc<Self>,
        target: &Target,
        incoming: &Incoming<'_>,
        reply: Rc<dyn ReplyTo>,
    ) -> Option<Serving> {
        if !self.keeps(Rule::NeverForward) && self.admit(target, incoming.header.epoch).is_err() {
            return self.place_incoming(target, incoming, Some(reply)).ok()?;
        }
        self.serve_at_epoch(target, incoming, reply)
    }

    /// Serves a request that names an activation, by that very one.
    pub(in crate::host) fn serve_at_epoch(
        self: &Rc<Self>,
        target: &Target,
        incoming: &Incoming<'_>,
        reply: Rc<dyn ReplyTo>,
    ) -> Option<Serving> {
        match self.admit(target, incoming.header.epoch) {
            Ok(()) => match target {
                Target::Entity(entity) if incoming.method.slot == INTERNAL_SLOT => {
                    self.serve_internal(entity, incoming, &*reply);
                    None
                }
                _ => self.serve_here(target, incoming, CallKind::Rpc, reply),
            },
            Err(failure) => {
                reply.answer(Answer::Failed(&failure));
                None
            }
        }
    }

    fn admit(&self, target: &Target, epoch: Option<u64>) -> Result<(), Failure> {
        let (Target::Entity(address), Some(epoch)) = (target, epoch) else {
            return Ok(());
        };
        let kind = self.find_kind(address.package, address.number);
        let Some(kind) = kind.filter(|kind| self.is_placed(kind)) else {
            return Ok(());
        };
        // A node that may run nothing still says of what it has given away that it is not here.
        let Some(cell) = kind.find(&address.key) else {
            return Err(Failure::moved(None));
        };
        self.admission(&cell, epoch)?;
        self.stands()
    }

    /// A call has waited for its turn, perhaps since before the entity had an epoch: whether it was meant for this activation.
    ///
    /// # Errors
    ///
    /// That it goes back, or that the node may run nothing by now.
    #[inline]
    pub(in crate::host) fn judge_epoch(
        &self,
        cell: &Rc<dyn Hosted>,
        call: CallId,
    ) -> Result<(), Failure> {
        if self.clustered().is_none() {
            return Ok(());
        }
        if let Some(epoch) = self.epoch_meant(call) {
            self.admission(cell, epoch)?;
        }
        let placed = self.is_placed(self.kind(super::super::lease::leased(cell).header().kind));
        if placed { self.stands() } else { Ok(()) }
    }

    /// Whether a call that failed before its turn came is made anew where its entity is now. One that names an epoch goes
    /// back to its caller instead.
    pub(in crate::host) fn goes_on_elsewhere(&self, call: CallId, failure: &Failure) -> bool {
        let is_own = || self.epoch_meant(call).is_none() || !self.keeps(Rule::QueueStays);
        failure.is_moved() && is_own()
    }

    fn epoch_meant(&self, call: CallId) -> Option<u64> {
        let calls = self.calls.borrow();
        calls.get(call)?.from.as_ref()?.epoch
    }

    /// An activation is over: of the calls in its mailbox, those that name no epoch are about to be made anew, in their order.
    /// One whose turn had come, but that has not begun, is the first of them.
    pub(in crate::host) fn calls_return(self: &Rc<Self>, header: &CellHeader) {
        if self.clustered().is_none() || !self.is_placed(self.kind(header.kind)) {
            return;
        }
        let kept: Vec<Spot> = {
            let calls = self.calls.borrow();
            let waiters = header.waiters.borrow();
            let waiters = waiters.iter().flat_map(|queue| queue.iter().copied());
            let waits = |id: &CallId| {
                let call = calls.get(*id).filter(|call| call.queued);
                call.is_some_and(|call| call.from.as_ref().is_none_or(|from| from.epoch.is_none()))
            };
            let calls = std::iter::once(header.holder.get()).chain(waiters);
            calls.filter(waits).map(Spot::Kept).collect()
        };
        if !kept.is_empty() {
            let mut returning = self.placements.returning.borrow_mut();
            let entity = self.entity_with(header);
            returning.entry(entity).or_default().extend(kept);
        }
    }

    /// A call waits no longer for its turn on an activation. If that is over, it has been made anew by the time that its task
    /// returns, or it never is and keeps no place in line.
    pub(in crate::host) fn waits_no_longer(self: &Rc<Self>, cell: &Rc<dyn Hosted>, call: CallId) {
        if self.placements.returning.borrow().is_empty() {
            return;
        }
        let entity = self.entity_with(super::super::lease::leased(cell).header());
        if self.placements.line_of(&entity, call).1 {
            let shard = Rc::clone(self);
            self.spawn(async move {
                shard.placements.leave_line(&entity, call);
                shard.move_up(&entity);
            });
        }
    }

    /// Those go on in the line of an entity that no others stand before.
    pub(super) fn move_up(self: &Rc<Self>, entity: &EntityRef) {
        while let Some(placed) = self.placements.next_in_line(entity) {
            if placed.is_over() {
                continue;
            }
            let entry = Rc::clone(&placed.entry);
            let (id, idempotent) = (placed.id, placed.letter.idempotent);
            entry.caller.borrow_mut().call(id, idempotent, placed);
            self.drive(&entry);
        }
    }

    /// The address of an entity of this shard.
    pub(in crate::host) fn entity_with(&self, header: &CellHeader) -> EntityRef {
        let descriptor = self.kind(header.kind).descriptor;
        EntityRef {
            package: descriptor.package,
            number: descriptor.number,
            slot: 0,
            key: header.key.clone(),
        }
    }
}

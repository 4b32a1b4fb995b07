//! What a shard does when its node's standing changes: the lease by which it runs entities that have owners was lost, or
//! renewed late.

use std::rc::Rc;
use std::task::Context;

use playhouse_cluster::placement::Rule;
use playhouse_store::Owner;
use playhouse_wire::message::SessionReason;
use tokio::time::Instant;

use super::calls::{CallId, Place};
use super::cell::Hosted;
use super::lease::leased;
use super::persisted::Persisted;
use super::placement::Unclaimed;
use super::shard::Shard;
use crate::call::{Failure, FailureKind};
use crate::descriptor::EntityKind;
use crate::persist::SaveError;

/// Whether a handler goes on that was begun.
pub(super) enum GoesOn {
    Yes,
    /// Once the node's lease is renewed, or lost.
    Later,
    /// The lease was lost, and what the handler ran on with it.
    Never(Failure),
}

impl Shard {
    /// Whether what runs on behalf of a call may go on now. Nothing does on an entity that others may own by now.
    #[inline]
    pub(super) fn may_go_on(&self, call: CallId, cx: &Context<'_>) -> GoesOn {
        if self.clustered().is_none() {
            return GoesOn::Yes;
        }
        let goes_on = self.judge_standing(call);
        if let GoesOn::Later = goes_on {
            self.note_handler(call, cx);
        }
        goes_on
    }

    /// Whether what is to run on behalf of a call may be polled for the first time.
    #[inline]
    pub(super) fn may_start(&self, call: CallId) -> bool {
        self.clustered().is_none() || matches!(self.judge_standing(call), GoesOn::Yes)
    }

    fn judge_standing(&self, call: CallId) -> GoesOn {
        let (cell, waits) = {
            let calls = self.calls.borrow();
            match calls.get(call).map(|call| (&call.place, call.queued)) {
                Some((Place::Entity(cell), waits)) => (leased(cell), waits),
                _ => return GoesOn::Yes,
            }
        };
        let header = cell.header();
        // Who only waits for its turn is told when the entity ends.
        if header.holder.get() != call || !self.is_placed(self.kind(header.kind)) {
            return GoesOn::Yes;
        }
        if header.persisted().is_some_and(|it| it.discarded.get()) {
            if waits {
                // Its turn had come, but it has not begun: it goes where the entity is next.
                return GoesOn::Yes;
            }
            let failure = Failure::unknown(FailureKind::Unreachable);
            return GoesOn::Never(
                failure.because("the entity was lost while the call ran: another node may have it"),
            );
        }
        match self.stands() {
            Ok(()) => GoesOn::Yes,
            Err(_) => GoesOn::Later,
        }
    }

    /// A handler waits: a change of the node's standing wakes it.
    #[inline]
    pub(super) fn note_handler(&self, call: CallId, cx: &Context<'_>) {
        if self.clustered().is_none() {
            return;
        }
        let mut calls = self.calls.borrow_mut();
        if let Some(call) = calls.get_mut(call) {
            match &mut call.handler_waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
    }

    /// The node's lease is lost, and it has another life as this owner. Everything of this shard that ran by it ends where
    /// it stands: what was not saved is discarded, whoever waits for what runs hears that nobody knows what came of it, and
    /// what has not begun goes to whoever runs the entity next.
    pub(crate) fn lose_standing(self: &Rc<Self>, owner: &Owner) {
        let Some(keeper) = self.keeper() else {
            return;
        };
        *keeper.owner.borrow_mut() = owner.clone();
        if !self.keeps(Rule::Discard) {
            return;
        }
        for (cell, persisted) in self.owned() {
            self.discard(&cell, &persisted);
        }
    }

    /// The node's lease was renewed after the margin, so nobody has taken anything over: what waited goes on.
    pub(crate) fn regain_standing(self: &Rc<Self>) {
        for (cell, _) in self.owned() {
            self.wake_holder(&cell);
        }
    }

    /// The live entities of this shard that other nodes could own.
    fn owned(&self) -> Vec<(Rc<dyn Hosted>, Rc<Persisted>)> {
        let kinds = self.kinds.iter().filter(|kind| {
            let kind = kind.descriptor.kind;
            !matches!(kind, EntityKind::PerNode | EntityKind::Local(_))
        });
        let cells = kinds.flat_map(|kind| kind.live());
        cells
            .filter_map(|cell| {
                let persisted = cell.header().persisted()?;
                Some((cell, persisted))
            })
            .collect()
    }

    fn discard(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Rc<Persisted>) {
        let text = "the node has lost its lease: log in again";
        self.end_client(cell, SessionReason::Unavailable, text);
        persisted.discarded.set(true);
        self.mark_unsaved(persisted, false);
        persisted.tell_savers(&Err(SaveError::Lost));
        if !persisted.is_loaded() {
            let header = cell.header();
            let failure = Failure::not_executed(FailureKind::Unreachable)
                .because("the node lost its lease while the entity began");
            let unclaimed = Unclaimed::Failed(failure);
            self.claim_settled(header.kind, &header.key, Err(&unclaimed));
        }
        self.leave(cell);
        self.wake_holder(cell);
    }

    /// The handler that has the entity is polled again: it sees there whether it may go on.
    pub(super) fn wake_holder(&self, cell: &Rc<dyn Hosted>) {
        let holder = cell.header().holder.get();
        let waker = {
            let mut calls = self.calls.borrow_mut();
            calls
                .get_mut(holder)
                .and_then(|call| call.handler_waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Has each shard that has entities do something soon.
    pub(crate) fn on_entity_shards(
        self: &Rc<Self>,
        job: impl Fn(&Rc<Self>) + Clone + Send + 'static,
    ) {
        for shard in 0..self.count {
            let job = job.clone();
            self.do_on(shard, move |shard| job(shard));
        }
    }

    /// The clock's present time.
    pub(crate) fn clock(&self) -> Instant {
        self.env.now()
    }

    /// See [`Env::clock_rate_ppm`](super::Env::clock_rate_ppm).
    pub(crate) fn clock_rate_ppm(&self) -> i64 {
        self.env.clock_rate_ppm()
    }

    /// Sixty-four random bits. Not for secrets.
    pub(crate) fn chance(&self) -> u64 {
        self.env.random()
    }
}

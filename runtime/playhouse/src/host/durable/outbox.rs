//! The outbox of a shard: what is sent durably by those that have no document of their own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::durable::{
    Ack, Activation, After, Delivery, More, OUTBOX_MAX, OutboxFull, Row,
};
use playhouse_store::{
    Claim, Claimed, Committed, DocumentId, End, Owner, StoreError, Take, Update, key_from_text,
    key_to_text,
};
use playhouse_wire::{EntityKey, KeyPart};
use rustc_hash::FxHashMap;
use tokio::sync::Notify;

use super::super::shard::Shard;
use super::resend::overdue;
use super::sending::outbox_full;
use crate::call::{Failure, FailureKind};
use crate::host::Cx;
use crate::persist::OUTBOXES;

/// How long an outbox waits before it asks the store again, in microseconds.
const PAUSE_US: u64 = 250_000;

/// An outbox that belongs to no entity.
pub(super) struct Outbox {
    id: DocumentId,
    activation: RefCell<Option<Activation>>,
    /// Rows that wait until the outbox is there.
    waiting: RefCell<VecDeque<Row>>,
    /// How many rows were sent, how many of them are committed, and how many were lost with an activation.
    sent: Cell<u64>,
    settled: Cell<u64>,
    lost: Cell<u64>,
    /// The node does not stop before this is done.
    busy: Cell<bool>,
    /// Something is to be committed.
    work: Notify,
    /// Something was.
    done: Notify,
    looked: RefCell<FxHashMap<DocumentId, u64>>,
}

impl Outbox {
    fn new(id: DocumentId) -> Self {
        Self {
            id,
            activation: RefCell::default(),
            waiting: RefCell::default(),
            sent: Cell::new(0),
            settled: Cell::new(0),
            lost: Cell::new(0),
            busy: Cell::new(false),
            work: Notify::new(),
            done: Notify::new(),
            looked: RefCell::default(),
        }
    }

    fn send(&self, row: Row) -> Result<(), OutboxFull> {
        match &mut *self.activation.borrow_mut() {
            Some(activation) => {
                activation.begins();
                activation.send(row)?;
            }
            None => {
                let mut waiting = self.waiting.borrow_mut();
                if waiting.len() >= OUTBOX_MAX {
                    return Err(OutboxFull);
                }
                waiting.push_back(row);
            }
        }
        self.sent.set(self.sent.get() + 1);
        self.work.notify_one();
        Ok(())
    }

    /// As many of the rows that wait as there is room for.
    fn take_waiting(&self) {
        let mut waiting = self.waiting.borrow_mut();
        if let Some(activation) = &mut *self.activation.borrow_mut() {
            while let Some(row) = waiting.pop_front() {
                activation.begins();
                if activation.send(row.clone()).is_err() {
                    waiting.push_front(row);
                    break;
                }
            }
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut Activation) -> R) -> Option<R> {
        self.activation.borrow_mut().as_mut().map(f)
    }
}

impl Shard {
    /// Which shard of this node has an outbox: the one that it is named after, or one in its place.
    pub(super) fn shard_of_outbox(&self, id: &DocumentId) -> u32 {
        let key = key_from_text(&id.key);
        match key.as_ref().map(EntityKey::parts) {
            Some([KeyPart::Text(node), KeyPart::Unsigned(shard)]) => {
                let shard = u32::try_from(*shard).unwrap_or(0);
                let own = **node == *self.node && shard < self.count;
                if own { shard } else { shard % self.count }
            }
            _ => 0,
        }
    }

    /// Runs an outbox that has rows and that nobody runs: it was this one's, who is no more.
    pub(in crate::host) fn adopt_outbox(self: &Rc<Self>, id: &DocumentId, owner: Option<Owner>) {
        let (shard, id) = (self.shard_of_outbox(id), id.clone());
        let take = owner.map_or(Take::Free, Take::From);
        self.do_on(shard, move |shard| {
            let is_own = id == shard.own_outbox_id();
            shard.outbox(id, if is_own { Take::Any } else { take });
        });
    }

    fn outbox(self: &Rc<Self>, id: DocumentId, take: Take) -> Rc<Outbox> {
        if let Some(outbox) = self.durable.outboxes.borrow().get(&id) {
            return Rc::clone(outbox);
        }
        let outbox = Rc::new(Outbox::new(id.clone()));
        self.durable
            .outboxes
            .borrow_mut()
            .insert(id, Rc::clone(&outbox));
        let (shard, run) = (Rc::clone(self), Rc::clone(&outbox));
        self.spawn(async move {
            shard.run_outbox(&run, take).await;
            let mut outboxes = shard.durable.outboxes.borrow_mut();
            outboxes.retain(|_, outbox| !Rc::ptr_eq(outbox, &run));
        });
        outbox
    }

    fn own_outbox_id(&self) -> DocumentId {
        let key = EntityKey::new([
            KeyPart::from(&*self.node),
            KeyPart::Unsigned(self.index.into()),
        ]);
        DocumentId::new(OUTBOXES, key_to_text(&key))
    }

    fn own_outbox(self: &Rc<Self>) -> Rc<Outbox> {
        // Nobody else has anything to do with it while this node lives.
        self.outbox(self.own_outbox_id(), Take::Any)
    }

    /// Takes a row of a sender without a document.
    pub(super) fn stage_in_shard(self: &Rc<Self>, row: Row) -> Result<(), Failure> {
        let outbox = self.own_outbox();
        outbox.send(row).map_err(outbox_full)?;
        self.rest_outbox(&outbox);
        Ok(())
    }

    /// A node that stops waits for what was sent and is not committed yet.
    fn rest_outbox(&self, outbox: &Outbox) {
        let busy = outbox.settled.get().max(outbox.lost.get()) < outbox.sent.get();
        let running = self.background.get();
        match (outbox.busy.replace(busy), busy) {
            (false, true) => self.background.set(running + 1),
            (true, false) => self.background.set(running.saturating_sub(1)),
            _ => {}
        }
    }

    /// Commits what is sent, one activation after another. An outbox of another shard is left to whoever has it by now.
    async fn run_outbox(self: &Rc<Self>, outbox: &Rc<Outbox>, take: Take) {
        loop {
            let Some(keeper) = self.keeper.get().cloned() else {
                return;
            };
            if keeper.closed.get() {
                return;
            }
            if self.stands().is_err() {
                // As long as the node has no lease, others take it to be over.
                self.pause().await;
                continue;
            }
            let claim = Claim {
                id: outbox.id.clone(),
                owner: keeper.owner(),
                seen: None,
                take: take.clone(),
                create: true,
                birth: self.env.random() >> 1,
            };
            let activation = match keeper.store.claim(claim).await {
                Ok(Claimed::Mine(document)) => {
                    Activation::new(&document, keeper.owner(), keeper.rules)
                        .map_err(|misfit| misfit.to_string())
                }
                Ok(_) if take != Take::Any => return,
                Ok(other) => Err(format!("{other:?}")),
                Err(error) => Err(error.to_string()),
            };
            match activation {
                Ok(activation) => {
                    let rows: Vec<Delivery> = activation.deliveries().collect();
                    *outbox.activation.borrow_mut() = Some(activation);
                    outbox.take_waiting();
                    self.resend_later();
                    self.send_rows(rows);
                    self.commit_outbox(outbox).await;
                    *outbox.activation.borrow_mut() = None;
                    outbox.lost.set(outbox.sent.get());
                    outbox.waiting.borrow_mut().clear();
                    self.rest_outbox(outbox);
                    outbox.done.notify_waiters();
                }
                Err(why) => {
                    tracing::warn!(outbox = %outbox.id, why, "the outbox of a shard can't be had yet");
                    self.pause().await;
                }
            }
        }
    }

    async fn pause(&self) {
        let now = self.refresh();
        tokio::time::sleep_until(self.instant(now.saturating_add(PAUSE_US))).await;
    }

    /// Commits what is sent until the activation is over.
    async fn commit_outbox(self: &Rc<Self>, outbox: &Rc<Outbox>) {
        loop {
            // Ends of rows go with whatever comes next, or once there are no others.
            let due = outbox.with(|it| it.is_urgent() || it.is_dirty() && !it.has_rows());
            if due == Some(false) {
                outbox.work.notified().await;
                continue;
            }
            let Some(keeper) = self.keeper.get().cloned().filter(|it| !it.closed.get()) else {
                return;
            };
            let upto = outbox.sent.get() - outbox.waiting.borrow().len() as u64;
            let commit = outbox.with(|activation| {
                let more = More {
                    end: End::Stays,
                    ..More::default()
                };
                activation.snapshot(Update::new(), more)
            });
            let Some(Some(mut commit)) = commit else {
                return;
            };
            let over = loop {
                let answer = keeper.store.commit(vec![Arc::clone(&commit)]).await;
                let answer: Result<Committed, StoreError> = answer.and_then(|outcomes| {
                    let mut outcomes = outcomes.into_iter();
                    outcomes
                        .next()
                        .ok_or_else(|| StoreError::Unknown("no answer".to_owned()))
                });
                match outbox.with(|activation| activation.answered(answer)) {
                    Some(After::Done { deliveries, .. }) => {
                        outbox.settled.set(upto);
                        outbox.done.notify_waiters();
                        self.send_rows(deliveries);
                        self.resend_later();
                        break false;
                    }
                    Some(After::Again(again)) if !keeper.closed.get() => {
                        commit = again;
                        self.pause().await;
                    }
                    Some(After::Taken(..) | After::Undone(..)) => {
                        self.pause().await;
                        break false;
                    }
                    Some(After::Over | After::Again(_)) | None => break true,
                }
            };
            self.rest_outbox(outbox);
            if over {
                return;
            }
            outbox.take_waiting();
        }
    }

    /// A receiver acknowledges rows of an outbox of this shard.
    pub(super) fn take_outbox_ack(self: &Rc<Self>, ack: &Ack) {
        let outbox = self.durable.outboxes.borrow().get(&ack.from).cloned();
        let Some(outbox) = outbox else {
            return;
        };
        for (row, why) in outbox.with(|it| it.acked(ack)).unwrap_or_default() {
            tracing::warn!(
                to = %row.to,
                call = &*row.call,
                why,
                "a durable oneway was refused; its sender keeps no state, so that nobody is told"
            );
        }
        outbox.take_waiting();
        outbox.work.notify_one();
    }

    /// Sends again what the outboxes of this shard hold. Whether they hold anything.
    pub(super) fn resend_outboxes(self: &Rc<Self>) -> bool {
        let outboxes: Vec<_> = self.durable.outboxes.borrow().values().cloned().collect();
        let mut waits = false;
        for outbox in outboxes {
            let mut rows: Vec<Delivery> = outbox
                .with(|activation| activation.deliveries().collect())
                .unwrap_or_default();
            waits |= !rows.is_empty();
            overdue(&mut outbox.looked.borrow_mut(), &mut rows);
            self.send_rows(rows);
        }
        waits
    }
}

impl Cx {
    /// Waits until what this shard has sent durably without a document to save it with (from services, spawned futures,
    /// entities that keep nothing) is in the store, and so will take effect whatever happens. From an entity that is
    /// saved there is nothing to wait for: its messages are saved with it, at the end of the handler.
    ///
    /// # Errors
    ///
    /// `Unreachable`, with an unknown outcome, if the shard lost its outbox to another node meanwhile.
    pub async fn flush(&mut self) -> Result<(), Failure> {
        let shard = Rc::clone(self.shard());
        if shard.keeper.get().is_none() {
            return Ok(());
        }
        let outbox = shard.own_outbox();
        let upto = outbox.sent.get();
        loop {
            // Before the look, so that nothing is missed between it and the wait.
            let done = outbox.done.notified();
            if outbox.settled.get() >= upto {
                return Ok(());
            }
            if outbox.lost.get() >= upto {
                return Err(Failure::unknown(FailureKind::Unreachable)
                    .because("the outbox of the shard was taken by another node"));
            }
            done.await;
        }
    }
}

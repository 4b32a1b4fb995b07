//! Deliveries that wait for their turn on a receiver, and what they come to.

use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use playhouse_store::durable::{Ack, Activation, After, Arrival, Delivery, More, Verdict};
use playhouse_store::{Claim, Claimed, DocumentId, End, Take, Update};
use playhouse_wire::EntityKey;

use super::super::calls::{CallId, Place};
use super::super::cell::Hosted;
use super::super::context::Cx;
use super::super::hooks::Local;
use super::super::interceptor::{CallOutcome, Direction, outcome_of};
use super::super::lease::{Turn, leased};
use super::super::shard::{NEVER, Shard};
use crate::call::{Failure, FailureKind};
use crate::descriptor::{CallKind, EntityKind};

/// Most deliveries that wait for one entity: two outboxes full. What is more is sent again later.
pub const DELIVERIES_MAX: usize = 2 * playhouse_store::durable::OUTBOX_MAX;

/// How often the handler of a delivery may panic in a row; then it is refused.
pub const POISON_ATTEMPTS_MAX: u32 = 3;

/// Most deliveries of a shard whose panics are counted at a time.
const POISON_COUNTED_MAX: usize = 1024;

/// Deliveries that are handled in one go before others of the shard run.
const BATCH: usize = 64;

/// Which delivery: sender, its birth, receiver, number.
pub(super) type Attempted = (DocumentId, u64, DocumentId, u64);

/// Deliveries that wait for one entity. It is there as long as somebody works on them.
#[derive(Default)]
pub(super) struct Inbox {
    waiting: VecDeque<Delivery>,
}

/// What came of handing a delivery to its receiver.
enum Handed {
    /// It has been dealt with, or is going to be sent again.
    Over,
    /// Its handler panicked.
    Panicked,
    /// The receiver is no more.
    Gone,
    /// Its handler waits; the rest goes on when it has ended.
    Parked,
}

impl Shard {
    /// A row arrives at the shard of its receiver.
    pub(super) fn take_delivery(self: &Rc<Self>, delivery: Delivery) {
        let Some((kind, key)) = self.entity_of(&delivery.row.to) else {
            return;
        };
        let receiver = (kind.index, key);
        let mut inboxes = self.durable.inboxes.borrow_mut();
        if let Some(inbox) = inboxes.get_mut(&receiver) {
            if inbox.waiting.len() < DELIVERIES_MAX {
                inbox.waiting.push_back(delivery);
            }
            return;
        }
        let waiting = VecDeque::from([delivery]);
        inboxes.insert(receiver.clone(), Inbox { waiting });
        drop(inboxes);
        self.work_on(receiver);
    }

    /// Hands over what waits for a receiver, in a task.
    fn work_on(self: &Rc<Self>, receiver: (u32, EntityKey)) {
        let shard = Rc::clone(self);
        self.spawn(async move { shard.hand_over(receiver) });
    }

    fn hand_over(self: &Rc<Self>, receiver: (u32, EntityKey)) {
        for _ in 0..BATCH {
            let next = {
                let mut inboxes = self.durable.inboxes.borrow_mut();
                let next = inboxes
                    .get_mut(&receiver)
                    .and_then(|inbox| inbox.waiting.pop_front());
                if next.is_none() {
                    inboxes.remove(&receiver);
                }
                next
            };
            let Some(delivery) = next else {
                return;
            };
            match self.hand(&receiver, &delivery) {
                Handed::Over => {}
                Handed::Panicked => self.panicked(&receiver, delivery),
                Handed::Parked => return,
                Handed::Gone => return self.handed(Handed::Gone, receiver, delivery),
            }
        }
        self.work_on(receiver);
    }

    /// What had to be waited for is over: on with the rest.
    fn handed(self: &Rc<Self>, handed: Handed, receiver: (u32, EntityKey), delivery: Delivery) {
        match handed {
            Handed::Panicked => self.panicked(&receiver, delivery),
            Handed::Gone => {
                let shard = Rc::clone(self);
                return self.spawn(async move {
                    Rc::clone(&shard).refuse_for_gone(delivery).await;
                    shard.work_on(receiver);
                });
            }
            Handed::Over | Handed::Parked => {}
        }
        self.work_on(receiver);
    }

    /// What panicked goes first again, on the next activation.
    fn panicked(&self, receiver: &(u32, EntityKey), delivery: Delivery) {
        {
            let mut attempts = self.durable.attempts.borrow_mut();
            if attempts.len() >= POISON_COUNTED_MAX {
                attempts.pop_first();
            }
            *attempts.entry(attempted(&delivery)).or_default() += 1;
        }
        let mut inboxes = self.durable.inboxes.borrow_mut();
        if let Some(inbox) = inboxes.get_mut(receiver) {
            inbox.waiting.push_front(delivery);
        }
    }

    fn hand(self: &Rc<Self>, receiver: &(u32, EntityKey), delivery: &Delivery) -> Handed {
        let kind = self.kind(receiver.0);
        let cell = match self.live(kind, &receiver.1) {
            Ok(cell) => cell,
            Err(failure) => {
                return self.not_there(delivery, &failure);
            }
        };
        let slot = u8::try_from(delivery.row.slot).unwrap_or(0);
        let tag = u8::try_from(delivery.row.tag).unwrap_or(0);
        let place = Place::Entity(Rc::clone(&cell));
        let trace = delivery.row.trace.and_then(|trace| {
            let host = kind.call(slot, tag)?;
            Some(self.trace_from_outside(trace.into(), &place, host))
        });
        let call = {
            let mut calls = self.calls.borrow_mut();
            calls.insert(place, slot, tag, CallId::NONE, NEVER, trace)
        };
        let turn = match self.turn(&cell, call) {
            Ok(turn) => turn,
            Err(failure) => {
                self.ended(call);
                return self.not_there(delivery, &failure);
            }
        };
        self.caller_done(call);
        let shard = Rc::clone(self);
        let taken = delivery.clone();
        let mut future: Local<'static, Handed> = Box::pin(async move {
            let mut cx = match turn {
                Turn::Mine(cx) => cx,
                Turn::Queued(queued) => match queued.await {
                    Ok(cx) => cx,
                    Err(failure) => return shard.not_there(&taken, &failure),
                },
            };
            shard.take_row(&mut cx, &taken).await;
            Handed::Over
        });
        let mut context = Context::from_waker(Waker::noop());
        match self.poll_in(call, future.as_mut(), &mut context) {
            Ok(Poll::Ready(handed)) => {
                drop(future);
                self.handler_done(call);
                handed
            }
            Err(_) => {
                drop(future);
                self.handler_done(call);
                Handed::Panicked
            }
            Ok(Poll::Pending) => {
                let (shard, receiver, delivery) =
                    (Rc::downgrade(self), receiver.clone(), delivery.clone());
                self.park(
                    call,
                    future,
                    |_| Handed::Panicked,
                    move |handed| {
                        if let Some(shard) = shard.upgrade() {
                            shard.handed(handed, receiver, delivery);
                        }
                    },
                );
                Handed::Parked
            }
        }
    }

    /// The receiver can't take the row now: it is sent again. One that is no more never will, and its document says so.
    fn not_there(self: &Rc<Self>, delivery: &Delivery, failure: &Failure) -> Handed {
        let instance = self
            .entity_of(&delivery.row.to)
            .is_some_and(|(kind, _)| matches!(kind.descriptor.kind, EntityKind::Instance));
        if instance && failure.kind() == FailureKind::NotFound {
            return Handed::Gone;
        }
        tracing::debug!(to = %delivery.row.to, %failure, "a message has to wait");
        Handed::Over
    }

    /// Refuses a row for an entity that is no more, by what is left of its document: it may have taken the row before.
    async fn refuse_for_gone(self: Rc<Self>, delivery: Delivery) {
        let Some(keeper) = self.keeper.get().cloned() else {
            return;
        };
        let claim = Claim {
            id: delivery.row.to.clone(),
            owner: keeper.owner(),
            seen: None,
            // In a cluster somebody else may run it by now.
            take: match self.clustered() {
                Some(_) => Take::Free,
                None => Take::Any,
            },
            create: false,
            birth: 0,
        };
        let why = "the entity is no more";
        let document = match keeper.store.claim(claim).await {
            Ok(Claimed::Mine(document)) => document,
            // It never took anything: what has taken a row leaves its marks.
            Ok(Claimed::Absent) => {
                let refused = (delivery.lowest..=delivery.seq).map(|seq| (seq, why.to_owned()));
                return self.send_ack(Ack {
                    from: delivery.from.clone(),
                    birth: delivery.birth,
                    to: delivery.row.to.clone(),
                    upto: delivery.seq,
                    refused: refused.collect(),
                });
            }
            _ => return,
        };
        let activation = Activation::new(&document, keeper.owner(), keeper.rules);
        let Some(mut activation) = activation.ok().filter(Activation::is_fresh) else {
            return;
        };
        match activation.arrives(&delivery) {
            Arrival::Run => {}
            Arrival::Again(ack) => return self.send_ack(ack),
            Arrival::Wait | Arrival::Gap => return,
        }
        activation.mark(&delivery, Verdict::Refused(why.to_owned()));
        let more = More {
            schema: document.header.schema,
            wake_us: None,
            end: End::Deleted,
        };
        let Some(commit) = activation.snapshot(Update::new(), more) else {
            return;
        };
        // If it is not known to last, the row comes again.
        if let Ok(outcomes) = keeper.store.commit(vec![commit]).await
            && let Some(outcome) = outcomes.into_iter().next()
            && let After::Done { acks, .. } = activation.answered(Ok(outcome))
        {
            for ack in acks {
                self.send_ack(ack);
            }
        }
    }

    /// It is the row's turn on its receiver.
    async fn take_row(self: &Rc<Self>, cx: &mut Cx, delivery: &Delivery) {
        let Some(cell) = cx.cell() else {
            return;
        };
        let whole = leased(&cell);
        let arrival = self.activation(&whole, |activation| activation.arrives(delivery));
        match arrival {
            Some(Arrival::Run) => {}
            Some(Arrival::Again(ack)) => return self.send_ack(ack),
            // A copy that came too soon; or rows were taken by another activation, and this one does not know.
            Some(Arrival::Gap) => return self.doubt(&whole),
            Some(Arrival::Wait) | None => return,
        }
        defer_saves(&whole, true);
        let outcome = self.run_row(cx, &cell, delivery).await;
        defer_saves(&whole, false);
        let verdict = match outcome {
            Ok(()) => Verdict::Done,
            Err(why) => Verdict::Refused(why),
        };
        self.durable
            .attempts
            .borrow_mut()
            .remove(&attempted(delivery));
        self.activation(&whole, |activation| activation.mark(delivery, verdict));
        self.commit_soon(&whole);
    }

    /// Runs the handler. An error is why the row has had no effect and never will.
    async fn run_row(
        self: &Rc<Self>,
        cx: &mut Cx,
        cell: &Rc<dyn Hosted>,
        delivery: &Delivery,
    ) -> Result<(), String> {
        let row = &delivery.row;
        if row.expires_us.is_some_and(|at| self.utc_us() > at) {
            return Err("it expired before it could be delivered".to_owned());
        }
        let panics = {
            let attempts = self.durable.attempts.borrow();
            attempts.get(&attempted(delivery)).copied().unwrap_or(0)
        };
        if panics >= POISON_ATTEMPTS_MAX {
            return Err(format!("its handler panicked {panics} times in a row"));
        }
        let kind = self.kind(cell.header().kind);
        let numbers = u8::try_from(row.slot).ok().zip(u8::try_from(row.tag).ok());
        let host = numbers.and_then(|(slot, tag)| kind.call(slot, tag));
        let Some(host) = host.filter(|host| host.call.kind == CallKind::Oneway) else {
            return Err(format!("the receiver has no oneway `{}`", row.call));
        };
        let place = Place::Entity(Rc::clone(cell));
        let seen = || self.seen(&place, host.call);
        let outcome = match self.before(Direction::In, seen, None, None) {
            Ok(()) => {
                let outcome = host.encoded.run(&**cell, cx, &row.args).await;
                self.after(Direction::In, seen, || outcome_of(&outcome));
                outcome
            }
            Err(failure) => {
                self.after(Direction::In, seen, || CallOutcome::Failed(failure.kind()));
                Err(failure)
            }
        };
        // Whether it may have been executed is no question here: it was not.
        outcome.map_err(|failure| match failure.text() {
            "" => failure.kind().as_str().to_owned(),
            text => format!("{}: {text}", failure.kind().as_str()),
        })
    }
}

/// Whether saves of the entity's handler are put off to its end: what it does and that it was done are one. Of a handler
/// that panics there is nothing to save.
pub(super) fn defer_saves(whole: &Rc<dyn Hosted>, deferred: bool) {
    if let Some(persisted) = whole.header().persisted() {
        persisted.deferred.set(deferred);
    }
}

fn attempted(delivery: &Delivery) -> Attempted {
    (
        delivery.from.clone(),
        delivery.birth,
        delivery.row.to.clone(),
        delivery.seq,
    )
}

//! Calls between shards of a node: one box carries the request there and the outcome back.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Context;

use playhouse_wire::message::Waiting as Waits;

use super::away::{Away, Route};
use super::calls::{CallId, Place};
use super::dispatch::{Lead, Prepared, no_such_call};
use super::egress::{address, check, decode_outcome};
use super::fabric::{INBOX_HIGH, INBOX_MAX, Job, Packet};
use super::handler::{Start, TypedCall};
use super::ingress::From;
use super::interceptor::{Direction, Seen, outcome_of};
use super::park::{Manner, Outcome, Reply, Started, Waiting};
use super::placement::Decoded;
use super::shard::Shard;
use super::trace::TraceContext;
use crate::call::{Arguments, Failure, FailureKind, Fault, Proxy, Rpc, Target};

/// A call that travels: served where it arrives, delivered where it came from.
pub(super) trait Envelope: Send {
    fn serve(self: Box<Self>, shard: &Rc<Shard>);
    fn deliver(self: Box<Self>, shard: &Rc<Shard>);
}

/// A call of this process, with its values as they are.
struct Parcel<A, O, X> {
    home: u32,
    /// The call as its caller's shard knows it; none if nobody waits.
    caller: Option<CallId>,
    target: Target,
    left_us: Option<u64>,
    trace: Option<TraceContext>,
    from: From,
    args: Option<A>,
    outcome: Option<Result<O, X>>,
    /// Reads an outcome that comes from another node; none if nobody waits for it.
    decode: Option<Decoded<Result<O, X>>>,
}

impl<A, O, X> Parcel<A, O, X>
where
    A: Arguments + Send,
    O: Send + 'static,
    X: Fault,
{
    fn send_back(mut self: Box<Self>, shard: &Rc<Shard>, outcome: Result<O, X>) {
        if self.caller.is_some() {
            self.outcome = Some(outcome);
            let home = self.home;
            shard.post(home, Packet::Reply(self));
        }
    }
}

impl<A, O, X> Parcel<A, O, X>
where
    A: Arguments + Send,
    O: Send + 'static,
    X: Fault,
{
    /// Sends the call on to where its entity is.
    #[cold]
    fn place(mut self: Box<Self>, shard: &Rc<Shard>) {
        let (Target::Entity(entity), Some(args)) = (self.target.clone(), self.args.take()) else {
            return;
        };
        let waited = self.caller.map(|caller| (self.home, caller));
        let from = std::mem::take(&mut self.from);
        let lead = (self.left_us, self.trace.take());
        let decode = self.decode;
        let call = shard.place_parcel(
            &entity,
            (args, from),
            lead,
            decode,
            move |shard, outcome| {
                if let Some(from) = waited {
                    shard.served.borrow_mut().remove(&from);
                }
                if let Some(outcome) = outcome {
                    self.send_back(shard, outcome);
                }
            },
        );
        if let (Some(from), Some(call)) = (waited, call) {
            shard.served.borrow_mut().insert(from, call);
        }
    }
}

impl<A, O, X> Envelope for Parcel<A, O, X>
where
    A: Arguments + Send,
    O: Send + 'static,
    X: Fault,
{
    fn serve(mut self: Box<Self>, shard: &Rc<Shard>) {
        if shard.is_elsewhere(&self.target) {
            return self.place(shard);
        }
        let lead = Lead {
            left_us: self.left_us,
            trace: self.trace.take(),
            from: Some(Rc::new(std::mem::take(&mut self.from))),
        };
        let Some(args) = self.args.take() else {
            return;
        };
        let prepared = shard.prepare_from_outside(&self.target, A::TAG, lead);
        let Prepared { host, place, call } = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => {
                shard.tally.refuse(failure.kind());
                return self.send_back(shard, Err(failure.into()));
            }
        };
        let Some(handler) = host.typed.downcast_ref::<Box<dyn TypedCall<A, O, X>>>() else {
            shard.ended(call);
            return self.send_back(shard, Err(no_such_call().into()));
        };
        let began = host.tally.begin(|| shard.env.now());
        match handler.start(shard, &place, call, args) {
            Start::Ready(outcome) => {
                host.tally
                    .end(began, || shard.env.now(), outcome_of(&outcome));
                shard.ended(call);
                shard.after(
                    Direction::In,
                    || shard.seen(&place, host.call),
                    || outcome_of(&outcome),
                );
                self.send_back(shard, outcome);
            }
            Start::Parked(future) => {
                let waited = self.caller.map(|caller| (self.home, caller));
                if let Some(from) = waited {
                    shard.served.borrow_mut().insert(from, call);
                }
                let home = Rc::downgrade(shard);
                let seen = shard.seen(&place, host.call);
                let parked = host.tally.wait(shard.now_us());
                let fail = |failure: Failure| Err(failure.into());
                shard.park(call, future, fail, move |outcome| {
                    if let Some(shard) = home.upgrade() {
                        parked.end(shard.now_us(), outcome_of(&outcome));
                        shard.after(Direction::In, || seen, || outcome_of(&outcome));
                        if let Some(from) = waited {
                            shard.served.borrow_mut().remove(&from);
                        }
                        self.send_back(&shard, outcome);
                        shard.caller_done(call);
                    }
                });
                if waited.is_some() {
                    shard.arm_deadline(call);
                } else {
                    shard.caller_done(call);
                }
            }
        }
    }

    fn deliver(self: Box<Self>, shard: &Rc<Shard>) {
        let (Some(call), Some(outcome)) = (self.caller, self.outcome) else {
            return;
        };
        let reply = shard.away(call).and_then(|away| away.reply.clone());
        if let Some(Ok(reply)) = reply.map(Rc::downcast::<RefCell<Option<Result<O, X>>>>) {
            *reply.borrow_mut() = Some(outcome);
        }
        shard.handler_done(call);
    }
}

impl Shard {
    /// What is known of a call that is served elsewhere.
    pub(super) fn away(&self, call: CallId) -> Option<Rc<Away>> {
        match &self.calls.borrow().get(call)?.place {
            Place::Away(away) => Some(Rc::clone(away)),
            Place::Entity(_) | Place::Service(_) => None,
        }
    }

    pub(super) fn start_far<A: Rpc>(
        self: &Rc<Self>,
        shard: u32,
        proxy: Proxy,
        args: A,
    ) -> Started<A> {
        match self.request_far(shard, proxy, args) {
            Ok(waiting) => Started::Waiting(waiting),
            Err(failure) => Started::Ready(Err(failure.into())),
        }
    }

    fn request_far<A: Rpc>(
        self: &Rc<Self>,
        to: u32,
        proxy: Proxy,
        args: A,
    ) -> Result<Waiting<Outcome<A>>, Failure> {
        check(&args)?;
        self.may_post(to)?;
        let (method, key) = address(&proxy.target, A::TAG);
        let seen = Seen {
            owner: self.owner_name(method.package, method.number),
            call: A::call(),
        };
        let lead = self.outbound::<A>(proxy.deadline_us, seen)?;
        let reply: Reply<Outcome<A>> = Rc::default();
        let away = Rc::new(Away {
            target: key.map(|key| Waits { method, key }),
            route: Cell::new(Route::Shard(to)),
            reply: Some(Rc::clone(&reply) as Rc<dyn Any>),
            ..Away::default()
        });
        let call = self.enter_away(&away, method, lead.left_us);
        let parcel = Parcel::<A, A::Output, A::Fault> {
            home: self.index,
            caller: Some(call),
            target: proxy.target,
            left_us: lead.left_us,
            trace: lead.trace,
            from: From {
                chain: lead.chain,
                caller: self.current_caller(),
                ..From::default()
            },
            args: Some(args),
            outcome: None,
            decode: Some(decode_outcome::<A>),
        };
        self.post(to, Packet::Call(Box::new(parcel)));
        self.await_call(call);
        Ok(Waiting::new(self, call, reply, Manner::of(seen)))
    }

    pub(super) fn send_far<A: Arguments>(
        self: &Rc<Self>,
        to: u32,
        proxy: &Proxy,
        args: A,
    ) -> Result<(), Failure> {
        check(&args)?;
        self.may_post(to)?;
        let parcel = Parcel::<A, (), Failure> {
            home: self.index,
            caller: None,
            target: proxy.target.clone(),
            left_us: None,
            trace: self.current_trace(),
            from: From {
                chain: Vec::new(),
                caller: self.current_caller(),
                ..From::default()
            },
            args: Some(args),
            outcome: None,
            decode: None,
        };
        let seen = || {
            let (method, _) = address(&proxy.target, A::TAG);
            Seen {
                owner: self.owner_name(method.package, method.number),
                call: A::call(),
            }
        };
        self.before(Direction::Out, seen, None, parcel.trace)?;
        self.post(to, Packet::Call(Box::new(parcel)));
        self.after(Direction::Out, seen, || super::CallOutcome::Ok);
        Ok(())
    }

    /// Whether one more call may wait for a shard.
    pub(super) fn may_post(&self, to: u32) -> Result<(), Failure> {
        if self.fabric.is_closed(to) {
            return Err(Failure::not_executed(FailureKind::Unreachable)
                .because("the shard of the target has stopped"));
        }
        let buffered = self.out.borrow().get(to as usize).map_or(0, Vec::len);
        if buffered + self.fabric.len(to) < INBOX_MAX {
            return Ok(());
        }
        Err(Failure::not_executed(FailureKind::Overloaded)
            .because("too many calls wait for the shard of the target"))
    }

    /// The shard that an entity has its home on, whether it lives or not; none if it can't be told.
    pub(crate) fn shard_with(&self, entity: &playhouse_wire::EntityRef) -> Option<u32> {
        self.home_of(&Target::Entity(entity.clone())).ok()
    }

    /// Whether one more message of a session may wait for a shard.
    pub(crate) fn has_room(&self, shard: u32) -> bool {
        self.may_post(shard).is_ok()
    }

    /// Whether so much waits for another shard that those whose messages it gets are to wait: [`INBOX_HIGH`].
    pub(crate) fn is_crowded(&self, shard: u32) -> bool {
        let buffered = self.out.borrow().get(shard as usize).map_or(0, Vec::len);
        !self.fabric.is_closed(shard) && buffered + self.fabric.len(shard) >= INBOX_HIGH
    }

    /// Has a shard do something soon, in order with all else that this one sends it.
    pub(crate) fn post_to(
        self: &Rc<Self>,
        shard: u32,
        job: impl FnOnce(&Rc<Self>) + Send + 'static,
    ) {
        self.do_on(shard, job);
    }

    /// Sends a packet to another shard, together with others of this turn.
    pub(super) fn post(&self, to: u32, packet: Packet) {
        if let Some(buffer) = self.out.borrow_mut().get_mut(to as usize) {
            buffer.push(packet);
        }
        if !self.dirty.replace(true)
            && let Some(waker) = &*self.pump.borrow()
        {
            waker.wake_by_ref();
        }
    }

    /// Has a shard do something soon.
    pub(super) fn do_on(self: &Rc<Self>, shard: u32, job: impl FnOnce(&Rc<Self>) + Send + 'static) {
        if shard == self.index {
            return job(self);
        }
        let job: Job = Box::new(job);
        self.post(shard, Packet::Job(job));
    }

    /// Takes what came from other shards; whether there was anything.
    pub(super) fn take_packets(self: &Rc<Self>, batch: &mut Vec<Packet>) -> bool {
        self.fabric.take(self.index, batch);
        let any = !batch.is_empty();
        for packet in batch.drain(..) {
            match packet {
                Packet::Call(envelope) => envelope.serve(self),
                Packet::Reply(envelope) => envelope.deliver(self),
                Packet::Cancel { from, call } => {
                    let call = self.served.borrow_mut().remove(&(from, call));
                    if let Some(call) = call {
                        self.give_up(call);
                    }
                }
                Packet::Job(job) => job(self),
                Packet::Probe(probe) => self.follow(*probe),
                Packet::Found(found) => self.found(*found),
            }
        }
        any
    }

    /// Hands on what waits to be sent to other shards.
    pub(super) fn flush_packets(&self) {
        if !self.dirty.replace(false) {
            return;
        }
        for (to, packets) in (0u32..).zip(self.out.borrow_mut().iter_mut()) {
            if !packets.is_empty() {
                self.fabric.put(to, packets);
            }
        }
    }
}

impl Shard {
    /// Runs a future on another shard of the node.
    ///
    /// # Errors
    ///
    /// If the shard has stopped.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Rc<Self>,
        shard: u32,
        f: impl FnOnce(Rc<Self>) -> super::hooks::Local<'static, T> + Send + 'static,
    ) -> Result<T, Failure> {
        if shard == self.index {
            return Ok(f(Rc::clone(self)).await);
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.do_on(shard, move |shard| {
            let future = f(Rc::clone(shard));
            shard.spawn(async move {
                // Whoever asked may be gone.
                let _ = sender.send(future.await);
            });
        });
        receiver
            .await
            .map_err(|_| Failure::unknown(FailureKind::Cancelled).because("the shard has stopped"))
    }

    /// Turns over what came from other shards and what goes to them. True if there was anything.
    pub(super) fn turn_packets(self: &Rc<Self>, batch: &mut Vec<Packet>) -> bool {
        // A few rounds before others of this shard run: what a packet causes often comes back at once.
        for round in 0..4 {
            if !self.take_packets(batch) {
                return round > 0;
            }
            self.flush_packets();
        }
        true
    }

    /// The pump that is polled now is the one to wake.
    pub(super) fn listen(&self, cx: &Context<'_>) {
        let mut pump = self.pump.borrow_mut();
        if pump
            .as_ref()
            .is_none_or(|waker| !waker.will_wake(cx.waker()))
        {
            *pump = Some(cx.waker().clone());
            self.fabric.listen(self.index, cx.waker());
        }
    }
}

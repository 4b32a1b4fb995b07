//! From a proxy to the handler that serves it.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_wire::EntityRef;
use playhouse_wire::message::Waiting as Waits;

use super::Caller;
use super::calls::{Call, CallId, Place};
use super::handler::{Start, TypedCall};
use super::hooks::Local;
use super::ingress::From;
use super::interceptor::{CallOutcome, Direction, Seen, outcome_of};
use super::kind::{CallHost, DEADLINE_DEFAULT_US, micros};
use super::park::{Manner, Outcome, Reply, Started, Waiting};
use super::route::Home;
use super::shard::{Due, NEVER, Shard};
use super::trace::{Trace, TraceContext};
use crate::call::{Arguments, Failure, FailureKind, Fault, Proxy, Rpc, Target};
use crate::descriptor;
use crate::metrics::Parked;

#[cold]
fn off_shard() -> Failure {
    Failure::not_executed(FailureKind::NotFound)
        .because("calls are made on a shard: from a handler, or inside of `Running::spawn`")
}

/// Begins an rpc.
#[inline]
pub(crate) fn start<A: Rpc>(proxy: Proxy, args: A) -> Started<A> {
    match Shard::current() {
        Some(shard) => shard.start_rpc(proxy, args),
        None => Started::Ready(Err(off_shard().into())),
    }
}

/// Sends a oneway.
pub(crate) fn send<A: Arguments>(proxy: &Proxy, args: A) -> Result<(), Failure> {
    match Shard::current() {
        Some(shard) => shard.start_oneway(proxy, args),
        None => Err(off_shard()),
    }
}

/// A call that has a handler, and is about to begin.
pub(super) struct Prepared<'s> {
    pub(super) host: &'s CallHost,
    pub(super) place: Place,
    pub(super) call: CallId,
}

/// What a call from outside of the shard brings along.
pub(super) struct Lead {
    /// What is left of its time; none for ever.
    pub(super) left_us: Option<u64>,
    pub(super) trace: Option<TraceContext>,
    pub(super) from: Option<Rc<From>>,
}

/// What a call takes along that goes out of the shard.
pub(super) struct Outbound {
    pub(super) left_us: Option<u64>,
    pub(super) trace: Option<TraceContext>,
    /// Who waits for it, outermost first.
    pub(super) chain: Vec<Waits>,
}

/// How a call of this shard began.
enum Begun<T> {
    Ready(T),
    Parked(CallId, Local<'static, T>, Parked),
}

impl Shard {
    #[inline]
    fn start_rpc<A: Rpc>(self: &Rc<Self>, proxy: Proxy, args: A) -> Started<A> {
        if let Some(to) = &proxy.address {
            return self.start_link(&proxy, to, &args);
        }
        match self.discover(&proxy.target) {
            Ok(None) => {}
            Ok(Some(to)) => return self.start_link(&proxy, &to, &args),
            Err(failure) => return Started::Ready(Err(failure.into())),
        }
        match self.home(&proxy.target) {
            Ok(Home::Here) if self.is_elsewhere(&proxy.target) => {
                return self.start_placed(&proxy, &args);
            }
            Ok(Home::Here) => {}
            Ok(Home::Shard(shard)) => return self.start_far(shard, proxy, args),
            Err(failure) => return Started::Ready(Err(failure.into())),
        }
        let caller = self.current.get();
        let begun = self.begin::<A, A::Output, A::Fault>(
            &proxy.target,
            proxy.deadline_us,
            caller,
            true,
            args,
        );
        match begun {
            Begun::Ready(outcome) => Started::Ready(outcome),
            Begun::Parked(call, future, parked) => {
                let reply: Reply<Outcome<A>> = Rc::new(RefCell::new(None));
                let laid = Rc::clone(&reply);
                let seen = self.seen_call(call, A::call());
                let shard = Rc::downgrade(self);
                let fail = |failure: Failure| Err(failure.into());
                self.park(call, future, fail, move |outcome| {
                    if let Some(shard) = shard.upgrade() {
                        parked.end(shard.now_us(), outcome_of(&outcome));
                        shard.after(Direction::In, || seen, || outcome_of(&outcome));
                    }
                    *laid.borrow_mut() = Some(outcome);
                });
                self.await_call(call);
                Started::Waiting(Waiting::new(self, call, reply, Manner::of(seen)))
            }
        }
    }

    fn start_oneway<A: Arguments>(self: &Rc<Self>, proxy: &Proxy, args: A) -> Result<(), Failure> {
        if self.sends_durably::<A>() {
            return self.send_durably(proxy, &args);
        }
        if self.is_held() {
            return self.keep_oneway_back(proxy, args);
        }
        if let Some(to) = &proxy.address {
            return self.notify_link(proxy, to, &args);
        }
        if let Some(to) = self.discover(&proxy.target)? {
            return self.notify_link(proxy, &to, &args);
        }
        if let Home::Shard(shard) = self.home(&proxy.target)? {
            return self.send_far(shard, proxy, args);
        }
        if self.is_elsewhere(&proxy.target) {
            return self.send_placed_oneway(proxy, &args);
        }
        match self.begin::<A, (), Failure>(&proxy.target, None, CallId::NONE, false, args) {
            // What the handler itself came to is not the sender's to know; that it could not begin is.
            Begun::Ready(Err(failure)) if failure.executed() == crate::Executed::NotExecuted => {
                Err(failure)
            }
            Begun::Ready(_) => Ok(()),
            Begun::Parked(call, future, parked) => {
                let seen = self.seen_call(call, A::call());
                let shard = Rc::downgrade(self);
                self.park(call, future, Err, move |outcome| {
                    if let Some(shard) = shard.upgrade() {
                        parked.end(shard.now_us(), outcome_of(&outcome));
                        shard.after(Direction::In, || seen, || outcome_of(&outcome));
                        shard.after(Direction::Out, || seen, || outcome_of(&outcome));
                    }
                });
                self.caller_done(call);
                Ok(())
            }
        }
    }

    /// Begins a call of this shard that `caller` waits for, if any does.
    #[inline]
    fn begin<A: Arguments, O: 'static, X: Fault>(
        self: &Rc<Self>,
        target: &Target,
        deadline_us: Option<u64>,
        caller: CallId,
        waits: bool,
        args: A,
    ) -> Begun<Result<O, X>> {
        if let Err(error) = args.check() {
            let failure = Failure::not_executed(FailureKind::Invalid).because(error.to_string());
            return Begun::Ready(Err(failure.into()));
        }
        let prepared = match self.prepare(target, A::TAG, deadline_us, caller, waits) {
            Ok(prepared) => prepared,
            Err(failure) => {
                self.tally.refuse(failure.kind());
                return Begun::Ready(Err(failure.into()));
            }
        };
        let Prepared { host, place, call } = prepared;
        let Some(handler) = host.typed.downcast_ref::<Box<dyn TypedCall<A, O, X>>>() else {
            self.ended(call);
            return Begun::Ready(Err(no_such_call().into()));
        };
        let seen = || self.seen(&place, host.call);
        if let Err(failure) = self.before_local(call, seen) {
            self.ended(call);
            return Begun::Ready(Err(failure.into()));
        }
        let began = host.tally.begin(|| self.env.now());
        match handler.start(self, &place, call, args) {
            Start::Ready(outcome) => {
                host.tally
                    .end(began, || self.env.now(), outcome_of(&outcome));
                self.ended(call);
                self.after(Direction::In, seen, || outcome_of(&outcome));
                self.after(Direction::Out, seen, || outcome_of(&outcome));
                Begun::Ready(outcome)
            }
            Start::Parked(future) => Begun::Parked(call, future, host.tally.wait(self.now_us())),
        }
    }

    /// Shows a call that goes out and comes in at once.
    #[inline]
    fn before_local(&self, call: CallId, seen: impl Fn() -> Seen) -> Result<(), Failure> {
        if self.interceptors.is_empty() {
            return Ok(());
        }
        let (left_us, trace) = {
            let calls = self.calls.borrow();
            let call = calls.get(call);
            let deadline_us = call.map_or(NEVER, |call| call.deadline_us);
            let left_us = (deadline_us != NEVER).then(|| deadline_us.saturating_sub(self.now_us()));
            let trace = call.and_then(|call| call.trace.as_ref().map(|trace| trace.context));
            (left_us, trace)
        };
        self.before(Direction::Out, &seen, left_us, trace)?;
        let refused = self.before(Direction::In, &seen, left_us, trace);
        if let Err(failure) = &refused {
            self.after(Direction::Out, seen, || CallOutcome::Failed(failure.kind()));
        }
        refused
    }

    /// As interceptors know a call whose handler waits.
    pub(super) fn seen_call(&self, call: CallId, of: &'static descriptor::Call) -> Seen {
        let calls = self.calls.borrow();
        match calls.get(call) {
            Some(call) => self.seen(&call.place, of),
            None => Seen {
                owner: "",
                call: of,
            },
        }
    }

    /// Finds the handler, and enters the call into the list of those that have not ended.
    #[inline]
    fn prepare(
        self: &Rc<Self>,
        target: &Target,
        tag: u8,
        deadline_us: Option<u64>,
        caller: CallId,
        waits: bool,
    ) -> Result<Prepared<'_>, Failure> {
        let (place, slot, host) = self.find(target, tag)?;
        let now = self.call_time();
        let mut deadline = NEVER;
        let mut trace = None;
        let mut calls = self.calls.borrow_mut();
        if let Some(caller) = calls.get(self.current.get()) {
            trace.clone_from(&caller.trace);
            if waits {
                deadline = caller.deadline_us;
            }
        }
        if waits {
            if now >= deadline {
                return Err(Failure::not_executed(FailureKind::Timeout));
            }
            deadline = deadline.min(now.saturating_add(deadline_us.unwrap_or(host.deadline_us)));
        }
        let trace = trace.map(|trace| self.child_trace(&trace, &place, host));
        let call = calls.insert(place.clone(), slot, tag, caller, deadline, trace);
        drop(calls);
        Ok(Prepared { host, place, call })
    }

    /// As `prepare`, of a call that nothing of this shard made.
    pub(super) fn prepare_from_outside(
        self: &Rc<Self>,
        target: &Target,
        tag: u8,
        lead: Lead,
    ) -> Result<Prepared<'_>, Failure> {
        let (place, slot, host) = self.find(target, tag)?;
        let deadline = match lead.left_us {
            Some(0) => return Err(Failure::not_executed(FailureKind::Timeout)),
            Some(left_us) => self.call_time().saturating_add(left_us),
            None => NEVER,
        };
        let trace = lead
            .trace
            .map(|context| self.trace_from_outside(context, &place, host));
        let mut calls = self.calls.borrow_mut();
        let call = calls.insert(place.clone(), slot, tag, CallId::NONE, deadline, trace);
        if let Some(entry) = calls.get_mut(call) {
            entry.from = lead.from;
        }
        drop(calls);
        let seen = || self.seen(&place, host.call);
        if let Err(failure) = self.before(Direction::In, seen, lead.left_us, lead.trace) {
            self.ended(call);
            return Err(failure);
        }
        Ok(Prepared { host, place, call })
    }

    /// What a call of `A` takes along that goes out of the shard.
    pub(super) fn outbound<A: Arguments>(
        &self,
        deadline_us: Option<u64>,
        seen: Seen,
    ) -> Result<Outbound, Failure> {
        let now = self.call_time();
        let own = deadline_us
            .or_else(|| micros(A::call().deadline_us))
            .unwrap_or(DEADLINE_DEFAULT_US);
        let mut outbound = Outbound {
            left_us: Some(own),
            trace: self.current_trace(),
            chain: Vec::new(),
        };
        let calls = self.calls.borrow();
        let next = self.current.get();
        let Some(caller) = calls.get(next) else {
            drop(calls);
            self.before(Direction::Out, || seen, outbound.left_us, outbound.trace)?;
            return Ok(outbound);
        };
        if caller.deadline_us != NEVER {
            let left = caller.deadline_us.saturating_sub(now);
            if left == 0 {
                return Err(Failure::not_executed(FailureKind::Timeout));
            }
            outbound.left_us = Some(own.min(left));
        }
        drop(calls);
        outbound.chain = self.chain_above(next);
        self.before(Direction::Out, || seen, outbound.left_us, outbound.trace)?;
        Ok(outbound)
    }

    /// Who waits for what this call makes, outermost first.
    pub(super) fn chain_above(&self, mut next: CallId) -> Vec<Waits> {
        let mut chain = Vec::new();
        let calls = self.calls.borrow();
        while let Some(entry) = calls.get(next) {
            if let Place::Entity(_) = entry.place {
                chain.extend(self.waits(next));
            }
            if let Some(from) = &entry.from {
                chain.extend(from.chain.iter().rev().cloned());
            }
            next = entry.parent;
        }
        chain.reverse();
        chain
    }

    /// The trace of the handler that is being polled.
    pub(super) fn current_trace(&self) -> Option<TraceContext> {
        self.trace_of(self.current.get())
    }

    /// The trace of a call.
    pub(super) fn trace_of(&self, call: CallId) -> Option<TraceContext> {
        let calls = self.calls.borrow();
        let trace = calls.get(call)?.trace.as_ref()?;
        Some(trace.context)
    }

    /// Whose handler is being polled.
    pub(super) fn current_caller(&self) -> Option<Caller> {
        let calls = self.calls.borrow();
        self.caller_of(calls.get(self.current.get())?)
    }

    /// Whom a call is made on, as a caller of others.
    pub(super) fn caller_of(&self, call: &Call) -> Option<Caller> {
        match &call.place {
            Place::Entity(cell) => {
                let cell = super::lease::leased(cell);
                let header = cell.header();
                let descriptor = self.kind(header.kind).descriptor;
                Some(Caller::Entity(EntityRef {
                    package: descriptor.package,
                    number: descriptor.number,
                    slot: call.slot,
                    key: header.key.clone(),
                }))
            }
            Place::Service(service) => {
                let descriptor = service.descriptor;
                Some(Caller::Service(descriptor.package, descriptor.number))
            }
            Place::Away(_) => None,
        }
    }

    /// The trace of a call that one of elsewhere causes.
    pub(super) fn trace_from_outside(
        &self,
        context: TraceContext,
        place: &Place,
        host: &CallHost,
    ) -> Rc<Trace> {
        let trace = Rc::new(Trace::of(context));
        self.child_trace(&trace, place, host)
    }

    fn child_trace(&self, trace: &Rc<Trace>, place: &Place, host: &CallHost) -> Rc<Trace> {
        let owner = match place {
            Place::Entity(cell) => self.kind(cell.header().kind).descriptor.head.name,
            Place::Service(service) => service.descriptor.head.name,
            Place::Away(_) => "",
        };
        let child = trace.child(owner, host.call.name, || self.env.random());
        if child.span.is_some() {
            self.spans.set(self.spans.get() + 1);
            #[cfg(feature = "opentelemetry")]
            self.record(&child, trace.context.span, owner, host.call.name);
        }
        child
    }

    #[inline]
    fn find(self: &Rc<Self>, target: &Target, tag: u8) -> Result<(Place, u8, &CallHost), Failure> {
        match target {
            Target::Entity(address) => {
                let EntityRef {
                    package,
                    number,
                    slot,
                    key,
                } = address;
                let kind = self
                    .find_kind(*package, *number)
                    .ok_or_else(no_such_target)?;
                let host = kind.call(*slot, tag).ok_or_else(no_such_call)?;
                if let Some(keeper) = self.keeper_of(kind) {
                    keeper.admits()?;
                }
                if self.is_placed(kind) {
                    self.stands()?;
                }
                let cell = match kind.find(key) {
                    Some(cell) => cell,
                    None => self.live(kind, key)?,
                };
                Ok((Place::Entity(cell), *slot, host))
            }
            Target::Service {
                package, number, ..
            } => {
                let service = self
                    .find_service(*package, *number)
                    .ok_or_else(no_such_target)?;
                let host = service.call(tag).ok_or_else(no_such_call)?;
                Ok((Place::Service(Rc::clone(service)), 0, host))
            }
        }
    }

    /// The caller of `call` is going to wait: it may be found in the wait-for graph, and its deadline counts.
    pub(super) fn await_call(&self, call: CallId) {
        self.calls.borrow_mut().link(call);
        self.arm_deadline(call);
    }

    /// The call is given up at its deadline.
    pub(super) fn arm_deadline(&self, call: CallId) {
        let deadline_us = self
            .calls
            .borrow()
            .get(call)
            .map_or(NEVER, |call| call.deadline_us);
        if deadline_us == NEVER {
            return;
        }
        let timer = self.set_timer(deadline_us, Due::Deadline(call));
        if let Some(entry) = self.calls.borrow_mut().get_mut(call) {
            entry.timer = Some(timer);
        }
    }
}

#[cold]
pub(super) fn no_such_target() -> Failure {
    Failure::not_executed(FailureKind::NotFound).because("no node that is known here runs it")
}

#[cold]
pub(super) fn no_such_call() -> Failure {
    Failure::not_executed(FailureKind::Unimplemented)
}

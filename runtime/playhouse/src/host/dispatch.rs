//! From a proxy to the handler that serves it.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_wire::EntityRef;

use super::calls::{CallId, Place};
use super::handler::{Start, TypedCall};
use super::hooks::Local;
use super::kind::CallHost;
use super::park::{Outcome, Reply, Started, Waiting};
use super::shard::{Due, NEVER, Shard};
use super::trace::Trace;
use crate::call::{Arguments, Failure, FailureKind, Fault, Proxy, Rpc, Target};

#[cold]
fn off_shard() -> Failure {
    Failure::not_executed(FailureKind::NotFound)
        .because("calls are made on a shard: from a handler, or inside of `Running::spawn`")
}

/// Begins an rpc.
#[inline]
pub(crate) fn start<A: Rpc>(proxy: &Proxy, args: A) -> Started<A> {
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

/// How a call of this shard began.
enum Begun<T> {
    Ready(T),
    Parked(CallId, Local<'static, T>),
}

impl Shard {
    #[inline]
    fn start_rpc<A: Rpc>(self: &Rc<Self>, proxy: &Proxy, args: A) -> Started<A> {
        let caller = self.current.get();
        match self.begin::<A, A::Output, A::Fault>(proxy, caller, args) {
            Begun::Ready(outcome) => Started::Ready(outcome),
            Begun::Parked(call, future) => {
                let reply: Reply<Outcome<A>> = Rc::new(RefCell::new(None));
                let laid = Rc::clone(&reply);
                self.park(
                    call,
                    future,
                    |failure| Err(failure.into()),
                    move |outcome| *laid.borrow_mut() = Some(outcome),
                );
                self.await_call(call);
                Started::Waiting(Waiting::new(self, call, reply))
            }
        }
    }

    fn start_oneway<A: Arguments>(self: &Rc<Self>, proxy: &Proxy, args: A) -> Result<(), Failure> {
        match self.begin::<A, (), Failure>(proxy, CallId::NONE, args) {
            // What the handler itself came to is not the sender's to know; that it could not begin is.
            Begun::Ready(Err(failure)) if failure.executed() == crate::Executed::NotExecuted => {
                Err(failure)
            }
            Begun::Ready(_) => Ok(()),
            Begun::Parked(call, future) => {
                self.park(call, future, Err, |_| ());
                self.caller_done(call);
                Ok(())
            }
        }
    }

    /// Begins a call of this shard that `caller` waits for, if any does.
    #[inline]
    fn begin<A: Arguments, O: 'static, X: Fault>(
        self: &Rc<Self>,
        proxy: &Proxy,
        caller: CallId,
        args: A,
    ) -> Begun<Result<O, X>> {
        if let Err(error) = args.check() {
            let failure = Failure::not_executed(FailureKind::Invalid).because(error.to_string());
            return Begun::Ready(Err(failure.into()));
        }
        let waits = A::call().kind == crate::descriptor::CallKind::Rpc;
        let prepared = match self.prepare(&proxy.target, A::TAG, proxy.deadline_us, caller, waits) {
            Ok(prepared) => prepared,
            Err(failure) => return Begun::Ready(Err(failure.into())),
        };
        let Prepared { host, place, call } = prepared;
        let Some(handler) = host.typed.downcast_ref::<Box<dyn TypedCall<A, O, X>>>() else {
            self.calls.borrow_mut().remove(call);
            return Begun::Ready(Err(no_such_call().into()));
        };
        match handler.start(self, &place, call, args) {
            Start::Ready(outcome) => {
                self.ended(call);
                Begun::Ready(outcome)
            }
            Start::Parked(future) => Begun::Parked(call, future),
        }
    }

    /// Finds the handler, and enters the call into the list of those that have not ended.
    pub(super) fn prepare(
        self: &Rc<Self>,
        target: &Target,
        tag: u8,
        deadline_us: Option<u64>,
        caller: CallId,
        waits: bool,
    ) -> Result<Prepared<'_>, Failure> {
        let (place, slot, host) = self.find(target, tag)?;
        let now = self.now_us();
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

    fn child_trace(&self, trace: &Rc<Trace>, place: &Place, host: &CallHost) -> Rc<Trace> {
        let owner = match place {
            Place::Entity(cell) => self.kind(cell.header().kind).descriptor.head.name,
            Place::Service(service) => service.descriptor.head.name,
            Place::Away(_) => "",
        };
        let child = trace.child(owner, host.call.name, || self.env.random());
        if child.span.is_some() {
            self.spans.set(self.spans.get() + 1);
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
                    .services
                    .iter()
                    .find(|service| {
                        service.descriptor.package == *package
                            && service.descriptor.number == *number
                    })
                    .ok_or_else(no_such_target)?;
                let host = service.call(tag).ok_or_else(no_such_call)?;
                Ok((Place::Service(Rc::clone(service)), 0, host))
            }
        }
    }

    /// The caller of `call` is going to wait: it may be found in the wait-for graph, and its deadline counts.
    pub(super) fn await_call(&self, call: CallId) {
        let mut calls = self.calls.borrow_mut();
        calls.link(call);
        let Some(entry) = calls.get_mut(call).filter(|call| call.deadline_us != NEVER) else {
            return;
        };
        let deadline_us = entry.deadline_us;
        drop(calls);
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

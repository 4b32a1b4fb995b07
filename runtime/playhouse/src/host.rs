//! The host: entities and services of one shard, and the calls among them.

mod context;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

pub use context::{Caller, Cx, SessionId};

use crate::call::{Arguments, Failure, FailureKind, Proxy, Rpc};
use crate::logic::{ComponentCalls, Entity, Slot};

/// Takes the slots of an entity type, in order of activation.
pub struct EntitySlots<'a, E: Entity> {
    slots: &'a mut Vec<u8>,
    entity: PhantomData<fn() -> E>,
}

impl<E: Entity> EntitySlots<'_, E> {
    /// The slot `tag` holds an `L`, found by `get`.
    pub fn slot<L: ComponentCalls>(&mut self, tag: u8, get: fn(&E::Slots) -> &Slot<L>) {
        let _ = get;
        self.slots.push(tag);
    }
}

impl<E: Entity> fmt::Debug for EntitySlots<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntitySlots({:?})", self.slots)
    }
}

/// How a call began.
pub(crate) enum Started<A: Rpc> {
    Ready(Result<A::Output, A::Fault>),
    Waiting(Waiting<A>),
}

/// A call whose outcome is not there yet.
pub(crate) struct Waiting<A: Rpc> {
    never: Infallible,
    call: PhantomData<fn() -> A>,
}

impl<A: Rpc> Waiting<A> {
    pub(crate) fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<Result<A::Output, A::Fault>> {
        match self.never {}
    }
}

/// Begins a call.
pub(crate) fn start<A: Rpc>(_proxy: Proxy, _args: A) -> Started<A> {
    Started::Ready(Err(off_shard().into()))
}

/// Sends a oneway.
pub(crate) fn send<A: Arguments>(_proxy: &Proxy, _args: A) -> Result<(), Failure> {
    Err(off_shard())
}

/// Sends an event to whom the schema says. Generated code calls it.
pub fn event<A: Arguments>(cx: &mut Cx, args: A) {
    cx.event(args);
}

/// Asks the client whose session is bound to the entity. Generated code calls it.
pub fn ask<A: Rpc>(cx: &mut Cx, args: A) -> Asking<A> {
    Asking(cx.ask(args))
}

/// A client rpc on its way. It begins when it is made, so that `cx` is free while it is awaited.
#[must_use = "a client rpc whose answer nobody awaits is given up"]
pub struct Asking<A: Rpc>(Result<Waiting<A>, Option<Failure>>);

impl<A: Rpc> Unpin for Asking<A> {}

impl<A: Rpc> Future for Asking<A> {
    type Output = Result<A::Output, A::Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Ok(waiting) => waiting.poll(cx),
            Err(failure) => match failure.take() {
                Some(failure) => Poll::Ready(Err(failure.into())),
                None => Poll::Pending,
            },
        }
    }
}

impl<A: Rpc> fmt::Debug for Asking<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asking({})", A::call().name)
    }
}

fn off_shard() -> Failure {
    Failure::not_executed(FailureKind::NotFound)
        .because("calls are made on a shard: from a handler, or inside of `Running::spawn`")
}

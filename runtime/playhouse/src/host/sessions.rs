//! Towards clients: events, and calls that they answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Cx;
use super::park::Waiting;
use crate::call::{Arguments, Failure, FailureKind, Rpc};

/// Sends an event to whom the schema says. Generated code calls it.
pub fn event<A: Arguments>(cx: &mut Cx, args: A) {
    tracing::debug!(event = A::call().name, from = ?cx, "nobody is there to see the event");
    drop(args);
}

/// Asks the client whose session is bound to the entity. Generated code calls it.
pub fn ask<A: Rpc>(_cx: &mut Cx, _args: A) -> Asking<A> {
    Asking(Err(Some(
        Failure::not_executed(FailureKind::NotFound).because("no client is bound to the entity"),
    )))
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

//! A call on its way, as the future that its caller awaits.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use playhouse::call::{Fault, Rpc};
use playhouse::{Failure, FailureKind, Limits, Reader};
use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::codec::Codec;
use tokio::time::Sleep;

use crate::engine::Begun;
use crate::proxy::Proxy;

/// An rpc to the server. Dropping it gives the call up: what has not begun there by then never does.
///
/// It begins when it is first polled, and ends at its deadline at the latest. In a session it waits through lost links.
#[must_use = "an rpc does nothing until it is awaited"]
pub struct Calling<A: Rpc> {
    state: State<A>,
}

enum State<A: Rpc> {
    New(Proxy, A),
    Waiting(Waiting<A>),
    Done,
}

struct Waiting<A: Rpc> {
    begun: Begun,
    reply: Rc<Reply<A>>,
    deadline: Pin<Box<Sleep>>,
}

/// Where the outcome is left.
struct Reply<A: Rpc>(RefCell<Arrival<A>>);

enum Arrival<A: Rpc> {
    Awaited(Option<Waker>),
    There(Result<A::Output, A::Fault>),
    Taken,
}

impl<A: Rpc> Calling<A> {
    pub(crate) const fn new(proxy: Proxy, args: A) -> Self {
        Self {
            state: State::New(proxy, args),
        }
    }
}

// Nothing in it is pinned: arguments are moved out, what waits stands behind pointers.
impl<A: Rpc> Unpin for Calling<A> {}

impl<A: Rpc> Future for Calling<A> {
    type Output = Result<A::Output, A::Fault>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let State::New(proxy, args) = &this.state {
            match Waiting::begin(proxy, args) {
                Ok(waiting) => this.state = State::Waiting(waiting),
                Err(failure) => {
                    this.state = State::Done;
                    return Poll::Ready(Err(failure.into()));
                }
            }
        }
        let State::Waiting(waiting) = &mut this.state else {
            return Poll::Pending;
        };
        let outcome = std::task::ready!(waiting.poll(cx));
        this.state = State::Done;
        Poll::Ready(outcome)
    }
}

impl<A: Rpc> Waiting<A> {
    fn begin(proxy: &Proxy, args: &A) -> Result<Self, Failure> {
        let reply = Rc::new(Reply(RefCell::new(Arrival::Awaited(None))));
        let patience_us = proxy.patience_us::<A>();
        let begun = proxy.request(args, patience_us, reply.clone())?;
        Ok(Self {
            begun,
            reply,
            deadline: Box::pin(tokio::time::sleep(Duration::from_micros(patience_us))),
        })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<A::Output, A::Fault>> {
        let mut arrival = self.reply.0.borrow_mut();
        if let Arrival::Awaited(waker) = &mut *arrival {
            if self.deadline.as_mut().poll(cx).is_pending() {
                *waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            *arrival = Arrival::Taken;
            drop(arrival);
            self.begun.cancel();
            return Poll::Ready(Err(Failure::unknown(FailureKind::Timeout).into()));
        }
        match std::mem::replace(&mut *arrival, Arrival::Taken) {
            Arrival::There(outcome) => Poll::Ready(outcome),
            _ => Poll::Pending,
        }
    }
}

impl<A: Rpc> Drop for Waiting<A> {
    fn drop(&mut self) {
        if matches!(*self.reply.0.borrow(), Arrival::Awaited(_)) {
            self.begun.cancel();
        }
    }
}

impl<A: Rpc> ReplySink for Reply<A> {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let result = match outcome.into_result() {
            Ok(Ok(bytes)) => returned::<A>(bytes),
            Ok(Err(bytes)) => thrown::<A>(bytes),
            Err(failure) => Err(Failure::from(failure).into()),
        };
        let before = std::mem::replace(&mut *self.0.borrow_mut(), Arrival::There(result));
        if let Arrival::Awaited(Some(waker)) = before {
            waker.wake();
        }
    }
}

fn returned<A: Rpc>(bytes: &[u8]) -> Result<A::Output, A::Fault> {
    let mut reader = Reader::new(bytes, &Limits::DEFAULT);
    let output = <A::Codec as Codec>::decode(&mut reader);
    output
        .and_then(|output| reader.end().map(|()| output))
        .map_err(|error| unreadable(&error).into())
}

fn thrown<A: Rpc>(bytes: &[u8]) -> Result<A::Output, A::Fault> {
    let mut reader = Reader::new(bytes, &Limits::DEFAULT);
    let fault = A::Fault::decode_thrown(&mut reader);
    Err(fault.unwrap_or_else(|error| unreadable(&error).into()))
}

fn unreadable(error: &playhouse::Error) -> Failure {
    let why = format!("what the server answered can't be read: {error}");
    Failure::unknown(FailureKind::Invalid).because(why)
}

impl<A: Rpc> fmt::Debug for Calling<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::New(..) => "new",
            State::Waiting(_) => "waiting",
            State::Done => "done",
        };
        write!(f, "Calling({}: {state})", A::call().name)
    }
}

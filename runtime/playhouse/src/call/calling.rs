//! A call on its way, as the future that its caller awaits.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Proxy, Rpc};
use crate::host;

/// An rpc to a server. Dropping it gives the call up: what has not begun by then never does, what runs runs to its end.
#[must_use = "an rpc does nothing until it is awaited"]
pub struct Calling<A: Rpc> {
    state: State<A>,
}

enum State<A: Rpc> {
    New(Proxy, A),
    Waiting(host::Waiting<host::Outcome<A>>),
    Done,
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
        if let State::Waiting(waiting) = &mut this.state {
            let outcome = std::task::ready!(waiting.poll(cx));
            this.state = State::Done;
            return Poll::Ready(outcome);
        }
        // A call that is always ready must not keep the shard for itself.
        let budget = std::task::ready!(tokio::task::coop::poll_proceed(cx));
        let State::New(proxy, args) = std::mem::replace(&mut this.state, State::Done) else {
            return Poll::Pending;
        };
        match host::start(proxy, args) {
            host::Started::Ready(outcome) => {
                budget.made_progress();
                Poll::Ready(outcome)
            }
            host::Started::Waiting(mut waiting) => {
                let polled = waiting.poll(cx);
                this.state = State::Waiting(waiting);
                polled
            }
        }
    }
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

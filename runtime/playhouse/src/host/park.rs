//! Polling handlers: inline, and in tasks of their own that outlive their callers.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use playhouse_wire::KeyPart;

use super::calls::{CallId, Place};
use super::hooks::Local;
use super::interceptor::{CallOutcome, Direction, Seen, outcome_of};
use super::shard::Shard;
use super::standing::GoesOn;
use crate::call::{Failure, FailureKind, Fault, Rpc};
use crate::watchdog::Polled;

/// A handler panicked.
pub(super) struct Panicked;

impl Panicked {
    #[cold]
    pub(super) fn into_failure(self) -> Failure {
        Failure::unknown(FailureKind::Internal).because("the handler panicked; see the node's log")
    }
}

/// Most handlers that run inside of one another on one stack. What is deeper gets a task of its own.
pub const INLINE_DEPTH_MAX: u32 = 16;

impl Shard {
    /// Polls what runs on behalf of `call`.
    #[inline]
    pub(super) fn poll_in<F: Future + ?Sized>(
        &self,
        call: CallId,
        future: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Result<Poll<F::Output>, Panicked> {
        let outer = self.current.replace(call);
        self.depth.set(self.depth.get() + 1);
        let marked = self.mark.enter(self.polled(call));
        let polled = if self.spans.get() == 0 {
            catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
        } else {
            let span = self.span(call).unwrap_or_else(tracing::Span::none);
            catch_unwind(AssertUnwindSafe(|| span.in_scope(|| future.poll(cx))))
        };
        self.mark.leave(marked);
        self.depth.set(self.depth.get() - 1);
        // Still the call's own, and so the line in the log.
        let polled = polled.map_err(|payload| self.report_panic(call, &*payload));
        self.current.set(outer);
        polled
    }

    /// A call as the watchdog knows it.
    #[inline]
    fn polled(&self, call: CallId) -> Polled {
        let calls = self.calls.borrow();
        let mut polled = Polled {
            owner: u32::MAX,
            slot: 0,
            tag: 0,
            key: None,
        };
        let Some(call) = calls.get(call) else {
            return polled;
        };
        (polled.slot, polled.tag) = (call.slot, call.tag);
        match &call.place {
            Place::Entity(cell) => {
                let header = cell.header();
                polled.owner = header.kind;
                if let [KeyPart::Unsigned(key)] = header.key.parts() {
                    polled.key = Some(*key);
                }
            }
            Place::Service(service) => polled.owner = service.owner,
            Place::Away(_) => {}
        }
        polled
    }

    #[cold]
    fn report_panic(&self, call: CallId, payload: &(dyn std::any::Any + Send)) -> Panicked {
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(no message)");
        self.panics.set(self.panics.get() + 1);
        tracing::error!(
            handler = self.call_path(call),
            shard = self.index,
            "handler panicked: {message}"
        );
        Panicked
    }

    /// Whether one more handler would be too deep for this stack.
    #[inline]
    pub(super) fn is_deep(&self) -> bool {
        self.depth.get() >= INLINE_DEPTH_MAX
    }

    /// Gives a handler a task of its own. `give` gets its outcome, whatever becomes of the task.
    pub(super) fn park<T: 'static>(
        self: &Rc<Self>,
        call: CallId,
        future: Local<'static, T>,
        fail: fn(Failure) -> T,
        give: impl FnOnce(T) + 'static,
    ) {
        tokio::task::spawn_local(Parked {
            shard: Rc::clone(self),
            call,
            future: Some(future),
            fail,
            give: Some(give),
        });
    }
}

struct Parked<T, G: FnOnce(T)> {
    shard: Rc<Shard>,
    call: CallId,
    future: Option<Local<'static, T>>,
    fail: fn(Failure) -> T,
    give: Option<G>,
}

// The handler stands behind a pointer; nothing else in it is pinned.
impl<T, G: FnOnce(T)> Unpin for Parked<T, G> {}

impl<T, G: FnOnce(T)> Parked<T, G> {
    fn end(&mut self, outcome: T) {
        if let Some(give) = self.give.take() {
            give(outcome);
        }
        self.shard.handler_done(self.call);
    }
}

impl<T, G: FnOnce(T)> Future for Parked<T, G> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if this.shard.begin_task(cx).is_pending() {
            return Poll::Pending;
        }
        let Some(future) = &mut this.future else {
            return Poll::Ready(());
        };
        let _entered = this.shard.enter();
        match this.shard.may_go_on(this.call, cx) {
            GoesOn::Yes => {}
            GoesOn::Later => return Poll::Pending,
            GoesOn::Never(failure) => {
                this.future = None;
                this.end((this.fail)(failure));
                return Poll::Ready(());
            }
        }
        let outcome = match this.shard.poll_in(this.call, future.as_mut(), cx) {
            Ok(Poll::Pending) => {
                this.shard.note_handler(this.call, cx);
                return Poll::Pending;
            }
            Ok(Poll::Ready(outcome)) => outcome,
            Err(panicked) => (this.fail)(panicked.into_failure()),
        };
        // What the handler held is free before its caller hears of the outcome.
        this.future = None;
        this.end(outcome);
        Poll::Ready(())
    }
}

impl<T, G: FnOnce(T)> Drop for Parked<T, G> {
    fn drop(&mut self) {
        if self.give.is_none() {
            return;
        }
        // Tasks are dropped when their shard ends: what this one left half done is not to be saved.
        if let Some(keeper) = self.shard.keeper() {
            keeper.closed.set(true);
        }
        let _entered = self.shard.enter();
        self.future = None;
        let failure = Failure::unknown(FailureKind::Cancelled).because("the node has stopped");
        let outcome = (self.fail)(failure);
        self.end(outcome);
    }
}

/// Where the outcome of a call is laid down for its caller.
pub(super) type Reply<T> = Rc<RefCell<Option<T>>>;

/// The outcome of an rpc.
pub(crate) type Outcome<A> = Result<<A as Rpc>::Output, <A as Rpc>::Fault>;

/// How an rpc began.
pub(crate) enum Started<A: Rpc> {
    Ready(Outcome<A>),
    Waiting(Waiting<Outcome<A>>),
}

/// A call whose outcome is not there yet. Dropping it gives the call up.
pub(crate) struct Waiting<T> {
    shard: Rc<Shard>,
    call: CallId,
    reply: Reply<T>,
    manner: Manner<T>,
    done: bool,
}

/// What is done with outcomes of one type.
pub(super) struct Manner<T> {
    pub(super) fail: fn(Failure) -> T,
    pub(super) judge: fn(&T) -> CallOutcome,
    /// As interceptors know the call; none if they don't.
    pub(super) seen: Option<Seen>,
}

impl<O, X: Fault> Manner<Result<O, X>> {
    /// Of a call.
    pub(super) fn of(seen: Seen) -> Self {
        Self {
            fail: |failure| Err(failure.into()),
            judge: outcome_of,
            seen: Some(seen),
        }
    }
}

impl<T> Waiting<T> {
    pub(super) fn new(shard: &Rc<Shard>, call: CallId, reply: Reply<T>, manner: Manner<T>) -> Self {
        Self {
            shard: Rc::clone(shard),
            call,
            reply,
            manner,
            done: false,
        }
    }

    pub(crate) fn poll(&mut self, cx: &Context<'_>) -> Poll<T> {
        let outcome = self.reply.borrow_mut().take();
        let outcome = match outcome {
            Some(outcome) => outcome,
            None => {
                let failure = std::task::ready!(self.shard.poll_failure(self.call, cx));
                (self.manner.fail)(failure)
            }
        };
        self.done = true;
        self.shard.caller_done(self.call);
        if let Some(seen) = self.manner.seen {
            let judge = || (self.manner.judge)(&outcome);
            self.shard.after(Direction::Out, || seen, judge);
        }
        Poll::Ready(outcome)
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        self.shard.give_up(self.call);
        if let Some(seen) = self.manner.seen {
            let outcome = || CallOutcome::Failed(FailureKind::Cancelled);
            self.shard.after(Direction::Out, || seen, outcome);
        }
    }
}

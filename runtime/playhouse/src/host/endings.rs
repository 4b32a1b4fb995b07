//! How calls end: with an outcome, given up by their callers, past their deadlines, or cut off with their node.

use std::rc::Rc;
use std::task::{Context, Poll};

use super::calls::{CallId, Place, Remains};
use super::shard::Shard;
use crate::call::{Failure, FailureKind};

/// So many of the calls that a node cuts off are named in its log, and so many that each waits for.
const CUT_OFF_SAID_MAX: usize = 16;

impl Shard {
    /// Says which calls are cut off with the node, and what each of them waits for.
    pub(crate) fn say_what_is_cut_off(&self) {
        let calls = self.calls.borrow();
        for outermost in calls.outermost().take(CUT_OFF_SAID_MAX) {
            let next = |id: &CallId| calls.children(*id).next().map(|(child, _)| child);
            let path = std::iter::successors(Some(outermost), next).take(CUT_OFF_SAID_MAX);
            let path: Vec<CallId> = path.collect();
            let last = path.last().and_then(|id| calls.get(*id));
            let waits = last.map(|call| match &call.place {
                Place::Away(away) => format!("waits for an answer by {:?}", away.way()),
                _ if call.queued && !call.granted => "waits for its turn".to_owned(),
                _ => "runs".to_owned(),
            });
            let path: Vec<_> = path.iter().filter_map(|id| self.waits(*id)).collect();
            let state = waits.unwrap_or_default();
            tracing::warn!(call = self.path_text(&path), state, "a call is cut off");
        }
    }

    /// A call ended at its first poll: nobody had to wait for it.
    #[inline]
    pub(super) fn ended(&self, call: CallId) {
        let remains = self.calls.borrow_mut().remove(call);
        self.forget(remains);
    }

    fn forget(&self, remains: Option<Remains>) {
        if remains.is_some_and(|remains| remains.spanned) {
            self.spans.set(self.spans.get().saturating_sub(1));
        }
    }

    /// The span of a call, if it is sampled.
    pub(super) fn span(&self, call: CallId) -> Option<tracing::Span> {
        let calls = self.calls.borrow();
        calls.get(call)?.trace.as_ref()?.span.clone()
    }

    /// A handler with a task of its own has ended.
    pub(super) fn handler_done(&self, call: CallId) {
        let (waker, remains) = self.calls.borrow_mut().handler_done(call);
        self.forget(remains);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// A caller has its outcome.
    pub(super) fn caller_done(&self, call: CallId) {
        let (timer, remains) = self.calls.borrow_mut().caller_done(call);
        self.forget(remains);
        if let Some(timer) = timer {
            self.wheel.borrow_mut().cancel(timer);
        }
    }

    /// Why the call ends though its handler has not: its deadline, a deadlock, a lost link.
    pub(super) fn poll_failure(&self, call: CallId, cx: &Context<'_>) -> Poll<Failure> {
        let mut calls = self.calls.borrow_mut();
        let Some(call) = calls.get_mut(call) else {
            return Poll::Ready(
                Failure::unknown(FailureKind::Internal).because("the call was lost"),
            );
        };
        if let Some(failure) = call.failure.take() {
            return Poll::Ready(failure);
        }
        if call.expired {
            // One whose turn had not come is taken out of the mailbox and never begins.
            return Poll::Ready(if call.queued && !call.granted {
                Failure::not_executed(FailureKind::Timeout)
            } else {
                Failure::unknown(FailureKind::Timeout)
            });
        }
        match &mut call.caller_waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// The caller is gone. What has not begun never does; what runs runs to its end.
    pub(super) fn give_up(self: &Rc<Self>, call: CallId) {
        self.cancel(call, false);
        self.caller_done(call);
    }

    /// The deadline has passed.
    pub(super) fn expire(self: &Rc<Self>, call: CallId) {
        self.cancel(call, true);
    }

    fn cancel(self: &Rc<Self>, id: CallId, expired: bool) {
        let mut calls = self.calls.borrow_mut();
        let Some(call) = calls.get_mut(id) else {
            return;
        };
        call.cancelled = true;
        call.expired |= expired;
        if expired {
            call.timer = None;
        }
        let handler = if call.queued {
            call.handler_waker.take()
        } else {
            None
        };
        let caller = if expired {
            call.caller_waker.take()
        } else {
            None
        };
        let away = match &call.place {
            Place::Away(away) => Some(Rc::clone(away)),
            Place::Entity(_) | Place::Service(_) => None,
        };
        drop(calls);
        if let Some(away) = away {
            away.cancel(self, id, expired);
        }
        for waker in [handler, caller].into_iter().flatten() {
            waker.wake();
        }
    }
}

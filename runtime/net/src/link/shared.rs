//! The state of a link, which its handles and its driver share.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::Waker,
};

use playhouse_wire::{
    Writer,
    link::{Link as Protocol, Peer, Side},
    message::FailureKind,
};
use tokio::time::Instant;

use super::{
    CloseReason, LinkOptions, OUTPUT_BYTES_RESERVE, Refused, carrier::Carrier, output::Output,
    pace::Paced, pending::Pending,
};

/// What the handles of a link and its driver share.
pub(super) struct Shared {
    pub(super) side: Side,
    pub(super) address: Rc<str>,
    /// What carries the link, once something does.
    pub(super) carrier: RefCell<Option<Carrier>>,
    pub(super) options: LinkOptions,
    pub(super) began: Instant,
    pub(super) phase: Cell<Phase>,
    pub(super) protocol: RefCell<Protocol>,
    /// The protocol's next timeout may have moved closer.
    pub(super) timeout_moved: Cell<bool>,
    pub(super) peer: RefCell<Option<Rc<Peer>>>,
    /// The longest message that may be sent.
    pub(super) send_bytes_max: Cell<usize>,
    /// Messages may be compressed, both ways.
    pub(super) packs: Cell<bool>,
    /// Most requests that may wait.
    pub(super) pending_max: Cell<usize>,
    pub(super) output: RefCell<Output>,
    pub(super) pending: RefCell<Pending>,
    /// Requests of the peer that were not answered yet.
    pub(super) unanswered: Cell<usize>,
    /// The peer has acknowledged that this side goes away.
    pub(super) drained: Cell<bool>,
    pub(super) opened_at: Cell<Option<Instant>>,
    pub(super) end: RefCell<Option<(Instant, CloseReason)>>,
    pub(super) driver: RefCell<Option<Waker>>,
    /// Everybody was told that the link is over.
    pub(super) finished: Cell<bool>,
    /// The driver runs, or will: it needn't be woken.
    pub(super) awake: Cell<bool>,
    /// Nothing is read, and what was read is kept.
    pub(super) held: Cell<bool>,
    /// How fast the peer may send, if that is limited.
    pub(super) paced: Cell<Option<Paced>>,
    pub(super) watchers: RefCell<Vec<Waker>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not open yet: what is sent waits.
    Opening,
    Open,
    /// The peer goes away: nothing new.
    Leaving,
    /// Over, or about to be.
    Closed,
}

impl Shared {
    #[inline]
    pub(super) fn may_begin(&self) -> Result<(), Refused> {
        match self.phase.get() {
            Phase::Opening | Phase::Open => Ok(()),
            Phase::Leaving | Phase::Closed => Err(self.refusal()),
        }
    }

    #[cold]
    pub(super) fn refusal(&self) -> Refused {
        match &*self.end.borrow() {
            Some((_, reason)) => Refused::new(
                reason.failure_kind(),
                format!("no link to {}: {reason}", self.address),
            ),
            None => Refused::new(
                FailureKind::Unreachable,
                format!(
                    "the link to {} takes nothing new: it is closing",
                    self.address
                ),
            ),
        }
    }

    /// Appends a message, if it fits, and gives the position behind it.
    #[inline]
    pub(super) fn put(&self, write: impl FnOnce(&mut Writer)) -> Result<u64, Refused> {
        let max = self.options.queues.output_bytes_max;
        let Ok(mut output) = self.output.try_borrow_mut() else {
            return Err(nested());
        };
        let before = output.queued();
        let start = output.end();
        if before >= max {
            return Err(output_full());
        }
        output
            .put(self.send_bytes_max.get(), write)
            .map_err(|error| Refused::new(FailureKind::Invalid, error.to_string()))?;
        if output.queued() > max && before > 0 {
            output.take_back(start);
            return Err(output_full());
        }
        Ok(output.end())
    }

    /// Appends a short message that must not be lost; false if even the reserve is used up.
    pub(super) fn put_reserved(&self, write: impl FnOnce(&mut Writer)) -> bool {
        let max = self.options.queues.output_bytes_max + OUTPUT_BYTES_RESERVE;
        match self.output.try_borrow_mut() {
            Ok(mut output) if output.queued() < max => {
                output.put(self.send_bytes_max.get(), write).is_ok()
            }
            _ => false,
        }
    }

    #[inline]
    pub(super) fn wake(&self) {
        if !self.awake.replace(true)
            && let Some(driver) = &*self.driver.borrow()
        {
            driver.wake_by_ref();
        }
    }

    /// Has the driver end the link when it runs next. The first reason counts.
    #[cold]
    pub(super) fn finish_later(&self, reason: CloseReason) {
        self.phase.set(Phase::Closed);
        let mut end = self.end.borrow_mut();
        if end.is_none() {
            *end = Some((Instant::now(), reason));
        }
        drop(end);
        self.wake();
    }

    /// Microseconds since the link began.
    pub(super) fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Keeps the driver's waker; whether it is another one than before.
    #[inline]
    pub(super) fn register(&self, waker: &Waker) -> bool {
        let mut driver = self.driver.borrow_mut();
        if driver.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return false;
        }
        *driver = Some(waker.clone());
        true
    }

    /// In how many microseconds the next frame of the peer may be taken; 0: now.
    #[inline]
    pub(super) fn pause_us(&self, now_us: u64) -> u64 {
        let Some(mut paced) = self.paced.get() else {
            return 0;
        };
        let wait_us = paced.wait_us(now_us);
        self.paced.set(Some(paced));
        wait_us
    }

    /// A frame of the peer was taken.
    #[inline]
    pub(super) fn took(&self, bytes: usize) {
        if let Some(mut paced) = self.paced.get() {
            paced.take(bytes);
            self.paced.set(Some(paced));
        }
    }

    /// Whether so much waits to go out that nothing should come in.
    #[inline]
    pub(super) fn is_crowded(&self) -> bool {
        self.output.borrow().queued() > self.options.queues.output_bytes_high
    }
}

#[cold]
pub(super) fn too_many_pending() -> Refused {
    Refused::new(
        FailureKind::Overloaded,
        "too many requests of this link wait for a response",
    )
}

#[cold]
fn output_full() -> Refused {
    Refused::new(
        FailureKind::Overloaded,
        "too many bytes wait to be sent on this link",
    )
}

#[cold]
fn nested() -> Refused {
    Refused::new(
        FailureKind::Internal,
        "a link was used while a message was written to it: write the message first",
    )
}

//! What a frame, a timeout or the end of a link means to its owner and its calls.

use std::rc::Rc;

use playhouse_wire::{
    frame::Frames,
    link::{Event, Side},
    message::{Executed, FailureKind, Message, Request, WireFailure},
};
use tokio::time::Instant;

use super::{
    CloseReason, Link, LinkHandler, ReplyOutcome,
    shared::{Phase, Shared},
};

pub(super) fn handle_event(link: &Link, handler: &dyn LinkHandler, event: Event<'_>) {
    let shared = &*link.shared;
    match event {
        Event::Nothing => return,
        Event::Opened => open(link, handler),
        Event::Message(message) => return dispatch(link, handler, message),
        Event::PeerGoesAway(go_away) => {
            if shared.phase.get() == Phase::Open {
                shared.phase.set(Phase::Leaving);
            }
            handler.peer_goes_away(link, go_away);
        }
        Event::Drained => {
            shared.drained.set(true);
            handler.drained(link);
        }
        Event::Closed(reason) => shared.finish_later(CloseReason::Protocol(reason)),
    }
    shared.timeout_moved.set(true);
}

/// The hellos were exchanged: what waited may go.
fn open(link: &Link, handler: &dyn LinkHandler) {
    let shared = &*link.shared;
    let (peer, send_bytes_max, pack_from) = {
        let protocol = shared.protocol.borrow();
        let Some(peer) = protocol.peer() else {
            return;
        };
        let peer = Rc::new(peer.clone());
        (peer, protocol.send_bytes_max(), protocol.packs_from())
    };
    let requests_max = usize::try_from(peer.requests_max).unwrap_or(usize::MAX);
    let pending_max = shared.pending_max.get().min(requests_max);
    shared.pending_max.set(pending_max);
    shared.send_bytes_max.set(send_bytes_max);
    *shared.peer.borrow_mut() = Some(peer.clone());
    shared.opened_at.set(Some(Instant::now()));
    let too_long = {
        let output = shared.output.borrow();
        let mut frames = Frames::new(output.waiting(), send_bytes_max);
        loop {
            match frames.poll() {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            }
        }
    };
    if let Some(text) = too_long {
        // Positions stay true only if all goes: what was queued before the peer said how little it takes is rare.
        shared.output.borrow_mut().forget();
        fail_pending(shared, FailureKind::Invalid, &text);
    }
    shared.output.borrow_mut().pack_from(pack_from);
    shared.packs.set(pack_from.is_some());
    if shared.phase.get() == Phase::Opening {
        shared.phase.set(Phase::Open);
    }
    tracing::debug!(
        address = &*shared.address,
        peer = &*peer.name,
        "link opened"
    );
    handler.opened(link, &peer);
}

#[inline]
pub(super) fn dispatch(link: &Link, handler: &dyn LinkHandler, message: Message<'_>) {
    let shared = &*link.shared;
    match message {
        Message::Response(response) => {
            // None: its caller gave up.
            let sink = shared.pending.borrow_mut().take(response.id);
            if let Some(sink) = sink {
                sink.complete(response.outcome.into());
            }
        }
        Message::Request(request) => {
            let unanswered = shared.unanswered.get();
            shared.unanswered.set(unanswered + 1);
            let crowded = shared.side == Side::Dialled && shared.is_crowded();
            if crowded || unanswered >= shared.options.limits.requests_max as usize {
                refuse(link, &request);
            } else {
                handler.request(link, request);
            }
        }
        Message::Notify(notify) => handler.notify(link, notify),
        Message::Moved(moved) => {
            let sink = shared.pending.borrow_mut().take(moved.id);
            if let Some(sink) = sink {
                let (epoch, hint) = (moved.epoch, moved.hint);
                sink.complete(ReplyOutcome::Moved { epoch, hint });
            }
        }
        message => handler.other(link, message),
    }
}

#[cold]
fn refuse(link: &Link, request: &Request<'_>) {
    let failure = WireFailure {
        text: "this side of the link has too much to answer already",
        ..WireFailure::new(FailureKind::Overloaded, Executed::NotExecuted)
    };
    link.respond_failure(request.id, &failure);
}

/// Fails every request that waits, each with its own tag.
fn fail_pending(shared: &Shared, kind: FailureKind, text: &str) {
    let handed = shared.output.borrow().handed();
    let all = shared.pending.borrow_mut().take_all();
    for (end, sink) in all {
        let executed = if end > handed {
            Executed::NotExecuted
        } else {
            Executed::Unknown
        };
        sink.complete(ReplyOutcome::Lost(WireFailure {
            text,
            ..WireFailure::new(kind, executed)
        }));
    }
}

/// Tells everybody that the link is over, once.
pub(super) fn finish(link: &Link, handler: &dyn LinkHandler) {
    let shared = &*link.shared;
    if shared.finished.replace(true) {
        return;
    }
    shared.finish_later(CloseReason::Abandoned);
    let reason = link.close_reason().unwrap_or(CloseReason::Abandoned);
    tracing::debug!(address = &*shared.address, %reason, "link closed");
    let text = format!("the link to {} is lost: {reason}", shared.address);
    fail_pending(shared, reason.failure_kind(), &text);
    shared.output.borrow_mut().forget();
    handler.closed(link, &reason);
    for watcher in shared.watchers.take() {
        watcher.wake();
    }
}

/// A link whose task ends in any way, even because its shard is torn down, leaves no request waiting.
pub(super) struct LastWord<'a> {
    pub(super) link: &'a Link,
    pub(super) handler: &'a dyn LinkHandler,
}

impl Drop for LastWord<'_> {
    fn drop(&mut self) {
        finish(self.link, self.handler);
    }
}

//! What a link itself has to send.

use crate::message::{self, GoAway, GoAwayReason};
use crate::{Writer, frame};

use super::{Identity, LinkLimits};

/// What is to be sent. One of each at most, so that no peer can make it grow.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) hello: bool,
    /// A reply, with digests or without.
    pub(super) reply: Option<bool>,
    /// Which compression the peer reads, for the reply.
    pub(super) asked: u8,
    pub(super) digests: bool,
    pub(super) ping: Option<u64>,
    /// Of the latest ping: a peer that asks again before it was answered gets one answer.
    pub(super) pong: Option<u64>,
    pub(super) go_away: Option<(GoAwayReason, Box<str>)>,
    pub(super) go_away_ack: bool,
}

impl Outbox {
    /// Appends a frame for each message that belongs before all others, which are done then.
    pub(super) fn put_hellos(
        &mut self,
        w: &mut Writer,
        identity: &Identity,
        limits: &LinkLimits,
        date_us: i64,
    ) {
        if std::mem::take(&mut self.hello) {
            put(w, |w| {
                message::put_hello(w, &identity.hello(limits, date_us))
            });
        }
        if let Some(differs) = self.reply.take() {
            let mut hello = identity.hello(limits, date_us);
            hello.packing &= self.asked;
            let digests = differs.then(|| identity.sent_digests());
            put(w, |w| message::put_hello_reply(w, &hello, digests));
        }
        if std::mem::take(&mut self.digests) {
            put(w, |w| message::put_digests(w, identity.sent_digests()));
        }
    }

    /// Appends a frame for each other message.
    pub(super) fn put_rest(self, w: &mut Writer) {
        if let Some(nonce) = self.pong {
            put(w, |w| message::put_pong(w, nonce));
        }
        if let Some(nonce) = self.ping {
            put(w, |w| message::put_ping(w, nonce));
        }
        if self.go_away_ack {
            put(w, message::put_go_away_ack);
        }
        if let Some((reason, text)) = self.go_away {
            let text = &text;
            put(w, |w| message::put_go_away(w, &GoAway { reason, text }));
        }
    }
}

/// A frame of the link's own: all of them are far below what any peer takes.
fn put(w: &mut Writer, write: impl FnOnce(&mut Writer)) {
    let fits = frame::put(w, frame::FRAME_BYTES_MAX, write);
    debug_assert!(fits.is_ok(), "the link's own messages are short");
}

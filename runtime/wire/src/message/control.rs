//! Messages of the link itself: is the other side there, and will it be.

use crate::error::Result;
use crate::{Reader, Writer};

use super::bounded::{decode_text, shortened};
use super::fields::Fields;
use super::kind;
use super::reason::reasons;

/// Most bytes of a goaway's text; writers cut longer ones.
pub const GO_AWAY_TEXT_BYTES_MAX: usize = 1024;

/// `[11, reason, text]`: the sender takes nothing new on this link, and closes it soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoAway<'a> {
    /// Why.
    pub reason: GoAwayReason,
    /// For logs; may be empty. At most [`GO_AWAY_TEXT_BYTES_MAX`] bytes.
    pub text: &'a str,
}

reasons! {
    /// Why a link ends.
    GoAwayReason {
        /// The process stops or drains: what was sent is answered, then the link closes.
        Stopping = 1,
        /// The other side broke the protocol; the text says how.
        Protocol = 2,
        /// No version of the protocol that both speak.
        Version = 3,
        /// The schemas don't fit; the text names type and member.
        Incompatible = 4,
        /// The other side may not be here.
        Denied = 5,
        /// More links or work than this side takes.
        Overloaded = 6,
        /// Another link between the same two took this one's place.
        Replaced = 7,
        /// The link isn't used.
        Idle = 8,
        /// This side is at fault.
        Internal = 9,
    }
}

/// Writes a question that a pong with the same nonce answers at once.
pub fn put_ping(w: &mut Writer, nonce: u64) {
    Fields::of_kind(w, kind::PING).put(&nonce).end();
}

/// Writes the answer to the ping with this nonce.
pub fn put_pong(w: &mut Writer, nonce: u64) {
    Fields::of_kind(w, kind::PONG).put(&nonce).end();
}

/// Writes that this side takes nothing new and closes soon.
pub fn put_go_away(w: &mut Writer, go_away: &GoAway<'_>) {
    Fields::of_kind(w, kind::GO_AWAY)
        .put(&go_away.reason.number())
        .or(shortened(go_away.text, GO_AWAY_TEXT_BYTES_MAX), "")
        .end();
}

/// Writes that a goaway was read and nothing new was sent since.
pub fn put_go_away_ack(w: &mut Writer) {
    Fields::of_kind(w, kind::GO_AWAY_ACK).end();
}

impl<'a> GoAway<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let reason = slots.required::<u8>("reason")?;
        let text = slots.optional_with("text", |r| decode_text(r, GO_AWAY_TEXT_BYTES_MAX))?;
        slots.end()?;
        Ok(Self {
            reason: GoAwayReason::from_number(reason),
            text: text.unwrap_or_default(),
        })
    }
}

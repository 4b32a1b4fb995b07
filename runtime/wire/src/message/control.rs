//! Messages of the link itself: is the other side there, and will it be.

use crate::error::Result;
use crate::{Encode, Reader, Writer};

use super::fields::Fields;
use super::{decode_text, kind, shortened};

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

/// Why a link ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GoAwayReason {
    /// The process stops or drains: what was sent is answered, then the link closes.
    Stopping,
    /// The other side broke the protocol; the text says how.
    Protocol,
    /// No version of the protocol that both speak.
    Version,
    /// The schemas don't fit; the text names type and member.
    Incompatible,
    /// The other side may not be here.
    Denied,
    /// More links or work than this side takes.
    Overloaded,
    /// Another link between the same two took this one's place.
    Replaced,
    /// The link isn't used.
    Idle,
    /// This side is at fault.
    Internal,
    /// A reason that this version doesn't know.
    Other(u8),
}

impl GoAwayReason {
    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Stopping => 1,
            Self::Protocol => 2,
            Self::Version => 3,
            Self::Incompatible => 4,
            Self::Denied => 5,
            Self::Overloaded => 6,
            Self::Replaced => 7,
            Self::Idle => 8,
            Self::Internal => 9,
            Self::Other(number) => number,
        }
    }

    /// The reason of this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Stopping,
            2 => Self::Protocol,
            3 => Self::Version,
            4 => Self::Incompatible,
            5 => Self::Denied,
            6 => Self::Overloaded,
            7 => Self::Replaced,
            8 => Self::Idle,
            9 => Self::Internal,
            other => Self::Other(other),
        }
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

impl Encode for GoAwayReason {
    fn encode(&self, w: &mut Writer) {
        w.unsigned(self.number().into());
    }
}

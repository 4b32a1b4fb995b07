//! Messages: what peers send each other, one MessagePack array each, whose first element is its kind.
//!
//! `docs/wire.md` gives every field. Messages are read where they lie ([`Message::decode`]: arguments and texts are
//! borrowed, a request without chain and trace allocates nothing) and written straight into a link's output (the
//! `put_*` functions; [`crate::frame`] puts a length in front).

mod call;
mod chain;
mod control;
mod failure;
mod fields;
mod header;
mod hello;
pub mod kind;
mod method;

pub use call::{
    Notify, Outcome, Request, Response, put_cancel, put_notify, put_request, put_response_failure,
    put_response_ok, put_response_thrown,
};
pub use chain::{CHAIN_MAX, Chain, ChainBuffer, ChainFull, Iter as ChainIter, Waiting};
pub use control::{
    GO_AWAY_TEXT_BYTES_MAX, GoAway, GoAwayReason, put_go_away, put_go_away_ack, put_ping, put_pong,
};
pub use failure::{
    Executed, FAILURE_PATH_BYTES_MAX, FAILURE_TEXT_BYTES_MAX, FailureKind, WireFailure,
};
pub use header::{DEADLINE_DEFAULT_US, DEADLINE_US_MAX, Header, Trace};
pub use hello::{
    DIGESTS_MAX, Digests, FRAME_BYTES_LEAST, Hello, Incarnation, NAME_BYTES_MAX, REQUESTS_MAX,
    Role, TypeDigest, VERSION, VERSION_LEAST, put_digests, put_hello, put_hello_reply,
};
pub use method::Method;

use crate::error::{Error, Problem, Result};
use crate::{Limits, Reader};

/// One message, as it was read. What follows its fields in the frame's bytes stays borrowed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Message<'a> {
    /// A call that is answered.
    Request(Request<'a>),
    /// How a request ended.
    Response(Response<'a>),
    /// A call that isn't answered.
    Notify(Notify<'a>),
    /// The caller of the request with this id wants no response any more.
    Cancel(u32),
    /// A question with this nonce.
    Ping(u64),
    /// The answer to the ping with this nonce.
    Pong(u64),
    /// The sender takes nothing new, and closes soon.
    GoAway(GoAway<'a>),
    /// A goaway was read.
    GoAwayAck,
    /// The first message of who dialled.
    Hello(Hello<'a>),
    /// Its answer, with the digests of all types if the roots differ.
    HelloReply(Hello<'a>, Option<Digests<'a>>),
    /// The dialler's digests, after a reply with some.
    Digests(Digests<'a>),
    /// A kind in [`kind::IGNORED`] that this version doesn't know: to be passed over.
    Ignored(u8),
}

impl<'a> Message<'a> {
    /// Reads one message that fills `bytes`.
    ///
    /// Arguments and results are not looked at: they are the rest of the frame, and their own reader finds what is
    /// wrong with them.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, where and at which byte; [`Problem::UnknownKind`] for a kind that must be known.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self> {
        let r = &mut Reader::new(bytes, &Limits::STRICT);
        let length = r.enter_array()?;
        let Some(left) = length.checked_sub(1) else {
            return Err(r.error(Problem::Missing).member("kind"));
        };
        let kind = r.u64().map_err(|error| error.member("kind"))?;
        // Those that end in the rest of the frame come first: they are the ones that must be fast.
        if kind == u64::from(kind::REQUEST) {
            return Request::decode_rest(r, left).map(Self::Request);
        }
        if kind == u64::from(kind::NOTIFY) {
            return Notify::decode_rest(r, left).map(Self::Notify);
        }
        let message = Self::decode_rest(r, kind, left)?;
        r.end()?;
        Ok(message)
    }

    fn decode_rest(r: &mut Reader<'a>, number: u64, left: usize) -> Result<Self> {
        let kind = u8::try_from(number).map_err(|_| r.error(Problem::UnknownKind(number)))?;
        match kind {
            kind::RESPONSE => Response::decode_rest(r, left).map(Self::Response),
            kind::CANCEL => only::<u32>(r, left, "id").map(Self::Cancel),
            kind::PING => only::<u64>(r, left, "nonce").map(Self::Ping),
            kind::PONG => only::<u64>(r, left, "nonce").map(Self::Pong),
            kind::GO_AWAY => GoAway::decode_rest(r, left).map(Self::GoAway),
            kind::GO_AWAY_ACK => {
                r.slots_left(left).end()?;
                Ok(Self::GoAwayAck)
            }
            kind::HELLO => Hello::decode_rest(r, left, false).map(|(hello, _)| Self::Hello(hello)),
            kind::HELLO_REPLY => Hello::decode_rest(r, left, true)
                .map(|(hello, digests)| Self::HelloReply(hello, digests)),
            kind::DIGESTS => {
                let mut slots = r.slots_left(left);
                let digests = slots.required_with("digests", Digests::decode)?;
                slots.end()?;
                Ok(Self::Digests(digests))
            }
            _ if kind::IGNORED.contains(&kind) => {
                r.slots_left(left).end()?;
                Ok(Self::Ignored(kind))
            }
            _ => Err(r.error(Problem::UnknownKind(number))),
        }
    }
}

/// A message of one field.
fn only<T: crate::Decode + crate::Check>(
    r: &mut Reader<'_>,
    left: usize,
    name: &'static str,
) -> Result<T> {
    let mut slots = r.slots_left(left);
    let value = slots.required::<T>(name)?;
    slots.end()?;
    Ok(value)
}

/// A string of at most `max` bytes, borrowed.
fn decode_text<'a>(r: &mut Reader<'a>, max: usize) -> Result<&'a str> {
    let start = r.offset();
    let text = r.str()?;
    if text.len() > max {
        return Err(Error::at(length_problem(text.len(), max), start));
    }
    Ok(text)
}

/// Exactly 16 bytes.
fn decode_16(r: &mut Reader<'_>) -> Result<[u8; 16]> {
    let start = r.offset();
    let bytes = r.bin()?;
    bytes.try_into().map_err(|_| {
        let problem = Problem::Length {
            length: bytes.len(),
            unit: "bytes",
            min: 16,
            max: 16,
        };
        Error::at(problem, start)
    })
}

#[cold]
fn length_problem(length: usize, max: usize) -> Problem {
    Problem::Length {
        length,
        unit: "bytes",
        min: 0,
        max: u32::try_from(max).unwrap_or(u32::MAX),
    }
}

/// The start of `text`, at most `max` bytes, that ends between two characters.
fn shortened(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    reason = "a test that is wrong about its own bytes must fail"
)]
mod tests;

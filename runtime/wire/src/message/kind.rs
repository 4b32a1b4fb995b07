//! The kinds of messages: their first elements. All are below 64, so that each is one byte.

use std::ops::RangeInclusive;

/// A call that is answered.
pub const REQUEST: u8 = 0;
/// How a request ended.
pub const RESPONSE: u8 = 1;
/// A call that isn't answered.
pub const NOTIFY: u8 = 2;
/// The caller gave up.
pub const CANCEL: u8 = 3;
/// One item of a stream.
pub const STREAM_ITEM: u8 = 4;
/// A stream's end.
pub const STREAM_END: u8 = 5;
/// More items may be sent.
pub const STREAM_CREDIT: u8 = 6;
/// Changed state.
pub const SYNC: u8 = 7;
/// All of a session up to here was taken.
pub const ACK: u8 = 8;
/// A question that proves the other side alive.
pub const PING: u8 = 9;
/// Its answer.
pub const PONG: u8 = 10;
/// The sender takes nothing new.
pub const GO_AWAY: u8 = 11;
/// A goaway was read.
pub const GO_AWAY_ACK: u8 = 12;
/// The first message of who dialled.
pub const HELLO: u8 = 13;
/// Its answer.
pub const HELLO_REPLY: u8 = 14;
/// Does this entity wait for that one?
pub const WAIT_PROBE: u8 = 15;
/// It does.
pub const WAIT_FOUND: u8 = 16;
/// Digests of all types, after a reply whose root differs.
pub const DIGESTS: u8 = 17;
/// Who owns this entity?
pub const LOCATE: u8 = 20;
/// This activation does.
pub const AT: u8 = 21;
/// Nobody does.
pub const NO_OWNER: u8 = 22;
/// The epoch of a request is over.
pub const MOVED: u8 = 23;
/// Take this entity over.
pub const HANDOFF: u8 = 24;
/// It was taken over, or not.
pub const HANDOFF_DONE: u8 = 25;
/// Give this activation up.
pub const RELEASE: u8 = 26;
/// A client begins a session or goes on with it.
pub const OPEN: u8 = 32;
/// It is attached.
pub const OPENED: u8 = 33;
/// It is not.
pub const REFUSED: u8 = 34;
/// A message of a session.
pub const MSG: u8 = 35;
/// Newest state.
pub const LATEST: u8 = 36;
/// The link serves the session no more.
pub const DETACH: u8 = 37;
/// The session is over.
pub const END: u8 = 38;
/// The client's link is gone.
pub const LOST: u8 = 39;
/// The session's home is elsewhere.
pub const REDIRECT: u8 = 40;
/// A session's message between gate and home.
pub const ATTACHED: u8 = 41;
/// One message for many clients of a gate.
pub const FAN: u8 = 42;

/// A client's call that passes by the sequence.
pub const ASIDE: u8 = 43;

/// Kinds of later versions that a reader which doesn't know them passes over. Every other unknown kind is an error.
pub const IGNORED: RangeInclusive<u8> = 64..=127;

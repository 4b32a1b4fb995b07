//! The kinds of messages: their first elements.

use std::ops::RangeInclusive;

/// A call that is answered.
pub const REQUEST: u8 = 0;
/// How a request ended.
pub const RESPONSE: u8 = 1;
/// A call that isn't answered.
pub const NOTIFY: u8 = 2;
/// The caller gave up.
pub const CANCEL: u8 = 3;
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
/// Digests of all types, after a reply whose root differs.
pub const DIGESTS: u8 = 17;

/// Kinds of later versions that a reader which doesn't know them passes over. Every other unknown kind is an error.
pub const IGNORED: RangeInclusive<u8> = 64..=127;

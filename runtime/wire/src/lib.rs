//! The Playhouse wire: values, messages, frames and the life of a link, as bytes and state machines.
//!
//! `docs/wire.md` is the contract; this crate is its Rust half. It is sans-IO: no sockets, no clock, no threads.
//! It refuses to panic on any input, to recurse past [`Limits::depth`], and to allocate more than the input
//! justifies ([`Limits`]).
//!
//! - [`Writer`] and [`Encode`]: values to bytes. Infallible; what the peer would refuse is found first by [`Check`].
//! - [`Reader`] and [`Decode`]: bytes to values. One [`Error`] says what was wrong, where in the value and at which byte.
//! - [`Codec`] and [`codec`]: a type as a schema uses it, bound included.
//! - [`value`]: the types that the format adds to Rust's own.
//! - [`message`] and [`frame`]: what peers send each other, and where one message ends.
//! - [`link`]: the life of one connection, on whatever clock the caller has.
//! - [`session`]: what outlives a connection: the sequence of a client and its home, through any gate.
//!
//! The format bytes come from `rmp`; the paths that matter for speed are written out here, because `rmp` writes a
//! marker and its payload separately and reads through `std::io`.

#![deny(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods
)]

pub mod check;
pub mod codec;
pub mod decode;
pub mod encode;
pub mod error;
pub mod frame;
pub mod limits;
pub mod link;
pub mod message;
pub mod reader;
pub mod session;
pub mod value;
pub mod writer;

pub use check::Check;
pub use codec::Codec;
pub use decode::Decode;
pub use encode::{Encode, Struct};
pub use error::{Error, Problem, Result};
pub use limits::Limits;
pub use message::{Message, Method};
pub use reader::Reader;
pub use value::{Bytes, Duration, EntityKey, EntityRef, KeyPart, Ref, Timestamp, UnknownArm, Uuid};
pub use writer::Writer;

/// Decodes one value that fills `bytes` to their end.
///
/// # Errors
///
/// What is wrong with the bytes, where and at which byte; [`Problem::TrailingBytes`] if the value ends early.
///
/// ```
/// let bytes = playhouse_wire::to_vec(&7_u32);
/// assert_eq!(bytes, [7]);
/// let back: u32 = playhouse_wire::from_slice(&bytes, &playhouse_wire::Limits::default()).unwrap();
/// assert_eq!(back, 7);
/// ```
pub fn from_slice<T: Decode>(bytes: &[u8], limits: &Limits) -> Result<T> {
    let mut reader = Reader::new(bytes, limits);
    let value = T::decode(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Encodes one value. Bounds are not looked at: see [`Check`].
pub fn to_vec<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    let mut writer = Writer::new();
    value.encode(&mut writer);
    writer.into_bytes()
}

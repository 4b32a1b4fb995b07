//! The types that the format adds to Rust's own.

mod bytes;
mod reference;
mod time;
mod unknown;
mod uuid;

pub use bytes::Bytes;
pub use reference::{EntityKey, EntityRef, KeyPart, Ref, Target};
pub use time::{Duration, Timestamp};
pub use unknown::UnknownArm;
pub use uuid::{ParseUuidError, Uuid};

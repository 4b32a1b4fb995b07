//! The vectors, read and written by generated Rust: compiled types, and descriptions at run time.

// As the generator wrote it: for a crate, whose interface it would be.
#[allow(unreachable_pub, reason = "a test has no interface")]
#[rustfmt::skip]
mod generated;

mod changes;
mod codecs;
mod messages;
mod protocol;
mod random;
mod values;

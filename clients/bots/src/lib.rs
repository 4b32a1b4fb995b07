//! Clients of Arena: the generated part of its schema that a client needs.
//!
//! [`SCHEMA`] is what a [`Client`](playhouse_client::Client) connects with.

/// As generated, by package.
pub mod generated;

pub use generated::{SCHEMA, arena::*};

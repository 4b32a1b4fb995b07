//! The tavern as it was opened: nodes of release 1, and what a client of that release is built with.

/// What a client is built with.
#[path = "client/mod.rs"]
pub mod client;
#[path = "generated/mod.rs"]
mod generated;
mod logic;

pub use generated::{SCHEMA, tavern};
pub use logic::node;

//! The tavern a year later: nodes of release 2.

#[path = "generated/mod.rs"]
mod generated;
mod logic;

pub use generated::{SCHEMA, tavern};
pub use logic::node;

//! The schema of the tests, as it is after two releases.

#[path = "generated/mod.rs"]
mod generated;

pub use generated::*;

//! The tavern as it serves feasts: nodes of release 3, whose orders those before it can't read.

#[path = "generated/mod.rs"]
mod generated;
#[path = "../../release-2/src/logic.rs"]
mod logic;

pub use generated::{SCHEMA, tavern};
pub use logic::node;

//! Worlds that tests play in the simulation.

use playhouse::sim::{Ended, SimError};

pub mod clocks;
pub mod echo;
pub mod islands;
#[expect(missing_docs, reason = "generated")]
#[path = "schema/mod.rs"]
pub mod schema;

/// Plays a seed to its end.
pub type Play = fn(u64) -> Result<Ended, SimError>;

/// Every world, by name.
pub const WORLDS: &[(&str, Play)] = &[
    ("echo", echo::play),
    ("apart", islands::play_apart),
    ("islands", islands::play_linked),
];

//! Worlds that tests play in the simulation.

use std::error::Error;

use playhouse::sim::Ended;

pub mod clocks;
pub mod echo;
pub mod fair;
pub mod islands;
pub mod market;
#[expect(missing_docs, reason = "generated")]
#[path = "schema/mod.rs"]
pub mod schema;

/// Plays a seed to its end.
pub type Play = fn(u64) -> Result<Ended, Box<dyn Error>>;

/// Every world, by name.
pub const WORLDS: &[(&str, Play)] = &[
    ("echo", |seed| Ok(echo::play(seed)?)),
    ("apart", |seed| Ok(islands::play_apart(seed)?)),
    ("islands", |seed| Ok(islands::play_linked(seed)?)),
    ("fair", |seed| Ok(fair::play(seed)?)),
    ("market", |seed| Ok(market::play(seed)?)),
];

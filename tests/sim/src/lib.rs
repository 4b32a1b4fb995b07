//! Worlds that tests play in the simulation.

use playhouse::sim::{Ended, SimError};

pub mod echo;

/// Plays a seed to its end.
pub type Play = fn(u64) -> Result<Ended, SimError>;

/// Every world, by name.
pub const WORLDS: &[(&str, Play)] = &[("echo", echo::play)];

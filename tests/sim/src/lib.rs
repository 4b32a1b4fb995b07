//! Worlds that tests play in the simulation.

use std::error::Error;

use playhouse::sim::Ended;
use playhouse_cluster::placement::Rule;
use playhouse_wire::session;

pub use failed::Failed;

#[path = "client/mod.rs"]
mod client;
pub mod clocks;
mod cluster;
pub mod echo;
mod failed;
pub mod fair;
pub mod islands;
pub mod market;
pub mod parley;
#[expect(missing_docs, reason = "generated")]
#[path = "schema/mod.rs"]
pub mod schema;

/// Plays a seed to its end.
pub type Play = fn(u64) -> Result<Ended, Box<dyn Error>>;

/// Plays a seed to its end, perhaps without one of the rules of placement.
pub type PlayAcross = fn(u64, Option<Rule>) -> Result<Ended, Failed>;

/// Plays a seed to its end, perhaps without one of the rules of sessions.
pub type PlaySessions = fn(u64, Option<session::Rule>) -> Result<Ended, Failed>;

/// The worlds with clients, by name.
pub const SESSIONS: &[(&str, PlaySessions)] = &[
    ("sessions", parley::play_without),
    ("lost", parley::play_losses_without),
    ("ends", parley::play_ends_without),
];

/// The worlds across nodes, by name.
pub const ACROSS_NODES: &[(&str, PlayAcross)] = &[
    ("fair", fair::play_without),
    ("moves", fair::play_moves_without),
    ("losses", fair::play_losses_without),
    ("bazaar", market::play_across_without),
];

/// The other worlds, by name.
pub const WORLDS: &[(&str, Play)] = &[
    ("echo", |seed| Ok(echo::play(seed)?)),
    ("apart", |seed| Ok(islands::play_apart(seed)?)),
    ("islands", |seed| Ok(islands::play_linked(seed)?)),
    ("market", |seed| Ok(market::play(seed)?)),
];

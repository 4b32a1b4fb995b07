//! Persistence under test: entities whose state outlives them, on a store that does what a test says.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod away;
mod clustered;
mod find;
#[path = "generated/mod.rs"]
mod generated;
mod harness;
mod idle;
mod life;
mod lost;
mod nodes;
mod saves;
mod simulated;
mod takeover;
mod together;
mod unique;
mod world;

use generated::vault as schema;

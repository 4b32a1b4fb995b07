//! Durable oneways and timers: that they take effect exactly once, whatever crashes.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod committed;
mod delivery;
#[path = "generated/mod.rs"]
mod generated;
mod harness;
mod outboxes;
mod refusals;
mod storms;
mod timers;
mod world;

use generated::ledger as schema;

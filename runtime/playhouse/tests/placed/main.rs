//! Calls on entities that live on any node of a cluster: real nodes, real links, and a store behind a db node.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod calls;
#[path = "generated/mod.rs"]
mod generated;
mod moves;
mod services;
mod world;

use generated::village as schema;

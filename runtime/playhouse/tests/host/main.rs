//! The host under test: entities and services of one node, called through generated proxies.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod calls;
mod clients;
mod cross;
mod crowds;
mod deadlocks;
#[path = "generated/mod.rs"]
mod generated;
mod harness;
mod life;
mod locals;
mod logs;
mod seen;
mod waiting;
mod world;

use generated::trial as schema;

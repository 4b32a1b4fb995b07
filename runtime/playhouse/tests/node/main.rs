//! Nodes under test, over real sockets: what they take in, what they refuse, and how they end.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod asides;
mod attacks;
mod build;
mod calls;
mod circles;
mod client;
mod clustered;
mod doors;
mod encrypted;
#[path = "generated/mod.rs"]
mod generated;
mod inboxes;
mod interop;
mod limits;
mod login;
mod metrics;
mod resuming;
mod sessions;
mod stop;
mod transports;
mod world;
mod worst;

use generated as schema;

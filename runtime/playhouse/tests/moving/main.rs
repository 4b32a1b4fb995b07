//! Entities that move between nodes: handed over, with what the schema lets them take along, under calls.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod anew;
#[allow(
    dead_code,
    reason = "shared with the tests of a node, which say more to it"
)]
#[path = "../node/client.rs"]
mod client;
mod gates;
#[path = "generated/mod.rs"]
mod generated;
mod herders;
mod hops;
mod limits;
mod lines;
mod meeting;
mod riders;
mod simulated;
mod sockets;
mod world;

use generated::caravan as schema;

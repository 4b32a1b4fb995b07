//! Nodes of the role db: what game nodes save to them outlives the game nodes.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod asked;
#[path = "generated/mod.rs"]
mod generated;
mod sockets;
mod streamed;
mod world;

use generated::vault as schema;

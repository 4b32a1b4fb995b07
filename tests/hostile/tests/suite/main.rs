//! Hostile clients against a real node, by real sockets. Each attack is a test: what the attacker is told, what the node
//! counts, and that an honest client of the same node is served meanwhile, with nothing lost.
//!
//! Some attacks are tested where what they attack is: limits and bans at the door in `runtime/playhouse/tests/node/doors.rs`,
//! bounds of a node in `limits.rs` beside it, sessions that are opened and ended in turn in `attacks.rs`, the login over HTTP in
//! `login.rs`. Inputs by chance go into every machine in `tests/fuzz`. `docs/security.md` has all of them in a table,
//! which [`table`] holds against the tests and the metrics.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod calls;
#[path = "../../../../runtime/playhouse/tests/moving/generated/mod.rs"]
#[allow(dead_code, reason = "its role of a store is all that is needed")]
mod caravan;
#[path = "../../../../runtime/playhouse/tests/node/client.rs"]
#[allow(dead_code, reason = "tests of nodes use the rest")]
mod client;
mod datagrams;
mod floods;
mod frames;
mod gates;
#[path = "../../../../runtime/playhouse/tests/node/generated/mod.rs"]
mod generated;
mod logins;
#[path = "../../../../runtime/playhouse/tests/moving/meeting.rs"]
#[allow(dead_code, reason = "tests of moves use the rest")]
mod meeting;
mod middle;
mod peers;
mod proxied;
mod raw;
mod records;
mod scene;
mod sessions;
mod slow;
mod table;
mod tokens;
mod web;
#[path = "../../../../runtime/playhouse/tests/node/world.rs"]
#[allow(dead_code, reason = "tests of nodes use the rest")]
mod world;

use generated as schema;

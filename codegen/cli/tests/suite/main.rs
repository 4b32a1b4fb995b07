//! The command as people run it: the built binary, in folders of their own.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod broken;
mod build;
mod check;
mod compat;
mod ctl;
mod data;
mod folder;
mod format;
mod generate;
mod help;
mod keys;
mod large;
mod lint;
mod new;
mod node;
mod release;
mod room;
mod watch;

// The node that is called is the one of the facade's own tests, with its schema.
#[path = "../../../../runtime/playhouse/tests/node/generated/mod.rs"]
mod schema;
#[path = "../../../../runtime/playhouse/tests/node/world.rs"]
#[allow(dead_code, reason = "tests of the facade use the rest")]
mod world;

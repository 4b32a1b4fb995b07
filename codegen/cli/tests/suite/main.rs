//! The command as people run it: the built binary, in folders of their own.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod broken;
mod build;
mod check;
mod compat;
mod folder;
mod format;
mod generate;
mod help;
mod large;
mod lint;
mod new;
mod release;
mod watch;

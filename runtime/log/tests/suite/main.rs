//! The log, from `tracing`'s macros to what stands in files and on terminals.

#![allow(clippy::unwrap_used, reason = "a test whose files can't be read fails")]

mod bounds;
mod files;
mod harness;
mod hooks;
mod json;
mod levels;
mod redact;
mod terminal;

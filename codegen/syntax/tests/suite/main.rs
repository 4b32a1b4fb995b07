//! The tests of the syntax crate from outside, one module a subject.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod errors;
mod fixes;
mod format;
mod json;
mod lexer;
mod lowering;
mod properties;
mod recovery;
mod render;
mod smoke;
mod snapshot;
mod tags;
mod tree;

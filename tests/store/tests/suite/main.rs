//! The suite against the embedded store, and what that one promises besides.

#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod crash;
mod embedded;
mod place;
mod room;
mod rows;
mod simulated;

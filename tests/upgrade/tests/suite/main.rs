//! A cluster whose nodes are replaced one after another by those of the next release, and one whose next release does not fit.

#![allow(clippy::unwrap_used, reason = "a test whose call fails fails")]

mod breaking;
mod clocks;
mod rolling;
mod tavern;

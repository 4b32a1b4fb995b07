//! The tests over texts that people read: bad schemas and what is said of them, the pages of `explain`, the reference.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod codes;
mod invalid;
mod language;
mod pages;
mod project;

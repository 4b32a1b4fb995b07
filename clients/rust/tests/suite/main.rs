//! A client against a server that is nothing but a link, on the simulated network and its virtual clock.

#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod calls;
mod events;
mod homes;
mod links;
mod questions;
mod races;
mod resuming;
mod server;
mod sessions;

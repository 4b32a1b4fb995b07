//! A client against a node that runs entities and services, over sockets of the loopback.

#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod calls;
mod client;
mod datagrams;
mod inn;
mod relay;
mod resuming;
mod server;
mod transports;
mod unreliable;

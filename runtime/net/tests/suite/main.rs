//! The network, links and dialling, on loopback sockets of every transport and on the simulated network.

#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod bounds;
mod calls;
mod carried;
mod dialling;
mod doors;
mod kcp;
mod lost;
mod noise;
mod packing;
mod peers;
mod raw;
mod storm;
mod streams;
mod virtual_network;
mod world;

//! Tests of the configuration, from the outside.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing where something should be has failed"
)]
#![allow(
    dead_code,
    reason = "most fields of configurations are looked at by `Debug` alone"
)]

mod forms;
mod game;
mod invalid;
mod layers;
mod limits;
mod live;
mod masks;
mod page;
mod types;

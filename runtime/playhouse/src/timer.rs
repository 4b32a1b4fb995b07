//! Timers: the wheel that a shard keeps its deadlines and timers in.
//!
//! Everything here is told the time and reads no clock, so that the simulation can decide it.

mod wheel;

pub use wheel::{TimerId, Wheel};

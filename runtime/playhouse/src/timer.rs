//! Timers: the wheel that a shard keeps its deadlines and timers in, the timers of an entity, and fixed steps.
//!
//! Everything here is told the time and reads no clock, so that the simulation can decide it.
//!
//! - [`Wheel`]: a million pending timers at a constant cost each.
//! - [`Timers`]: the timers of one entity, keyed, repeating, by cron expression if need be.
//! - [`Ticker`]: the steps of an entity with `@tick`.

mod cron;
mod key;
mod keyed;
mod lasting;
mod plan;
mod ticker;
mod wheel;

pub use cron::{Cron, CronError};
pub use key::TimerKey;
pub use keyed::{Firing, Pending, TimerHandle, TimerOwner, Timers};
pub use lasting::Lasting;
pub use plan::{Moment, Plan, TimerError};
pub use ticker::{Tick, Ticker};
pub use wheel::{TimerId, Wheel};

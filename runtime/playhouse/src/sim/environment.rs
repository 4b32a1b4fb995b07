//! What a shard takes from outside, in a simulation.

use std::rc::Rc;

use playhouse_net::Random;
use playhouse_wire::Timestamp;
use tokio::time::Instant;

use super::host::Place;
use super::world::{Purpose, World};
use crate::host::Env;

/// How often a task of the host that could run is put off once more.
const PUT_OFF: f64 = 0.25;

/// The world, as one shard sees it. Its chances are its own: what other shards draw does not shift them.
#[derive(Debug)]
pub(super) struct SimEnv {
    world: Rc<World>,
    host: u32,
    clock_rate_ppm: i64,
    date_ahead_us: i64,
    random: Random,
    order: Random,
}

impl SimEnv {
    /// For a shard of the host that is started at this place.
    pub(super) fn new(place: &Place, shard: u32) -> Self {
        let Place {
            world,
            host,
            incarnation,
            ..
        } = place;
        let who = u64::from(*host) << 40 | u64::from(*incarnation) << 8 | u64::from(shard);
        Self {
            world: Rc::clone(world),
            host: *host,
            clock_rate_ppm: 0,
            date_ahead_us: 0,
            random: world.stream(Purpose::Shard, who),
            order: world.stream(Purpose::Order, who),
        }
    }

    /// With a clock that is so much faster than the true time.
    pub(super) fn with_clock_rate(mut self, ppm: i64) -> Self {
        self.clock_rate_ppm = ppm;
        self
    }

    /// With a date that is so many microseconds ahead of the true one.
    pub(super) fn with_date_ahead(mut self, us: i64) -> Self {
        self.date_ahead_us = us;
        self
    }
}

impl Env for SimEnv {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> Timestamp {
        Timestamp(self.world.utc().0.saturating_add(self.date_ahead_us))
    }

    fn random(&self) -> u64 {
        self.random.u64()
    }

    fn put_off(&self) -> bool {
        let drawn = self.order.u64();
        // It stands for the poll of a task: that it came now and here is part of what happened.
        self.world.trace.mix(drawn ^ self.world.now_us());
        (drawn >> 11) as f64 / (1_u64 << 53) as f64 <= PUT_OFF
    }

    fn clock_rate_ppm(&self) -> i64 {
        self.clock_rate_ppm
    }

    fn note(&self, kind: &'static str, name: &'static str) {
        self.world.record(self.host, kind, name, 0);
    }
}

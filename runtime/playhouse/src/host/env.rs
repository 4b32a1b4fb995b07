//! What a shard takes from outside: time and chance. Production and the simulation each have their own.

use playhouse_wire::Timestamp;
use tokio::time::Instant;

/// What a process has used of its machine's processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processors {
    /// How many there are.
    pub count: u16,
    /// Their time that the process has used in all, in microseconds.
    pub used_us: u64,
}

/// Clock and chance of a shard.
pub trait Env: 'static {
    /// The clock: tokio's, which the simulation stops and moves.
    fn now(&self) -> Instant;

    /// The date.
    fn utc(&self) -> Timestamp;

    /// Sixty-four random bits. Not for secrets.
    fn random(&self) -> u64;

    /// Whether a task of the host that could run now is put off once more. The simulation says so at random, in order
    /// to see the host's tasks in every order.
    fn put_off(&self) -> bool {
        false
    }

    /// Something of this kind happened that no call shows: a timer fired. For the trace of a simulation.
    fn note(&self, kind: &'static str, name: &'static str) {
        let _ = (kind, name);
    }

    /// How much faster than the true time the machine's clock runs, in parts per million. Simulated machines have clocks of
    /// their own, and leases are measured by them.
    fn clock_rate_ppm(&self) -> i64 {
        0
    }

    /// What the process has used of the machine; none where nobody knows, or where it must not matter.
    fn processors(&self) -> Option<Processors> {
        None
    }

    /// Whether a shard that waits for another looks for its answer for a while before it sleeps.
    fn spins(&self) -> bool {
        false
    }
}

//! What goes wrong besides crashes and partitions: hosts that stand still, and the store.

use std::ops::Range;
use std::time::Duration;

use playhouse_store::sim::SimStore;

use super::host::SimShard;
use super::world::Purpose;
use super::{Sim, unknown};

impl Sim {
    /// The simulated store, which each node that starts from the first call of this on is given, whatever its builder was
    /// given. It has no faults until [`SimStore::set_faults`], and outlives every node.
    pub fn store(&self) -> SimStore {
        if let Some(store) = &*self.world.sim_store.borrow() {
            return store.clone();
        }
        let chance = self.world.stream(Purpose::Store, 0);
        let store = SimStore::new(move || chance.u64());
        *self.world.sim_store.borrow_mut() = Some(store.clone());
        let given = store.clone();
        self.keep(move |host, life| given.for_host(host, life));
        store
    }

    /// The simulated store dies, and comes back after a time in this range. What it has told somebody of lasts.
    pub fn crash_store(&self, down: Range<Duration>) {
        let _in_runtime = self.runtime.enter();
        self.world.record(u32::MAX, "crash", "", 0);
        self.store().crash(&down);
    }

    /// The clock of the nodes that start on a host from now on is so much faster than the true time, in parts per million; a
    /// negative one is slower. Leases are measured by it.
    pub fn set_clock_rate(&self, host: &str, ppm: i64) {
        let mut rates = self.world.clock_rates.borrow_mut();
        rates.insert(host.to_owned(), ppm);
    }

    /// The date on the nodes that start on a host from now on is so many microseconds ahead of the true one; below 0 it is
    /// behind. Nothing that a cluster decides goes by dates.
    pub fn set_date_ahead(&self, host: &str, ahead_us: i64) {
        let mut dates = self.world.dates_ahead.borrow_mut();
        dates.insert(host.to_owned(), ahead_us);
    }

    /// The host stands still until [`Sim::resume`], while time goes on: as a process that is starved, or a machine that is
    /// moved. What comes for it waits, and it does not know. One that is down stays so.
    ///
    /// # Panics
    ///
    /// If there is no such host.
    pub fn pause(&self, name: &str) {
        self.each_shard(name, "pause", SimShard::pause);
    }

    /// Ends a pause: the host goes on where it stood, with all that has come meanwhile.
    ///
    /// # Panics
    ///
    /// If there is no such host.
    pub fn resume(&self, name: &str) {
        self.each_shard(name, "resume", SimShard::resume);
    }

    fn each_shard(&self, name: &str, kind: &'static str, f: fn(&SimShard)) {
        let _in_runtime = self.runtime.enter();
        let hosts = self.world.hosts.borrow();
        let host = hosts.get(name).unwrap_or_else(|| unknown(name));
        self.world.record(host.number, kind, "", 0);
        for (shard, _) in &host.shards {
            f(shard);
        }
    }
}

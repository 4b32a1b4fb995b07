//! What the hosts of a simulation share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_net::Random;
use playhouse_net::sim::SimNetwork;
use playhouse_store::Store;
use playhouse_store::sim::SimStore;
use playhouse_wire::Timestamp;
use tokio::time::Instant;

use super::host::Host;
use super::trace::{Event, Trace};

/// The date on which every simulation begins: 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp(1_767_225_600_000_000);

/// What the hosts of a simulation share.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) began: Instant,
    pub(super) network: SimNetwork,
    pub(super) trace: Arc<Trace>,
    /// Opens the store for a life of a host, by its name and which life it is.
    pub(super) stores: RefCell<Option<OpenStore>>,
    /// The simulated store, if there is one.
    pub(super) sim_store: RefCell<Option<SimStore>>,
    /// By name, which is also the order in which they end.
    pub(super) hosts: RefCell<BTreeMap<String, Host>>,
    /// How much faster than the true time the clocks of hosts are, by name, in parts per million.
    pub(super) clock_rates: RefCell<BTreeMap<String, i64>>,
    /// How far the dates of hosts are ahead of the true one, by name, in microseconds.
    pub(super) dates_ahead: RefCell<BTreeMap<String, i64>>,
    /// How often a shard was polled.
    pub(super) polls: Cell<u64>,
    /// A shard whose tasks wake one another without end.
    pub(super) frozen: Cell<bool>,
}

/// What chance is for. Each purpose has streams of its own, so that a new draw for one does not shift the others.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// The script: which faults, and when.
    Script = 0x5343,
    /// User code of a shard.
    Shard,
    /// The order in which a shard's tasks run.
    Order,
    /// User code of a client.
    Client,
    /// The store.
    Store,
}

/// Opens a store for a life of a host.
pub(super) type OpenStore = Box<dyn Fn(&str, u32) -> Rc<dyn Store>>;

impl World {
    /// The store of a host, if the simulation has one.
    pub(super) fn store_for(&self, host: &str, incarnation: u32) -> Option<Rc<dyn Store>> {
        let stores = self.stores.borrow();
        stores.as_ref().map(|open| open(host, incarnation))
    }

    /// How much faster than the true time a host's clock is, in parts per million.
    pub(super) fn clock_rate(&self, host: &str) -> i64 {
        let rates = self.clock_rates.borrow();
        rates.get(host).copied().unwrap_or(0)
    }

    /// How far a host's date is ahead, in microseconds.
    pub(super) fn date_ahead(&self, host: &str) -> i64 {
        let dates = self.dates_ahead.borrow();
        dates.get(host).copied().unwrap_or(0)
    }

    /// The stream of chance of this seed that belongs to this purpose and this number.
    pub(super) fn stream(&self, purpose: Purpose, who: u64) -> Random {
        let seeds = Random::stream(self.seed, purpose as u64);
        Random::stream(seeds.u64(), who)
    }

    /// Microseconds since the beginning.
    pub(super) fn now_us(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The date.
    pub(super) fn utc(&self) -> Timestamp {
        let passed = i64::try_from(self.now_us()).unwrap_or(i64::MAX);
        Timestamp(BEGINNING.0.saturating_add(passed))
    }

    pub(super) fn record(&self, host: u32, kind: &'static str, name: &'static str, detail: u64) {
        self.trace.record(Event {
            at_us: self.now_us(),
            host,
            kind,
            owner: "",
            name,
            detail,
        });
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("hosts", &self.hosts.borrow())
            .finish_non_exhaustive()
    }
}

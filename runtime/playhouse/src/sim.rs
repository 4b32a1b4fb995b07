//! The simulation: nodes and clients on virtual time and a virtual network, in one thread, decided by a seed.
//!
//! What runs is what runs in production: the same host, the same links, the same user code. Clock, date, chance and
//! network come from outside anyway, and here they come from the seed, so that a seed that fails, fails again. Time
//! stands still while anything can run and leaps to the next timer when nothing can.
//!
//! ```
//! use std::time::Duration;
//! use playhouse::sim::Sim;
//!
//! let sim = Sim::new(7);
//! let answer = sim.client("someone", async |client| {
//!     tokio::time::sleep(Duration::from_secs(3_600)).await;
//!     client.random().below(6)
//! });
//! sim.run_for(Duration::from_secs(3_601));
//! assert!(answer.take().unwrap() < 6);
//! let end = sim.end().unwrap();
//! assert!(end.events > 0);
//! ```
//!
//! - Crashes: [`Sim::crash`] fences the host (nothing that it does from then on reaches anybody) and drops its tasks.
//! - Orders: a task of the host that could run is put off with a chance of one in four, so that seeds see many orders.
//! - Mistakes of the simulated code that must not pass unseen fail the seed at [`Sim::end`]: a panic, tasks that wake one
//!   another without end, a task that outlived its host, a simulation in which too little happened.
//!
//! What breaks it: addresses and `HashMap` order as values, clocks and chance of the machine, threads, statics that
//! count, `select!` that is not `biased`. Running a seed twice and comparing [`Sim::hash`] finds these.

mod client;
mod ended;
mod environment;
mod faults;
mod host;
mod nodes;
mod panics;
mod shards;
mod trace;
mod world;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

pub use client::{Joined, SimClient};
pub use ended::{Ended, SimError};
pub use playhouse_net::Random;
pub use playhouse_net::sim::Conditions;
use playhouse_net::sim::SimNetwork;
use playhouse_store::Store;
pub use playhouse_store::sim::{Faults, SimStore};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::host::Setup;
use crate::node::NodeBuilder;
use host::{Boot, BootShard, Booted, Host, Place};
use trace::Trace;
use world::{Purpose, World};

/// How much virtual time [`Sim::on`] gives what it runs.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// How often nothing may be polled before everything is taken to be at rest.
const QUIET_ROUNDS: u32 = 4;

/// A simulation.
///
/// It is driven from outside: hosts are added, [`Sim::run_for`] lets time pass, and between two of these everything is
/// at rest, so that faults can be set and states compared.
pub struct Sim {
    // Dropped in this order: tasks want the clock of the runtime that they end in.
    root: LocalSet,
    world: Rc<World>,
    runtime: Runtime,
    panics_before: u64,
    panics_expected: Cell<u64>,
    hosts_ever: Cell<u32>,
}

impl Sim {
    /// A simulation without hosts, on a network with the default [`Conditions`].
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(seed, Conditions::default())
    }

    /// A simulation without hosts, on a network like this.
    ///
    /// # Panics
    ///
    /// If a tokio runtime can't be made: without IO that takes nothing but memory.
    #[must_use]
    pub fn with(seed: u64, conditions: Conditions) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without IO takes nothing but memory");
        let root = LocalSet::new();
        let world = root.block_on(&runtime, async {
            let network = SimNetwork::new(seed, conditions);
            let pump = network.clone();
            tokio::task::spawn_local(async move { pump.run().await });
            Rc::new(World {
                seed,
                began: Instant::now(),
                network,
                trace: Arc::new(Trace::default()),
                stores: RefCell::default(),
                sim_store: RefCell::default(),
                hosts: RefCell::default(),
                clock_rates: RefCell::default(),
                dates_ahead: RefCell::default(),
                polls: Cell::new(0),
                frozen: Cell::new(false),
            })
        });
        Self {
            root,
            world,
            runtime,
            panics_before: panics::count(),
            panics_expected: Cell::new(0),
            hosts_ever: Cell::new(0),
        }
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.world.seed
    }

    /// A stream of chance for the script of the simulation: which faults, and when.
    #[must_use]
    pub fn random(&self) -> Random {
        self.world.stream(Purpose::Script, 0)
    }

    /// The virtual time since the beginning.
    #[must_use]
    pub fn now(&self) -> Duration {
        let _in_runtime = self.runtime.enter();
        self.world.began.elapsed()
    }

    /// Gives each node that starts from now on a store, whatever its builder was given: `open` gets the name of the host
    /// and which of its lives this is, counted from 0. All of them are the same store, if it is to outlive them.
    pub fn keep(&self, open: impl Fn(&str, u32) -> Rc<dyn Store> + 'static) {
        *self.world.stores.borrow_mut() = Some(Box::new(open));
    }

    /// A client on a host of its own: code that has the network and nothing else. It begins now, and anew when its host
    /// starts again.
    ///
    /// # Panics
    ///
    /// If there is a host of this name already.
    pub fn client<T: 'static>(
        &self,
        name: &str,
        code: impl AsyncFn(SimClient) -> T + 'static,
    ) -> Joined<T> {
        let joined = Joined(Rc::new(RefCell::new(None)));
        let result = Rc::clone(&joined.0);
        let client_name: Rc<str> = name.into();
        let code = Rc::new(code);
        let boot = move |place: &Place| {
            let who = u64::from(place.host) << 8 | u64::from(place.incarnation);
            let client = SimClient {
                name: Rc::clone(&client_name),
                random: Rc::new(place.world.stream(Purpose::Client, who)),
                network: Rc::clone(&place.network),
            };
            let (result, code) = (Rc::clone(&result), Rc::clone(&code));
            let main = async move {
                let value = code(client).await;
                *result.borrow_mut() = Some(value);
            };
            let booted = Booted {
                within: Rc::new(|run| run()),
                main: Box::pin(main),
                stop: Rc::new(|| ()),
            };
            let boot: BootShard = Box::new(move || booted);
            vec![boot]
        };
        self.add(name, Rc::new(boot));
        joined
    }

    /// A node on a host of its own, listening where its builder says on the virtual network: `name:7000`. It is built and
    /// begins now, and anew when its host starts again.
    ///
    /// # Panics
    ///
    /// If there is a host of this name already, or if the node can't be built.
    pub fn node(&self, name: &str, builder: impl Fn() -> NodeBuilder + 'static) {
        self.add(name, nodes::boot(name, builder));
    }

    /// Stops a node gracefully, as a signal would, and says whether it ended by itself in time. Then its host is down.
    ///
    /// # Panics
    ///
    /// If there is no such host.
    pub fn stop(&self, name: &str, within: Duration) -> bool {
        self.begin_stop(name);
        let in_time = self.run_until(within, || self.has_ended(name));
        self.crash(name);
        in_time
    }

    /// Whether a node that was asked to stop has ended by itself, or its host is down.
    ///
    /// # Panics
    ///
    /// If there is no such host.
    #[must_use]
    pub fn has_ended(&self, name: &str) -> bool {
        let hosts = self.world.hosts.borrow();
        let host = hosts.get(name).unwrap_or_else(|| unknown(name));
        host.shards.iter().all(|(shard, _)| shard.has_ended())
    }

    /// As [`Sim::stop`], but it doesn't wait: what happens meanwhile is up to the caller.
    ///
    /// # Panics
    ///
    /// If there is no such host.
    pub fn begin_stop(&self, name: &str) {
        let _in_runtime = self.runtime.enter();
        let hosts = self.world.hosts.borrow();
        let host = hosts.get(name).unwrap_or_else(|| unknown(name));
        self.world.record(host.number, "stop", "", 0);
        for (shard, _) in &host.shards {
            shard.ask_to_stop();
        }
    }

    /// A host with `count` shards made like this and no links to others. It begins now.
    ///
    /// # Panics
    ///
    /// If there is a host of this name already.
    pub fn shards(&self, name: &str, count: u32, setup: impl Fn() -> Setup + 'static) {
        self.add(name, shards::boot(setup, count));
    }

    /// Lets virtual time pass, and whatever can run at its end run.
    pub fn run_for(&self, span: Duration) {
        self.root.block_on(&self.runtime, async {
            tokio::time::sleep(span).await;
            let mut quiet = 0;
            let mut polls = self.world.polls.get();
            while quiet < QUIET_ROUNDS {
                tokio::task::yield_now().await;
                let before = std::mem::replace(&mut polls, self.world.polls.get());
                quiet = if polls == before { quiet + 1 } else { 0 };
            }
        });
    }

    /// Lets virtual time pass until `done` says so, and says whether it did in this time. It asks each millisecond. Once tasks have woken
    /// one another without end nothing happens any more: it does not wait for it.
    pub fn run_until(&self, within: Duration, mut done: impl FnMut() -> bool) -> bool {
        let end = self.now() + within;
        loop {
            if done() {
                return true;
            }
            if self.now() >= end || self.world.frozen.get() {
                return false;
            }
            self.run_for(Duration::from_millis(1));
        }
    }

    /// Runs code on a host's first shard, and lets time pass until it has returned. Nothing if the host is down, goes down
    /// meanwhile, or if the code takes longer than [`ANSWER_WITHIN`].
    pub fn on<T: 'static>(&self, host: &str, code: impl AsyncFnOnce() -> T + 'static) -> Option<T> {
        let (send, receive) = tokio::sync::oneshot::channel();
        let task = async move {
            // Whoever asked may have given up.
            let _ = send.send(code().await);
        };
        let spawned = {
            let hosts = self.world.hosts.borrow();
            let (shard, _) = hosts.get(host)?.shards.first()?;
            shard.spawn(task)
        };
        if !spawned {
            return None;
        }
        // The timeout is made inside, where the clock is.
        self.root.block_on(&self.runtime, async {
            let answer = tokio::time::timeout(ANSWER_WITHIN, receive);
            answer.await.ok()?.ok()
        })
    }

    /// Whether a host is up.
    #[must_use]
    pub fn is_up(&self, host: &str) -> bool {
        let hosts = self.world.hosts.borrow();
        hosts.get(host).is_some_and(|host| !host.shards.is_empty())
    }

    /// The host dies: nothing that it does from now on reaches anybody, then its tasks are dropped.
    ///
    /// # Panics
    ///
    /// If there is no such host.
    pub fn crash(&self, name: &str) {
        let _in_runtime = self.runtime.enter();
        let mut hosts = self.world.hosts.borrow_mut();
        let host = hosts.get_mut(name).unwrap_or_else(|| unknown(name));
        self.world.record(host.number, "crash", "", 0);
        self.world.network.crash(name);
        host.stop();
    }

    /// A host that is down starts again, with nothing that it knew before. One that is up stays as it is.
    ///
    /// # Panics
    ///
    /// If there is no such host.
    pub fn restart(&self, name: &str) {
        self.root.block_on(&self.runtime, async {
            let mut hosts = self.world.hosts.borrow_mut();
            let host = hosts.get_mut(name).unwrap_or_else(|| unknown(name));
            if host.shards.is_empty() {
                host.start(&self.world, name);
            }
        });
    }

    /// Nothing passes between the two hosts until [`Sim::heal`].
    pub fn partition(&self, a: &str, b: &str) {
        let _in_runtime = self.runtime.enter();
        self.world
            .record(self.number(a), "partition", "", self.number(b).into());
        self.world.network.partition(a, b);
    }

    /// Ends a partition: what was held up goes on its way.
    pub fn heal(&self, a: &str, b: &str) {
        let _in_runtime = self.runtime.enter();
        self.world
            .record(self.number(a), "heal", "", self.number(b).into());
        self.world.network.heal(a, b);
    }

    /// Every link between the two hosts breaks, and what is underway on it is lost. They may dial anew at once.
    pub fn break_links(&self, a: &str, b: &str) {
        let _in_runtime = self.runtime.enter();
        self.world
            .record(self.number(a), "break", "", self.number(b).into());
        self.world.network.break_streams(a, b);
    }

    /// Puts something of the state into the hash.
    pub fn mix(&self, bytes: &[u8]) {
        self.world.trace.mix_bytes(bytes);
    }

    /// Over every event so far and whatever was mixed in.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let network = self.world.network.fingerprint();
        self.world.trace.hash().rotate_left(32) ^ network
    }

    /// How many events there were so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.world.trace.count() + self.world.network.events()
    }

    /// Says that `count` panics belong to what is tested.
    pub fn expect_panics(&self, count: u64) {
        self.panics_expected.set(count);
    }

    /// Ends every host, and judges the seed.
    ///
    /// # Errors
    ///
    /// There were panics, or not those that were expected; tasks woke one another without end; a task outlived its host;
    /// nothing happened.
    pub fn end(self) -> Result<Ended, SimError> {
        let ended = Ended {
            seed: self.seed(),
            hash: self.hash(),
            events: self.events(),
            lasted: self.now(),
        };
        let last = self.world.trace.last();
        {
            let _in_runtime = self.runtime.enter();
            for host in self.world.hosts.borrow_mut().values_mut() {
                host.stop();
            }
        }
        let Self { root, runtime, .. } = self;
        {
            let _in_runtime = runtime.enter();
            drop(root);
        }
        let mut reasons = Vec::new();
        let panics = panics::count() - self.panics_before;
        let expected = self.panics_expected.get();
        if panics != expected {
            reasons.push(format!("{panics} panics, and {expected} expected"));
        }
        if self.world.frozen.get() {
            reasons
                .push("tasks that wake one another without end, while no time passes".to_owned());
        }
        let alive = runtime.metrics().num_alive_tasks();
        if alive != 0 {
            reasons.push(format!(
                "{alive} tasks that outlived their hosts: spawn with `spawn_local`, not `tokio::spawn`"
            ));
        }
        if ended.events == 0 {
            reasons.push("nothing happened".to_owned());
        }
        if reasons.is_empty() {
            return Ok(ended);
        }
        Err(SimError {
            seed: ended.seed,
            reasons,
            last: last.iter().map(ToString::to_string).collect(),
        })
    }

    fn add(&self, name: &str, boot: Boot) {
        assert!(
            !self.world.hosts.borrow().contains_key(name),
            "there is a host `{name}` already: give each a name of its own"
        );
        let number = self.hosts_ever.get();
        self.hosts_ever.set(number + 1);
        let mut host = Host {
            number,
            incarnation: 0,
            boot,
            shards: Vec::new(),
        };
        self.root.block_on(&self.runtime, async {
            host.start(&self.world, name);
        });
        self.world.hosts.borrow_mut().insert(name.to_owned(), host);
    }

    fn number(&self, name: &str) -> u32 {
        let hosts = self.world.hosts.borrow();
        hosts.get(name).unwrap_or_else(|| unknown(name)).number
    }
}

fn unknown(name: &str) -> ! {
    panic!("there is no host `{name}`: add it first")
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("seed", &self.world.seed)
            .field("now", &self.now())
            .field("hosts", &self.world.hosts.borrow())
            .finish_non_exhaustive()
    }
}

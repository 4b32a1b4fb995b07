//! Where a test runs: on loopback sockets in real time, or on the simulated network in virtual time.

use std::{cell::Cell, future::Future, rc::Rc, time::Duration};

use playhouse_net::{
    Kcp, Network, Scheme, Tcp,
    kcp::{Options, Trust},
    sim::{Conditions, SimNetwork},
};
use tokio::{
    runtime::Builder,
    task::{LocalSet, spawn_local},
    time::timeout,
};

use crate::carried::Carried;

/// A test that takes longer hangs.
const TEST_TIME_MAX: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub(crate) struct World {
    machine: Rc<dyn Network>,
    sim: Option<SimNetwork>,
}

impl World {
    /// The network as `host` sees it.
    pub(crate) fn host(&self, host: &str) -> Rc<dyn Network> {
        match &self.sim {
            Some(sim) => sim.host(host),
            None => Rc::clone(&self.machine),
        }
    }

    pub(crate) fn sim(&self) -> &SimNetwork {
        self.sim.as_ref().expect("a test of the simulated network")
    }

    /// An address of `host` with a port that nobody listens on.
    pub(crate) async fn dead_address(&self, host: &str) -> String {
        let listener = self.host(host).listen("127.0.0.1:0").await.unwrap();
        listener.local_address().to_owned()
    }
}

/// Runs a test over the transports that every build has.
pub(crate) fn on_both<F: Future<Output = ()> + 'static>(test: impl Fn(World) -> F) {
    on_tcp(&test);
    on_machine(Rc::new(Kcp::new(Options::FAST, Trust::Plain)), &test);
    on_sim(1, Conditions::default(), &test);
}

/// As [`on_both`], and over what a node listens for besides.
pub(crate) fn on_all<F: Future<Output = ()> + 'static>(test: impl Fn(World) -> F) {
    on_both(&test);
    for scheme in [Scheme::Ws, Scheme::Wss, Scheme::Quic] {
        on_machine(Rc::new(Carried(scheme)), &test);
    }
}

pub(crate) fn on_tcp<F: Future<Output = ()> + 'static>(test: impl Fn(World) -> F) {
    on_machine(Rc::new(Tcp), test);
}

pub(crate) fn on_machine<F: Future<Output = ()> + 'static>(
    machine: Rc<dyn Network>,
    test: impl Fn(World) -> F,
) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let world = World { machine, sim: None };
    LocalSet::new().block_on(&runtime, async {
        let done = timeout(TEST_TIME_MAX, test(world)).await;
        done.expect("the test hangs");
    });
}

/// Runs a test on a simulated network and gives its fingerprint.
pub(crate) fn on_sim<F: Future<Output = ()> + 'static>(
    seed: u64,
    conditions: Conditions,
    test: impl Fn(World) -> F,
) -> u64 {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let fingerprint = Cell::new(0);
    LocalSet::new().block_on(&runtime, async {
        let sim = SimNetwork::new(seed, conditions);
        let pump = sim.clone();
        spawn_local(async move { pump.run().await });
        let world = World {
            machine: Rc::new(Tcp),
            sim: Some(sim.clone()),
        };
        timeout(Duration::from_secs(86_400), test(world))
            .await
            .expect("the test hangs");
        fingerprint.set(sim.fingerprint());
    });
    fingerprint.get()
}

/// A network on which nothing is late or lost.
pub(crate) fn calm() -> Conditions {
    Conditions {
        loss: 0.0,
        ..Conditions::default()
    }
}

//! A simulated cluster whose nodes can be built of any release.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use playhouse::NodeBuilder;
use playhouse::cluster::Embedded;
use playhouse::sim::Sim;
use playhouse_upgrade_release_1 as first;
use playhouse_upgrade_release_2 as second;
use playhouse_upgrade_release_3 as third;

/// The nodes that run the tavern.
pub(crate) const HALLS: [&str; 3] = ["north", "south", "west"];

/// The node with the registry, whose callers stay: it runs nothing of the tavern.
pub(crate) const STREET: &str = "street";

/// How long nodes are given to find one another.
const SETTLE: Duration = Duration::from_secs(10);

/// How long a node may take to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// A tavern with a release for each of its nodes.
pub(crate) struct Tavern {
    pub(crate) sim: Sim,
    releases: [Rc<Cell<u32>>; 3],
}

fn hall(release: u32) -> NodeBuilder {
    match release {
        1 => first::node(),
        2 => second::node(),
        _ => third::node(),
    }
}

impl Tavern {
    /// All of release 1, but for the street, which may be of another.
    pub(crate) fn open(seed: u64, street: u32) -> Self {
        Self::open_with(seed, street, |_| ())
    }

    /// The same, in a simulation that is prepared so.
    pub(crate) fn open_with(seed: u64, street: u32, prepare: impl FnOnce(&Sim)) -> Self {
        let sim = Sim::new(seed);
        let _ = sim.store();
        prepare(&sim);
        sim.node(STREET, move || {
            let schema = match street {
                1 => &first::SCHEMA,
                2 => &second::SCHEMA,
                _ => &third::SCHEMA,
            };
            playhouse::Node::builder()
                .schema(schema)
                .shards(1)
                .roles(["street"])
                .listen("street:7000")
                .cluster(Embedded::hosting())
        });
        let releases = HALLS.map(|name| {
            let release = Rc::new(Cell::new(1));
            let of = Rc::clone(&release);
            sim.node(name, move || {
                hall(of.get())
                    .listen(format!("{name}:7000"))
                    .cluster(Embedded::at("street:7000"))
            });
            release
        });
        sim.run_for(SETTLE);
        Self { sim, releases }
    }

    /// A node stops in order, and comes back built of this release.
    pub(crate) fn replace(&self, node: usize, release: u32) {
        assert!(
            self.sim.stop(HALLS[node], STOP_WITHIN),
            "{} did not stop in time",
            HALLS[node]
        );
        self.releases[node].set(release);
        self.sim.restart(HALLS[node]);
        self.sim.run_for(SETTLE);
    }

    /// Runs code on a node.
    pub(crate) fn on<T: 'static>(&self, node: &str, code: impl AsyncFnOnce() -> T + 'static) -> T {
        self.sim.on(node, code).unwrap()
    }
}

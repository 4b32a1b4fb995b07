//! Nodes on one store, whose customers have any of a dozen traders trade.
//!
//! In [`play`] the nodes do not know of one another, and whoever is asked takes the trader over; in [`play_across`] they are
//! a cluster, and whoever is asked asks who runs the trader. Nodes crash, stop, stand still and are cut off from the store, and the store fails in every way that it can. In the end
//! the documents are looked at as they are: gold and goods are conserved, every gift has arrived or come back exactly once,
//! nothing that was answered as done is lost, nothing was written by an activation that was over, and nothing waits.

mod audit;
mod customer;
mod trader;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use playhouse::node::{Node, NodeBuilder};
use playhouse::sim::{Ended, Faults, Random, Sim};
use playhouse::store::durable::{Rule, Rules};
use playhouse_cluster::placement;

use customer::Wished;
pub use customer::{Book, Wish};
pub use trader::{MintLogic, TraderLogic};

use crate::cluster::Cluster;
use crate::failed::Failed;
use crate::schema::SCHEMA;

/// How many traders there are.
pub const TRADERS: u32 = 12;

/// The names of the nodes.
const NODES: &[&str] = &["amber", "birch", "cedar", "daisy"];

/// How many customers come to a node whenever it starts.
const CUSTOMERS: u32 = 2;

/// What each of them wishes.
const WISHED_ALONE: Wished = Wished {
    times: 12,
    pause_ms: 80,
    patience: Duration::from_millis(400),
};
const WISHED_ACROSS: Wished = Wished {
    times: 30,
    pause_ms: 500,
    patience: Duration::from_secs(2),
};

/// How many things go wrong.
const ACCIDENTS: u32 = 8;

/// How long things may take to come to rest.
const REST_WITHIN: Duration = Duration::from_secs(90);

const SECOND: Duration = Duration::from_secs(1);

/// Plays a seed by all rules.
///
/// # Errors
///
/// The seed failed.
pub fn play(seed: u64) -> Result<Ended, Failed> {
    play_without(seed, None)
}

/// Plays a seed, with a bug planted: one rule of the durable protocol is not kept.
///
/// # Errors
///
/// The seed failed, as some must.
pub fn play_without(seed: u64, dropped: Option<Rule>) -> Result<Ended, Failed> {
    let rules = dropped.map_or_else(Rules::default, Rules::without);
    let sim = Sim::new(seed);
    sim.store().filter_by(rules);
    let market = Market::open(&sim, WISHED_ALONE);
    for name in &NODES[..3] {
        sim.node(name, move || {
            stall(Node::builder().schema(&SCHEMA).shards(1).rules(rules))
                .listen(format!("{name}:7000"))
        });
    }
    market.go_wrong(&sim);
    market.close(sim)
}

/// Plays a seed in a cluster of two to four nodes.
///
/// # Errors
///
/// The seed failed.
pub fn play_across(seed: u64) -> Result<Ended, Failed> {
    play_across_without(seed, None)
}

/// Plays a seed in a cluster, with a bug planted: one rule of placement is not kept.
///
/// # Errors
///
/// The seed failed, as some must.
pub fn play_across_without(seed: u64, dropped: Option<placement::Rule>) -> Result<Ended, Failed> {
    let sim = Sim::new(seed);
    let market = Market::open(&sim, WISHED_ACROSS);
    let nodes = &NODES[..2 + (seed % 3) as usize];
    let cluster = Cluster::open(sim, nodes, dropped, |node| {
        stall(node).idle_after(3 * SECOND)
    });
    for name in nodes {
        market.come(&cluster.sim, name);
    }
    cluster.go_wrong(|name| market.come(&cluster.sim, name));
    market.close(cluster.sim)
}

/// What each node runs.
fn stall(node: NodeBuilder) -> NodeBuilder {
    node.roles(["stall"])
        .save_every(SECOND / 4)
        .entity::<TraderLogic>()
        .service(|| MintLogic)
}

struct Market {
    book: Rc<RefCell<Book>>,
    /// Commits that an activation had done that was over.
    stale: Rc<Cell<u32>>,
    shoppers: Cell<u64>,
    wished: Wished,
}

impl Market {
    fn open(sim: &Sim, wished: Wished) -> Self {
        let stale = Rc::new(Cell::new(0));
        let counted = Rc::clone(&stale);
        sim.store().watch(move |before, commit| {
            let is_held = before.owner.as_ref() == Some(&commit.owner);
            if !is_held || (before.epoch, before.rev) != (commit.epoch, commit.rev) {
                counted.set(counted.get() + 1);
            }
        });
        Self {
            book: Rc::default(),
            stale,
            shoppers: Cell::new(0),
            wished,
        }
    }

    /// Customers come to a node that has just started.
    fn come(&self, sim: &Sim, node: &str) {
        let (book, wished) = (Rc::clone(&self.book), self.wished);
        let shoppers = self.shoppers.get();
        self.shoppers.set(shoppers + 1);
        let random = Random::stream(sim.seed(), shoppers);
        sim.on(node, async move || {
            for _ in 0..CUSTOMERS {
                let shopping = customer::shop(Rc::clone(&book), random.split(), wished);
                tokio::task::spawn_local(shopping);
            }
        });
    }

    fn go_wrong(&self, sim: &Sim) {
        let (store, script) = (sim.store(), sim.random());
        let nodes = &NODES[..3];
        store.set_faults(Faults::wild());
        for name in nodes {
            self.come(sim, name);
        }
        for _ in 0..ACCIDENTS {
            sim.run_for(Duration::from_millis(20 + script.below(200)));
            let name = NODES[script.below(3) as usize];
            match script.below(10) {
                0 | 1 => sim.crash(name),
                2 | 3 => self.restart(sim, name),
                4 => drop(sim.stop(name, SECOND / 2)),
                5 => sim.pause(name),
                6 => sim.resume(name),
                7 => store.partition(name),
                8 => store.heal(name),
                _ => sim.crash_store(Duration::ZERO..SECOND / 4),
            }
        }
        for name in nodes {
            sim.resume(name);
            store.heal(name);
            self.restart(sim, name);
        }
        sim.run_for(SECOND / 2);
    }

    fn restart(&self, sim: &Sim, name: &str) {
        if !sim.is_up(name) {
            sim.restart(name);
            self.come(sim, name);
        }
    }

    /// Nothing goes wrong any more: everything must come to rest by itself, and be right.
    fn close(self, sim: Sim) -> Result<Ended, Failed> {
        let Self { book, stale, .. } = self;
        let store = sim.store();
        store.set_faults(Faults::none());
        // Until customers have left and what they wished is known.
        sim.run_for(4 * SECOND);
        let end = sim.now() + REST_WITHIN;
        while !audit::is_at_rest(&store.documents()) && sim.now() < end {
            sim.run_for(SECOND);
        }
        store.settle();
        let documents = store.documents();
        let mut wrong = audit::violations(&documents, &book.borrow());
        if stale.get() > 0 {
            let count = stale.get();
            wrong.push(format!(
                "{count} commits of activations that were over had an effect"
            ));
        }
        for document in documents.iter() {
            sim.mix(format!("{document:?}").as_bytes());
        }
        let (wished, done) = book.borrow().counts();
        sim.mix(format!("{wished} {done}").as_bytes());
        Failed::judge(sim, wrong)
    }
}

//! Three nodes on one store, whose customers have any of a dozen traders trade: whoever is asked takes the trader over.
//!
//! Nodes crash, stop, stand still and are cut off from the store, and the store fails in every way that it can. In the end
//! the documents are looked at as they are: gold and goods are conserved, every gift has arrived or come back exactly once,
//! nothing that was answered as done is lost, nothing was written by an activation that was over, and nothing waits.

mod audit;
mod customer;
mod trader;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use playhouse::node::Node;
use playhouse::sim::{Ended, Faults, Random, Sim, SimError};
use playhouse::store::durable::{Rule, Rules};

pub use customer::{Book, Wish};
pub use trader::{MintLogic, TraderLogic};

use crate::schema::SCHEMA;

/// How many traders there are.
pub const TRADERS: u32 = 12;

/// The names of the nodes.
const NODES: [&str; 3] = ["amber", "birch", "cedar"];

/// How many customers come to a node whenever it starts, and how many wishes each of them has.
const CUSTOMERS: u32 = 2;
const WISHES: u32 = 12;

/// How many things go wrong.
const ACCIDENTS: u32 = 8;

/// How long things may take to come to rest.
const REST_WITHIN: Duration = Duration::from_secs(90);

const SECOND: Duration = Duration::from_secs(1);

/// Why a seed failed.
#[derive(Debug)]
pub enum Failed {
    /// The simulation itself did.
    Sim(Box<SimError>),
    /// Something does not hold.
    Violations {
        /// Of which seed.
        seed: u64,
        /// What.
        wrong: Vec<String>,
    },
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sim(error) => error.fmt(f),
            Self::Violations { seed, wrong } => {
                write!(f, "seed {seed} failed:\n  {}", wrong.join("\n  "))
            }
        }
    }
}

impl std::error::Error for Failed {}

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
    let market = Market::open(seed, dropped);
    market.trade();
    market.close()
}

struct Market {
    sim: Sim,
    script: Random,
    book: Rc<RefCell<Book>>,
    /// Commits that an activation had done that was over.
    stale: Rc<Cell<u32>>,
    shoppers: Cell<u64>,
}

impl Market {
    fn open(seed: u64, dropped: Option<Rule>) -> Self {
        let rules = dropped.map_or_else(Rules::default, Rules::without);
        let sim = Sim::new(seed);
        let store = sim.store();
        store.filter_by(rules);
        let stale = Rc::new(Cell::new(0));
        let counted = Rc::clone(&stale);
        store.watch(move |before, commit| {
            let is_held = before.owner.as_ref() == Some(&commit.owner);
            if !is_held || (before.epoch, before.rev) != (commit.epoch, commit.rev) {
                counted.set(counted.get() + 1);
            }
        });
        for name in NODES {
            sim.node(name, move || {
                Node::builder()
                    .schema(&SCHEMA)
                    .roles(["stall"])
                    .shards(1)
                    .save_every(SECOND / 4)
                    .rules(rules)
                    .entity::<TraderLogic>()
                    .service(|| MintLogic)
                    .listen(format!("{name}:7000"))
            });
        }
        Self {
            script: sim.random(),
            sim,
            book: Rc::default(),
            stale,
            shoppers: Cell::new(0),
        }
    }

    /// Customers come to a node that has just started.
    fn come(&self, node: &str) {
        let book = Rc::clone(&self.book);
        let shoppers = self.shoppers.get();
        self.shoppers.set(shoppers + 1);
        let random = Random::stream(self.sim.seed(), shoppers);
        self.sim.on(node, async move || {
            for _ in 0..CUSTOMERS {
                let shopping = customer::shop(Rc::clone(&book), random.split(), WISHES);
                tokio::task::spawn_local(shopping);
            }
        });
    }

    fn trade(&self) {
        let Self { sim, script, .. } = self;
        let store = sim.store();
        store.set_faults(Faults::wild());
        for name in NODES {
            self.come(name);
        }
        for _ in 0..ACCIDENTS {
            sim.run_for(Duration::from_millis(20 + script.below(200)));
            let name = NODES[script.below(3) as usize];
            match script.below(10) {
                0 | 1 => sim.crash(name),
                2 | 3 => self.restart(name),
                4 => drop(sim.stop(name, SECOND / 2)),
                5 => sim.pause(name),
                6 => sim.resume(name),
                7 => store.partition(name),
                8 => store.heal(name),
                _ => sim.crash_store(Duration::ZERO..SECOND / 4),
            }
        }
        for name in NODES {
            sim.resume(name);
            store.heal(name);
            self.restart(name);
        }
        sim.run_for(SECOND / 2);
    }

    fn restart(&self, name: &str) {
        if !self.sim.is_up(name) {
            self.sim.restart(name);
            self.come(name);
        }
    }

    /// Nothing goes wrong any more: everything must come to rest by itself, and be right.
    fn close(self) -> Result<Ended, Failed> {
        let Self {
            sim, book, stale, ..
        } = self;
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
        if wrong.is_empty() {
            return sim.end().map_err(|error| Failed::Sim(Box::new(error)));
        }
        Err(Failed::Violations {
            seed: sim.seed(),
            wrong,
        })
    }
}

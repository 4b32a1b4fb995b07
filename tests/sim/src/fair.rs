//! A fair in a cluster: three nodes run booths and traders, wherever these come to be, and a fourth keeps the registry.
//!
//! Nodes crash, stop in order, stand still for longer than a lease lasts, lose one another and the store; their clocks differ in
//! speed. Whatever happens, a booth is there once, what its visitors are told is true, and their visits start in the order in
//! which they were made. Of the traders holds what holds at the [`market`](crate::market).

mod booth;
mod ledger;
mod visitor;

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use playhouse::cluster::Embedded;
use playhouse::node::Node;
use playhouse::sim::{Ended, Faults, Random, Sim, SimError};
use playhouse_cluster::placement::{Rule, Rules};

pub use booth::BoothLogic;
use ledger::Ledger;

use crate::schema::SCHEMA;

/// How many booths there are.
pub const BOOTHS: u32 = 6;

/// The nodes with booths.
const NODES: [&str; 3] = ["amber", "birch", "cedar"];

/// The node with the registry.
const GATE: &str = "gate";

/// How many visitors come to a node whenever it starts, and how often each of them does.
const VISITORS: u32 = 2;
const VISITS: u32 = 30;

/// How many things go wrong.
const ACCIDENTS: u32 = 8;

/// How much faster or slower than the true time a clock may be, in parts per million.
const RATE_PPM_MAX: u64 = 30_000;

/// How long a node may take to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(12);

/// How long it takes until the leases of those that died are over.
const OVER_WITHIN: Duration = Duration::from_secs(14);

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

/// Plays a seed, with a bug planted: one rule of placement is not kept.
///
/// # Errors
///
/// The seed failed, as some must.
pub fn play_without(seed: u64, dropped: Option<Rule>) -> Result<Ended, Failed> {
    let fair = Fair::open(seed, dropped);
    fair.go_wrong();
    fair.close()
}

struct Fair {
    sim: Sim,
    script: Random,
    visitors: Cell<u64>,
}

impl Fair {
    fn open(seed: u64, dropped: Option<Rule>) -> Self {
        Ledger::clear();
        let rules = dropped.map_or_else(Rules::default, Rules::without);
        let sim = Sim::new(seed);
        let _store = sim.store();
        let script = sim.random();
        for name in [GATE].into_iter().chain(NODES) {
            let rate_ppm = i64::try_from(script.below(2 * RATE_PPM_MAX)).unwrap_or(0);
            sim.set_clock_rate(name, rate_ppm - i64::try_from(RATE_PPM_MAX).unwrap_or(0));
            sim.node(name, move || {
                let node = Node::builder()
                    .schema(&SCHEMA)
                    .shards(1)
                    .idle_after(2 * SECOND)
                    .placement_rules(rules)
                    .listen(format!("{name}:7000"));
                if name == GATE {
                    node.roles([""; 0]).cluster(Embedded::hosting())
                } else {
                    node.roles(["ground"])
                        .entity::<BoothLogic>()
                        .cluster(Embedded::at(format!("{GATE}:7000")))
                }
            });
        }
        sim.run_for(2 * SECOND);
        Self {
            sim,
            script,
            visitors: Cell::new(0),
        }
    }

    /// Visitors come to a node.
    fn come(&self, node: &str) {
        for _ in 0..VISITORS {
            let visitor = self.visitors.get();
            self.visitors.set(visitor + 1);
            let random = Random::stream(self.sim.seed(), visitor);
            self.sim.on(node, async move || {
                tokio::task::spawn_local(visitor::visit(visitor, random, VISITS));
            });
        }
    }

    fn go_wrong(&self) {
        let Self { sim, script, .. } = self;
        let store = sim.store();
        for name in [GATE].into_iter().chain(NODES) {
            self.come(name);
        }
        for _ in 0..ACCIDENTS {
            // Some of them for longer than a lease lasts.
            let gap = match script.chance(0.35) {
                true => 4_000 + script.below(6_000),
                false => script.below(800),
            };
            sim.run_for(Duration::from_millis(gap));
            let one = NODES[script.below(3) as usize];
            let other = NODES[script.below(3) as usize];
            match script.below(16) {
                0 | 1 => sim.crash(one),
                2 | 3 => self.restart(one),
                4 | 5 => drop(sim.stop(one, STOP_WITHIN)),
                6 | 7 => sim.pause(one),
                8 => sim.resume(one),
                9 => store.partition(one),
                10 => store.heal(one),
                11 if one != other => sim.partition(one, other),
                12 if one != other => sim.heal(one, other),
                13 => sim.crash_store(Duration::ZERO..SECOND),
                14 => store.set_faults(Faults::wild()),
                15 => store.set_faults(Faults::none()),
                _ => sim.partition(one, GATE),
            }
        }
        store.set_faults(Faults::none());
        for (nth, name) in NODES.into_iter().enumerate() {
            sim.heal(name, GATE);
            for other in &NODES[nth + 1..] {
                sim.heal(name, other);
            }
            store.heal(name);
            sim.resume(name);
            self.restart(name);
        }
    }

    fn restart(&self, name: &str) {
        if !self.sim.is_up(name) {
            self.sim.restart(name);
            self.come(name);
        }
    }

    /// Nothing goes wrong any more: every booth must be within reach again.
    fn close(self) -> Result<Ended, Failed> {
        let Self { sim, visitors, .. } = self;
        sim.run_for(OVER_WITHIN);
        let mut wrong = Vec::new();
        for name in [GATE].into_iter().chain(NODES) {
            let visitor = visitors.get();
            visitors.set(visitor + 1);
            match sim.on(name, async move || visitor::inspect(visitor).await) {
                Some(found) => wrong.extend(found),
                None => wrong.push(format!("{name} does not come to anything")),
            }
        }
        let counts = Ledger::with(|ledger| {
            wrong.extend(ledger.wrong());
            ledger.counts()
        });
        sim.mix(format!("{counts:?}").as_bytes());
        let seed = sim.seed();
        match sim.end() {
            Ok(ended) if wrong.is_empty() => Ok(ended),
            Err(error) if wrong.is_empty() => Err(Failed::Sim(Box::new(error))),
            ended => {
                // Why nothing answers, perhaps.
                if let Err(error) = ended {
                    wrong.extend(error.reasons().to_vec());
                }
                Err(Failed::Violations { seed, wrong })
            }
        }
    }
}

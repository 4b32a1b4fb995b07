//! A fair in a cluster: three nodes run booths, wherever these come to be, and a fourth keeps the registry.
//!
//! [`play`]: nodes crash, stop in order, stand still for longer than a lease lasts, lose one another and the store; their clocks
//! differ in speed. Whatever happens, a booth is there once, what its visitors are told is true, and their visits start in the
//! order in which they were made.
//!
//! [`play_moves`]: no node dies, but they are restarted one after the other under visits from a node that stays, and in every
//! other seed links break meanwhile. Then no booth forgets what it has to remember, and without broken links no visit fails.

mod booth;
mod ledger;
mod visitor;

use std::cell::Cell;
use std::time::Duration;

use playhouse::node::NodeBuilder;
use playhouse::sim::{Conditions, Ended, Faults, Random, Sim};
use playhouse_cluster::placement::Rule;

pub use booth::BoothLogic;
use ledger::Ledger;
use visitor::Pace;

use crate::cluster::{Cluster, GATE};
use crate::failed::Failed;

/// How many booths there are.
pub const BOOTHS: u32 = 6;

/// The nodes with booths.
const NODES: &[&str] = &["amber", "birch", "cedar"];

/// How many visitors come to a node whenever it starts.
const VISITORS: u32 = 2;

/// How they come if anything may happen.
const PACE: Pace = Pace {
    times: 40,
    pause_ms: 600,
    calls: 5,
};

/// How many visitors watch nodes restart from one that stays.
const WATCHERS: u64 = 6;

/// How all come while nodes restart.
const PACE_OF_MOVES: Pace = Pace {
    times: 60,
    pause_ms: 200,
    calls: 6,
};

/// How many nodes are restarted.
const RESTARTS: u32 = 6;

/// How often a node dies with what it has just sent, and how visitors come meanwhile.
const LOSSES: u32 = 4;
const PACE_OF_LOSSES: Pace = Pace {
    times: 250,
    pause_ms: 200,
    calls: 8,
};

/// How long it takes until others have taken over what a node ran that has died.
const OVER_WITHIN: Duration = Duration::from_secs(9);

/// How often links break while one of them stops.
const BREAKS: u32 = 4;

/// How long it may take to hand over what a node runs and to stop it, links that break included.
const MOVE_WITHIN: Duration = Duration::from_secs(75);

const SECOND: Duration = Duration::from_secs(1);

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
    // In every other seed booths are given up all the time.
    let idle_after = if seed.is_multiple_of(2) {
        SECOND / 10
    } else {
        2 * SECOND
    };
    let fair = Fair::open(seed, dropped, move |node| node.idle_after(idle_after));
    let come = |name: &str| fair.come(name, PACE);
    come(GATE);
    for name in NODES {
        come(name);
    }
    fair.cluster.go_wrong(come);
    fair.close()
}

/// Plays a seed of restarts by all rules.
///
/// # Errors
///
/// The seed failed.
pub fn play_moves(seed: u64) -> Result<Ended, Failed> {
    play_moves_without(seed, None)
}

/// Plays a seed of restarts, with a bug planted: one rule of placement is not kept.
///
/// # Errors
///
/// The seed failed, as some must.
pub fn play_moves_without(seed: u64, dropped: Option<Rule>) -> Result<Ended, Failed> {
    let fair = Fair::open(seed, dropped, |node| node);
    let breaks = seed % 2 == 1;
    Ledger::with(|ledger| ledger.nobody_dies(!breaks));
    fair.restart_all(breaks);
    fair.close()
}

/// A slow one, on which much is underway.
fn network() -> Conditions {
    Conditions {
        jitter: Duration::from_millis(12),
        ..Conditions::default()
    }
}

/// Plays a seed in which nodes die again and again with what they have just sent, perhaps without one of the rules.
///
/// # Errors
///
/// The seed failed, as some must without a rule.
pub fn play_losses_without(seed: u64, dropped: Option<Rule>) -> Result<Ended, Failed> {
    let fair = Fair::open(seed, dropped, |node| node);
    for _ in 0..WATCHERS {
        fair.visit(GATE, PACE_OF_LOSSES);
    }
    for _ in 0..LOSSES {
        let Cluster { sim, script, .. } = &fair.cluster;
        // Until what the last one ran is taken over.
        sim.run_for(OVER_WITHIN + Duration::from_millis(script.below(1_000)));
        let one = fair.cluster.some();
        fair.cluster.lose(one);
        sim.run_for(SECOND);
        sim.restart(one);
    }
    fair.cluster.sim.run_for(OVER_WITHIN);
    fair.close()
}

struct Fair {
    cluster: Cluster,
    visitors: Cell<u64>,
}

impl Fair {
    fn open(
        seed: u64,
        dropped: Option<Rule>,
        game: impl Fn(NodeBuilder) -> NodeBuilder + Copy + 'static,
    ) -> Self {
        Ledger::clear();
        let game = move |node: NodeBuilder| game(node.roles(["ground"]).entity::<BoothLogic>());
        Self {
            cluster: Cluster::open(Sim::with(seed, network()), NODES, dropped, game),
            visitors: Cell::new(0),
        }
    }

    /// Visitors come to a node.
    fn come(&self, node: &str, pace: Pace) {
        for _ in 0..VISITORS {
            self.visit(node, pace);
        }
    }

    fn visit(&self, node: &str, pace: Pace) {
        let visitor = self.visitors.get();
        self.visitors.set(visitor + 1);
        let sim = &self.cluster.sim;
        let random = Random::stream(sim.seed(), visitor);
        sim.on(node, async move || {
            tokio::task::spawn_local(visitor::visit(visitor, random, pace));
        });
    }

    /// Each node in turn hands over what it runs, stops, and starts again.
    fn restart_all(&self, breaks: bool) {
        let Cluster { sim, script, .. } = &self.cluster;
        let store = sim.store();
        store.set_faults(Faults {
            way: Duration::from_micros(200)..Duration::from_millis(20),
            ..Faults::none()
        });
        for _ in 0..WATCHERS {
            self.visit(GATE, PACE_OF_MOVES);
        }
        let come = |name: &str| {
            // They go with their node, so nothing is promised to them.
            if breaks {
                self.come(name, PACE_OF_MOVES);
            }
        };
        NODES.iter().for_each(|name| come(name));
        for _ in 0..RESTARTS {
            sim.run_for(Duration::from_millis(script.below(1_500)));
            let (one, other) = (self.cluster.some(), self.cluster.some());
            let other = if one == other { GATE } else { other };
            sim.begin_stop(one);
            if breaks {
                for _ in 0..BREAKS {
                    sim.run_for(Duration::from_millis(script.below(40)));
                    sim.break_links(one, other);
                }
            }
            if !sim.stop(one, MOVE_WITHIN) {
                Ledger::with(|ledger| ledger.found(format!("{one} does not stop")));
            }
            sim.restart(one);
            come(one);
        }
        store.set_faults(Faults::none());
        sim.run_for(10 * SECOND);
    }

    /// Nothing goes wrong any more: every booth must be within reach.
    fn close(self) -> Result<Ended, Failed> {
        let Self { cluster, visitors } = self;
        let sim = cluster.sim;
        let mut wrong = Vec::new();
        for name in [GATE].into_iter().chain(NODES.iter().copied()) {
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
        Failed::judge(sim, wrong)
    }
}

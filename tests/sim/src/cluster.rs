//! A cluster in trouble: what the worlds across nodes have in common.

use std::time::Duration;

use playhouse::cluster::Embedded;
use playhouse::node::{Node, NodeBuilder};
use playhouse::sim::{Faults, Random, Sim};
use playhouse_cluster::placement::{Rule, Rules};

use crate::schema::SCHEMA;

/// The node with the registry. It runs nothing of the game.
pub(crate) const GATE: &str = "gate";

/// How many things go wrong.
const ACCIDENTS: u32 = 8;

/// How much faster or slower than the true time a clock may be, in parts per million.
const RATE_PPM_MAX: u64 = 30_000;

/// How long a node may take to stop in order.
const STOP_WITHIN: Duration = Duration::from_secs(12);

/// How long it takes until the leases of those that died are over.
const OVER_WITHIN: Duration = Duration::from_secs(14);

const SECOND: Duration = Duration::from_secs(1);

/// A cluster of some nodes that run a game and one that keeps the registry, on one store.
pub(crate) struct Cluster {
    pub(crate) sim: Sim,
    pub(crate) script: Random,
    pub(crate) nodes: &'static [&'static str],
}

impl Cluster {
    /// Nodes with clocks of their own, each of which `game` gives what it runs. They have met.
    pub(crate) fn open(
        sim: Sim,
        nodes: &'static [&'static str],
        dropped: Option<Rule>,
        game: impl Fn(NodeBuilder) -> NodeBuilder + Copy + 'static,
    ) -> Self {
        let rules = dropped.map_or_else(Rules::default, Rules::without);
        let store = sim.store();
        match dropped {
            Some(Rule::CompareAndSet) => store.claim_unseen(),
            Some(Rule::ReleaseMine) => store.commit_unseen(),
            _ => {}
        }
        let script = sim.random();
        for name in [GATE].into_iter().chain(nodes.iter().copied()) {
            let rate_ppm = i64::try_from(script.below(2 * RATE_PPM_MAX)).unwrap_or(0);
            sim.set_clock_rate(name, rate_ppm - i64::try_from(RATE_PPM_MAX).unwrap_or(0));
            sim.node(name, move || {
                let node = Node::builder()
                    .schema(&SCHEMA)
                    .shards(1)
                    .placement_rules(rules)
                    .listen(format!("{name}:7000"));
                if name == GATE {
                    node.roles([""; 0]).cluster(Embedded::hosting())
                } else {
                    game(node).cluster(Embedded::at(format!("{GATE}:7000")))
                }
            });
        }
        sim.run_for(2 * SECOND);
        Self { sim, script, nodes }
    }

    /// Nodes crash, stop in order, stand still for longer than a lease lasts, lose one another and the store; then all is
    /// mended, and no lease of the dead is left. `come` is called for each node that starts again.
    pub(crate) fn go_wrong(&self, come: impl Fn(&str)) {
        let Self { sim, script, .. } = self;
        let store = sim.store();
        for _ in 0..ACCIDENTS {
            // Some of them for longer than a lease lasts.
            let gap = match script.chance(0.35) {
                true => 4_000 + script.below(6_000),
                false => script.below(800),
            };
            sim.run_for(Duration::from_millis(gap));
            let (one, other) = (self.some(), self.some());
            match script.below(20) {
                0 => self.lose(one),
                1 => sim.crash(one),
                2 | 3 => self.restart(one, &come),
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
                16 => sim.partition(one, GATE),
                _ if one != other => sim.break_links(one, other),
                _ => sim.break_links(one, GATE),
            }
        }
        store.set_faults(Faults::none());
        for (nth, name) in self.nodes.iter().enumerate() {
            sim.heal(name, GATE);
            for other in &self.nodes[nth + 1..] {
                sim.heal(name, other);
            }
            store.heal(name);
            sim.resume(name);
            self.restart(name, &come);
        }
        sim.run_for(OVER_WITHIN);
    }

    /// One of the nodes that run the game.
    pub(crate) fn some(&self) -> &'static str {
        self.nodes[self.script.below(self.nodes.len() as u64) as usize]
    }

    /// A node dies, and what it has just sent is lost with it.
    pub(crate) fn lose(&self, name: &str) {
        for other in [GATE].iter().chain(self.nodes) {
            if *other != name {
                self.sim.break_links(name, other);
            }
        }
        self.sim.crash(name);
    }

    fn restart(&self, name: &str, come: impl Fn(&str)) {
        if !self.sim.is_up(name) {
            self.sim.restart(name);
            come(name);
        }
    }
}

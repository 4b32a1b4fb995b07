//! The numbers of one shard at one moment.

use std::collections::BTreeMap;

use super::gates::GateCounts;
use super::strangers::StrangerCounts;
use super::tally::CallCounts;
use crate::call::FailureKind;
use crate::descriptor::Head;

/// A method that a shard has served: of a service, an entity, or a component in a slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    pub(crate) head: &'static Head,
    /// Empty for the entity or the service itself.
    pub(crate) slot: &'static str,
    pub(crate) name: &'static str,
}

/// The numbers of one shard, or of several together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) methods: Vec<(Method, CallCounts)>,
    pub(crate) entities: Vec<(&'static Head, usize)>,
    pub(crate) refused: [u64; FailureKind::ALL.len()],
    pub(crate) calls_open: usize,
    pub(crate) calls_queued: usize,
    pub(crate) inbox: usize,
    pub(crate) timers: usize,
    pub(crate) timers_fired: u64,
    pub(crate) events: u64,
    pub(crate) events_sent: u64,
    pub(crate) placed: u64,
    pub(crate) locates: u64,
    pub(crate) passivated: u64,
    pub(crate) panics: u64,
    pub(crate) overruns: u64,
    pub(crate) stalls: u64,
    pub(crate) durable_senders: usize,
    pub(crate) store: Option<StoreCounts>,
    pub(crate) sessions: usize,
    /// Those whose clients' links are there.
    pub(crate) sessions_there: usize,
    pub(crate) links_accepted: usize,
    pub(crate) links_dialled: usize,
    pub(crate) links_slowed: u64,
    /// By transport and way.
    pub(crate) passed: BTreeMap<(&'static str, &'static str), u64>,
    pub(crate) link_bytes_in: u64,
    pub(crate) link_bytes_out: u64,
    pub(crate) tool_connections: usize,
    pub(crate) strangers: StrangerCounts,
    pub(crate) gates: GateCounts,
}

/// What a shard knows of its store.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StoreCounts {
    pub(crate) loads: u64,
    pub(crate) saves: u64,
    pub(crate) failures: u64,
    pub(crate) in_flight: usize,
    pub(crate) unsaved: usize,
    /// It did not do what it was asked last.
    pub(crate) is_away: bool,
}

impl Method {
    /// `arena.world.Avatar.bag.trade`.
    pub(crate) fn full_name(&self) -> String {
        let head = self.head;
        let (package, owner, name) = (head.package, head.name, self.name);
        match self.slot {
            "" => format!("{package}.{owner}.{name}"),
            slot => format!("{package}.{owner}.{slot}.{name}"),
        }
    }
}

impl Snapshot {
    /// The numbers of all shards together, with those of methods and of entity types by name.
    pub(crate) fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Sum {
        let mut sum = Sum::default();
        for one in all {
            for (method, counts) in &one.methods {
                let name = method.full_name();
                sum.methods
                    .entry(name)
                    .and_modify(|known| known.add(counts))
                    .or_insert(*counts);
            }
            for (head, count) in &one.entities {
                let name = format!("{}.{}", head.package, head.name);
                *sum.entities.entry(name).or_default() += count;
            }
            sum.inboxes.push(one.inbox);
            sum.rest.add(one);
        }
        sum
    }

    fn add(&mut self, one: &Self) {
        for (sum, more) in self.refused.iter_mut().zip(&one.refused) {
            *sum += more;
        }
        self.calls_open += one.calls_open;
        self.calls_queued += one.calls_queued;
        self.timers += one.timers;
        self.timers_fired += one.timers_fired;
        self.events += one.events;
        self.events_sent += one.events_sent;
        self.placed += one.placed;
        self.locates += one.locates;
        self.passivated += one.passivated;
        self.panics += one.panics;
        self.overruns += one.overruns;
        self.stalls += one.stalls;
        self.durable_senders += one.durable_senders;
        self.sessions += one.sessions;
        self.sessions_there += one.sessions_there;
        self.links_accepted += one.links_accepted;
        self.links_dialled += one.links_dialled;
        self.links_slowed += one.links_slowed;
        for (kind, count) in &one.passed {
            *self.passed.entry(*kind).or_default() += count;
        }
        self.link_bytes_in += one.link_bytes_in;
        self.link_bytes_out += one.link_bytes_out;
        self.tool_connections += one.tool_connections;
        self.strangers.add(&one.strangers);
        self.gates.add(&one.gates);
        if let Some(one) = &one.store {
            let store = self.store.get_or_insert_default();
            store.loads += one.loads;
            store.saves += one.saves;
            store.failures += one.failures;
            store.in_flight += one.in_flight;
            store.unsaved += one.unsaved;
            store.is_away |= one.is_away;
        }
    }
}

/// The numbers of all shards.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    /// By full name.
    pub(crate) methods: BTreeMap<String, CallCounts>,
    /// By full name of the type.
    pub(crate) entities: BTreeMap<String, usize>,
    /// Packets that wait, by shard.
    pub(crate) inboxes: Vec<usize>,
    /// What is simply added up.
    pub(crate) rest: Snapshot,
}

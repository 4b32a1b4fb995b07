//! A state of everything, and what may happen next.

mod calls;
mod check;
mod life;
mod net;
mod place;
mod step;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use playhouse_cluster::placement::{Caller, LeaseTerms, NodeLease, Route, Tenure};
use playhouse_store::Owner;

use crate::scenario::{Budget, Scenario, Without};
use crate::world::net::Net;

pub use step::Step;

/// Everything there is: the record, nodes, calls, and what is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    setting: Setting,
    record: Record,
    /// The record before its last change: what a late reader may still be told.
    earlier: Option<Route>,
    /// Which calls the entity's volatile state should show, if nothing that may lose it has happened.
    memory: u8,
    /// Requests to the store that whoever asked waits for no longer.
    late: Vec<Request>,
    nodes: Vec<Node>,
    net: Net,
    calls: Vec<Call>,
    /// Calls that have started.
    started: u8,
    /// Lives of nodes that are proven over.
    over: Vec<(usize, u64)>,
    budget: Budget,
    /// Whether anything has failed, so that calls may.
    is_faulty: bool,
    /// Whether anything has happened that may lose volatile state.
    is_lossy: bool,
    wrong: Option<&'static str>,
}

/// What is the same in all states of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Setting {
    scenario: &'static Scenario,
    without: Without,
}

impl Hash for Setting {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The owner record in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Record {
    owner: Option<(usize, u64)>,
    epoch: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Node {
    is_up: bool,
    is_paused: bool,
    lease: NodeLease,
    /// 0 while the lease is young, and [`LATE_US`] once it was not renewed for too long.
    now_us: u64,
    /// Whether the process was stopped within a handler, which runs on for a moment when it goes on.
    in_slice: bool,
    active: Option<Active>,
    caller: Caller<usize>,
    /// The epoch that is known to be over, if the caller wants to know where the entity is.
    asking: Option<u64>,
    is_exiting: bool,
    acks: u8,
    avoids: u8,
}

/// The entity on a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Active {
    tenure: Tenure,
    queue: Vec<Taken>,
    running: Option<Taken>,
    state: u8,
    /// The other side of a handoff.
    peer: Option<(usize, u64)>,
    request: Option<Request>,
    /// The store's answer, on its way: the epoch, or a refusal.
    answer: Option<Option<u64>>,
}

/// A call at its owner. Without an epoch it is one of the node's own that never travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Taken {
    k: usize,
    attempt: u32,
    epoch: Option<u64>,
}

/// What the store is asked for by a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Request {
    node: usize,
    incarnation: u64,
    what: Asked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    /// A claim from nobody, or from a life that is over.
    Claim {
        from: Option<(usize, u64)>,
    },
    /// The receiver of a handoff sets the record.
    Stage {
        epoch: u64,
        from: (usize, u64),
    },
    /// The sender of a handoff calls it off.
    Abort {
        epoch: u64,
    },
    Release {
        epoch: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Call {
    is_issued: bool,
    ran: u8,
    told: Option<Told>,
}

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Told {
    Result,
    NotExecuted,
    Unknown,
}

/// Long after a lease's margin.
const LATE_US: u64 = LeaseTerms::of_ttl(6_000_000).revoke_us;

fn owner(node: usize, incarnation: u64) -> Owner {
    static NAMES: LazyLock<[Arc<str>; 3]> = LazyLock::new(|| ["0", "1", "2"].map(Arc::from));
    Owner {
        node: NAMES[node].clone(),
        incarnation,
    }
}

fn index(owner: &Owner) -> usize {
    usize::from(owner.node.as_bytes()[0] - b'0')
}

fn granted(mut lease: NodeLease) -> NodeLease {
    lease.sent(0);
    lease.renewed(0);
    lease
}

impl Node {
    fn new(node: usize, incarnation: u64, without: Without) -> Self {
        let rules = without.rules();
        let lease = NodeLease::new(owner(node, incarnation), LeaseTerms::default(), rules);
        Self {
            is_up: true,
            is_paused: false,
            lease: granted(lease),
            now_us: 0,
            in_slice: false,
            active: None,
            caller: Caller::new(rules),
            asking: None,
            is_exiting: false,
            acks: 0,
            avoids: 0,
        }
    }

    fn incarnation(&self) -> u64 {
        self.lease.owner().incarnation
    }

    /// Whether it does anything at all.
    fn runs(&self) -> bool {
        self.is_up && !self.is_paused
    }
}

impl Active {
    fn new(tenure: Tenure) -> Self {
        Self {
            tenure,
            queue: Vec::new(),
            running: None,
            state: 0,
            peer: None,
            request: None,
            answer: None,
        }
    }
}

impl World {
    /// As it begins: the entity runs on the first node.
    #[must_use]
    pub fn new(scenario: &'static Scenario, without: Without) -> Self {
        let nodes = (0..scenario.nodes).map(|node| Node::new(node, 1, without));
        let mut world = Self {
            setting: Setting { scenario, without },
            record: Record {
                owner: None,
                epoch: 0,
            },
            earlier: None,
            memory: 0,
            late: Vec::new(),
            nodes: nodes.collect(),
            net: Net::new(scenario.nodes),
            calls: vec![Call::default(); scenario.calls.len()],
            started: 0,
            over: Vec::new(),
            budget: scenario.budget,
            is_faulty: false,
            is_lossy: false,
            wrong: None,
        };
        if scenario.is_active {
            world.record = Record {
                owner: Some((0, 1)),
                epoch: 1,
            };
            let mut tenure = Tenure::claiming(0, without.rules());
            tenure.claimed(1);
            world.nodes[0].active = Some(Active::new(tenure));
        }
        world
    }

    /// Where the record says that the entity is.
    fn route(&self) -> Option<Route> {
        self.record.owner.map(|(node, incarnation)| Route {
            owner: owner(node, incarnation),
            epoch: self.record.epoch,
        })
    }

    fn hash_of(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn is_wrong(&mut self, what: &'static str) {
        self.wrong.get_or_insert(what);
    }
}

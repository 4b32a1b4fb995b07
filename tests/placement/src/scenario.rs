//! What happens how often, and which rules can be dropped.

use playhouse_cluster::placement::{Rule, Rules};

/// How often each thing may happen. By default nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Budget {
    /// A process dies.
    pub crashes: u8,
    /// A process is stopped for as long as may be.
    pub pauses: u8,
    /// A node can't renew its lease for as long as may be.
    pub cuts: u8,
    /// A link breaks.
    pub breaks: u8,
    /// The entity is handed over.
    pub handoffs: u8,
    /// It is passivated.
    pub passivations: u8,
    /// A caller waits no longer.
    pub timeouts: u8,
    /// A node waits no longer for the store, which may do it late.
    pub lost_answers: u8,
    /// Somebody is told what the record said before.
    pub stale_reads: u8,
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// How many nodes.
    pub nodes: usize,
    /// The calls: sender, and whether it may run twice. Those of a node are issued in this order.
    pub calls: &'static [(usize, bool)],
    /// Whether the entity runs at first, on the first node.
    pub is_active: bool,
    /// Whether the first node hands over and goes.
    pub has_exit: bool,
    /// Which nodes may come to run the entity.
    pub hosts: &'static [usize],
    /// How often each thing may happen.
    pub budget: Budget,
    /// From one in so many states it is tried whether everything comes to rest.
    pub rest_every: u64,
}

const NOTHING: Budget = Budget {
    crashes: 0,
    pauses: 0,
    cuts: 0,
    breaks: 0,
    handoffs: 0,
    passivations: 0,
    timeouts: 0,
    lost_answers: 0,
    stale_reads: 0,
};

const BASE: Scenario = Scenario {
    name: "",
    about: "",
    nodes: 3,
    calls: &[(2, false), (2, false)],
    is_active: true,
    has_exit: false,
    hosts: &[0, 1],
    budget: NOTHING,
    rest_every: 7,
};

impl Scenario {
    /// All of them. Each is complete within seconds.
    pub const ALL: &'static [Self] = &[
        Self {
            name: "handoff",
            about: "the entity is handed over and back, under calls",
            budget: Budget {
                handoffs: 2,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "break",
            about: "it is handed over while links break",
            budget: Budget {
                handoffs: 1,
                breaks: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "crash",
            about: "it is handed over while its owner or receiver dies and comes again",
            budget: Budget {
                handoffs: 1,
                crashes: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "pause",
            about: "its owner is stopped, and another takes it",
            budget: Budget {
                pauses: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "cut",
            about: "its owner can't renew its lease",
            budget: Budget {
                cuts: 1,
                passivations: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "passivation",
            about: "it is passivated again and again",
            budget: Budget {
                passivations: 2,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "late",
            about: "the store answers late or never, and readers are behind",
            budget: Budget {
                passivations: 1,
                lost_answers: 1,
                stale_reads: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "retry",
            about: "calls that may run twice, over links that break, with deadlines",
            calls: &[(2, true), (2, false)],
            budget: Budget {
                breaks: 1,
                timeouts: 1,
                passivations: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "links",
            about: "links break twice under calls in line",
            nodes: 2,
            hosts: &[0],
            calls: &[(1, false), (1, false), (1, false)],
            budget: Budget {
                breaks: 2,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "own",
            about: "the caller's own node is one of those that run it",
            nodes: 2,
            calls: &[(1, false), (1, false), (1, false)],
            budget: Budget {
                handoffs: 1,
                passivations: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "exit",
            about: "its owner hands it over and goes",
            has_exit: true,
            budget: Budget {
                handoffs: 1,
                ..NOTHING
            },
            ..BASE
        },
    ];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|scenario| scenario.name == name)
    }
}

/// Which rule is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Without {
    /// None.
    Nothing,
    /// This one.
    Rule(Rule),
}

impl Without {
    /// Each rule, as one writes it on the command line.
    pub fn all() -> impl Iterator<Item = (String, Self)> {
        let rules = Rule::ALL.map(|rule| (format!("{rule:?}"), Self::Rule(rule)));
        rules.into_iter()
    }

    pub(crate) fn rules(self) -> Rules {
        match self {
            Self::Rule(rule) => Rules::without(rule),
            Self::Nothing => Rules::default(),
        }
    }

    pub(crate) fn has(self, rule: Rule) -> bool {
        self != Self::Rule(rule)
    }
}

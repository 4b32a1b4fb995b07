//! What may happen in a run, and how often.

use playhouse_store::durable::{Rule, Rules};

/// How often each thing may happen; everything else may happen at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// A document is claimed: at the start of a node, after a crash, or while another node has it.
    pub claims: u8,
    /// A node crashes and is there again.
    pub crashes: u8,
    /// The handler of one entity panics.
    pub panics: u8,
    /// An entity gives an item to the other one.
    pub gives: u8,
    /// A plain change, which is acknowledged once it is saved.
    pub touches: u8,
    /// An entity keeps what it was told of the other one's plain changes.
    pub looks: u8,
    /// A message is refused by its receiver.
    pub refusals: u8,
    /// A commit is given up waiting for.
    pub timeouts: u8,
    /// A document is released.
    pub releases: u8,
    /// An entity that holds nothing is deleted.
    pub deletions: u8,
    /// A document that holds nothing is removed by hand.
    pub removals: u8,
}

/// A run.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// How many nodes.
    pub nodes: usize,
    /// Which entity (0 or 1) has each item at first.
    pub items: &'static [usize],
    /// On which node each entity runs at first, if it does.
    pub runs: [Option<usize>; 2],
    /// Whether the answer to a claim comes later than the claim is done.
    pub has_slow_claims: bool,
    /// How often each thing may happen.
    pub budget: Budget,
    /// From one in so many states it is tried whether everything comes to rest.
    pub rest_every: u64,
}

const NOTHING: Budget = Budget {
    claims: 0,
    crashes: 0,
    panics: 0,
    gives: 0,
    touches: 0,
    looks: 0,
    refusals: 0,
    timeouts: 0,
    releases: 0,
    deletions: 0,
    removals: 0,
};

const BASE: Scenario = Scenario {
    name: "",
    about: "",
    nodes: 2,
    items: &[0],
    runs: [Some(0), Some(1)],
    has_slow_claims: false,
    budget: NOTHING,
    rest_every: 1,
};

impl Scenario {
    /// All of them. Each is complete within seconds.
    pub const ALL: [Self; 10] = [
        Self {
            name: "gift",
            about: "one item goes over, while nodes crash and take entities from each other",
            budget: Budget {
                claims: 2,
                crashes: 1,
                gives: 1,
                ..NOTHING
            },
            ..BASE
        },
        Self {
            name: "three",
            about: "as `gift`, with three nodes that take entities from each other",
            nodes: 3,
            budget: Budget {
                claims: 3,
                gives: 1,
                ..NOTHING
            },
            rest_every: 11,
            ..BASE
        },
        Self {
            name: "trade",
            about: "two items go opposite ways at once",
            items: &[0, 1],
            budget: Budget {
                claims: 1,
                crashes: 1,
                gives: 2,
                ..NOTHING
            },
            rest_every: 11,
            ..BASE
        },
        Self {
            name: "two",
            about: "two items go the same way, in order",
            items: &[0, 0],
            budget: Budget {
                claims: 1,
                crashes: 1,
                gives: 2,
                ..NOTHING
            },
            rest_every: 11,
            ..BASE
        },
        Self {
            name: "inactive",
            about: "the receiver does not run when the item is sent, and claims are answered late",
            runs: [Some(0), None],
            has_slow_claims: true,
            budget: Budget {
                claims: 3,
                crashes: 1,
                gives: 1,
                ..NOTHING
            },
            rest_every: 11,
            ..BASE
        },
        Self {
            name: "saves",
            about: "plain changes are saved, answers get lost, and nodes take the entity from each other",
            items: &[],
            runs: [Some(0), None],
            budget: Budget {
                claims: 2,
                crashes: 1,
                panics: 1,
                touches: 3,
                timeouts: 2,
                ..NOTHING
            },
            has_slow_claims: true,
            ..BASE
        },
        Self {
            name: "refusal",
            about: "an item is refused and comes back",
            budget: Budget {
                claims: 1,
                crashes: 1,
                gives: 2,
                refusals: 1,
                ..NOTHING
            },
            rest_every: 11,
            ..BASE
        },
        Self {
            name: "deletion",
            about: "who has passed an item on is deleted, and comes to be anew",
            budget: Budget {
                claims: 1,
                gives: 2,
                deletions: 1,
                ..NOTHING
            },
            rest_every: 11,
            ..BASE
        },
        Self {
            name: "removal",
            about: "a document is removed by hand, and made anew under the same key",
            nodes: 1,
            runs: [Some(0), Some(0)],
            budget: Budget {
                claims: 1,
                gives: 3,
                releases: 1,
                removals: 1,
                ..NOTHING
            },
            rest_every: 11,
            ..BASE
        },
        Self {
            name: "output",
            about: "one entity keeps what it was told of another one's state",
            items: &[],
            budget: Budget {
                claims: 1,
                crashes: 1,
                touches: 1,
                looks: 1,
                ..NOTHING
            },
            ..BASE
        },
    ];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scenario| scenario.name == name)
    }
}

/// A rule that is a host's to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Habit {
    /// A claim is one find-and-modify, not a read and then a write.
    ClaimInOneStep,
    /// An activation starts from what its claim gave, not from what was read before.
    LoadFromClaim,
    /// After a panic the document is claimed anew, not read again.
    ClaimAfterPanic,
    /// A snapshot is taken between handlers, not within one.
    SnapshotBetweenHandlers,
    /// Somebody claims documents that have rows and that nobody runs.
    Sweep,
    /// What is told of a state that others may keep waits until it is committed.
    OutputCommit,
}

impl Habit {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ClaimInOneStep,
        Self::LoadFromClaim,
        Self::ClaimAfterPanic,
        Self::SnapshotBetweenHandlers,
        Self::Sweep,
        Self::OutputCommit,
    ];
}

/// Which rule is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Without {
    /// None.
    Nothing,
    /// One of the code's.
    Rule(Rule),
    /// One of the host's.
    Habit(Habit),
}

impl Without {
    /// Each rule, as one writes it on the command line.
    pub fn all() -> impl Iterator<Item = (String, Self)> {
        let rules = Rule::ALL.map(|rule| (format!("{rule:?}"), Self::Rule(rule)));
        let habits = Habit::ALL.map(|habit| (format!("{habit:?}"), Self::Habit(habit)));
        rules.into_iter().chain(habits)
    }

    pub(crate) fn rules(self) -> Rules {
        match self {
            Self::Rule(rule) => Rules::without(rule),
            _ => Rules::default(),
        }
    }

    pub(crate) fn has(self, habit: Habit) -> bool {
        self != Self::Habit(habit)
    }
}

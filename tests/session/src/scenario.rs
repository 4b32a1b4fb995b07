//! What happens how often.

/// How often each thing may happen. By default nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Budget {
    /// The client calls.
    pub calls: u8,
    /// The entity sends an event.
    pub events: u8,
    /// A client's link breaks.
    pub breaks: u8,
    /// A link between a gate and a home breaks.
    pub hop_breaks: u8,
    /// A gate dies.
    pub gate_deaths: u8,
    /// A home dies.
    pub home_deaths: u8,
    /// The entity moves to the other home.
    pub moves: u8,
    /// The home loses its lease.
    pub lapses: u8,
    /// Somebody else logs in.
    pub replacements: u8,
    /// The grace of a session is over.
    pub graces: u8,
    /// The client's process dies and comes again.
    pub restarts: u8,
    /// A client whose session is over logs in anew.
    pub logins: u8,
    /// The client's process dies and comes again with the same login, and nothing else of what it knew.
    pub amnesias: u8,
    /// The client moves to another link while one is live.
    pub migrations: u8,
    /// The attacker presents what he has recorded.
    pub attacks: u8,
    /// How many attempts the client may use.
    pub attempts: u16,
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// How often each thing may happen.
    pub budget: Budget,
    /// How many gates.
    pub gates: usize,
    /// Whether what a home sends takes its time to a gate.
    pub is_slow: bool,
    /// Whether a home sends its messages when it likes, and not at once.
    pub is_lazy: bool,
    /// How much the home keeps for the client.
    pub buffer: u32,
    /// How much the client may send.
    pub window: u32,
    /// Whether the run is too long for the tests.
    pub is_deep: bool,
    /// From one in so many states it is tried whether everything comes to rest.
    pub rest_every: u64,
}

impl Budget {
    /// One call, three attempts, and nothing fails.
    pub const NOTHING: Self = Self {
        calls: 1,
        events: 0,
        breaks: 0,
        hop_breaks: 0,
        gate_deaths: 0,
        home_deaths: 0,
        moves: 0,
        lapses: 0,
        replacements: 0,
        graces: 0,
        restarts: 0,
        amnesias: 0,
        logins: 0,
        migrations: 0,
        attacks: 0,
        attempts: 3,
    };
}

const NOTHING: Budget = Budget::NOTHING;

impl Scenario {
    /// What scenarios begin from.
    pub const BASE: Self = Self {
        name: "",
        about: "",
        budget: NOTHING,
        gates: 1,
        is_slow: false,
        is_lazy: false,
        buffer: 3,
        window: 3,
        is_deep: false,
        rest_every: 53,
    };

    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self {
            name: "breaks",
            about: "the client's links break",
            budget: Budget {
                breaks: 1,
                events: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "gates",
            about: "a gate dies, and there is another one",
            gates: 2,
            budget: Budget {
                gate_deaths: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "hops",
            about: "links between gates and homes break",
            budget: Budget {
                hop_breaks: 2,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "slow",
            about: "the same, and gates hear of it late",
            gates: 2,
            is_slow: true,
            budget: Budget {
                hop_breaks: 1,
                calls: 0,
                events: 1,
                attempts: 2,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "migration",
            about: "the client moves from link to link while they deliver",
            gates: 2,
            budget: Budget {
                migrations: 1,
                events: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "move",
            about: "the entity moves under calls, or the move is called off",
            budget: Budget {
                moves: 1,
                calls: 2,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "drain",
            about: "the entity moves while links of both kinds break",
            budget: Budget {
                moves: 1,
                hop_breaks: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "death",
            about: "the home dies, and the client logs in anew",
            budget: Budget {
                home_deaths: 1,
                breaks: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "lapse",
            about: "the home loses its lease",
            budget: Budget {
                lapses: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "replaced",
            about: "somebody else logs in",
            budget: Budget {
                replacements: 1,
                breaks: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "grace",
            about: "the client comes back too late",
            budget: Budget {
                graces: 1,
                breaks: 1,
                calls: 2,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "restart",
            about: "the client's process begins anew, with another login, and the home dies",
            budget: Budget {
                restarts: 1,
                home_deaths: 1,
                calls: 0,
                attempts: 2,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "amnesia",
            about: "the client's process begins anew, with the same login",
            budget: Budget {
                amnesias: 1,
                events: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "tombstone",
            about: "two sessions of one login end, one after another",
            budget: Budget {
                home_deaths: 1,
                graces: 1,
                breaks: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "attack",
            about: "somebody presents what he has recorded",
            budget: Budget {
                attacks: 1,
                breaks: 1,
                calls: 0,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "overflow",
            about: "more is to be kept than there is room",
            buffer: 1,
            window: 2,
            budget: Budget {
                events: 1,
                calls: 1,
                breaks: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "lazy",
            about: "homes send when they like, and the client moves and is replaced",
            is_lazy: true,
            budget: Budget {
                migrations: 1,
                events: 1,
                replacements: 1,
                calls: 0,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "all breaks",
            about: "links of all kinds break, under calls and events",
            gates: 2,
            is_deep: true,
            budget: Budget {
                breaks: 2,
                hop_breaks: 2,
                gate_deaths: 1,
                events: 1,
                calls: 2,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "all moves",
            about: "the entity moves twice while everything breaks",
            gates: 2,
            is_deep: true,
            budget: Budget {
                breaks: 1,
                hop_breaks: 1,
                moves: 2,
                migrations: 1,
                calls: 2,
                attempts: 4,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "all ends",
            about: "homes die, clients are replaced, come late and begin anew",
            is_deep: true,
            budget: Budget {
                breaks: 1,
                home_deaths: 1,
                replacements: 1,
                graces: 1,
                restarts: 1,
                logins: 1,
                calls: 2,
                events: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
        Self {
            name: "all slow",
            about: "links of all kinds break, and everybody hears of it late",
            gates: 2,
            is_slow: true,
            is_lazy: true,
            is_deep: true,
            budget: Budget {
                breaks: 1,
                hop_breaks: 1,
                moves: 1,
                calls: 2,
                events: 1,
                ..NOTHING
            },
            ..Self::BASE
        },
    ];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|scenario| scenario.name == name)
    }
}

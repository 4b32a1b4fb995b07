//! Long lives by chance: one way through a world in which much fails, instead of all ways through one in which little does.

use playhouse_explore_tests::{Found, Model};
use playhouse_wire::session::Rule;

use crate::scenario::{Budget, Scenario};
use crate::world::{Step, World};

/// Much of everything that a session survives.
pub const LONG: Scenario = Scenario {
    name: "long",
    about: "a session with all that it survives, twenty times over",
    budget: Budget {
        calls: 60,
        events: 60,
        breaks: 20,
        hop_breaks: 10,
        gate_deaths: 5,
        moves: 10,
        migrations: 20,
        attempts: u16::MAX,
        ..Budget::NOTHING
    },
    gates: 2,
    is_slow: true,
    is_lazy: true,
    buffer: 200,
    window: 64,
    ..Scenario::BASE
};

/// The same, where sessions end as well.
pub const ENDS: Scenario = Scenario {
    name: "ends",
    about: "the same, where homes die and sessions end",
    budget: Budget {
        home_deaths: 1,
        lapses: 1,
        graces: 1,
        replacements: 1,
        restarts: 1,
        logins: 4,
        ..LONG.budget
    },
    ..LONG
};

/// Steps of one life at most, and steps in which it has to come to rest.
const STEPS_MAX: usize = 20_000;

/// A life in which nothing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lived {
    /// What happened, in steps.
    pub steps: usize,
    /// How many of them were failures.
    pub failures: usize,
}

impl Lived {
    fn of(path: &[Step]) -> Self {
        let failures = path.iter().filter(|step| World::is_failure(**step));
        Self {
            steps: path.len(),
            failures: failures.count(),
        }
    }
}

/// Goes one way through a scenario, by chance, until little more can happen; then nothing fails any more, and it has to come to rest. What
/// went wrong, if anything did.
///
/// # Errors
///
/// What went wrong, and how it came there.
pub fn walk(scenario: &'static Scenario, without: Option<Rule>, seed: u64) -> Result<Lived, Found> {
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut world = World::new(scenario, without);
    let mut path = Vec::new();
    for _ in 0..STEPS_MAX {
        let (failures, rest) = world.chances(false);
        let fails = rest.is_empty() || chance.below(25) == 0;
        let steps = if fails && !failures.is_empty() {
            failures
        } else {
            rest
        };
        let Some(step) = steps.get(chance.below(steps.len())) else {
            break;
        };
        if let Some(what) = world.goes(*step, &mut path) {
            return Err(world.found(what, path));
        }
    }
    world.calm();
    for _ in 0..STEPS_MAX {
        if world.is_at_rest() {
            return Ok(Lived::of(&path));
        }
        let (_, steps) = world.chances(true);
        let Some(step) = steps.get(chance.below(steps.len())) else {
            break;
        };
        if let Some(what) = world.goes(*step, &mut path) {
            return Err(world.found(what, path));
        }
    }
    Err(world.found("it never comes to rest".to_owned(), path))
}

impl World {
    /// What may fail, and what else may happen. A client that waits for an answer waits.
    fn chances(&self, is_resting: bool) -> (Vec<Step>, Vec<Step>) {
        let mut steps = self.all_steps(is_resting);
        if self.is_opening() {
            steps.retain(|step| !matches!(step, Step::Connect(_)));
        }
        steps.into_iter().partition(|step| Self::is_failure(*step))
    }

    /// Does a step; what is wrong then.
    fn goes(&mut self, step: Step, path: &mut Vec<Step>) -> Option<String> {
        path.push(step);
        self.step(step);
        self.wrong()
    }

    fn found(&self, what: String, path: Vec<Step>) -> Found {
        Found {
            what,
            path: path.iter().map(|step| format!("{step:?}")).collect(),
            details: self.details(),
        }
    }
}

/// Numbers by chance, the same each time (xorshift64*, Vigna 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        (number % most.max(1) as u64) as usize
    }
}

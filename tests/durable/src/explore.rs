//! The worlds of a scenario, as a model that is explored.

use playhouse_explore_tests::{Model, Report};

use crate::scenario::{Scenario, Without};
use crate::world::{Step, World};

/// Explores a scenario until something is wrong, everything was seen, or there are `states_max` states.
#[must_use]
pub fn explore(scenario: &Scenario, without: Without, states_max: usize) -> Report {
    let first = || Play {
        world: World::new(scenario, without),
        scenario,
        without,
    };
    playhouse_explore_tests::explore(scenario.name, first, scenario.rest_every, states_max)
}

/// A world, and by which rules it goes on.
struct Play<'a> {
    world: World,
    scenario: &'a Scenario,
    without: Without,
}

impl Model for Play<'_> {
    type Step = Step;

    fn steps(&self) -> Vec<Step> {
        self.world.steps(self.without)
    }

    fn take(&self, step: Step) -> Option<Self> {
        let world = self.world.take(step, self.scenario, self.without)?;
        Some(Self { world, ..*self })
    }

    fn fingerprint(&self) -> u64 {
        self.world.fingerprint()
    }

    fn wrong(&self) -> Option<String> {
        self.world.wrong(self.without)
    }

    fn comes_to_rest(&self) -> Option<String> {
        self.world.comes_to_rest(self.without)
    }

    fn describe(&self, step: Step) -> String {
        self.world.describe(step).to_string()
    }

    fn details(&self) -> Vec<String> {
        self.world.documents_in_words()
    }
}

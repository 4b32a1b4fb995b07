//! What must be true, and that sessions come to rest.

use std::collections::HashSet;

use playhouse_explore_tests::Model;
use playhouse_wire::session::{ClientState, Door};

use super::{Step, World};
use crate::scenario::Budget;

/// How many states are looked at for one in which everything has come to rest.
const REST_MAX: usize = 5_000;

impl World {
    /// Nothing fails any more.
    pub(crate) fn calm(&mut self) {
        self.budget = Budget {
            attempts: u16::MAX,
            ..Budget::default()
        };
    }

    /// Whether the client knows what became of everything, and nothing is left to do.
    pub(crate) fn is_at_rest(&self) -> bool {
        let client = &self.client.machine;
        if client.state() == ClientState::Over {
            return true;
        }
        let door = self.owner.and_then(|owner| self.homes[owner].door.as_ref());
        let Some(session) = door.and_then(Door::session) else {
            return false;
        };
        matches!(client.state(), ClientState::Live { .. })
            && client.id() == Some(session.id())
            && session.attached().is_some()
            && client.unacknowledged().0 == 0
            && session.kept().0 == 0
            && session.waiting().0 == 0
            && (1..=self.client.issued).all(|call| self.client.answered & 1 << call != 0)
    }
}

impl Model for World {
    type Step = Step;

    fn steps(&self) -> Vec<Step> {
        self.all_steps(false)
    }

    fn take(&self, step: Step) -> Option<Self> {
        let mut world = self.clone();
        world.step(step).then_some(world)
    }

    fn fingerprint(&self) -> u64 {
        self.hash_of()
    }

    fn wrong(&self) -> Option<String> {
        self.wrong.map(str::to_owned)
    }

    /// Looks, depth first, for a way on which everything is done, with nothing that fails any more.
    fn comes_to_rest(&self) -> Option<String> {
        let mut first = self.clone();
        first.calm();
        let mut seen = HashSet::from([first.hash_of()]);
        let mut stack = vec![first];
        while let Some(world) = stack.pop() {
            if world.is_at_rest() {
                return None;
            }
            if seen.len() > REST_MAX {
                break;
            }
            let mut steps = world.all_steps(true);
            // The last one is taken first: what is on its way arrives before anything new is done.
            steps.sort_by_key(|step| match step {
                Step::Connect(_) | Step::React(_) | Step::CallOff(_) => 0,
                Step::ClientNotices(_) | Step::GateNotices(_) => 1,
                _ => 2,
            });
            for step in steps {
                let Some(after) = world.take(step) else {
                    continue;
                };
                if seen.insert(after.hash_of()) {
                    stack.push(after);
                }
            }
        }
        Some("a session never comes to rest, though nothing fails any more".to_owned())
    }

    fn describe(&self, step: Step) -> String {
        self.in_words(step)
    }

    fn details(&self) -> Vec<String> {
        let mut details = vec![format!("the client: {:?}", self.client)];
        for (number, home) in self.homes.iter().enumerate() {
            details.push(format!("home {number}: {home:?}"));
        }
        details
    }
}

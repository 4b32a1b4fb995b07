//! What must be true, and that calls end.

use std::collections::HashSet;

use playhouse_explore_tests::Model;

use super::{Step, World};

/// How many states are looked at for one in which all calls have ended.
const REST_MAX: usize = 20_000;

impl Model for World {
    type Step = Step;

    fn steps(&self) -> Vec<Step> {
        self.all_steps()
    }

    fn take(&self, step: Step) -> Option<Self> {
        let mut world = self.clone();
        world.step(step);
        Some(world)
    }

    fn fingerprint(&self) -> u64 {
        self.hash_of()
    }

    fn wrong(&self) -> Option<String> {
        self.wrong.map(str::to_owned)
    }

    /// Looks, depth first, for a way on which every call ends, with nothing that fails any more.
    fn comes_to_rest(&self) -> Option<String> {
        let mut first = self.clone();
        first.budget = crate::scenario::Budget::default();
        first.late.clear();
        let mut seen = HashSet::from([first.hash_of()]);
        let mut stack = vec![first];
        while let Some(world) = stack.pop() {
            if world.calls.iter().all(|call| call.told.is_some()) {
                return None;
            }
            if seen.len() > REST_MAX {
                break;
            }
            let mut steps = world.all_steps();
            // The last one is taken first: what is on its way arrives before anything new is done.
            steps.sort_by_key(|step| match step {
                Step::Expire(_) | Step::Restart(_) | Step::Resume(_) | Step::Abort(_) => 0,
                Step::Deliver(..) => 2,
                Step::Locate(..) => 3,
                _ => 4,
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
        Some("a call never ends, though nothing fails any more".to_owned())
    }

    fn describe(&self, step: Step) -> String {
        self.in_words(step)
    }
}

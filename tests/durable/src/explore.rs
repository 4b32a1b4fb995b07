//! Breadth first through all states.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, Instant};

use crate::scenario::{Scenario, Without};
use crate::world::{Step, World};

/// What exploring came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// The scenario's name.
    pub scenario: &'static str,
    /// Different states.
    pub states: usize,
    /// Steps to the farthest of them.
    pub depth: usize,
    /// From how many of them it was tried whether everything comes to rest.
    pub rests: usize,
    /// How long it took.
    pub time: Duration,
    /// Whether there was nothing left to explore.
    pub is_complete: bool,
    /// What went wrong first.
    pub found: Option<Found>,
}

/// A state in which something is wrong, and the shortest way there.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is wrong.
    pub what: String,
    /// What happened, in order.
    pub path: Vec<String>,
    /// What the documents hold in the end.
    pub documents: Vec<String>,
}

/// Explores a scenario until something is wrong, everything was seen, or there are `states_max` states.
#[must_use]
pub fn explore(scenario: &Scenario, without: Without, states_max: usize) -> Report {
    let begun = Instant::now();
    let first = World::new(scenario, without);
    let mut seen = HashSet::from([first.fingerprint()]);
    // By number: the state that it came from, and how. The first one came from itself.
    let mut ways: Vec<(usize, Option<Step>)> = vec![(0, None)];
    let mut frontier = vec![(0, first)];
    let (mut depth, mut rests) = (0, 0);
    let mut found = None;
    'all: while !frontier.is_empty() && ways.len() < states_max {
        let mut next = Vec::new();
        for (number, world) in &frontier {
            for step in world.steps(without) {
                let Some(after) = world.take(step, scenario, without) else {
                    continue;
                };
                let fingerprint = after.fingerprint();
                if !seen.insert(fingerprint) {
                    continue;
                }
                ways.push((*number, Some(step)));
                let mut wrong = after.wrong(without);
                if wrong.is_none() && fingerprint.is_multiple_of(scenario.rest_every) {
                    rests += 1;
                    wrong = after.comes_to_rest(without);
                }
                if let Some(what) = wrong {
                    found = Some(trace(scenario, without, &ways, what));
                    break 'all;
                }
                next.push((ways.len() - 1, after));
            }
        }
        depth += 1;
        frontier = next;
    }
    Report {
        scenario: scenario.name,
        states: ways.len(),
        depth,
        rests,
        time: begun.elapsed(),
        is_complete: frontier.is_empty(),
        found,
    }
}

/// Goes the way to the last state again, and says each step.
fn trace(
    scenario: &Scenario,
    without: Without,
    ways: &[(usize, Option<Step>)],
    what: String,
) -> Found {
    let mut steps = Vec::new();
    let mut at = ways.len() - 1;
    while let Some((from, Some(step))) = ways.get(at) {
        steps.push(*step);
        at = *from;
    }
    let mut world = World::new(scenario, without);
    let mut path = Vec::new();
    for step in steps.into_iter().rev() {
        path.push(world.describe(step).to_string());
        if let Some(after) = world.take(step, scenario, without) {
            world = after;
        }
    }
    Found {
        what,
        path,
        documents: world.documents_in_words(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match (&self.found, self.is_complete) {
            (Some(_), _) => "broken",
            (None, true) => "holds, complete",
            (None, false) => "holds as far as it was explored",
        };
        write!(
            f,
            "{}: {end}; {} states, depth {}, {} brought to rest, {:.1} s",
            self.scenario,
            self.states,
            self.depth,
            self.rests,
            self.time.as_secs_f64()
        )?;
        let Some(found) = &self.found else {
            return Ok(());
        };
        write!(f, "\n{}:", found.what)?;
        for (number, step) in found.path.iter().enumerate() {
            write!(f, "\n  {:2}. {step}", number + 1)?;
        }
        for document in &found.documents {
            write!(f, "\n  {document}")?;
        }
        Ok(())
    }
}

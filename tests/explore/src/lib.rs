//! Breadth first through all states of a model: what the explorers of protocols share.
//!
//! A [`Model`] is a state of everything, with all that may happen next. [`explore`] takes every step in every state until nothing
//! new comes, and gives the shortest way to the first state in which something is wrong. It knows no protocol.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, Instant};

/// What is explored: a state of everything.
pub trait Model: Sized {
    /// What may happen.
    type Step: Copy;

    /// Everything that may happen now.
    fn steps(&self) -> Vec<Self::Step>;
    /// The state after a step; nothing if it changes nothing.
    fn take(&self, step: Self::Step) -> Option<Self>;
    /// A number that differs for different states.
    fn fingerprint(&self) -> u64;
    /// What is wrong in this state.
    fn wrong(&self) -> Option<String>;
    /// What does not come to an end though nothing fails any more.
    fn comes_to_rest(&self) -> Option<String>;
    /// A step in words.
    fn describe(&self, step: Self::Step) -> String;

    /// What else is told of a state in which something is wrong, a line each.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }
}

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
    /// How it is in the end.
    pub details: Vec<String>,
}

/// Explores until something is wrong, everything was seen, or there are `states_max` states. From one state in `rest_every` it
/// is tried whether everything comes to rest.
#[must_use]
pub fn explore<M: Model>(
    scenario: &'static str,
    first: impl Fn() -> M,
    rest_every: u64,
    states_max: usize,
) -> Report {
    let begun = Instant::now();
    let world = first();
    let mut seen = HashSet::from([world.fingerprint()]);
    // By number: the state that it came from, and how. The first one came from itself.
    let mut ways: Vec<(usize, Option<M::Step>)> = vec![(0, None)];
    // Each is freed once it has been looked at, and none is copied when there are more: most of the memory is here.
    let mut frontier = vec![(0, Box::new(world))];
    let (mut depth, mut rests) = (0, 0);
    let mut found = None;
    let mut is_complete = true;
    'all: while !frontier.is_empty() {
        let mut next = Vec::new();
        for (number, world) in std::mem::take(&mut frontier) {
            if ways.len() >= states_max {
                is_complete = false;
                break 'all;
            }
            for step in world.steps() {
                let Some(after) = world.take(step) else {
                    continue;
                };
                let fingerprint = after.fingerprint();
                if !seen.insert(fingerprint) {
                    continue;
                }
                ways.push((number, Some(step)));
                let mut wrong = after.wrong();
                if wrong.is_none() && fingerprint.is_multiple_of(rest_every) {
                    rests += 1;
                    wrong = after.comes_to_rest();
                }
                if let Some(what) = wrong {
                    found = Some(trace(first(), &ways, what));
                    is_complete = false;
                    break 'all;
                }
                next.push((ways.len() - 1, Box::new(after)));
            }
        }
        depth += 1;
        frontier = next;
    }
    Report {
        scenario,
        states: ways.len(),
        depth,
        rests,
        time: begun.elapsed(),
        is_complete,
        found,
    }
}

/// Goes the way to the last state again, and says each step.
fn trace<M: Model>(mut world: M, ways: &[(usize, Option<M::Step>)], what: String) -> Found {
    let mut steps = Vec::new();
    let mut at = ways.len() - 1;
    while let Some((from, Some(step))) = ways.get(at) {
        steps.push(*step);
        at = *from;
    }
    let mut path = Vec::new();
    for step in steps.into_iter().rev() {
        path.push(world.describe(step));
        world = world.take(step).unwrap_or(world);
    }
    let details = world.details();
    Found {
        what,
        path,
        details,
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
        for detail in &found.details {
            write!(f, "\n  {detail}")?;
        }
        Ok(())
    }
}

//! A thousand long lives by chance, in which nothing is lost, doubled, or said falsely.

use playhouse_session_tests::{ENDS, LONG, Scenario, walk};
use playhouse_wire::session::Rule;

const LIVES: u64 = 1_000;

/// Lives them; how many failures there were.
fn live(scenario: &'static Scenario) -> usize {
    let mut failures = 0;
    for seed in 1..=LIVES {
        match walk(scenario, None, seed) {
            Ok(lived) => failures += lived.failures,
            Err(found) => {
                let last = found.path.len().saturating_sub(40);
                let (path, details) = (&found.path[last..], found.details);
                panic!("seed {seed}: {}: {path:#?}\n{details:?}", found.what);
            }
        }
    }
    failures
}

#[test]
fn a_session_survives_all_that_it_promises_to() {
    let failures = live(&LONG) as u64;
    assert!(failures >= 40 * LIVES, "{failures} failures");
}

#[test]
fn a_session_ends_truthfully() {
    let failures = live(&ENDS) as u64;
    assert!(failures >= 10 * LIVES, "{failures} failures");
}

#[test]
fn a_life_by_chance_misses_a_rule_too() {
    let mut lives = (1..=LIVES).map(|seed| walk(&LONG, Some(Rule::InboxMoves), seed));
    assert!(lives.any(|life| life.is_err()));
}

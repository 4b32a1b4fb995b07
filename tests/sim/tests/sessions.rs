//! The speakers: that a seed decides them, and that every planted fault of sessions is found.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "which seed finds a bug is worth knowing"
)]

use playhouse_sim_tests::parley;
use playhouse_wire::session::Rule;

#[test]
fn a_seed_plays_the_same_twice() {
    for seed in 1..3 {
        let (one, other) = (parley::play(seed).unwrap(), parley::play(seed).unwrap());
        assert_eq!(one, other, "seed {seed}");
        assert!(one.events > 2_000, "{one:?}");
    }
}

/// Seeds that are played until one finds that a rule is not kept.
const TRIES: u64 = 3;

/// A rule is dropped, and a seed notices: it is printed, with what it noticed.
#[track_caller]
fn finds(rule: Rule, what: &str) {
    for seed in 1..=TRIES {
        if let Err(failed) = parley::play_without(seed, Some(rule))
            && failed.to_string().contains(what)
        {
            println!("without {rule:?}: {failed}");
            return;
        }
    }
    panic!("{TRIES} seeds did not notice that {rule:?} is not kept");
}

#[test]
fn what_is_not_kept_until_it_is_acknowledged_is_found() {
    finds(Rule::KeepUntilAcked, "is over: Protocol");
}

#[test]
fn what_takes_effect_again_is_found() {
    finds(Rule::Deduplicate, "comes to login");
}

#[test]
fn a_link_that_does_not_count_any_more_is_found() {
    finds(Rule::Fence, "is over: Protocol");
}

#[test]
fn a_session_that_goes_on_while_it_moves_is_found() {
    finds(Rule::FrozenStands, "is over: Protocol");
}

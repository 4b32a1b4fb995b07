//! The fair: that a seed decides it, and that bugs of placement are found.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "which seed finds a bug is worth knowing"
)]

use playhouse_cluster::placement::Rule;
use playhouse_sim_tests::fair;

/// Seeds that are played until one finds a bug.
const TRIES: u64 = 200;

/// A rule is dropped, and some seed notices so: the first is printed, with what it noticed.
#[track_caller]
fn finds(rule: Rule, what: &str) {
    for seed in 1..=TRIES {
        if let Err(failed) = fair::play_without(seed, Some(rule))
            && failed.to_string().contains(what)
        {
            println!("without {rule:?}: {failed}");
            return;
        }
    }
    panic!("{TRIES} seeds did not notice that {rule:?} is not kept");
}

#[test]
fn a_seed_plays_the_same_twice() {
    for seed in 1..6 {
        let (one, other) = (fair::play(seed).unwrap(), fair::play(seed).unwrap());
        assert_eq!(one, other, "seed {seed}");
        assert!(one.events > 200, "{one:?}");
    }
}

#[test]
fn a_node_that_starts_calls_past_its_margin_is_found() {
    finds(Rule::Margin, "is there twice");
}

#[test]
fn a_lease_that_is_revoked_too_early_is_found() {
    finds(Rule::WaitToRevoke, "is there twice");
}

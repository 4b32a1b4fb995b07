//! The market: that a seed decides it, that a thousand of them pass, and that bugs are found.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "which seed finds a bug is worth knowing"
)]

use playhouse::store::durable::Rule;
use playhouse_sim_tests::market;

/// Seeds that are played until one finds a bug.
const TRIES: u64 = 100;

/// A rule is dropped, and some seed notices: the first is printed, with what it noticed.
#[track_caller]
fn finds(rule: Rule) {
    for seed in 1..=TRIES {
        if let Err(failed) = market::play_without(seed, Some(rule)) {
            println!("without {rule:?}: {failed}");
            return;
        }
    }
    panic!("{TRIES} seeds did not notice that {rule:?} is not kept");
}

#[test]
fn a_seed_plays_the_same_twice() {
    for seed in 1..6 {
        let (one, other) = (market::play(seed).unwrap(), market::play(seed).unwrap());
        assert_eq!(one, other, "seed {seed}");
        assert!(one.events > 200, "{one:?}");
    }
}

#[test]
fn a_commit_that_does_not_look_at_the_epoch_is_found() {
    finds(Rule::EpochInFilter);
}

#[test]
fn a_mark_that_comes_after_its_effect_is_found() {
    finds(Rule::MarkInCommit);
}

#[test]
fn a_row_that_is_committed_by_itself_is_found() {
    finds(Rule::RowInCommit);
}

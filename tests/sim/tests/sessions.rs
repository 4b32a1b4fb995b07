//! The speakers: that a seed decides them, and that every planted fault of sessions is found.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "which seed finds a bug is worth knowing"
)]

use playhouse_sim_tests::parley;

#[test]
fn a_seed_plays_the_same_twice() {
    for seed in 1..3 {
        let (one, other) = (parley::play(seed).unwrap(), parley::play(seed).unwrap());
        assert_eq!(one, other, "seed {seed}");
        assert!(one.events > 2_000, "{one:?}");
    }
}

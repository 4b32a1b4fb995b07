//! Every target holds on its seeds, on everything that ever broke it, and on each of these cut short.

use playhouse_fuzz::{TARGETS, seed};

/// Places where inputs are cut, one for each: over all of them they end in every kind of place.
const CUTS: usize = 13;

#[test]
fn targets_hold_on_seeds_and_regressions() {
    for target in TARGETS {
        let seeds = seed::of(target).unwrap();
        assert!(
            !seeds.is_empty(),
            "{} has nothing to start from",
            target.name
        );
        for (index, bytes) in seeds.iter().enumerate() {
            (target.run)(bytes);
            (target.run)(&bytes[..bytes.len() * (index % CUTS) / CUTS]);
        }
    }
}

//! Every target holds on its seeds, on everything that ever broke it, and on each seed cut short.

use playhouse_fuzz::{TARGETS, seed};

/// Cuts of each seed: enough to end in every kind of place over all of them.
const CUTS: usize = 12;

#[test]
fn targets_hold_on_seeds_and_regressions() {
    for target in TARGETS {
        let seeds = seed::of(target).unwrap();
        assert!(
            !seeds.is_empty(),
            "{} has nothing to start from",
            target.name
        );
        for bytes in &seeds {
            (target.run)(bytes);
            for cut in 0..CUTS.min(bytes.len()) {
                (target.run)(&bytes[..bytes.len() * cut / CUTS]);
            }
        }
    }
}

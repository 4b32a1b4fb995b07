//! Every target holds on its seeds, on everything that ever broke it, and on each of these cut short.

use playhouse_fuzz::{TARGETS, find, seed};

/// Places where inputs are cut, one for each: over all of them they end in every kind of place.
const CUTS: usize = 13;

/// One test a target, so that they run side by side.
macro_rules! replays {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        #[test]
        fn every_target_is_replayed() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

replays!(
    lexer parser format schema evolution lock emit wire decoder message link handshake kcp session_client session_gate session_home
);

fn replay(name: &str) {
    let target = find(name).expect("the names are compared above");
    let seeds = seed::of(&target).expect("the repository can be read");
    assert!(!seeds.is_empty(), "{name} has nothing to start from");
    for (index, bytes) in seeds.iter().enumerate() {
        (target.run)(bytes);
        (target.run)(&bytes[..bytes.len() * (index % CUTS) / CUTS]);
    }
}

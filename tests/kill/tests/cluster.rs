//! A cluster of processes that is broken a few times while it is played on. The soak does it sixty times.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what fails in a test fails the test, and what it did is worth reading"
)]

use std::path::Path;

use playhouse_kill_tests::{ClusterRounds, Trouble};

#[test]
fn nothing_is_lost_or_doubled_whatever_breaks() {
    let rounds = ClusterRounds {
        program: Path::new(env!("CARGO_BIN_EXE_kill")).to_owned(),
        rounds: 5,
        players: 6,
        play_ms: 1_500,
        seed: 7,
        troubles: Vec::new(),
    };
    let report = rounds.run(|line| println!("{line}")).unwrap();
    println!("{report}");
    let made: u32 = report.troubles.iter().map(|(_, count)| count).sum();
    assert_eq!(made, rounds.rounds);
    assert!(report.acknowledged > 50, "nobody played: {report}");
    // A node that is killed belongs to every run.
    let rounds = ClusterRounds {
        rounds: 1,
        seed: 8,
        troubles: vec![Trouble::Kill],
        ..rounds
    };
    println!("{}", rounds.run(|line| println!("{line}")).unwrap());
}

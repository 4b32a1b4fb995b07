//! A few rounds, each time by another seed.

use std::io::Write;

use playhouse::store::durable::Rule;
use playhouse_kill_tests::Rounds;

#[test]
fn nothing_is_lost_or_doubled_when_the_game_is_killed() {
    let since = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("a clock after 1970");
    let rounds = Rounds {
        program: env!("CARGO_BIN_EXE_kill").into(),
        rounds: 5,
        players: 8,
        play_ms: 2_000,
        seed: u64::from(since.subsec_nanos()),
        without: None,
    };
    let report = rounds.run(|line| {
        let _ = writeln!(std::io::stderr(), "{line}");
    });
    match report {
        Ok(report) => assert!(report.acknowledged > 20, "too little happened: {report}"),
        Err(error) => panic!("{error:#}"),
    }
}

/// The checker is worth what it notices: a protocol that commits messages apart from the changes they belong to loses some.
#[test]
fn a_rule_that_is_not_kept_is_noticed() {
    let rounds = Rounds {
        program: env!("CARGO_BIN_EXE_kill").into(),
        rounds: 40,
        players: 8,
        play_ms: 1_000,
        seed: 11,
        without: Some(Rule::RowInCommit),
    };
    let found = rounds
        .run(|_| ())
        .expect_err("something is lost or doubled");
    let found = format!("{found:#}");
    assert!(found.contains("violations"), "{found}");
}

//! A cluster of processes that is broken a few times while it is played on, each time by another seed. The soak does it sixty
//! times.

use std::io::Write;

use playhouse_kill_tests::ClusterRounds;

#[test]
fn nothing_is_lost_or_doubled_whatever_breaks() {
    let since = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("a clock after 1970");
    let rounds = ClusterRounds {
        program: env!("CARGO_BIN_EXE_kill").into(),
        rounds: 5,
        players: 6,
        play_ms: 1_500,
        seed: u64::from(since.subsec_nanos()),
        troubles: Vec::new(),
    };
    let report = rounds.run(|line| {
        let _ = writeln!(std::io::stderr(), "{line}");
    });
    match report {
        Ok(report) => {
            assert_eq!(report.troubles.len(), 5, "five kinds of trouble: {report}");
            assert!(report.acknowledged > 20, "too little happened: {report}");
        }
        Err(error) => panic!("{error:#}"),
    }
}

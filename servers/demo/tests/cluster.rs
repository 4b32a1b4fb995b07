//! The demo on a cluster of processes: everybody plays, nothing fails, and all nodes stop as they should.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing where something should be has failed"
)]

use std::process::{Command, Stdio};

use playhouse_mongo_tests::Server as Mongo;
use serde_json::Value;

fn demo() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_arena-demo"));
    command.arg("--cluster").stdin(Stdio::null());
    command
}

/// Plays for a few seconds, and looks at what came of it.
#[track_caller]
fn is_played(parts: &[&str]) -> Value {
    let mut command = demo();
    let play = ["--seconds", "10", "--bots", "12", "--json"];
    let output = command.args(parts).args(play).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!(summary["failures"], serde_json::json!([]), "{said}");
    assert!(count("client_calls") > 100, "{summary}");
    assert!(count("trades") > 0, "{summary}");
    let is_plain = parts.contains(&"--plain");
    assert_eq!(count("links_plain") > 0, is_plain, "{summary}");
    assert_eq!(count("links_encrypted") > 0, !is_plain, "{summary}");
    summary
}

#[test]
fn a_cluster_with_nothing_installed_is_played_on() {
    is_played(&[]);
}

#[test]
fn gates_that_are_killed_and_lobbies_that_stop_lose_and_double_nothing() {
    let summary = is_played(&["--chaos"]);
    assert!(summary["gate_kills"].as_u64() > Some(0), "{summary}");
    assert!(summary["sessions_resumed"].as_u64() > Some(0), "{summary}");
    assert_eq!(
        (&summary["lost"], &summary["doubled"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn bots_come_through_gates_by_every_transport_and_log_in_over_http() {
    is_played(&["--transports", "tcp,kcp,ws,wss,quic", "--login", "http"]);
}

#[test]
fn a_cluster_on_etcd_and_mongodb_is_played_on_and_plainly_if_told_to() {
    let mongo = Mongo::start(&[]).unwrap();
    is_played(&["--plain", "--etcd", "--mongodb", &mongo.uri()]);
}

#[test]
fn what_is_not_installed_is_named_in_one_line() {
    for (parts, words) in [
        (
            &["--etcd"],
            ["there is no program `etcd`", "apt-get install etcd-server"],
        ),
        (
            &["--mongodb"],
            ["there is no program `mongod`", "--mongodb mongodb://"],
        ),
    ] {
        let mut command = demo();
        // Nothing is installed there.
        command.args(parts).env("PATH", env!("CARGO_MANIFEST_DIR"));
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        for words in words {
            assert!(said.contains(words), "{said}");
        }
    }
}

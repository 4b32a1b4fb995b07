//! The demo as a user runs it: the built program, its output and its exit codes.

#![allow(clippy::unwrap_used, reason = "what fails in a test fails the test")]

use std::process::{Command, Output};

use serde_json::Value;

fn demo(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_arena-demo"));
    command.args(arguments.split_whitespace()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Whether all links of sessions were encrypted, or none.
#[track_caller]
fn is_encrypted(summary: &Value, expected: bool) {
    let count = |key: &str| summary[key].as_u64().unwrap();
    let links = (count("links_encrypted"), count("links_plain"));
    match expected {
        true => assert!(links.0 > 0 && links.1 == 0, "{summary}"),
        false => assert!(links.0 == 0 && links.1 > 0, "{summary}"),
    }
}

fn summary(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn bots_play_over_sockets_and_get_what_they_expect() {
    let output = demo("--seconds 2 --bots 10 --json");
    let summary = summary(&output);
    assert_eq!(output.status.code(), Some(0), "{summary}");
    assert_eq!(summary["ok"], true);
    assert_eq!(summary["failed"], 0);
    assert_eq!(summary["bots"], 10);
    assert!(summary["expectations"].as_u64().unwrap() > 10, "{summary}");
    assert!(summary["server_calls"].as_u64().unwrap() > 10, "{summary}");
    is_encrypted(&summary, true);
}

#[test]
fn bots_play_plainly_if_they_are_told_to() {
    let output = demo("--seconds 2 --bots 4 --plain --json");
    let summary = summary(&output);
    assert_eq!(output.status.code(), Some(0), "{summary}");
    is_encrypted(&summary, false);
}

#[test]
fn without_a_terminal_there_are_plain_lines_and_a_summary() {
    let output = demo("--seconds 2 --bots 2");
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert!(lines[0].starts_with("Arena at 127.0.0.1:"), "{lines:?}");
    assert!(lines[1].starts_with("1/2 s: 2 players"), "{lines:?}");
    assert!(lines[1].contains(", all encrypted, "), "{lines:?}");
    assert!(
        lines.last().unwrap().ends_with("expectations, 0 failed"),
        "{lines:?}"
    );
    assert!(!text(&output.stdout).contains('\x1b'));
}

#[test]
fn links_that_break_and_sessions_that_move_lose_and_double_nothing() {
    for where_to in ["", "--transports tcp,kcp,ws,wss,quic", "--sim --seed 3"] {
        let output = demo(&format!("--chaos --seconds 6 --bots 10 --json {where_to}"));
        let summary = summary(&output);
        assert_eq!(output.status.code(), Some(0), "{summary}");
        assert_eq!(summary["failed"], 0, "{summary}");
        is_encrypted(&summary, !where_to.contains("--sim"));
        assert_eq!(
            (&summary["lost"], &summary["doubled"]),
            (&0.into(), &0.into())
        );
        for key in ["sessions_dropped", "sessions_moved", "sessions_resumed"] {
            assert!(summary[key].as_u64().unwrap() > 0, "{key}: {summary}");
        }
    }
}

#[test]
fn trouble_by_many_seeds_is_noticed_by_nobody() {
    let output = demo("--sim --chaos --seeds 0..40 --bots 4 --seconds 5");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("40 seeds, 0 failed"));
}

#[test]
fn bots_come_by_every_transport_and_log_in_over_http() {
    let output = demo("--seconds 2 --bots 10 --transports tcp,kcp,ws,wss,quic --login http --json");
    let summary = summary(&output);
    assert_eq!(output.status.code(), Some(0), "{summary}");
    assert_eq!(summary["failures"], serde_json::json!([]));
    is_encrypted(&summary, true);
    assert!(summary["bytes_in"].as_u64().unwrap() > 0, "{summary}");
    assert!(summary["bytes_out"].as_u64().unwrap() > 0, "{summary}");
}

#[test]
fn a_seed_gives_the_same_hash_twice_and_another_one_another() {
    let hash = |seed| {
        let output = demo(&format!("--sim --seed {seed} --bots 6 --seconds 8 --json"));
        let summary = summary(&output);
        assert_eq!(output.status.code(), Some(0), "{summary}");
        assert!(summary["battles"].as_u64().unwrap() > 0, "{summary}");
        summary["hash"].clone()
    };
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7), hash(8));
}

#[test]
fn many_seeds_are_silent_if_all_is_well() {
    let output = demo("--sim --seeds 0..4 --bots 4 --seconds 5");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).contains("4 seeds, 0 failed"));
}

#[test]
fn wrong_usage_ends_with_two() {
    for wrong in [
        "--bots 0",
        "--seconds x",
        "--seeds 0..5",
        "--sim --seeds 5..0",
        "--transports carrier-pigeon",
        "--sim --login http",
        "--sim --plain",
        "--frob",
    ] {
        let output = demo(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(!output.stderr.is_empty(), "{wrong}");
    }
    let help = demo("--help");
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("cargo demo --sim --seed 7"));
}

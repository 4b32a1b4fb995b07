//! The demo on a cluster of processes: everybody plays, nothing fails, and all nodes stop as they should.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing where something should be has failed"
)]

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn a_cluster_with_nothing_installed_is_played_on() {
    let arguments = ["--cluster", "--seconds", "6", "--bots", "12", "--json"];
    let output = Command::new(env!("CARGO_BIN_EXE_arena-demo"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!(summary["failures"], serde_json::json!([]), "{said}");
    assert!(count("client_calls") > 100, "{summary}");
    assert!(count("trades") > 0, "{summary}");
}

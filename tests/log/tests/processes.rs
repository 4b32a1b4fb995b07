//! Several processes log into one folder: no line is torn, none is lost.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose process can't be started fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

fn start(folder: &Path, id: u64, count: u64, end: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_playhouse-log-writer"))
        .arg(folder)
        .args([&id.to_string(), &count.to_string(), end])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// All lines of the folder, each of which must be one, and the size of the largest file.
fn read(folder: &Path) -> (Vec<Value>, u64) {
    let (mut lines, mut largest) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        let line = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
        lines.extend(text.lines().map(line));
        largest = largest.max(text.len() as u64);
    }
    (lines, largest)
}

/// The numbers of each process's lines, in the order in which they stand.
fn numbers(lines: &[Value]) -> BTreeMap<u64, Vec<u64>> {
    let mut numbers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["message"] == "line") {
        let number = |name: &str| line["fields"][name].as_u64().unwrap();
        let long = line["fields"]["long"].as_str().unwrap().len() as u64;
        assert_eq!(long, number("number") * 37 % 1500);
        numbers
            .entry(number("id"))
            .or_default()
            .push(number("number"));
    }
    numbers
}

#[test]
fn processes_share_a_folder_and_no_line_is_torn_or_lost() {
    const PROCESSES: u64 = 4;
    const LINES: u64 = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let start = |id| start(folder.path(), id, LINES, "");
    let children: Vec<Child> = (0..PROCESSES).map(start).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
    let (lines, largest) = read(folder.path());
    assert_eq!(lines.len() as u64, PROCESSES * LINES);
    let numbers = numbers(&lines);
    assert_eq!(numbers.len() as u64, PROCESSES);
    for mut numbers in numbers.into_values() {
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..LINES));
    }
    // 64 KiB, and what each of the others may write at once between a look and a write.
    assert!(largest <= PROCESSES * 64 * 1024, "{largest}");
}

#[test]
fn what_was_flushed_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = start(folder.path(), 1, 500, "wait");
    let mut said = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut said).unwrap();
    assert_eq!(said, "written\n");
    child.kill().unwrap();
    child.wait().unwrap();
    let (lines, _) = read(folder.path());
    assert_eq!(numbers(&lines)[&1].len(), 500);
}

#[test]
fn a_panic_is_the_last_line_and_nothing_before_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let output = start(folder.path(), 7, 30, "panic")
        .wait_with_output()
        .unwrap();
    assert!(!output.status.success());
    // Without a terminal of the log's own, std prints it as well.
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the end of 7"), "{said}");
    let (lines, _) = read(folder.path());
    assert_eq!(numbers(&lines)[&7].len(), 30);
    let panic = lines.iter().find(|line| line["target"] == "panic").unwrap();
    assert_eq!(panic["message"], "panicked: the end of 7");
    assert_eq!(panic["fields"]["thread"], "main");
    let file = panic["file"].as_str().unwrap();
    assert!(file.ends_with("src/bin/playhouse-log-writer.rs"), "{file}");
    assert!(panic["line"].as_u64().unwrap() > 20 && panic["column"].is_u64());
}

//! A seed decides everything: two processes, one of them in reverse order, see the same.

#![allow(
    clippy::unwrap_used,
    reason = "a test whose process can't be read fails"
)]

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};

fn start(world: &str, count: u64, reverse: bool) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seeds"));
    command.args([world, "1", &count.to_string()]);
    if reverse {
        command.arg("reverse");
    }
    command.stdout(Stdio::piped()).spawn().unwrap()
}

fn finish(child: Child) -> BTreeMap<u64, String> {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let line = |line: &str| {
        let (seed, rest) = line.split_once(' ').unwrap();
        (seed.parse().unwrap(), rest.to_owned())
    };
    text.lines().map(line).collect()
}

fn check(world: &str, count: u64) {
    let forwards = start(world, count, false);
    let backwards = start(world, count, true);
    let (forwards, backwards) = (finish(forwards), finish(backwards));
    assert_eq!(forwards.len() as u64, count);
    for (seed, hash) in &forwards {
        assert_eq!(backwards.get(seed), Some(hash), "seed {seed} of {world}");
    }
    let mut hashes: Vec<&String> = forwards.values().collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(
        hashes.len() as u64,
        count,
        "seeds of {world} that do not differ"
    );
}

#[test]
fn a_thousand_seeds_of_two_nodes_are_the_same_in_two_processes() {
    check("islands", 1_000);
}

#[test]
fn seeds_of_the_market_are_the_same_in_two_processes() {
    check("market", 200);
}

#[test]
fn seeds_of_hosts_without_links_are_the_same_in_two_processes() {
    check("apart", 100);
}

#[test]
fn seeds_of_bare_streams_are_the_same_in_two_processes() {
    check("echo", 200);
}

//! The program itself, as a shell runs it: what it says of a bad configuration, and a node as `arena.json` describes it.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing where something should be has failed"
)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::{env, fs};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/arena.json");

/// The program, in a folder where it may leave what it wants, without what the environment says of it.
fn arena(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_arena"));
    let foreign = env::vars_os().map(|(name, _)| name);
    for name in foreign.filter(|name| name.as_encoded_bytes().starts_with(b"ARENA")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").current_dir(folder);
    command.args(arguments).stdin(Stdio::null());
    command
}

fn said(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let output = arena(folder.path(), arguments).output().unwrap();
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "a command that ran nothing left {left:?}");
    output
}

/// The program ends with 1 and these words on standard error, and nothing else was done.
fn refuses(arguments: &[&str], words: &[&str]) {
    let output = said(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.starts_with("error: ") && !text.contains("error: error"),
        "{text}"
    );
    for words in words {
        assert!(text.contains(words), "{text}\nwithout: {words}");
    }
}

#[test]
fn a_configuration_that_is_wrong_is_told_so() {
    let run = |node: &'static str, set: &'static str| {
        ["run", "--config", FILE, "--node", node, "--set", set]
    };
    refuses(
        &run("nobody", "game.points=3"),
        &["the configuration has no node `nobody`: take one of db, dev"],
    );
    refuses(
        &run("dev", "nodes.dev.listn=[]"),
        &[
            "unknown key `listn`",
            "--> --set:1:1",
            "did you mean `listen`?",
        ],
    );
    refuses(
        &run("dev", "game.battle_time=20"),
        &["expected a length of time with its unit", "found 20"],
    );
    refuses(
        &["run", "--config", "none.json", "--node", "dev"],
        &["can't read `none.json`: No such file"],
    );
}

#[test]
fn an_address_that_is_none_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let listen = "nodes.dev.listen=[\"nowhere\"]";
    let arguments = ["run", "--config", FILE, "--node", "dev", "--set", listen];
    // It has a log already, so more than this is said.
    let output = arena(folder.path(), &arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("nowhere"), "{text}");
}

#[test]
fn a_misspelt_key_in_a_file_is_shown_in_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(FILE).unwrap();
    let text = text.replacen("\"save_every\"", "\"save_evry\"", 1);
    let file = folder.path().join("arena.json");
    fs::write(&file, &text).unwrap();
    let line = 1 + text.lines().position(|it| it.contains("evry")).unwrap();
    refuses(
        &["run", "--config", file.to_str().unwrap(), "--node", "dev"],
        &[
            "unknown key `save_evry`",
            &format!("arena.json:{line}:9"),
            "did you mean `save_every`?",
            "at `every.save_evry`",
        ],
    );
}

#[test]
fn help_shows_examples() {
    for arguments in [&["--help"][..], &["run", "--help"]] {
        let output = said(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        for words in ["Examples:", "arena run --config arena.json --node dev"] {
            assert!(text.contains(words), "{text}\nwithout: {words}");
        }
    }
    // A configuration says nothing of a node that isn't named.
    let output = said(&["run", "--config", FILE]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("--node"), "{text}");
}

/// A node that runs; killed if a test leaves it behind.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Running {
    fn start(folder: &Path, node: &str) -> (Self, String) {
        let listen = format!("nodes.{node}.listen=[\"127.0.0.1:0\"]");
        let shards = format!("nodes.{node}.shards=1");
        let mut arguments = vec![
            "run", "--config", FILE, "--node", node, "--set", &listen, "--set", &shards,
        ];
        if node == "dev" {
            arguments.extend(["--set", "nodes.dev.login_http.listen=127.0.0.1:0"]);
        }
        let child = arena(folder, &arguments).stderr(Stdio::piped()).spawn();
        let mut running = Self(child.unwrap());
        let said = BufReader::new(running.0.stderr.take().unwrap());
        let mut all = String::new();
        let mut lines = said.lines().map(|line| line.unwrap());
        // Ends where the node does, so that a node that fails fails the test.
        for line in lines.by_ref() {
            all += &line;
            all += "\n";
            if line.contains("the node runs") {
                // What it says later is read on, or it would wait for a reader.
                std::thread::spawn(move || lines.for_each(drop));
                return (running, all);
            }
        }
        panic!("the node did not start:\n{all}");
    }

    /// Asks it to stop, and waits for its end.
    fn terminate(mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        // It listens for signals a moment after it has said that it runs.
        while self.0.try_wait().unwrap().is_none() && !listens_for_sigterm(&pid) {
            std::thread::yield_now();
        }
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        self.0.wait().unwrap().code()
    }
}

/// Whether a process catches SIGTERM; where the system doesn't tell, it is taken to do so.
fn listens_for_sigterm(pid: &str) -> bool {
    const SIGTERM: u32 = 15;
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else {
        return true;
    };
    let caught = status.lines().find_map(|it| it.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
    caught & (1 << (SIGTERM - 1)) != 0
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|it| it.unwrap().path()).collect()
}

#[test]
fn each_node_of_the_file_runs_until_sigterm() {
    for node in ["dev", "db"] {
        let folder = tempfile::tempdir().unwrap();
        // Twice: the second time on what the first left behind.
        for round in 1..=2 {
            let (running, said) = Running::start(folder.path(), node);
            assert!(said.contains("127.0.0.1:"), "{said}");
            assert_eq!(running.terminate(), Some(0), "{node}");
            let logs = files(folder.path().join("log"));
            let [log] = &logs[..] else {
                panic!("not one file of the log: {logs:?}");
            };
            let text = fs::read_to_string(log).unwrap();
            let starts = text.lines().filter(|it| it.contains("the node runs"));
            assert_eq!(starts.count(), round, "{text}");
            for line in text.lines() {
                assert!(
                    line.starts_with('{') && line.contains(&format!("\"{node}\"")),
                    "{line}"
                );
            }
            assert!(!files(folder.path().join("data").join(node)).is_empty());
        }
    }
}

/// The files of the page on growing are loaded, and each of their nodes is one that this program runs.
#[test]
fn the_page_on_growing_has_files_that_are_right() {
    let page = include_str!("../../../docs/growing.md");
    let folder = tempfile::tempdir().unwrap();
    let blocks: Vec<&str> = page.split("```json ").skip(1).collect();
    for block in &blocks {
        let (name, rest) = block.split_once('\n').unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        // Whoever takes it has the secret in the environment.
        let text = text.replace("$env:ARENA_SECRET$", "a secret of this test");
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        let config = arena::process::load(file, &[]).unwrap();
        let nodes = arena::up::plan(&config, &[]).unwrap();
        assert_eq!(nodes.len(), config.nodes.len());
        for node in nodes {
            let game = arena::app::Arena::new(arena::app::Rules::default());
            let roles = node.roles.clone();
            arena::app::node(game).roles(roles).build().unwrap();
        }
    }
    assert_eq!(blocks.len(), 2);
}

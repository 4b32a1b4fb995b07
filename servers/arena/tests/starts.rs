//! The program itself, as a node of a cluster that can't start: it ends with 1, and says once what is wrong and what to do.

#![allow(
    clippy::unwrap_used,
    reason = "a test that finds nothing where something should be has failed"
)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A cluster file in a folder of its own: `MANAGER` and `LOBBY` are addresses that are free.
struct Cluster {
    folder: TempDir,
    manager: String,
    lobby: String,
}

/// A process that ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Cluster {
    fn new() -> Self {
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().to_string()
        };
        let cluster = Self {
            folder: tempfile::tempdir().unwrap(),
            manager: free(),
            lobby: free(),
        };
        let text = r#"{
            "$MACRO$": { "MANAGER": "", "LOBBY": "" },
            "cluster": { "embedded": { "at": "$MANAGER$" } },
            "every": { "shards": 1, "join_timeout": "1s", "store": { "db": { "at": "$MANAGER$" } } },
            "nodes": {
                "manager": { "roles": ["manager", "db"], "listen": ["$MANAGER$"], "store": { "embedded": { "path": "manager" } } },
                "lobby-1": { "roles": ["lobby", "gate", "api"], "listen": ["$LOBBY$"] },
                "self-kept": { "roles": ["lobby"], "listen": ["$LOBBY$"], "store": { "embedded": { "path": "self-kept" } } },
                "misspelt": { "roles": ["loby"], "listen": ["$LOBBY$"] },
            },
        }"#;
        fs::write(cluster.file(), text).unwrap();
        cluster
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("cluster.json")
    }

    fn node(&self, name: &str, set: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_arena"));
        let foreign = std::env::vars_os().map(|(name, _)| name);
        for name in foreign.filter(|name| name.as_encoded_bytes().starts_with(b"ARENA")) {
            command.env_remove(name);
        }
        command
            .env_remove("RUST_LOG")
            .env("ARENA_MANAGER", &self.manager)
            .env("ARENA_LOBBY", &self.lobby)
            .current_dir(self.folder.path())
            .args(["run", "--config"])
            .arg(self.file())
            .args(["--node", name])
            .stdin(Stdio::null());
        for set in set {
            command.args(["--set", set]);
        }
        command
    }

    /// The node runs once this returns.
    fn start(&self, name: &str) -> Running {
        // A machine that is busy takes longer than those who are to give up soon.
        let mut command = self.node(name, &["every.join_timeout=60s"]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let running = Running(child);
        let mut lines = said.lines().map(|line| line.unwrap());
        let begun = lines.by_ref().any(|line| line.contains("the node runs"));
        assert!(begun, "{name} does not start");
        // What it says later is read on, or it would wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        running
    }

    /// The node ends with 1, and its last words are these.
    #[track_caller]
    fn refuses(&self, name: &str, set: &[&str], words: &[&str]) -> String {
        let output = self.node(name, set).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        let last = text.lines().last().unwrap_or_default();
        let said = last.strip_prefix("error: ").unwrap_or_default();
        for words in words {
            assert_eq!(said.matches(words).count(), 1, "{text}\nnot once: {words}");
        }
        said.to_owned()
    }
}

#[test]
fn a_manager_that_is_away_is_waited_for_and_named() {
    let cluster = Cluster::new();
    cluster.refuses(
        "lobby-1",
        &[],
        &["the store has not granted the node's lease for 1 s: see that it runs"],
    );
    // With a store of its own it gets as far as the registry.
    let registry = format!("the registry at {}", cluster.manager);
    cluster.refuses(
        "self-kept",
        &[],
        &[
            "registry has not answered for 1 s: see that it runs",
            &registry,
        ],
    );
}

#[test]
fn what_the_schema_does_not_know_and_what_is_taken_is_said_at_once() {
    let cluster = Cluster::new();
    cluster.refuses(
        "misspelt",
        &[],
        &["the schema declares no role `loby`, only gate, lobby,"],
    );
    let _taken = TcpListener::bind(&cluster.lobby).unwrap();
    let taken = format!(
        "address {} is taken: stop what listens there",
        cluster.lobby
    );
    cluster.refuses("self-kept", &[], &[&taken]);
}

#[test]
fn two_nodes_of_one_name_do_not_run() {
    let cluster = Cluster::new();
    let _manager = cluster.start("manager");
    let _first = cluster.start("lobby-1");
    cluster.refuses(
        "lobby-1",
        &["nodes.lobby-1.listen=[\"127.0.0.1:0\"]", "every.join_timeout=60s"],
        &["another node of the name `lobby-1` runs in this cluster: stop it, or give this one another name"],
    );
    cluster.refuses(
        "manager",
        &["nodes.manager.listen=[\"127.0.0.1:0\"]"],
        &["a node of the name `manager` runs on this machine already, with its lock in .: stop it"],
    );
}

#[test]
fn etcd_that_is_not_to_be_had_is_said() {
    let cluster = Cluster::new();
    let etcd = |endpoint: &str, words: &[&str]| {
        let section = format!("cluster={{\"etcd\": {{\"endpoints\": [\"{endpoint}\"]}}}}");
        let output = cluster.node("self-kept", &[&section]).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        if text.contains("was built without") {
            // As it is unless somebody asks for more.
            cluster.refuses(
                "self-kept",
                &[&section],
                &["build it with the feature `etcd`"],
            );
        } else {
            cluster.refuses("self-kept", &[&section], words);
        }
    };
    let away = format!("etcd at {} under /playhouse", cluster.manager);
    etcd(&cluster.manager, &["has not answered for 1 s", &away]);
    etcd(
        "ftp://127.0.0.1:1",
        &["the endpoint `ftp://127.0.0.1:1` won't do"],
    );
}

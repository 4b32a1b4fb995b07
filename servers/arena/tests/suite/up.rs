//! `arena up`, as a shell runs it: a cluster of processes, one of which is killed.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arena::up::Ports;
use arena_bots::SCHEMA;
use arena_bots::account::Login;
use arena_bots::common::Name;
use arena_bots::world::Avatar;
use playhouse_client::{Client, SessionReason, Uuid};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::game::{Player, info};

/// How long whatever is waited for may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A cluster that `arena up` runs.
struct Cluster {
    up: Child,
    /// What it said last of its nodes.
    nodes: Arc<Mutex<Value>>,
    /// Where the nodes listen, in the order of [`NODES`].
    addresses: Vec<String>,
    _ports: Ports,
}

const NODES: [(&str, &[&str]); 4] = [
    ("manager", &["manager", "db"]),
    ("backend-1", &["backend"]),
    ("lobby-1", &["lobby", "gate", "api"]),
    ("lobby-2", &["lobby", "gate", "api"]),
];

/// Which of them players come through.
const GATES: [usize; 2] = [2, 3];

/// So many that some live on each of the two lobbies.
const PLAYERS: u8 = 16;

impl Cluster {
    fn start(folder: &Path) -> Self {
        let mut ports = Ports::take().unwrap();
        let addresses = NODES.map(|_| format!("127.0.0.1:{}", ports.next_free().unwrap()));
        let nodes = NODES.iter().zip(&addresses).map(|((name, roles), at)| {
            let mut node = json!({ "roles": roles, "listen": [at] });
            if *name == "manager" {
                node["store"] = json!({ "embedded": { "path": folder.join("store") } });
            }
            ((*name).to_owned(), node)
        });
        let nodes: serde_json::Map<_, _> = nodes.collect();
        let config = json!({
            "cluster": { "embedded": { "at": addresses[0] } },
            "every": {
                "store": { "db": { "at": addresses[0] } },
                "lock": folder,
                "shards": 1,
                "token_secrets": ["sealed with this, all of it"],
            },
            "nodes": nodes,
        });
        let file = folder.join("cluster.json");
        std::fs::write(&file, config.to_string()).unwrap();
        let mut up = Command::new(env!("CARGO_BIN_EXE_arena"))
            .args(["up", "--json", "--config"])
            .arg(&file)
            .arg("--logs")
            .arg(folder.join("log"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let nodes = Arc::new(Mutex::new(Value::Null));
        let (said, told) = (up.stdout.take().unwrap(), Arc::clone(&nodes));
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                *told.lock().unwrap() = serde_json::from_str(&line).unwrap();
            }
        });
        Self {
            up,
            nodes,
            addresses: addresses.into(),
            _ports: ports,
        }
    }

    /// What is said of a node.
    fn node(&self, name: &str) -> Value {
        let nodes = self.nodes.lock().unwrap();
        let mut rows = nodes["nodes"].as_array().into_iter().flatten();
        let row = rows.find(|row| row["name"] == name);
        row.cloned().unwrap_or_default()
    }

    fn is_running(&self, name: &str) -> bool {
        self.node(name)["state"] == "running"
    }

    /// Ends a node as a power cut would.
    fn kill(&self, name: &str) -> i64 {
        let process = self.node(name)["process"].as_i64().unwrap();
        let pid = Pid::from_raw(process.try_into().unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        process
    }

    /// Somebody who logs in at a node and stays, if it lets them in now.
    async fn enter(&self, node: usize, number: u8) -> Option<Player> {
        let client = Client::connect(&SCHEMA, &self.addresses[node]).await.ok()?;
        let login = client.service::<Login>();
        let grant = login.enter_as_guest(Uuid([number; 16]), info("1.0"));
        let grant = grant.await.ok()?;
        let player = Player::of(client, grant.account);
        player.client.open(&grant.token.0).await.ok()?;
        Some(player)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its nodes end when it does: they hold the other end of its pipes.
        let _ended = self.up.kill();
        let _reaped = self.up.wait();
    }
}

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}"))
}

#[test]
fn a_node_that_was_killed_is_back_by_itself_and_found_by_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let running = async || {
            NODES
                .iter()
                .all(|(name, _)| cluster.is_running(name))
                .then_some(())
        };
        until("all nodes run", running).await;
        let mut players = Vec::new();
        for number in 1..=PLAYERS {
            let gate = GATES[usize::from(number) % GATES.len()];
            let player = until("somebody is in", async || cluster.enter(gate, number).await);
            players.push(player.await);
        }
        let (one, other) = (&players[0], &players[1]);
        let name = Name("phoenix".to_owned());
        other.avatar().rename(name.clone()).await.unwrap();
        let seen = async || {
            let look = one.avatar().look(Avatar::reference(other.account));
            look.await.ok().filter(|card| card.name == name)
        };
        until("the one sees the other", seen).await;

        let before = cluster.kill("lobby-2");
        let mut lost = Vec::new();
        for (number, player) in (1..).zip(&players) {
            // Whoever came through it and lives elsewhere goes on as soon as it is back.
            let goes_on = until("a player goes on, or learns that it can't", async || {
                let answer = player.avatar().bag().contents().await;
                let end = player.client.session_end().map(|(reason, _)| reason);
                match (answer, end) {
                    (Ok(_), None) => Some(true),
                    (Err(_), Some(SessionReason::Lost)) => Some(false),
                    (_, Some(reason)) => panic!("{reason:?}"),
                    (Err(_), None) => None,
                }
            });
            if !goes_on.await {
                lost.push((number, player.account));
            }
        }
        assert!(!lost.is_empty(), "somebody lived there");
        assert!(lost.len() < players.len(), "not everybody lived there");
        let again = async || {
            let node = cluster.node("lobby-2");
            let other = node["state"] == "running" && node["process"] != before;
            (other && node["restarts"] == 1).then_some(())
        };
        until("it is started again", again).await;
        // At the same address, under the same name, and the other nodes dial it by themselves.
        for (number, account) in lost {
            let back = async || cluster.enter(3, number).await;
            let back = until("who was lost is in again", back).await;
            assert_eq!(back.account, account);
            let contents = back.avatar().bag().contents().await;
            contents.expect("it has its avatar again");
        }
    });
    let up = Pid::from_child(&cluster.up);
    kill_process(up, Signal::TERM).unwrap();
    assert!(cluster.up.wait().unwrap().success());
}

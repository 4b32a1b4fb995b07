//! The nodes, what they stand on, and the ways between them, each of which can be cut.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use arena::up::{self, Planned, Program, State, Supervisor, Told};
use playhouse_etcd_tests::{Port, Relay, Server as Etcd};
use playhouse_mongo_tests::Server as Mongo;
use rustix::process::Signal;
use serde_json::json;
use tokio::time::sleep;

/// How long a node may take to listen, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The folder with what each node wrote.
pub(super) const LOGS: &str = "log";

/// Nodes with their roles.
const NODES: [(&str, &[&str]); 5] = [
    ("backend-1", &["backend"]),
    ("backend-2", &["backend"]),
    ("battle-1", &["battle"]),
    ("lobby-1", &["lobby", "gate", "api"]),
    ("lobby-2", &["lobby", "gate", "api"]),
];

/// A cluster that can be broken.
pub(super) struct Nodes {
    supervisor: Supervisor,
    ways: BTreeMap<String, Ways>,
    etcd: Arc<Mutex<Etcd>>,
    mongo: Arc<Mutex<Mongo>>,
}

/// The ways of one node, each by a relay.
pub(super) struct Ways {
    /// From other nodes to it.
    pub(super) peers: Relay,
    pub(super) store: Relay,
    pub(super) etcd: Relay,
    /// Where it listens, which stays its own while it is away.
    _port: Port,
}

impl Nodes {
    /// All of them, running.
    pub(super) async fn start(program: &Path, folder: &Path) -> Result<Self> {
        let (etcd, mongo) = (Etcd::start()?, Mongo::start(&[])?);
        let mut ways = BTreeMap::new();
        let mut nodes = serde_json::Map::new();
        let mut plan = Vec::new();
        for (name, roles) in NODES {
            let port = Port::take()?;
            let number = port.number();
            let own = Ways {
                peers: Relay::to(number).await?,
                store: Relay::to(mongo.port()).await?,
                etcd: Relay::to(etcd.port()).await?,
                _port: port,
            };
            let node = json!({
                "roles": roles,
                "listen": [format!("127.0.0.1:{number}")],
                "advertise": [own.peers.address()],
                "lock": folder.join("locks"),
                "store": {
                    "mongodb": {
                        "uri": format!("mongodb://{}/", own.store.address()),
                        "database": "arena_kill",
                    },
                },
            });
            nodes.insert(name.to_owned(), node);
            ways.insert(name.to_owned(), own);
            plan.push(Planned {
                name: name.to_owned(),
                roles: roles.iter().map(ToString::to_string).collect(),
                rank: 0,
                stops_within: PATIENCE,
            });
        }
        let config = json!({
            "cluster": { "etcd": { "endpoints": [etcd.endpoint()], "prefix": "/playhouse/kill" } },
            "every": {
                "save_every": "2s",
                "shards": 1,
                "token_secrets": ["all nodes seal with this"],
                "log": { "levels": "info" },
            },
            "nodes": nodes,
            "game": { "battle_time": "1s", "gather_time": "1s" },
        });
        let file = folder.join("cluster.json");
        std::fs::write(&file, serde_json::to_string_pretty(&config)?)?;
        let program = Program {
            path: program.to_owned(),
            arguments: vec!["node".to_owned()],
            config: file,
            set: Vec::new(),
            logs: folder.join(LOGS),
        };
        let mut supervisor = Supervisor::new(program, plan, false);
        for (name, ways) in &ways {
            let endpoints = format!("cluster.etcd.endpoints=[\"{}\"]", ways.etcd.endpoint());
            supervisor.set(name, [endpoints])?;
        }
        let mut told = Told::new()?;
        if !up::start(&mut supervisor, &mut told, |_| ()).await? {
            bail!("told to stop");
        }
        Ok(Self {
            supervisor,
            ways,
            etcd: Arc::new(Mutex::new(etcd)),
            mongo: Arc::new(Mutex::new(mongo)),
        })
    }

    /// Stops all of them, in order; each must stop well.
    pub(super) async fn stop(mut self) -> Result<()> {
        let mut told = Told::new()?;
        up::stop(&mut self.supervisor, &mut told, |_| ()).await
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.ways.keys().cloned().collect()
    }

    pub(super) fn ways(&self, name: &str) -> Result<&Ways> {
        self.ways.get(name).context("no such node")
    }

    /// Where clients connect.
    pub(super) fn lobbies(&self) -> Vec<String> {
        let rows = self.supervisor.rows().into_iter();
        let lobbies = rows.filter(|row| row.roles.iter().any(|role| role == "lobby"));
        lobbies.flat_map(|row| row.listens).collect()
    }

    /// Where payments are asked for.
    pub(super) fn address(&self) -> Result<String> {
        self.lobbies().into_iter().next().context("no lobby runs")
    }

    /// Does something to etcd that waits.
    pub(super) async fn etcd(
        &self,
        work: impl FnOnce(&mut Etcd) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        aside(&self.etcd, work).await
    }

    /// Does something to the store's server that waits.
    pub(super) async fn mongo(
        &self,
        work: impl FnOnce(&mut Mongo) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        aside(&self.mongo, work).await
    }

    pub(super) fn kill(&mut self, name: &str) -> Result<()> {
        self.supervisor.kill(name)
    }

    pub(super) fn begin(&mut self, name: &str) -> Result<()> {
        self.supervisor.start(name)
    }

    pub(super) fn pause(&mut self, name: &str) -> Result<()> {
        self.supervisor.signal(name, Signal::STOP)
    }

    pub(super) fn go_on(&mut self, name: &str) -> Result<()> {
        self.supervisor.signal(name, Signal::CONT)
    }

    /// Stops a node as an operator does, and starts it again.
    pub(super) async fn restart(&mut self, name: &str) -> Result<()> {
        self.supervisor.stop(name)?;
        self.wait_for(name, State::Stopped).await?;
        self.supervisor.start(name)?;
        self.wait_for(name, State::Running).await
    }

    /// Waits until all of them listen again; whatever has ended is started.
    pub(super) async fn mend(&mut self) -> Result<()> {
        for name in self.names() {
            self.supervisor.look()?;
            self.supervisor.start(&name)?;
            self.wait_for(&name, State::Running).await?;
        }
        Ok(())
    }

    async fn wait_for(&mut self, name: &str, state: State) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            self.supervisor.look()?;
            let rows = self.supervisor.rows();
            let row = rows.iter().find(|row| row.name == name);
            let row = row.context("no such node")?;
            let why = || row.ended.clone().unwrap_or_default();
            match &row.state {
                now if *now == state => {
                    return match &row.ended {
                        Some(ended) if state == State::Stopped => {
                            bail!("node `{name}` did not stop well: {ended}")
                        }
                        _ => Ok(()),
                    };
                }
                State::Failed => bail!("node `{name}` ended by itself: {}", why()),
                _ if Instant::now() >= end => {
                    bail!(
                        "node `{name}` is {:?}, not {state:?}, after {PATIENCE:?}",
                        row.state
                    )
                }
                _ => sleep(LOOK_EVERY).await,
            }
        }
    }
}

/// Works on a server in another thread: players play on meanwhile, and relays carry.
async fn aside<S: Send + 'static>(
    server: &Arc<Mutex<S>>,
    work: impl FnOnce(&mut S) -> Result<()> + Send + 'static,
) -> Result<()> {
    let server = Arc::clone(server);
    let worked = move || match server.lock() {
        Ok(mut server) => work(&mut server),
        Err(_) => bail!("an earlier round panicked with the server in its hands"),
    };
    tokio::task::spawn_blocking(worked).await?
}

//! Nodes as a file describes them: one file for a whole cluster, a section for each node.
//!
//! ```
//! use playhouse::config::Loader;
//! use playhouse::node::ClusterConfig;
//!
//! let loader = Loader::memory([(
//!     "cluster.json",
//!     r#"{
//!         "every": { "save_every": "4s" },
//!         "nodes": {
//!             "lobby-1": { "roles": ["lobby"], "listen": ["127.0.0.1:7000"] },
//!             "battle-1": { "roles": ["battle"], "listen": ["127.0.0.1:7001"], "shards": 4 },
//!         },
//!     }"#,
//! )]);
//! let cluster: ClusterConfig = loader.load()?;
//! let node = cluster.node("battle-1")?;
//! assert_eq!(node.shards, Some(4));
//! assert_eq!(node.save_every.map(|it| it.0.as_secs()), Some(4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use playhouse_config::{Secret, Size, Time};
use playhouse_net::noise::KeyError;
use serde::Deserialize;

#[cfg(feature = "tls")]
mod certificate;
mod doors;
mod keys;
mod logging;
mod login;
mod membership;
mod network;

pub use doors::{DoorsConfig, TlsConfig};
pub use keys::{Mode, NoiseConfig};
pub use logging::{ColoursConfig, LogConfig, LogFilesConfig, RotationConfig};
pub use login::LoginHttpConfig;
pub use membership::{EtcdConfig, MembershipConfig};
pub use network::Network;

use super::NodeBuilder;
use super::builder::is_loopback;
use crate::db::Remote;
use crate::login::KeysError;
use crate::store::Embedded;

/// A cluster: what all its nodes have, and what each has. `game` is the game's own section, of any type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(bound = "G: Deserialize<'de> + Default")]
pub struct ClusterConfig<G = ()> {
    /// How the nodes find each other. Without it each is a node alone.
    #[serde(default)]
    pub cluster: Option<MembershipConfig>,
    /// What every node has unless its own section says something else.
    #[serde(default)]
    pub every: NodeConfig,
    /// The nodes, by name.
    pub nodes: BTreeMap<String, NodeConfig>,
    /// What the game itself wants to know.
    #[serde(default)]
    pub game: G,
}

/// A node. What is not said is as [`NodeBuilder`] has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NodeConfig {
    /// Its name: the key of its section.
    #[serde(skip)]
    pub name: Option<String>,
    /// The cluster that it is one of, if any.
    #[serde(skip)]
    pub cluster: Option<MembershipConfig>,
    /// See [`NodeBuilder::roles`].
    pub roles: Option<Vec<String>>,
    /// See [`NodeBuilder::listen`].
    pub listen: Option<Vec<String>>,
    /// The certificate that is shown where it listens for `wss` and `quic`. Feature `tls`.
    pub tls: Option<TlsConfig>,
    /// From whose pages browsers may come by WebSocket; from any if nothing is said. Feature `websocket`.
    pub origins: Option<Vec<String>>,
    /// What strangers may have of it.
    pub doors: Option<DoorsConfig>,
    /// See [`NodeBuilder::advertise`].
    pub advertise: Option<Vec<String>>,
    /// The secrets of [`NodeBuilder::tokens`], at least 16 bytes each, the one that seals first; the same on all nodes.
    pub token_secrets: Option<Vec<Secret<String>>>,
    /// Where logins are taken over HTTP. Feature `login-http`.
    pub login_http: Option<LoginHttpConfig>,
    /// From where nodes and tools are taken besides the machine itself; see [`NodeBuilder::trust_peers`].
    pub trust_peers: Option<Vec<Network>>,
    /// What becomes of keys that are not given: nothing is encrypted by them, if nothing is said.
    pub mode: Option<Mode>,
    /// How clients are encrypted; not at all if nothing is said.
    pub noise: Option<NoiseConfig>,
    /// See [`NodeBuilder::cluster_key`]: base64, as `playhouse keys` prints it.
    pub cluster_key: Option<Secret<String>>,
    /// See [`NodeBuilder::compress_from`].
    pub compress_from: Option<Size>,
    /// See [`NodeBuilder::least_client_release`].
    pub least_client_release: Option<u32>,
    /// See [`NodeBuilder::msgpack_rpc`].
    pub msgpack_rpc: Option<Vec<String>>,
    /// See [`NodeBuilder::metrics`].
    pub metrics: Option<String>,
    /// See [`NodeBuilder::sample_traces`].
    pub sample_traces: Option<u32>,
    /// Where the spans of sampled traces are sent: an OpenTelemetry collector. Feature `opentelemetry`.
    pub collector: Option<String>,
    /// See [`NodeBuilder::shards`].
    pub shards: Option<u16>,
    /// See [`NodeBuilder::store`].
    pub store: Option<StoreConfig>,
    /// See [`NodeBuilder::lock`]. Where the folder of an embedded store stands if nothing is said.
    pub lock: Option<PathBuf>,
    /// See [`NodeBuilder::save_every`].
    pub save_every: Option<Time>,
    /// See [`NodeBuilder::unsaved_max`].
    pub unsaved_max: Option<u32>,
    /// See [`NodeBuilder::idle_after`].
    pub idle_after: Option<Time>,
    /// See [`NodeBuilder::links_max`].
    pub links_max: Option<u32>,
    /// See [`NodeBuilder::guests_per_address`].
    pub guests_per_address: Option<u32>,
    /// See [`NodeBuilder::stop_timeout`].
    pub stop_timeout: Option<Time>,
    /// See [`NodeBuilder::join_timeout`].
    pub join_timeout: Option<Time>,
    /// See [`NodeBuilder::drain_timeout`].
    pub drain_timeout: Option<Time>,
    /// See [`NodeBuilder::stall_after`].
    pub stall_after: Option<Time>,
    /// Where its log goes.
    pub log: Option<LogConfig>,
}

/// Where persistent entities are saved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StoreConfig {
    /// `"none"`: nowhere. What a node has whose configuration says nothing, too.
    None,
    /// `{ "embedded": { "path": "data/lobby-1" } }`: in a folder, for this node alone.
    Embedded {
        /// The folder, relative to where the process runs.
        path: PathBuf,
    },
    /// `{ "db": { "at": "127.0.0.1:7100" } }`: at the node that listens there and saves for others, see [`db`](crate::db).
    Db {
        /// Its address.
        at: String,
    },
    /// `{ "mongodb": { "uri": "mongodb://127.0.0.1", "database": "arena" } }`: feature `mongodb`.
    Mongodb {
        /// Where the server is, and how to log in.
        uri: Secret<String>,
        /// Which of its databases.
        database: String,
    },
}

/// Why a configuration makes no node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigureError {
    /// No section has this name.
    NoNode {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A store that this program was built without.
    NoMongodb,
    /// Secrets for tokens that make no keys.
    Tokens(KeysError),
    /// A membership that this program was built without.
    NoEtcd,
    /// The first of the etcd section means nothing without the second.
    Lone(&'static str, &'static str),
    /// A file that the configuration names can't be read.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// A key that has to be given is not.
    NoKey(&'static str),
    /// A text that is no key, or none can be made.
    Key {
        /// Where it stands.
        name: &'static str,
        /// What is wrong.
        error: KeyError,
    },
    /// Nobody said where keys are to be kept that the node makes.
    NoFolder,
    /// A key that the node made can't be kept, or read again.
    Keep {
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// A collector for traces that this program was built without.
    NoOpentelemetry,
    /// The first means nothing to a program that was built without the feature.
    NoFeature(&'static str, &'static str),
}

impl fmt::Display for ConfigureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNode { name, known } if known.is_empty() => {
                write!(
                    f,
                    "the configuration has no nodes: add `{name}` under `nodes`"
                )
            }
            Self::NoNode { name, known } => write!(
                f,
                "the configuration has no node `{name}`: take one of {}, or add it under `nodes`",
                known.join(", ")
            ),
            Self::Tokens(error) => write!(f, "`token_secrets`: {error}"),
            Self::NoOpentelemetry => f.write_str(
                "the configuration has a `collector`, which this program was built without: build it with the feature \
                 `opentelemetry` of `playhouse`, or leave it out",
            ),
            Self::NoFeature(name, feature) => write!(
                f,
                "the configuration has `{name}`, which this program was built without: build it with the feature \
                 `{feature}` of `playhouse`, or leave it out",
            ),
            Self::NoMongodb => f.write_str(
                "the configuration wants MongoDB, which this program was built without: build it with the feature \
                 `mongodb` of `playhouse`, or take `\"store\": { \"embedded\": { \"path\": .. } }`",
            ),
            Self::NoEtcd => f.write_str(
                "the configuration wants etcd, which this program was built without: build it with the feature `etcd` \
                 of `playhouse`, or take `\"cluster\": { \"embedded\": { \"at\": .. } }`",
            ),
            Self::Lone(name, without) => write!(
                f,
                "`{name}` of the cluster's etcd means nothing without `{without}`: give both or neither"
            ),
            Self::NoKey(name) => write!(
                f,
                "`{name}` is missing: take one that `playhouse keys` prints, or say `\"mode\": \"dev\"` on a developer's machine"
            ),
            Self::Key { name, error } => write!(f, "`{name}`: {error}"),
            Self::NoFolder => f.write_str(
                "`\"mode\": \"dev\"` keeps the keys that it makes in the node's folder, and there is none: say `lock`, take an \
                 embedded store, or give `noise.server_key`",
            ),
            Self::Keep { path, error } => write!(
                f,
                "the key in `{}` can't be kept or read: {error}",
                path.display()
            ),
            Self::File { path, error } => write!(
                f,
                "`{}`, which the configuration names, can't be read: {error}",
                path.display()
            ),
        }
    }
}

impl std::error::Error for ConfigureError {}

impl<G> ClusterConfig<G> {
    /// A node by name, with what every node has where its section says nothing.
    ///
    /// # Errors
    ///
    /// If there is no such section.
    pub fn node(&self, name: &str) -> Result<NodeConfig, ConfigureError> {
        let node = self.nodes.get(name).ok_or_else(|| ConfigureError::NoNode {
            name: name.to_owned(),
            known: self.nodes.keys().cloned().collect(),
        })?;
        let mut node = node.clone().over(&self.every);
        node.name = Some(name.to_owned());
        node.cluster.clone_from(&self.cluster);
        Ok(node)
    }
}

impl NodeConfig {
    /// This, and what `every` says where this says nothing.
    fn over(self, every: &Self) -> Self {
        let log = match (self.log, &every.log) {
            (Some(log), Some(every)) => Some(log.over(every)),
            (log, every) => log.or_else(|| every.clone()),
        };
        Self {
            name: self.name,
            cluster: self.cluster,
            roles: self.roles.or_else(|| every.roles.clone()),
            listen: self.listen.or_else(|| every.listen.clone()),
            tls: self.tls.or_else(|| every.tls.clone()),
            doors: self.doors.or_else(|| every.doors.clone()),
            origins: self.origins.or_else(|| every.origins.clone()),
            advertise: self.advertise.or_else(|| every.advertise.clone()),
            token_secrets: self.token_secrets.or_else(|| every.token_secrets.clone()),
            login_http: self.login_http.or_else(|| every.login_http.clone()),
            trust_peers: self.trust_peers.or_else(|| every.trust_peers.clone()),
            mode: self.mode.or(every.mode),
            noise: self.noise.or_else(|| every.noise.clone()),
            cluster_key: self.cluster_key.or_else(|| every.cluster_key.clone()),
            compress_from: self.compress_from.or(every.compress_from),
            least_client_release: self.least_client_release.or(every.least_client_release),
            msgpack_rpc: self.msgpack_rpc.or_else(|| every.msgpack_rpc.clone()),
            metrics: self.metrics.or_else(|| every.metrics.clone()),
            sample_traces: self.sample_traces.or(every.sample_traces),
            collector: self.collector.or_else(|| every.collector.clone()),
            shards: self.shards.or(every.shards),
            store: self.store.or_else(|| every.store.clone()),
            lock: self.lock.or_else(|| every.lock.clone()),
            save_every: self.save_every.or(every.save_every),
            unsaved_max: self.unsaved_max.or(every.unsaved_max),
            idle_after: self.idle_after.or(every.idle_after),
            links_max: self.links_max.or(every.links_max),
            guests_per_address: self.guests_per_address.or(every.guests_per_address),
            stop_timeout: self.stop_timeout.or(every.stop_timeout),
            join_timeout: self.join_timeout.or(every.join_timeout),
            drain_timeout: self.drain_timeout.or(every.drain_timeout),
            stall_after: self.stall_after.or(every.stall_after),
            log,
        }
    }
}

impl NodeBuilder {
    /// Takes over all that a configuration says of a node. What was said before stays where it says nothing; addresses
    /// are added to those that were said before.
    ///
    /// # Errors
    ///
    /// If it wants what this program was built without.
    pub fn configure(mut self, config: &NodeConfig) -> Result<Self, ConfigureError> {
        if let Some(name) = &config.name {
            self = self.name(name);
        }
        if let Some(roles) = &config.roles {
            self = self.roles(roles);
        }
        for address in config.listen.iter().flatten() {
            self = self.listen(address);
        }
        self = self.open_doors(config)?;
        if let Some(membership) = &config.cluster {
            self = self.join(membership, config)?;
        }
        // Whoever restarts a node that saves in a folder restarts it where that is. Nothing of others stands in that folder.
        let beside = match &config.store {
            Some(StoreConfig::Embedded { path }) => path.parent(),
            _ => None,
        };
        let here = Path::new(".");
        let beside = beside.map(|folder| {
            if folder == Path::new("") {
                here
            } else {
                folder
            }
        });
        let folder = config.lock.as_deref().or(beside);
        if let Some(folder) = folder {
            self = self.lock(folder);
        }
        self = self.keys(config, folder)?;
        #[cfg(feature = "tls")]
        {
            self = self.own_certificate(config, folder)?;
        }
        for address in config.advertise.iter().flatten() {
            self = self.advertise(address);
        }
        if let Some(http) = &config.login_http {
            self = http.apply(self)?;
        }
        if let Some(networks) = config.trust_peers.clone() {
            self = self.trust_peers(move |address| {
                is_loopback(address) || networks.iter().any(|network| network.contains(address))
            });
        }
        if let Some(Size(bytes)) = config.compress_from {
            self = self.compress_from(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
        if let Some(release) = config.least_client_release {
            self = self.least_client_release(release);
        }
        for address in config.msgpack_rpc.iter().flatten() {
            self = self.msgpack_rpc(address);
        }
        if let Some(address) = &config.metrics {
            self = self.metrics(address);
        }
        if let Some(one_of) = config.sample_traces {
            self = self.sample_traces(one_of);
        }
        if let Some(address) = &config.collector {
            self = collector(self, address)?;
        }
        if let Some(count) = config.shards {
            self = self.shards(usize::from(count));
        }
        self = match &config.store {
            None | Some(StoreConfig::None) => self,
            Some(StoreConfig::Embedded { path }) => self.store(Embedded::at(path)),
            Some(StoreConfig::Db { at }) => self.store(Remote::at(at.as_str())),
            Some(StoreConfig::Mongodb { uri, database }) => mongodb(self, uri, database)?,
        };
        if let Some(Time(time)) = config.save_every {
            self = self.save_every(time);
        }
        let many = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        if let Some(count) = config.unsaved_max {
            self = self.unsaved_max(many(count));
        }
        if let Some(Time(time)) = config.idle_after {
            self = self.idle_after(time);
        }
        if let Some(count) = config.links_max {
            self = self.links_max(many(count));
        }
        if let Some(count) = config.guests_per_address {
            self = self.guests_per_address(count);
        }
        if let Some(Time(time)) = config.stop_timeout {
            self = self.stop_timeout(time);
        }
        if let Some(Time(time)) = config.drain_timeout {
            self = self.drain_timeout(time);
        }
        if let Some(Time(time)) = config.join_timeout {
            self = self.join_timeout(time);
        }
        if let Some(Time(time)) = config.stall_after {
            self = self.stall_after(time);
        }
        Ok(self)
    }
}

#[cfg(feature = "opentelemetry")]
fn collector(builder: NodeBuilder, address: &str) -> Result<NodeBuilder, ConfigureError> {
    Ok(builder.collector(address))
}

#[cfg(not(feature = "opentelemetry"))]
fn collector(_builder: NodeBuilder, _address: &str) -> Result<NodeBuilder, ConfigureError> {
    Err(ConfigureError::NoOpentelemetry)
}

#[cfg(feature = "mongodb")]
fn mongodb(
    builder: NodeBuilder,
    uri: &Secret<String>,
    database: &str,
) -> Result<NodeBuilder, ConfigureError> {
    Ok(builder.store(crate::store::Mongo::at(uri.reveal(), database)))
}

#[cfg(not(feature = "mongodb"))]
fn mongodb(
    _builder: NodeBuilder,
    _uri: &Secret<String>,
    _database: &str,
) -> Result<NodeBuilder, ConfigureError> {
    Err(ConfigureError::NoMongodb)
}

/// The examples of the page on configuration, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/config.md")]
struct Page;

//! A cluster in this process: a node that saves for the others and hosts the registry, and those others.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};
use playhouse::cluster::{Cluster, Embedded as Registry};
use playhouse::db::{Remote, Serving};
use playhouse::host::Shard;
use playhouse::node::{Node, NodeBuilder, Running};
use playhouse::store::Embedded;

use crate::generated::SCHEMA;

/// How long something of the cluster may take that takes moments.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node with an embedded store in a temporary folder, which hosts the registry of a cluster.
pub struct Town {
    /// The node.
    pub db: Running,
    /// Removed behind it.
    _folder: tempfile::TempDir,
}

impl Town {
    /// Starts it, with what `more` adds.
    ///
    /// # Errors
    ///
    /// If there is no folder or no port.
    pub fn start(more: impl FnOnce(NodeBuilder) -> NodeBuilder) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let db = node("db")
            .roles(["db"])
            .service(Serving::new)
            .store(Embedded::at(folder.path()))
            .cluster(Registry::hosting())
            .shards(1);
        let db = more(db)
            .build()?
            .start()
            .context("the db node does not start")?;
        Ok(Self {
            db,
            _folder: folder,
        })
    }

    /// Where it listens.
    ///
    /// # Panics
    ///
    /// Never: it listens at one address.
    #[must_use]
    pub fn address(&self) -> String {
        self.db.addresses().remove(0)
    }

    /// One more node of the cluster that is hosted at this address, not started yet.
    pub fn neighbour(address: &str, name: &str) -> NodeBuilder {
        node(name)
            .roles(["bench_node"])
            .store(Remote::at(address))
            .cluster(Registry::at(address))
    }
}

impl fmt::Debug for Town {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Town").field(&self.db).finish()
    }
}

fn node(name: &str) -> NodeBuilder {
    Node::builder()
        .schema(&SCHEMA)
        .name(name)
        .listen("127.0.0.1:0")
}

/// The cluster as a node sees it.
///
/// # Errors
///
/// If the node is none of a cluster, or has stopped.
pub fn cluster_of(node: &Running) -> Result<Cluster> {
    let cluster = node.spawn(|| async {
        let shard = Shard::current()?;
        let seen = shard.attend(PATIENCE, async |cx| cx.cluster());
        seen.await.ok().flatten()
    });
    cluster.wait()?.context("the node has no cluster")
}

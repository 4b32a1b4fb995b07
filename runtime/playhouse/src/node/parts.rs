//! A node without threads: each shard as a future, for the simulation, which runs many nodes on one thread.

use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_cluster::watch;
use playhouse_net::Network;
use playhouse_store::{Collection, Store};
use playhouse_wire::message::Incarnation;
use tokio::runtime::Handle;

use super::Node;
use super::running::Stopped;
use super::shard::ShardNode;
use super::shared::{Jobs, Mailbox, Places, Shared};
use super::system::Alive;
use crate::host::{Env, Shard};

/// One shard of a node, before it starts.
pub(crate) struct Part {
    shared: Arc<Shared>,
    index: usize,
    jobs: Jobs,
    stop: watch::Sender<bool>,
    /// For all but the system's own.
    alive: Option<Alive>,
}

/// Stops a node gracefully that runs in parts.
#[derive(Debug, Clone)]
pub(crate) struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Nothing new is taken in, and each part's future ends.
    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Node {
    /// The collections that its persistent entities need.
    pub(crate) fn collections(&self) -> Vec<Collection> {
        self.shared.setup.collections()
    }

    /// The shards, each to be run where the caller likes, all of them at the same time. `boot` is this life of the
    /// node, unlike any before it; it begins at `date_us`, in microseconds since 1970.
    pub(crate) fn parts(self, boot: u64, date_us: i64) -> Vec<Part> {
        let (mailboxes, jobs): (Vec<_>, Vec<_>) = (0..self.shared.shards_in_all())
            .map(|_| Mailbox::new())
            .unzip();
        let places = Places {
            addresses: self.shared.policy.listen.clone(),
            incarnation: Incarnation { boot, lease: 0 },
            ..Places::default()
        };
        self.shared.open(mailboxes, places, date_us, None);
        let stop = watch::Sender::new(false);
        self.shared.control.begin(stop.clone());
        self.shared.control.set_started();
        let parts = jobs.into_iter().enumerate();
        parts
            .map(|(index, jobs)| Part {
                shared: Arc::clone(&self.shared),
                index,
                jobs,
                stop: stop.clone(),
                alive: (index < self.shared.about.shards)
                    .then(|| self.shared.progress.begin_shard()),
            })
            .collect()
    }
}

impl Part {
    /// What stops the whole node.
    pub(crate) fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Makes the shard. The future is all that its thread would do; it ends when the node was stopped. The first shard
    /// listens, and keeps every link that comes in. The store is the caller's, whatever the builder was given.
    ///
    /// To be called, and the future polled, inside of the shard's `LocalSet`.
    pub(crate) fn boot(
        self,
        env: Rc<dyn Env>,
        network: Rc<dyn Network>,
        store: Option<Rc<dyn Store>>,
    ) -> (Rc<Shard>, impl Future<Output = ()> + 'static) {
        let lease = store.clone();
        let store = store.map(|store| self.shared.keeping(store, false));
        let node = ShardNode::new(&self.shared, self.index, env, network, store);
        // A network of the caller's own has nobody on it but the caller's nodes and clients.
        node.trust_all();
        let host = Rc::clone(node.host());
        let main = async move {
            if self.index == 0
                && let Err(error) = node.listen_here().await
            {
                tracing::error!(%error, "a node can't listen");
                return;
            }
            let Some(_alive) = self.alive else {
                let stop = self.stop.clone();
                let joined = |result| {
                    if let Err(error) = result {
                        tracing::error!(%error, "a node does not start");
                        stop.send_replace(true);
                    }
                };
                let system = Handle::current();
                let stopping = self.stop.subscribe();
                node.run_system(self.jobs, stopping, lease, system, joined)
                    .await;
                return;
            };
            match node.run(self.jobs, self.stop.subscribe()).await {
                Stopped::HandlersLeft(count) => tracing::warn!(count, "handlers were cut off"),
                Stopped::Unsaved(count) => tracing::warn!(count, "entities were not saved"),
                Stopped::Regularly | Stopped::Panicked(_) => {}
            }
        };
        (host, main)
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({} of {})", self.index, self.shared.about.name)
    }
}

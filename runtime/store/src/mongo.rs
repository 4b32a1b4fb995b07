//! A store over a MongoDB server, by the official driver. Behind the cargo feature `mongodb`.
//!
//! An entity type is a collection, a document one document: the header's fields beside `root`, keys escaped where MongoDB
//! gives them a meaning, a `u64` as the `i64` of the same bits. What makes it safe:
//!
//! - Every write waits for a majority and its journal, claims as well as commits; what is read comes from the primary and is
//!   committed by a majority. A lost answer, or one that tells of a concern that was not met, is [`StoreError::Unknown`].
//! - Nothing is upserted: a document is made by an insert, and a duplicate key means that it is there already.
//! - The driver repeats no write by itself. Whoever repeats one does so with the same revision.
//!
//! Commits of many entities that are asked for at the same moment go in one command ([`COMMIT_BATCH_MAX`]); several that
//! belong together go in a transaction, which MongoDB has on replica sets only.

mod address;
mod claim;
mod commits;
mod fault;
mod form;
mod group;
mod judge;
mod look;
mod name;
mod opening;
mod reads;
mod server;
mod shard;
mod statement;

use std::fmt;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::mongo::address::Address;
use crate::mongo::server::Server;
use crate::problem::OpenError;
use crate::store::{Backend, Collection, Store};

#[cfg(doc)]
use crate::problem::StoreError;

/// At most so many commits go to the server in one command. Sharing the wait for the journal pays: against the test server, which
/// has slow commands, 32 commits at once were done twice as fast as 8, which share nothing; batches of hundreds gained no more.
pub const COMMIT_BATCH_MAX: usize = 64;
/// At most so many bytes of commits go to the server in one command, unless one alone has more.
pub const COMMIT_BATCH_BYTES_MAX: usize = 8 << 20;
/// At most so many commands with commits wait for the server's answer; meanwhile further commits gather to larger ones.
pub const COMMANDS_MAX: usize = 8;
/// At most so many requests wait for an answer; further ones are [`StoreError::Unavailable`].
pub const REQUESTS_MAX: usize = 65_536;
/// At most so many bytes has a document: MongoDB's own limit. A commit that would exceed it is [`StoreError::Full`].
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;

/// A MongoDB database as a node's store.
///
/// ```no_run
/// use playhouse_store::Mongo;
///
/// let store = Mongo::at("mongodb://game:secret@10.0.0.5:27017/?replicaSet=rs0", "game");
/// ```
pub struct Mongo {
    address: Address,
    limits: Limits,
    server: OnceLock<Arc<Server>>,
}

/// How long it waits for what.
#[derive(Debug, Clone, Copy)]
struct Limits {
    wait_max: Duration,
    answer_max: Duration,
}

impl Mongo {
    /// Of a connection string, with everything that MongoDB's drivers know in it, and the name of a database.
    #[must_use]
    pub fn at(uri: impl Into<String>, database: impl Into<String>) -> Self {
        Self {
            address: Address::new(uri.into(), database.into()),
            limits: Limits {
                wait_max: Duration::from_secs(60),
                answer_max: Duration::from_secs(30),
            },
            server: OnceLock::new(),
        }
    }

    /// For how long a starting node waits for a server that is not there; 60 s if nothing else is said. Wrong credentials are
    /// not waited for.
    #[must_use]
    pub const fn wait_max(mut self, wait_max: Duration) -> Self {
        self.limits.wait_max = wait_max;
        self
    }

    /// For how long an answer is waited for, before a write's outcome is unknown and a read has failed; 30 s if nothing else
    /// is said.
    #[must_use]
    pub const fn answer_max(mut self, answer_max: Duration) -> Self {
        self.limits.answer_max = answer_max;
        self
    }

    fn failed(&self, why: impl Into<String>) -> OpenError {
        OpenError {
            store: self.address.shown().to_owned(),
            why: self.address.clean(&why.into()),
        }
    }
}

/// Without what is secret in the connection string.
impl fmt::Debug for Mongo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mongo")
            .field("address", &self.address)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Backend for Mongo {
    fn open(&self, collections: &[Collection], system: &Handle) -> Result<(), OpenError> {
        let opening = opening::open(
            self.address.clone(),
            self.limits,
            collections.to_vec(),
            system.clone(),
        );
        // The caller may be within a runtime, where blocking on a future is not allowed.
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        system.spawn(async move {
            // The receiver waits for as long as this runs.
            let _ = sender.send(opening.await);
        });
        let server = receiver
            .recv()
            .map_err(|_| self.failed("the node's system runtime has ended"))?
            .map_err(|why| self.failed(why))?;
        self.server
            .set(server)
            .map_err(|_| self.failed("it has been opened already: give each node one of its own"))
    }

    fn store(&self) -> Rc<dyn Store> {
        Rc::new(shard::Shard::new(self.server.get().cloned()))
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn close(&self) {
        let Some(server) = self.server.get().cloned() else {
            return;
        };
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        server.system().clone().spawn(async move {
            server.close().await;
            let _ = sender.send(());
        });
        // An error means that the runtime has ended, and with it everything that could be waited for.
        let _ = receiver.recv();
    }
}

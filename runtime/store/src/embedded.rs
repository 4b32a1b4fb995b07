//! The embedded store: a folder of files, for one process at a time.
//!
//! A document is a range of rows in a log-structured file store (`fjall`), one for each leaf, so that what a commit writes is
//! in proportion to what it changes. One thread judges every claim and commit against what there is, writes all that was
//! queued meanwhile as one batch, waits once until that lasts, and then answers each. Nothing is answered before. The leases of
//! nodes wait for no batch but the one that is being written.
//!
//! After a crash, of the process or of the machine, everything that was answered is there, and of each commit that was not,
//! all or nothing. After a write that failed the store refuses everything until it is opened again: what a disk says after
//! it has failed to sync is not to be believed.

mod draft;
mod folder;
mod indexes;
mod journal;
mod judge;
mod queue;
mod reader;
mod rows;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use fjall::{Database, KeyspaceCreateOptions};
use tokio::sync::oneshot;

use crate::document::{Document, DocumentId, Header};
use crate::embedded::draft::Tables;
use crate::embedded::folder::Folder;
use crate::embedded::queue::{Queue, queue};
use crate::embedded::reader::{Look, Reader, look};
use crate::embedded::writer::{Ask, Reply, Writer, ask};
use crate::problem::{OpenError, StoreError};
use crate::request::{Claim, Claimed, Commit, Committed, Find, Quarantine, Sweep};
use crate::store::{Answer, Backend, Collection, Store};

/// Journals that are complete are dropped from so many bytes on, by writing down what they are kept for: all of them are read
/// when the store is opened after a crash.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;
/// Changed rows that are kept in memory, in each of two families, before they are written to a file in order.
const MEMORY_BYTES: u64 = 16 << 20;

/// A store in a folder, that one process has open at a time.
///
/// ```no_run
/// use playhouse_store::Embedded;
///
/// let store = Embedded::at("/var/lib/arena");
/// ```
pub struct Embedded {
    folder: PathBuf,
    free_bytes_min: u64,
    cache_bytes: u64,
    opened: Mutex<Option<Opened>>,
}

impl Embedded {
    /// Default of [`Embedded::free_bytes_min`]: enough to write down what is in memory, and to begin a new journal.
    pub const FREE_BYTES_MIN: u64 = 256 << 20;
    /// Default of [`Embedded::cache_bytes`].
    pub const CACHE_BYTES: u64 = 64 << 20;

    /// In this folder, which is made if it is not there. Nothing is touched before [`Backend::open`].
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            free_bytes_min: Self::FREE_BYTES_MIN,
            cache_bytes: Self::CACHE_BYTES,
            opened: Mutex::new(None),
        }
    }

    /// Nothing is written while the disk has fewer bytes free than this; commits are refused with [`StoreError::Full`] then,
    /// and go on once there is room. By default [`Embedded::FREE_BYTES_MIN`]. Where the system can't tell, as on Windows, it is not
    /// looked at.
    #[must_use]
    pub const fn free_bytes_min(mut self, bytes: u64) -> Self {
        self.free_bytes_min = bytes;
        self
    }

    /// Memory for blocks that were read, in bytes; by default [`Embedded::CACHE_BYTES`].
    #[must_use]
    pub const fn cache_bytes(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, Option<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, collections: &[Collection]) -> Result<Opened, OpenError> {
        let folder = Arc::new(Folder::open(&self.folder, self.free_bytes_min)?);
        let problem = |why: String| folder::problem(&self.folder, why);
        journal::inspect(&folder.rows()).map_err(problem)?;
        let tables = self
            .tables(&folder)
            .map_err(|error| problem(explain(&error)))?;
        let indexes = indexes::prepare(&tables, collections).map_err(problem)?;
        let (asks, asked) = queue(writer::QUEUE_MAX);
        let writer = Writer {
            tables: tables.clone(),
            indexes: indexes.clone(),
            folder,
            asked,
        };
        let (looks, asked) = queue(reader::QUEUE_MAX);
        let reader = Reader {
            tables,
            indexes,
            asked,
        };
        let start = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned());
            let refused = |error| problem(format!("a thread can't be started ({error})"));
            thread.spawn(run).map_err(refused)
        };
        Ok(Opened {
            writer: Some(start("store-writer", Box::new(|| writer.run()))?),
            reader: Some(start("store-reader", Box::new(|| reader.run()))?),
            asks,
            looks,
        })
    }

    fn tables(&self, folder: &Folder) -> Result<Tables, fjall::Error> {
        let database = Database::builder(folder.rows())
            .cache_size(self.cache_bytes)
            .worker_threads(1)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .open()?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMORY_BYTES);
        let documents = database.keyspace("documents", options)?;
        let lookups = database.keyspace("lookups", options)?;
        Ok(Tables {
            database,
            documents,
            lookups,
        })
    }
}

/// What an error of the file store means to who opens it.
fn explain(error: &fjall::Error) -> String {
    match error {
        fjall::Error::Io(error) => {
            format!("its files can't be used ({error}); look after the disk and the rights of this user")
        }
        fjall::Error::InvalidVersion(_) => {
            "its files were written by another version of the file store; start it with the build that wrote them".into()
        }
        error => format!(
            "its files are damaged ({}); nothing was changed: restore the folder from a backup",
            draft::words(error)
        ),
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Backend for Embedded {
    fn open(
        &self,
        collections: &[Collection],
        _system: &tokio::runtime::Handle,
    ) -> Result<(), OpenError> {
        let mut opened = self.opened();
        if opened.is_none() {
            *opened = Some(self.start(collections)?);
        }
        Ok(())
    }

    fn store(&self) -> Rc<dyn Store> {
        match &*self.opened() {
            Some(opened) => Rc::new(Handle {
                asks: opened.asks.clone(),
                looks: opened.looks.clone(),
            }),
            // Queues without an end to read them: each request is told that the store is closed.
            None => Rc::new(Handle {
                asks: queue(1).0,
                looks: queue(1).0,
            }),
        }
    }

    fn is_exclusive(&self) -> bool {
        true
    }

    fn close(&self) {
        drop(self.opened().take());
    }
}

/// The threads of a store that is open. They end with it.
struct Opened {
    asks: Queue<Ask>,
    looks: Queue<Look>,
    writer: Option<JoinHandle<()>>,
    reader: Option<JoinHandle<()>>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        // What was asked before is done.
        self.asks.close();
        self.looks.close();
        for thread in [self.writer.take(), self.reader.take()]
            .into_iter()
            .flatten()
        {
            if thread.join().is_err() {
                tracing::error!("a thread of the embedded store ended in a panic: this is a bug");
            }
        }
    }
}

/// What a shard asks through.
struct Handle {
    asks: Queue<Ask>,
    looks: Queue<Look>,
}

impl Handle {
    fn ask<T: 'static>(&self, make: impl FnOnce(Reply<T>) -> Ask) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        ask(&self.asks, make(reply));
        Box::pin(async move {
            // The writer answers all that it takes, unless it panics.
            let lost = |_| Err(StoreError::Unknown("the writer has ended".into()));
            answer.await.unwrap_or_else(lost)
        })
    }
}

impl Store for Handle {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        self.ask(|reply| Ask::Claim(claim, reply))
    }

    fn commit(&self, commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>> {
        self.ask(|reply| Ask::Commit(commits, reply))
    }

    fn read(&self, id: DocumentId) -> Answer<Option<Document>> {
        look(&self.looks, |reply| Look::Read(id, reply))
    }

    fn find(&self, find: Find) -> Answer<Vec<DocumentId>> {
        look(&self.looks, |reply| Look::Find(find, reply))
    }

    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>> {
        look(&self.looks, |reply| Look::Sweep(sweep, reply))
    }

    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<Document>> {
        look(&self.looks, |reply| {
            Look::Scan(collection, after, limit, reply)
        })
    }

    fn quarantine(&self, quarantine: Quarantine) -> Answer<()> {
        self.ask(|reply| Ask::Quarantine(quarantine, reply))
    }
}

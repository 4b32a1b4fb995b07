//! What a node asks of its store.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::document::{Document, DocumentId, Header};
use crate::problem::{OpenError, StoreError};
use crate::request::{Claim, Claimed, Commit, Committed, Find, Quarantine, Sweep};
use crate::value::Path;

/// Where the leases of a cluster's nodes stand, a collection that every store has. Requests about them go before all
/// others: a node whose lease is not renewed in time starts nothing.
pub const LEASES: &str = "playhouse.Node";

/// What a store answers, in its own time. What was asked is done whether or not this is waited for.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>>>>;

/// A store, as one shard sees it.
///
/// Everything is asked for at the moment of the call. Each answer comes once, and only after what was done lasts: through
/// a crash of this process, and of the machine.
pub trait Store: 'static {
    /// Takes a document for an activation.
    fn claim(&self, claim: Claim) -> Answer<Claimed>;

    /// Changes documents: all of them, or none. The answer has one outcome for each, in order; if any of them is fenced or
    /// taken, those that could have been done are withheld. Several at once may be [`StoreError::Unsupported`].
    fn commit(&self, commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>>;

    /// A document as it was committed last; its activation may know better.
    fn read(&self, id: DocumentId) -> Answer<Option<Document>>;

    /// Documents by the value of an index, in no order that means anything.
    fn find(&self, find: Find) -> Answer<Vec<DocumentId>>;

    /// Documents that want to be run, the longest waiting first where that is known.
    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>>;

    /// Documents of a collection in order of their keys, from behind `after` on, at most `limit`.
    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<Document>>;

    /// Marks a document as not to be run, or takes the mark off.
    fn quarantine(&self, quarantine: Quarantine) -> Answer<()>;
}

/// A store that a node is given.
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// Opens it, and blocks until it can be used; one that can't be reached is waited for, with a line in the log every few
    /// seconds, up to a limit of the backend's. Called once, before the node's shards start. `system` is the node's
    /// runtime for what is not an entity's.
    ///
    /// # Errors
    ///
    /// Why it can't be used, and what to do.
    fn open(
        &self,
        collections: &[Collection],
        system: &tokio::runtime::Handle,
    ) -> Result<(), OpenError>;

    /// The store for the shard of the calling thread. Called after [`Backend::open`].
    fn store(&self) -> Rc<dyn Store>;

    /// Whether a node that finds a document with another owner may take that owner for dead: nobody else can have the
    /// store open.
    fn is_exclusive(&self) -> bool;

    /// Does what was asked, and lets go of the store. Blocks. Called once, after the node's shards have ended.
    fn close(&self);
}

/// The documents of one entity type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// The full name of the type.
    pub name: Arc<str>,
    /// By what they can be found.
    pub indexes: Vec<Index>,
}

/// An index of a collection. Documents without a value at its path are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Index {
    /// From the root on: `body`, the slot if it is a component's, the property.
    pub path: Path,
    /// Whether no two documents may have the same value.
    pub unique: bool,
}

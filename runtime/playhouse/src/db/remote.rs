//! The game node's side: a store that is a db node.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_store as store;
use playhouse_store::{
    Answer, Backend, Claim, Claimed, Collection, Commit, Committed, DocumentId, Find, Header,
    OpenError, Quarantine, Store, StoreError, Sweep,
};
use tokio::sync::oneshot;

use super::form;
use super::schema::{Documents, DocumentsProxy, StoreFault};
use crate::call::{CallError, Executed, FailureKind};
use crate::host::Shard;

/// At most so many requests of a shard wait for the db node's answers; further ones are
/// [`StoreError::Unavailable`], and the host asks again.
pub const REQUESTS_MAX: usize = 8192;

/// So many lists and maps one inside another a property's value may have to travel to a db node. A commit with more of them is
/// [`StoreError::Unsupported`], and so is one that makes a message of more than 16 MiB.
pub const VALUE_DEPTH_MAX: usize = 24;

/// A db node as the store of this node: give it to the builder, `.store(Remote::at("10.0.0.9:7100"))`.
///
/// It is dialled when the first entity needs it, and again whenever the link is lost; while it is away, entities that run
/// go on in memory and others can't be loaded.
#[derive(Clone)]
pub struct Remote {
    address: Arc<str>,
}

impl Remote {
    /// The db node that listens at this address.
    #[must_use]
    pub fn at(address: impl Into<Arc<str>>) -> Self {
        Self {
            address: address.into(),
        }
    }

    /// The same for one shard: what simulations hand to theirs.
    #[must_use]
    pub fn for_shard(&self) -> Rc<dyn Store> {
        Rc::new(Asking {
            address: Arc::clone(&self.address),
            waiting: Rc::default(),
        })
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.address).finish()
    }
}

impl Backend for Remote {
    /// Nothing to wait for: links are the shards', and the db node knows the schema's collections itself.
    fn open(
        &self,
        _collections: &[Collection],
        _system: &tokio::runtime::Handle,
    ) -> Result<(), OpenError> {
        Ok(())
    }

    fn store(&self) -> Rc<dyn Store> {
        self.for_shard()
    }

    fn is_exclusive(&self) -> bool {
        false
    }

    fn close(&self) {}
}

/// One shard's way to the db node.
struct Asking {
    address: Arc<str>,
    waiting: Rc<Cell<usize>>,
}

/// Counts a request for as long as it waits.
struct Place(Rc<Cell<usize>>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Asking {
    /// Calls the db node, in a task of the shard's: it is done whether or not the answer is waited for.
    fn ask<T, W, F>(
        &self,
        call: impl FnOnce(DocumentsProxy) -> F,
        changes: bool,
        read: impl FnOnce(W) -> T + 'static,
    ) -> Answer<T>
    where
        T: 'static,
        F: Future<Output = Result<W, CallError<StoreFault>>> + 'static,
    {
        let failed = |error| -> Answer<T> { Box::pin(std::future::ready(Err(error))) };
        let Some(shard) = Shard::current() else {
            let why = "a db node is asked on a shard alone".to_owned();
            return failed(StoreError::Unavailable(why));
        };
        if self.waiting.get() >= REQUESTS_MAX {
            let why = format!("{REQUESTS_MAX} requests wait for the db node already");
            return failed(StoreError::Unavailable(why));
        }
        self.waiting.set(self.waiting.get() + 1);
        let place = Place(Rc::clone(&self.waiting));
        let calling = call(Documents::at(&*self.address));
        let (sender, receiver) = oneshot::channel();
        shard.spawn(async move {
            let answer = calling.await;
            drop(place);
            // Nobody may wait any more.
            let _ = sender.send(answer.map(read).map_err(|error| understood(error, changes)));
        });
        Box::pin(async move {
            receiver.await.unwrap_or_else(|_| {
                let why = "the shard ended before the db node answered".to_owned();
                Err(StoreError::Unknown(why))
            })
        })
    }
}

/// What a failed call means for the store. A read that failed has done nothing.
fn understood(error: CallError<StoreFault>, changes: bool) -> StoreError {
    let failure = match error {
        CallError::Thrown(fault) => return fault.into(),
        CallError::Failed(failure) => failure,
    };
    let why = failure.to_string();
    match failure.kind() {
        _ if changes && failure.executed() == Executed::Unknown => StoreError::Unknown(why),
        // It is the same whenever it is asked.
        FailureKind::Invalid | FailureKind::Unimplemented => StoreError::Unsupported(why),
        FailureKind::Denied => StoreError::Denied(why),
        _ => StoreError::Unavailable(why),
    }
}

fn count(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(u32::MAX)
}

fn all<A: Into<B>, B>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(Into::into).collect()
}

impl Store for Asking {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        let call = |db: DocumentsProxy| {
            let (id, owner, take) = (
                claim.id.into(),
                claim.owner.into(),
                form::take_to_wire(claim.take),
            );
            db.claim(id, owner, claim.seen, claim.create, claim.birth, take)
        };
        self.ask(call, true, Into::into)
    }

    fn commit(&self, commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>> {
        self.ask(|db| db.commit(form::commits(&commits)), true, all)
    }

    fn read(&self, id: DocumentId) -> Answer<Option<store::Document>> {
        self.ask(
            |db| db.read(id.into()),
            false,
            |found| found.map(Into::into),
        )
    }

    fn find(&self, find: Find) -> Answer<Vec<DocumentId>> {
        let call = |db: DocumentsProxy| {
            let collection = find.collection.to_string();
            db.find(
                collection,
                find.path.0,
                find.value.into(),
                count(find.limit),
            )
        };
        self.ask(call, false, all)
    }

    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>> {
        let call =
            |db: DocumentsProxy| db.sweep(sweep.now_us, sweep.except.into(), count(sweep.limit));
        self.ask(call, false, |found| {
            let found = found.into_iter();
            found.map(|it| (it.id.into(), it.header.into())).collect()
        })
    }

    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<store::Document>> {
        let call = |db: DocumentsProxy| {
            let after = after.map(|after| after.to_string());
            db.scan(collection.to_string(), after, count(limit))
        };
        self.ask(call, false, all)
    }

    fn quarantine(&self, quarantine: Quarantine) -> Answer<()> {
        let call = |db: DocumentsProxy| db.quarantine(quarantine.id.into(), quarantine.why);
        self.ask(call, true, |()| ())
    }
}

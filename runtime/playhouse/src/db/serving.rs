//! The db node's side: its store, for whoever asks.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::{Claim, Find, Path, Quarantine, Store, Sweep};

use super::form;
use super::schema::{
    Claimed, Commit, Committed, Document, DocumentId, Documents, Owner, StoreFault, Take, Value,
    Waiting,
};
use crate::call::CallError;
use crate::host::{Cx, Shard};
use crate::service;

/// At most so many documents are listed in one answer, however many were asked for.
pub const LIST_MAX: u32 = 4096;

/// Serves the store of its node to other nodes. Give it to the builder of a db node: `.service(Serving::new)`.
///
/// It answers nodes alone: no call of it is exposed to clients.
#[derive(Debug, Default)]
pub struct Serving {}

impl Serving {
    /// One for each shard.
    #[must_use]
    pub const fn new() -> Self {
        Self {}
    }
}

type Answer<T> = Result<T, CallError<StoreFault>>;

/// The store of the shard that the call runs on.
fn store() -> Answer<Rc<dyn Store>> {
    let store = Shard::current().and_then(|shard| shard.store());
    store.ok_or_else(|| {
        let why = "this node has no store: give its builder `.store(..)`".to_owned();
        CallError::Thrown(StoreFault::Unavailable { why })
    })
}

fn thrown(error: playhouse_store::StoreError) -> CallError<StoreFault> {
    CallError::Thrown(error.into())
}

fn limit(limit: u32) -> usize {
    limit.min(LIST_MAX) as usize
}

#[service(Documents)]
impl Serving {
    #[rpc]
    async fn claim(
        &self,
        _cx: &mut Cx,
        id: DocumentId,
        owner: Owner,
        seen: Option<u64>,
        create: bool,
        birth: u64,
        take: Option<Take>,
    ) -> Result<Claimed, CallError<StoreFault>> {
        let claim = Claim {
            id: id.into(),
            owner: owner.into(),
            seen,
            take: form::take_from_wire(take),
            create,
            birth,
        };
        let claimed = store()?.claim(claim).await;
        claimed.map(Into::into).map_err(thrown)
    }

    #[rpc]
    async fn commit(
        &self,
        _cx: &mut Cx,
        commits: Vec<Commit>,
    ) -> Result<Vec<Committed>, CallError<StoreFault>> {
        let commits = commits.into_iter().map(|commit| Arc::new(commit.into()));
        let committed = store()?.commit(commits.collect()).await;
        let committed = committed.map_err(thrown)?;
        Ok(committed.into_iter().map(Into::into).collect())
    }

    #[rpc]
    async fn read(
        &self,
        _cx: &mut Cx,
        id: DocumentId,
    ) -> Result<Option<Document>, CallError<StoreFault>> {
        let document = store()?.read(id.into()).await;
        Ok(document.map_err(thrown)?.map(Into::into))
    }

    #[rpc]
    async fn find(
        &self,
        _cx: &mut Cx,
        collection: String,
        path: Vec<String>,
        value: Value,
        limit: u32,
    ) -> Result<Vec<DocumentId>, CallError<StoreFault>> {
        let find = Find {
            collection: collection.into(),
            path: Path(path),
            value: value.into(),
            limit: self::limit(limit),
        };
        let found = store()?.find(find).await.map_err(thrown)?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    #[rpc]
    async fn sweep(
        &self,
        _cx: &mut Cx,
        now_us: i64,
        owner: Owner,
        limit: u32,
    ) -> Result<Vec<Waiting>, CallError<StoreFault>> {
        let sweep = Sweep {
            now_us,
            except: owner.into(),
            limit: self::limit(limit),
        };
        let found = store()?.sweep(sweep).await.map_err(thrown)?;
        let waiting = found.into_iter().map(|(id, header)| Waiting {
            id: id.into(),
            header: header.into(),
        });
        Ok(waiting.collect())
    }

    #[rpc]
    async fn scan(
        &self,
        _cx: &mut Cx,
        collection: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Document>, CallError<StoreFault>> {
        let after = after.map(Into::into);
        let found = store()?.scan(collection.into(), after, self::limit(limit));
        let found = found.await.map_err(thrown)?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    #[rpc]
    async fn quarantine(
        &self,
        _cx: &mut Cx,
        id: DocumentId,
        why: Option<String>,
    ) -> Result<(), CallError<StoreFault>> {
        let id = id.into();
        let quarantined = store()?.quarantine(Quarantine { id, why }).await;
        quarantined.map_err(thrown)
    }
}

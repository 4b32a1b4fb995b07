//! The server as all shards of a node share it.

use std::future::{Future, IntoFuture as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mongodb::bson::{Document as BsonDocument, RawDocumentBuf, rawdoc};
use mongodb::options::{ReadConcern, ReadPreference, SelectionCriteria};
use mongodb::{Client, Collection, Database};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::mongo::address::Address;
use crate::mongo::commits::Single;
use crate::mongo::{REQUESTS_MAX, fault, name};
use crate::problem::StoreError;
use crate::store;

/// How long closing waits for requests that are under way.
const CLOSE_MAX: Duration = Duration::from_secs(60);

/// A database of a server, and everything that is under way to it.
pub(super) struct Server {
    address: Address,
    client: Client,
    database: Database,
    answer_max: Duration,
    system: Handle,
    collections: Vec<store::Collection>,
    /// Commits of one document, in the order in which they were asked for.
    singles: mpsc::UnboundedSender<Single>,
    /// What bounds the requests under way, those in `singles` too.
    permits: Arc<Semaphore>,
    is_closed: AtomicBool,
}

impl Server {
    pub(super) fn new(
        address: Address,
        client: Client,
        answer_max: Duration,
        system: Handle,
        collections: Vec<store::Collection>,
        singles: mpsc::UnboundedSender<Single>,
    ) -> Self {
        Self {
            database: client.database(address.database()),
            address,
            client,
            answer_max,
            system,
            collections,
            singles,
            permits: Arc::new(Semaphore::new(REQUESTS_MAX)),
            is_closed: AtomicBool::new(false),
        }
    }

    pub(super) const fn system(&self) -> &Handle {
        &self.system
    }

    /// What the node knows.
    pub(super) fn collections(&self) -> &[store::Collection] {
        &self.collections
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    pub(super) const fn singles(&self) -> &mpsc::UnboundedSender<Single> {
        &self.singles
    }

    pub(super) const fn answer_max(&self) -> Duration {
        self.answer_max
    }

    /// The documents of an entity type.
    pub(super) fn collection(&self, collection: &str) -> Collection<BsonDocument> {
        self.database.collection(&name::collection(collection))
    }

    /// A place among the requests under way.
    pub(super) fn permit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(StoreError::Closed);
        }
        let permit = self.permits.clone().try_acquire_owned();
        permit.map_err(|_| {
            StoreError::Unavailable(format!(
                "{REQUESTS_MAX} requests wait for its answers already"
            ))
        })
    }

    /// Starts `request` on the node's system runtime. It is done whether or not somebody waits for the answer.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        request: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, StoreError>> {
        let (sender, receiver) = oneshot::channel();
        match self.permit() {
            Ok(permit) => {
                self.system.spawn(async move {
                    let answer = request.await;
                    drop(permit);
                    // Nobody may wait any more.
                    let _ = sender.send(answer);
                });
            }
            Err(error) => drop(sender.send(Err(error))),
        }
        receiver
    }

    /// Runs a command that writes. Its outcome is unknown if no answer comes in time, or if no majority vouches for it.
    pub(super) async fn write(&self, command: RawDocumentBuf) -> Result<BsonDocument, StoreError> {
        let asked = self.database.run_raw_command(command).into_future();
        match tokio::time::timeout(self.answer_max, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.cleaned(fault::of_write(&error))),
            Err(_) => Err(StoreError::Unknown(self.late())),
        }
    }

    /// Waits for a read. It has failed if no answer comes in time.
    pub(super) async fn read<T>(
        &self,
        read: impl Future<Output = Result<T, mongodb::error::Error>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.answer_max, read).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.cleaned(fault::of_read(&error))),
            Err(_) => Err(StoreError::Unavailable(self.late())),
        }
    }

    /// What each write asks for. The server gives up on the majority when we give up on the answer.
    pub(super) fn concern(&self) -> RawDocumentBuf {
        let timeout_ms = i64::try_from(self.answer_max.as_millis()).unwrap_or(i64::MAX);
        rawdoc! { "w": "majority", "j": true, "wtimeout": timeout_ms }
    }

    /// An error whose words hold no secret.
    pub(super) fn cleaned(&self, error: StoreError) -> StoreError {
        let clean = |why: String| self.address.clean(&why);
        match error {
            StoreError::Unavailable(why) => StoreError::Unavailable(clean(why)),
            StoreError::Unknown(why) => StoreError::Unknown(clean(why)),
            StoreError::Full(why) => StoreError::Full(clean(why)),
            StoreError::ReadOnly(why) => StoreError::ReadOnly(clean(why)),
            StoreError::Denied(why) => StoreError::Denied(clean(why)),
            StoreError::Corrupt(why) => StoreError::Corrupt(clean(why)),
            StoreError::Unsupported(why) => StoreError::Unsupported(clean(why)),
            StoreError::Closed => StoreError::Closed,
        }
    }

    /// Takes no further request, and waits for those under way.
    pub(super) async fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        let all = u32::try_from(REQUESTS_MAX).unwrap_or(u32::MAX);
        if tokio::time::timeout(CLOSE_MAX, self.permits.acquire_many(all))
            .await
            .is_err()
        {
            tracing::warn!(
                store = self.address.shown(),
                "the store is closed while requests are under way: their outcome is unknown"
            );
        }
        self.client.clone().shutdown().immediate(true).await;
    }

    fn late(&self) -> String {
        format!("no answer within {:?}", self.answer_max)
    }
}

/// Where reads are done: never at a secondary.
pub(super) fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}

/// What reads see: nothing that a fail-over could take back.
pub(super) fn majority() -> ReadConcern {
    ReadConcern::majority()
}

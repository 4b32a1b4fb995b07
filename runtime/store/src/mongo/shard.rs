//! The store as a shard sees it: each request goes to the node's system runtime, its answer comes back by a channel.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::document::{Document, DocumentId, Header};
use crate::mongo::commits::Single;
use crate::mongo::server::Server;
use crate::mongo::{claim, group, reads};
use crate::problem::StoreError;
use crate::request::{Claim, Claimed, Commit, Committed, Find, Quarantine, Sweep};
use crate::store::{Answer, Store};

/// A shard's hold on the server.
pub(super) struct Shard {
    /// Nothing before the store was opened.
    server: Option<Arc<Server>>,
}

impl Shard {
    pub(super) const fn new(server: Option<Arc<Server>>) -> Self {
        Self { server }
    }

    /// Asks at once; the answer may be waited for or not.
    fn ask<T, F>(&self, request: impl FnOnce(Arc<Server>) -> F) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        match &self.server {
            Some(server) => answer(server.ask(request(server.clone()))),
            None => Box::pin(async { Err(StoreError::Closed) }),
        }
    }

    fn single(&self, commit: Arc<Commit>) -> Answer<Vec<Committed>> {
        let Some(server) = &self.server else {
            return Box::pin(async { Err(StoreError::Closed) });
        };
        let permit = match server.permit() {
            Ok(permit) => permit,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        let (reply, receiver) = oneshot::channel();
        let single = Single {
            commit,
            reply,
            permit,
        };
        // If nobody receives it, the answer's sender is dropped, and that is answered below.
        let _ = server.singles().send(single);
        let answer = answer(receiver);
        Box::pin(async move { Ok(vec![answer.await?]) })
    }
}

/// The answer that comes by a channel. Where the runtime has ended nobody knows what was done.
fn answer<T: 'static>(receiver: oneshot::Receiver<Result<T, StoreError>>) -> Answer<T> {
    Box::pin(async move {
        receiver.await.unwrap_or_else(|_| {
            let why = "the node's system runtime has ended".to_owned();
            Err(StoreError::Unknown(why))
        })
    })
}

impl Store for Shard {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        self.ask(|server| claim::claim(server, claim))
    }

    fn commit(&self, mut commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>> {
        match (commits.pop(), commits.is_empty()) {
            (None, _) => Box::pin(async { Ok(Vec::new()) }),
            (Some(commit), true) => self.single(commit),
            (Some(last), false) => {
                commits.push(last);
                self.ask(|server| group::commit(server, commits))
            }
        }
    }

    fn read(&self, id: DocumentId) -> Answer<Option<Document>> {
        self.ask(|server| async move { reads::read(&server, &id).await })
    }

    fn find(&self, find: Find) -> Answer<Vec<DocumentId>> {
        self.ask(|server| reads::find(server, find))
    }

    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>> {
        self.ask(|server| reads::sweep(server, sweep))
    }

    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<Document>> {
        self.ask(|server| reads::scan(server, collection, after, limit))
    }

    fn quarantine(&self, quarantine: Quarantine) -> Answer<()> {
        self.ask(|server| reads::quarantine(server, quarantine))
    }
}

//! Locks over etcd: a queue of keys under leases, the oldest of which holds the lock.
//!
//! Each request has a task, which outlives sessions. The token is the revision at which its key was made: it rises with each
//! holder, since the queue is in its order. The requests of one node enter in the order in which they were made. A key that is not wanted
//! any more is deleted as soon as etcd can be reached; until then its lease keeps it.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::{
    Client, Compare, CompareOp, GetOptions, PutOptions, SortOrder, SortTarget, Txn, TxnOp,
    TxnOpResponse, WatchOptions,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::etcd::dialer::{CALL_MAX, unanswered};
use crate::etcd::fault::Fault;
use crate::etcd::keys::Keys;
use crate::etcd::link::{Link, over, up};
use crate::lock::LockRequest;
use crate::problem::LockError;
use crate::watch;

/// At most so many locks a node holds or waits for.
pub const ETCD_LOCKS_MAX: usize = 1024;
/// The pause before etcd is asked again for a lock.
const RETRY_EVERY: Duration = Duration::from_millis(300);

/// etcd itself gives up a request after 7 s: one that was left without an answer takes effect until then or never.
const IN_DOUBT_MAX: Duration = Duration::from_secs(10);

/// Answers requests until it is dropped; then all locks are lost.
pub(super) async fn serve(
    requests: &mut mpsc::Receiver<LockRequest>,
    links: watch::Receiver<Link>,
    keys: Keys,
    holder: &str,
) {
    let holder: Arc<str> = holder.into();
    let mut tasks = JoinSet::new();
    let mut number = 0;
    let (_, mut first) = oneshot::channel();
    loop {
        tokio::select! {
            biased;
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            request = requests.recv() => match request {
                Some(request) if tasks.len() >= ETCD_LOCKS_MAX => {
                    let why = format!("a node has at most {ETCD_LOCKS_MAX} locks");
                    request.refuse(LockError::Refused(why));
                }
                Some(request) => {
                    number += 1;
                    let (next, after) = oneshot::channel();
                    let turn = Turn {
                        mine: Some(std::mem::replace(&mut first, after)),
                        next: Some(next),
                    };
                    let place = Place {
                        name: Arc::clone(&request.name),
                        number,
                        holder: Arc::clone(&holder),
                        keys: keys.clone(),
                        links: links.clone(),
                        in_doubt: false,
                    };
                    tasks.spawn(place.keep(request, turn));
                }
                // All clones of the seat are gone, which is heard elsewhere.
                None => std::future::pending().await,
            }
        }
    }
}

/// When a request may enter: after all that were made before it. Whoever waits for a turn whose giver is gone has it.
struct Turn {
    mine: Option<oneshot::Receiver<()>>,
    next: Option<oneshot::Sender<()>>,
}

impl Turn {
    async fn come(&mut self) {
        if let Some(mine) = &mut self.mine {
            // It comes by the other end's being dropped.
            let _ = mine.await;
        }
        self.mine = None;
    }

    fn pass(&mut self) {
        self.next = None;
    }
}

/// One request's place in the queue of a lock.
struct Place {
    name: Arc<str>,
    number: u64,
    holder: Arc<str>,
    keys: Keys,
    links: watch::Receiver<Link>,
    /// Its key may yet come to be, after it was deleted.
    in_doubt: bool,
}

/// How it went with a request under one lease.
enum Outcome {
    Token(u64),
    Held,
    Abandoned,
    Failed(Fault),
}

impl Place {
    async fn keep(mut self, request: LockRequest, mut turn: Turn) {
        self.hold(request, &mut turn).await;
        turn.come().await;
        turn.pass();
    }

    async fn hold(&mut self, mut request: LockRequest, turn: &mut Turn) {
        let waits = request.waits;
        let mut entered = None;
        loop {
            let Some((client, lease)) = self.connection(&mut request, turn).await else {
                if !request.is_abandoned() {
                    request.refuse(LockError::Away("etcd can't be reached".to_owned()));
                }
                if let Some(lease) = entered {
                    self.remove(lease).await;
                }
                return;
            };
            entered = Some(lease);
            let mut links = self.links.clone();
            // Not given up half-way: the key might come to be after it was deleted.
            let outcome = match self.enter(&client, lease).await {
                Ok(token) => {
                    turn.pass();
                    tokio::select! {
                        biased;
                        () = request.abandoned() => Outcome::Abandoned,
                        () = over(&mut links, lease) => Outcome::Failed(Fault::LeaseOver),
                        outcome = self.wait(&client, lease, token, waits) => {
                            outcome.unwrap_or_else(Outcome::Failed)
                        }
                    }
                }
                Err(fault) => {
                    self.in_doubt |= fault != Fault::LeaseOver;
                    Outcome::Failed(fault)
                }
            };
            match outcome {
                Outcome::Token(token) => {
                    if let Some(mut held) = request.grant(token) {
                        tokio::select! {
                            biased;
                            () = held.released() => {}
                            () = over(&mut links, lease) => held.lose(),
                        }
                    }
                    return self.remove(lease).await;
                }
                Outcome::Held => {
                    self.remove(lease).await;
                    return request.refuse(LockError::Held);
                }
                Outcome::Abandoned => return self.remove(lease).await,
                Outcome::Failed(fault) if !waits => {
                    request.refuse(LockError::Away(fault.to_string()));
                    return self.remove(lease).await;
                }
                // Under the same lease the place is kept.
                Outcome::Failed(_) => sleep(RETRY_EVERY).await,
            }
        }
    }

    /// A connection, once it is this one's turn; none if there is none for one that does not wait, or nobody waits any more.
    async fn connection(
        &mut self,
        request: &mut LockRequest,
        turn: &mut Turn,
    ) -> Option<(Client, i64)> {
        if !request.waits && self.links.borrow().up().is_none() {
            return None;
        }
        let waits = request.waits;
        let connecting = async {
            turn.come().await;
            if waits {
                up(&mut self.links).await
            } else {
                self.links.borrow_and_update().up()
            }
        };
        tokio::select! {
            biased;
            () = request.abandoned() => None,
            found = connecting => found,
        }
    }

    /// Waits until the key is the oldest.
    async fn wait(
        &self,
        client: &Client,
        lease: i64,
        token: i64,
        waits: bool,
    ) -> Result<Outcome, Fault> {
        let key = self.key(lease);
        let queue = self.keys.queue(&self.name);
        let mut kv = client.kv_client();
        loop {
            let oldest = GetOptions::new()
                .with_prefix()
                .with_sort(SortTarget::Create, SortOrder::Ascend)
                .with_keys_only()
                .with_limit(1);
            let found = timeout(CALL_MAX, kv.get(queue.clone(), Some(oldest))).await;
            let found = found.map_err(|_| unanswered())??;
            let revision = found.header().map_or(0, |header| header.revision());
            match found.kvs().first() {
                Some(first) if first.key() == key.as_bytes() => {
                    return Ok(Outcome::Token(u64::try_from(token).unwrap_or_default()));
                }
                Some(_) if !waits => return Ok(Outcome::Held),
                Some(_) => {}
                None => return Err(Fault::Unseated),
            }
            let before = GetOptions::new()
                .with_prefix()
                .with_max_create_revision(token - 1)
                .with_sort(SortTarget::Create, SortOrder::Descend)
                .with_keys_only()
                .with_limit(1)
                .with_revision(revision);
            let found = timeout(CALL_MAX, kv.get(queue.clone(), Some(before))).await;
            let found = found.map_err(|_| unanswered())??;
            let Some(before) = found.kvs().first() else {
                // Our own is not in the queue any more.
                return Err(Fault::Unseated);
            };
            wait_for_end(client, before.key(), revision + 1).await?;
        }
    }

    /// Makes the key if it is not there yet, and gives the revision at which it was made.
    async fn enter(&self, client: &Client, lease: i64) -> Result<i64, Fault> {
        let key = self.key(lease);
        let absent = Compare::create_revision(key.clone(), CompareOp::Equal, 0);
        let put = TxnOp::put(
            key.clone(),
            self.holder.as_bytes(),
            Some(PutOptions::new().with_lease(lease)),
        );
        let txn = Txn::new()
            .when([absent])
            .and_then([put])
            .or_else([TxnOp::get(key, None)]);
        let answer = timeout(CALL_MAX, client.kv_client().txn(txn)).await;
        let answer = answer.map_err(|_| unanswered())??;
        if answer.succeeded() {
            let header = answer.header().ok_or(Fault::Unseated)?;
            return Ok(header.revision());
        }
        let found = answer
            .op_responses()
            .into_iter()
            .find_map(|answer| match answer {
                TxnOpResponse::Get(mut found) => found.take_kvs().pop(),
                _ => None,
            });
        found
            .map(|entry| entry.create_revision())
            .ok_or(Fault::Unseated)
    }

    /// Deletes the key, as soon as that can be done; not if its lease has taken it along.
    async fn remove(&mut self, lease: i64) {
        self.delete(lease).await;
        if self.in_doubt {
            sleep(IN_DOUBT_MAX).await;
            self.delete(lease).await;
        }
    }

    async fn delete(&mut self, lease: i64) {
        loop {
            let link = self.links.borrow_and_update().clone();
            // A lease that is none by our clock may still live, and its key with it.
            if link.lease != Some(lease) {
                return;
            }
            if let Some(client) = link.client {
                let key = self.key(lease);
                let deleting = timeout(CALL_MAX, client.kv_client().delete(key, None)).await;
                if matches!(deleting, Ok(Ok(_))) {
                    return;
                }
                sleep(RETRY_EVERY).await;
            } else if self.links.changed().await.is_err() {
                return;
            }
        }
    }

    fn key(&self, lease: i64) -> String {
        self.keys.place(&self.name, lease, self.number)
    }
}

/// Waits until a key is deleted, or the watch ends.
async fn wait_for_end(client: &Client, key: &[u8], revision: i64) -> Result<(), Fault> {
    let options = WatchOptions::new().with_start_revision(revision);
    let mut client = client.watch_client();
    let watching = timeout(CALL_MAX, client.watch(key, Some(options))).await;
    let mut watching = watching.map_err(|_| unanswered())??;
    while let Some(answer) = watching.message().await? {
        let mut entries = answer.events().iter().filter_map(|event| event.kv());
        // A key that was deleted has no version. One who is told that the watch has ended looks again.
        if answer.canceled() || entries.any(|entry| entry.version() == 0) {
            return Ok(());
        }
    }
    Err(Fault::Away("it has ended the watch of a lock".to_owned()))
}

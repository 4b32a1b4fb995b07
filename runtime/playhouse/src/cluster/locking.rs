//! The locks of a member: asked for, held, lost.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use playhouse_cluster::watch;
use playhouse_cluster::{Held, LOCKS_PER_MEMBER_MAX, LockError, LockRequest, Locking};
use tokio::sync::mpsc;

use super::asking::{Asking, Trouble};
use super::driving::jittered;
use crate::host::Shard;

/// What failed is asked again after so long.
const AGAIN: Duration = Duration::from_millis(400);
/// For so long a member that leaves waits for the registry to hear it.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a member wishes from the registry besides being known.
pub(super) struct Wishing {
    asking: Asking,
    /// The ticket of the member while it has joined; every lock of a ticket is lost with it.
    pub(super) tickets: watch::Sender<Option<u64>>,
    /// The highest token of any lock that it had.
    pub(super) token_seen: Rc<Cell<u64>>,
}

/// One wish for a lock, in a task of its own.
struct Wish {
    asking: Asking,
    shard: Rc<Shard>,
    tickets: watch::Receiver<Option<u64>>,
    token_seen: Rc<Cell<u64>>,
    /// The member's own number of it.
    number: u64,
    _counted: Rc<()>,
}

impl Wishing {
    pub(super) fn new(asking: Asking) -> Self {
        Self {
            asking,
            tickets: watch::Sender::new(None),
            token_seen: Rc::default(),
        }
    }

    /// Takes the node's requests for locks, for ever.
    pub(super) async fn take(&self, requests: &mut mpsc::Receiver<LockRequest>, shard: &Rc<Shard>) {
        let counted = Rc::new(());
        let mut number = 0;
        while let Some(request) = requests.recv().await {
            if Rc::strong_count(&counted) > LOCKS_PER_MEMBER_MAX {
                let why =
                    format!("a node has at most {LOCKS_PER_MEMBER_MAX} locks held and waited for");
                request.refuse(LockError::Refused(why));
                continue;
            }
            number += 1;
            let wish = Wish {
                asking: self.asking.clone(),
                shard: Rc::clone(shard),
                tickets: self.tickets.subscribe(),
                token_seen: Rc::clone(&self.token_seen),
                number,
                _counted: Rc::clone(&counted),
            };
            shard.spawn(wish.obtain(request));
        }
        // Every clone of the seat is gone, which is told as leaving.
        std::future::pending().await
    }

    /// Tells the registry that the member goes, which frees its locks.
    pub(super) async fn leave(&self) {
        let Some(ticket) = self.tickets.send_replace(None) else {
            return;
        };
        let leaving = self.asking.leave(ticket);
        if let Ok(Err(why)) = tokio::time::timeout(LEAVE_TIMEOUT, leaving).await {
            tracing::debug!(
                ?why,
                "the cluster's registry did not hear that this node leaves"
            );
        }
    }
}

impl Wish {
    /// Until the lock is refused, or was held and is not any more.
    async fn obtain(mut self, mut request: LockRequest) {
        loop {
            let ticket = *self.tickets.borrow_and_update();
            let Some(ticket) = ticket else {
                if !request.waits {
                    let why = "this node has not joined its cluster".to_owned();
                    return request.refuse(LockError::Away(why));
                }
                tokio::select! {
                    biased;
                    changed = self.tickets.changed() => if changed.is_err() {
                        return request.refuse(LockError::Left);
                    },
                    () = request.abandoned() => return,
                }
                continue;
            };
            let name = std::sync::Arc::clone(&request.name);
            let asked = tokio::select! {
                biased;
                asked = self.asking.lock(ticket, self.number, &name, request.waits) => asked,
                () = request.abandoned() => return self.free(ticket).await,
                changed = self.tickets.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return request.refuse(LockError::Left),
                },
            };
            match asked {
                Ok(Locking::Granted(token)) => {
                    self.token_seen.set(self.token_seen.get().max(token));
                    return match request.grant(token) {
                        Some(held) => self.keep(ticket, held).await,
                        None => self.free(ticket).await,
                    };
                }
                Ok(Locking::Held) => return request.refuse(LockError::Held),
                Ok(Locking::Waiting) => {}
                Err(Trouble::Refused(why)) => return request.refuse(LockError::Refused(why)),
                Err(trouble) if !request.waits => {
                    request.refuse(LockError::Away(format!("{trouble:?}")));
                    // It may have been granted.
                    return self.free(ticket).await;
                }
                // The report finds out which of it lasts.
                Err(_) => tokio::time::sleep(jittered(&self.shard, AGAIN)).await,
            }
        }
    }

    /// Until its holder lets it go, or it is lost.
    async fn keep(mut self, ticket: u64, mut held: Held) {
        let released = tokio::select! {
            biased;
            _ = self.tickets.changed() => false,
            () = held.released() => true,
        };
        if released {
            self.free(ticket).await;
        } else {
            held.lose();
        }
    }

    /// Until the registry has heard that it is not wanted, or does not know the member any more.
    async fn free(mut self, ticket: u64) {
        loop {
            let freed = tokio::select! {
                biased;
                _ = self.tickets.changed() => return,
                freed = self.asking.unlock(ticket, self.number) => freed,
            };
            if !matches!(freed, Err(Trouble::Away(_))) {
                return;
            }
            tokio::time::sleep(jittered(&self.shard, AGAIN)).await;
        }
    }
}

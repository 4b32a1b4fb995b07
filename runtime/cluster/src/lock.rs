//! Locks of a cluster: one holder at a time, as far as a lease can say so.
//!
//! An election is a lock that candidates wait for: whoever holds it leads.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::problem::LockError;
use crate::watch;

/// The name of a lock has at most so many bytes.
pub const LOCK_NAME_MAX: usize = 256;

/// A lock that this node holds, until it is dropped or lost.
///
/// It is lost when the registry has not heard of this node for the lease's time. A stopped process doesn't notice: whoever
/// must not be late passes the [`token`](Self::token) on to what the lock guards, which refuses tokens lower than the highest it saw.
#[must_use = "a lock is free again once this is dropped"]
#[derive(Debug)]
pub struct Lock {
    /// Higher than the token of any holder before.
    pub token: u64,
    lost: watch::Receiver<bool>,
    /// The backend hears of its end.
    _released: oneshot::Sender<()>,
}

impl Lock {
    /// Whether it is lost.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        *self.lost.borrow() || self.lost.has_changed().is_err()
    }

    /// Waits until it is lost.
    pub async fn lost(&self) {
        // A backend that has ended keeps no lock.
        let _ = self.lost.clone().wait_for(|lost| *lost).await;
    }
}

/// The backend's end of a lock that was granted. Dropped, the lock is lost.
#[derive(Debug)]
pub struct Held {
    lost: watch::Sender<bool>,
    released: oneshot::Receiver<()>,
}

impl Held {
    /// Waits until its holder lets it go.
    pub async fn released(&mut self) {
        let _ = (&mut self.released).await;
    }

    /// Whether its holder has let it go.
    #[must_use]
    pub fn is_released(&mut self) -> bool {
        !matches!(
            self.released.try_recv(),
            Err(oneshot::error::TryRecvError::Empty)
        )
    }

    /// Tells the holder that it has it no more.
    pub fn lose(self) {
        self.lost.send_replace(true);
    }
}

/// A request of the node for a lock, for a backend to grant or to refuse. Dropped, it is [`LockError::Left`].
pub struct LockRequest {
    /// Which lock.
    pub name: Arc<str>,
    /// Whether it is waited for if somebody holds it. Who waits longest is next.
    pub waits: bool,
    reply: oneshot::Sender<Result<Lock, LockError>>,
}

impl LockRequest {
    pub(crate) fn new(
        name: Arc<str>,
        waits: bool,
    ) -> (Self, oneshot::Receiver<Result<Lock, LockError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { name, waits, reply }, answer)
    }

    /// The node has the lock, with this token. None if it doesn't want it any more: then it is to be freed at once.
    #[must_use]
    pub fn grant(self, token: u64) -> Option<Held> {
        let (lost_sender, lost) = watch::channel(false);
        let (released_sender, released) = oneshot::channel();
        let lock = Lock {
            token,
            lost,
            _released: released_sender,
        };
        self.reply.send(Ok(lock)).ok()?;
        Some(Held {
            lost: lost_sender,
            released,
        })
    }

    /// The node does not get it.
    pub fn refuse(self, why: LockError) {
        // Nobody may wait any more.
        let _ = self.reply.send(Err(why));
    }

    /// Waits until nobody waits for it any more.
    pub async fn abandoned(&mut self) {
        self.reply.closed().await;
    }

    /// Whether nobody waits for it any more.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }
}

impl fmt::Debug for LockRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("LockRequest");
        debug.field("name", &self.name).field("waits", &self.waits);
        debug.finish_non_exhaustive()
    }
}

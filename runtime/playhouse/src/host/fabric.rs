//! The way between the shards of a node: a queue to each, which many packets enter at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::calls::CallId;
use super::cross::Envelope;
use super::probe::{Found, Probe};
use super::shard::Shard;
use crate::watchdog::Mark;

/// Most packets that wait for one shard. Calls beyond them are refused; answers, of which there are no more than calls,
/// are not.
pub const INBOX_MAX: usize = 65_536;

/// Packets that wait for one shard above which the node's clients that send it more are held: nothing of theirs is read until
/// fewer wait.
pub const INBOX_HIGH: usize = INBOX_MAX / 8;

/// What goes from one shard to another.
pub(super) enum Packet {
    Call(Box<dyn Envelope>),
    Reply(Box<dyn Envelope>),
    /// The caller has given up.
    Cancel {
        from: u32,
        call: CallId,
    },
    Job(Job),
    Probe(Box<Probe>),
    Found(Box<Found>),
}

/// Something for a shard to do.
pub(super) type Job = Box<dyn FnOnce(&std::rc::Rc<Shard>) + Send>;

/// The inboxes of all shards of a node: those that share its entities, then the system's own, which is closed unless
/// there is such a shard.
#[derive(Default)]
pub(super) struct Fabric {
    /// How many shards share the entities.
    shards: usize,
    inboxes: Box<[Inbox]>,
    /// What each shard runs, for the watchdog.
    marks: Box<[Arc<Mark>]>,
}

#[derive(Default)]
struct Inbox {
    queue: Mutex<Vec<Packet>>,
    waker: Mutex<Option<Waker>>,
    /// Nobody looks until it is woken.
    asleep: AtomicBool,
    len: AtomicUsize,
    /// Its shard says that nothing runs on it.
    quiet: AtomicBool,
    /// Nobody looks any more.
    closed: AtomicBool,
}

/// Nothing that holds these locks can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fabric {
    pub(super) fn new(shards: u32) -> Self {
        let fabric = Self {
            shards: shards as usize,
            inboxes: (0..=shards).map(|_| Inbox::default()).collect(),
            marks: (0..=shards).map(|_| Arc::default()).collect(),
        };
        fabric.close(shards);
        fabric
    }

    /// A shard is there, and takes what is sent to it.
    pub(super) fn open(&self, shard: u32) {
        if let Some(inbox) = self.inbox(shard) {
            inbox.closed.store(false, Ordering::SeqCst);
            inbox.quiet.store(false, Ordering::SeqCst);
        }
    }

    pub(super) fn marks(&self) -> Vec<Arc<Mark>> {
        self.marks.to_vec()
    }

    /// What a shard runs.
    pub(super) fn mark(&self, shard: u32) -> Arc<Mark> {
        self.marks.get(shard as usize).cloned().unwrap_or_default()
    }

    fn inbox(&self, shard: u32) -> Option<&Inbox> {
        self.inboxes.get(shard as usize)
    }

    /// A shard says whether anything runs on it.
    pub(super) fn set_quiet(&self, shard: u32, quiet: bool) {
        if let Some(inbox) = self.inbox(shard) {
            inbox.quiet.store(quiet, Ordering::SeqCst);
        }
    }

    /// Whether all shards have said that nothing runs on them, and no packet is on its way. The system's own is never
    /// quiet, and ends after them.
    pub(super) fn all_quiet(&self) -> bool {
        let mut inboxes = self.inboxes.iter().take(self.shards);
        inboxes.all(|inbox| {
            inbox.quiet.load(Ordering::SeqCst) && inbox.len.load(Ordering::SeqCst) == 0
        })
    }

    /// A shard has ended: nothing is taken for it any more.
    pub(super) fn close(&self, shard: u32) {
        if let Some(inbox) = self.inbox(shard) {
            inbox.closed.store(true, Ordering::SeqCst);
            inbox.quiet.store(true, Ordering::SeqCst);
            inbox.len.store(0, Ordering::SeqCst);
        }
    }

    pub(super) fn is_closed(&self, shard: u32) -> bool {
        self.inbox(shard)
            .is_none_or(|inbox| inbox.closed.load(Ordering::Relaxed))
    }

    /// How many packets wait for a shard.
    pub(super) fn len(&self, shard: u32) -> usize {
        self.inbox(shard)
            .map_or(0, |inbox| inbox.len.load(Ordering::Relaxed))
    }

    /// Whom to wake when packets come for `shard`.
    pub(super) fn listen(&self, shard: u32, waker: &Waker) {
        if let Some(inbox) = self.inbox(shard) {
            *lock(&inbox.waker) = Some(waker.clone());
        }
    }

    /// Moves what came for `shard` into `batch`, which is empty.
    pub(super) fn take(&self, shard: u32, batch: &mut Vec<Packet>) {
        let Some(inbox) = self.inbox(shard) else {
            return;
        };
        inbox.asleep.store(false, Ordering::SeqCst);
        if inbox.len.load(Ordering::Acquire) == 0 {
            return;
        }
        std::mem::swap(&mut *lock(&inbox.queue), batch);
        inbox.len.fetch_sub(batch.len(), Ordering::AcqRel);
    }

    /// Hands over `packets`, and wakes the shard if it sleeps.
    pub(super) fn put(&self, shard: u32, packets: &mut Vec<Packet>) {
        let Some(inbox) = self.inbox(shard) else {
            packets.clear();
            return;
        };
        {
            let mut queue = lock(&inbox.queue);
            inbox.len.fetch_add(packets.len(), Ordering::AcqRel);
            if queue.is_empty() {
                std::mem::swap(&mut *queue, packets);
            } else {
                queue.append(packets);
            }
        }
        if inbox.asleep.swap(false, Ordering::SeqCst)
            && let Some(waker) = &*lock(&inbox.waker)
        {
            waker.wake_by_ref();
        }
    }

    /// `shard` is about to sleep; false if something has come meanwhile.
    pub(super) fn sleep(&self, shard: u32) -> bool {
        let Some(inbox) = self.inbox(shard) else {
            return true;
        };
        inbox.asleep.store(true, Ordering::SeqCst);
        lock(&inbox.queue).is_empty()
    }
}

impl std::fmt::Debug for Fabric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fabric({} shards)", self.inboxes.len())
    }
}

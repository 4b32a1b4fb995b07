//! From those who log to the one who writes: a bounded queue that nobody waits for.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};
use std::thread::Thread;

use crossbeam_queue::ArrayQueue;
use tracing::Level;

use crate::captured::Captured;

/// How many records wait for the writer at most, if nothing else is said.
pub const QUEUE_RECORDS: usize = 8192;

/// How many bytes the records that wait take at most, if nothing else is said.
pub const QUEUE_BYTES: usize = 8 * 1024 * 1024;

/// One part in so many of the queue is left for errors.
const ERROR_SHARE: usize = 8;

/// Records on their way, and buffers on their way back.
#[derive(Debug)]
pub(crate) struct Queue {
    records: ArrayQueue<Box<Captured>>,
    pool: ArrayQueue<Box<Captured>>,
    bytes_max: usize,
    /// What is in the queue or on its way in.
    count: AtomicUsize,
    bytes: AtomicUsize,
    dropped: AtomicU64,
    dropped_errors: AtomicU64,
    dropped_ever: AtomicU64,
    closed: AtomicBool,
    /// The writer sleeps until it is woken.
    asleep: AtomicBool,
    writer: OnceLock<Thread>,
}

impl Queue {
    pub(crate) fn new(records_max: usize, bytes_max: usize) -> Self {
        Self {
            records: ArrayQueue::new(records_max.max(1)),
            pool: ArrayQueue::new(records_max.max(1)),
            bytes_max,
            count: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            dropped_errors: AtomicU64::new(0),
            dropped_ever: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            writer: OnceLock::new(),
        }
    }

    /// An empty buffer; none, and the record counts as dropped, if there would be no room for it anyway.
    pub(crate) fn buffer(&self, level: Level) -> Option<Box<Captured>> {
        if self.closed.load(Ordering::Relaxed) {
            return None;
        }
        let count = self.count.load(Ordering::Relaxed);
        if count >= self.share(self.records.capacity(), level) {
            self.drop_one(level);
            return None;
        }
        Some(self.pool.pop().unwrap_or_else(Captured::new))
    }

    /// How much of a limit records of this level may fill: the last of it is left for errors.
    fn share(&self, limit: usize, level: Level) -> usize {
        if level == Level::ERROR {
            limit
        } else {
            limit - limit / ERROR_SHARE
        }
    }

    /// Hands a record over, or drops it.
    pub(crate) fn push(&self, captured: Box<Captured>) {
        let (level, size) = (captured.level, captured.bytes());
        let bytes = self.bytes.fetch_add(size, Ordering::Relaxed) + size;
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let fits = bytes <= self.share(self.bytes_max, level)
            && count <= self.share(self.records.capacity(), level);
        let back = if fits {
            self.records.push(captured).err()
        } else {
            Some(captured)
        };
        if let Some(captured) = back {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            self.count.fetch_sub(1, Ordering::Relaxed);
            self.drop_one(level);
            self.give_back(captured);
            return;
        }
        // Against the one in `sleep`: either this sees that the writer sleeps, or the writer sees the record.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) || count == self.records.capacity() / 2 {
            self.wake();
        }
    }

    #[cold]
    fn drop_one(&self, level: Level) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.dropped_ever.fetch_add(1, Ordering::Relaxed);
        if level == Level::ERROR {
            self.dropped_errors.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn give_back(&self, mut captured: Box<Captured>) {
        captured.clear();
        // One too many is freed.
        let _ = self.pool.push(captured);
    }

    /// The next record, for the writer.
    pub(crate) fn pop(&self) -> Option<Box<Captured>> {
        let captured = self.records.pop()?;
        self.bytes.fetch_sub(captured.bytes(), Ordering::Relaxed);
        self.count.fetch_sub(1, Ordering::Relaxed);
        Some(captured)
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// How many were dropped in all.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped_ever.load(Ordering::Relaxed)
    }

    /// How many were dropped since this was asked last, and how many of them were errors.
    pub(crate) fn take_dropped(&self) -> (u64, u64) {
        if self.dropped.load(Ordering::Relaxed) == 0 {
            return (0, 0);
        }
        // Errors first: one that comes between is then said the next time rather than more errors than records.
        let errors = self.dropped_errors.swap(0, Ordering::Relaxed);
        (self.dropped.swap(0, Ordering::Relaxed), errors)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(crate) fn set_writer(&self, thread: Thread) {
        let _ = self.writer.set(thread);
    }

    /// Wakes the writer, or lets its next sleep be none.
    pub(crate) fn wake(&self) {
        self.asleep.store(false, Ordering::Relaxed);
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// On the writer's thread: sleeps until a record comes, or for this long.
    pub(crate) fn sleep(&self, time: std::time::Duration, has_reason_to_wake: impl Fn() -> bool) {
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.records.is_empty() && !has_reason_to_wake() {
            std::thread::park_timeout(time);
        }
        self.asleep.store(false, Ordering::Relaxed);
    }
}

//! One value that many watch, who wake in the order in which they began to wait.
//!
//! It is used as the channel of this name in tokio, whose waiters wake in an order of chance: that would undo the
//! simulation, where a seed decides everything.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::Notify;

/// A channel of one value, which the receiver has seen.
#[must_use]
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(value);
    let receiver = sender.subscribe();
    (sender, receiver)
}

/// Nobody changes the value any more: every sender is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Changes the value. Its clones change the same one.
pub struct Sender<T>(Arc<Shared<T>>);

/// Watches the value. A clone has seen what its original has.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
    seen: u64,
}

/// The value, borrowed. Whoever changes it waits meanwhile, so this is not to be held for long, and not over an `await`.
pub struct Ref<'a, T>(RwLockReadGuard<'a, T>);

struct Shared<T> {
    value: RwLock<T>,
    /// Raised with each change, while the value is locked.
    version: AtomicU64,
    senders: AtomicUsize,
    changed: Notify,
}

impl<T> Shared<T> {
    fn read(&self) -> RwLockReadGuard<'_, T> {
        self.value.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.value.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn is_closed(&self) -> bool {
        self.senders.load(Ordering::Acquire) == 0
    }
}

impl<T> Sender<T> {
    /// With a value, and nobody who watches it yet.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(Shared {
            value: RwLock::new(value),
            version: AtomicU64::new(0),
            senders: AtomicUsize::new(1),
            changed: Notify::new(),
        }))
    }

    /// Somebody who watches, and has seen the present value.
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        let shared = Arc::clone(&self.0);
        let seen = shared.version();
        Receiver { shared, seen }
    }

    /// The present value.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref(self.0.read())
    }

    /// Puts another value in its place, and returns the one before.
    pub fn send_replace(&self, mut value: T) -> T {
        self.send_modify(|place| std::mem::swap(place, &mut value));
        value
    }

    /// Changes the value.
    pub fn send_modify(&self, change: impl FnOnce(&mut T)) {
        self.send_if_modified(|value| {
            change(value);
            true
        });
    }

    /// Changes the value, if `change` says that it did; else nobody hears of it. Returns what it says.
    pub fn send_if_modified(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        let mut value = self.0.write();
        let changed = change(&mut value);
        if changed {
            self.0.version.fetch_add(1, Ordering::Release);
        }
        drop(value);
        if changed {
            self.0.changed.notify_waiters();
        }
        changed
    }
}

impl<T> Receiver<T> {
    /// The present value, which still counts as not seen if it was not.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref(self.shared.read())
    }

    /// The present value, which is seen by this.
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let value = self.shared.read();
        self.seen = self.shared.version();
        Ref(value)
    }

    /// The present value is seen by this.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version();
    }

    /// Whether there is a value that was not seen.
    ///
    /// # Errors
    ///
    /// Every sender is gone.
    pub fn has_changed(&self) -> Result<bool, Closed> {
        if self.shared.is_closed() {
            return Err(Closed);
        }
        Ok(self.shared.version() != self.seen)
    }

    /// Waits for a value that was not seen, which is seen by this.
    ///
    /// # Errors
    ///
    /// Every sender is gone, and their last value was seen.
    pub async fn changed(&mut self) -> Result<(), Closed> {
        loop {
            // Made before the look, so that a change after it is heard of.
            let changed = self.shared.changed.notified();
            let version = self.shared.version();
            if version != self.seen {
                self.seen = version;
                return Ok(());
            }
            if self.shared.is_closed() {
                return Err(Closed);
            }
            changed.await;
        }
    }

    /// Waits for a value of which `is_wanted` holds, perhaps the present one, which is seen by this.
    ///
    /// # Errors
    ///
    /// Every sender is gone, and it does not hold of their last value.
    pub async fn wait_for(
        &mut self,
        mut is_wanted: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'_, T>, Closed> {
        loop {
            let changed = self.shared.changed.notified();
            let closed = self.shared.is_closed();
            {
                let value = self.shared.read();
                self.seen = self.shared.version();
                if is_wanted(&value) {
                    return Ok(Ref(value));
                }
            }
            if closed {
                return Err(Closed);
            }
            changed.await;
        }
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.senders.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.0.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        let shared = Arc::clone(&self.shared);
        Self {
            shared,
            seen: self.seen,
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody changes the value any more")
    }
}

impl std::error::Error for Closed {}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&*self.borrow()).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&*self.borrow()).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn who_began_to_wait_first_wakes_first() {
        let tasks = tokio::task::LocalSet::new();
        let order: Arc<Mutex<Vec<u32>>> = Arc::default();
        let all: Vec<u32> = (0..64).collect();
        let (sender, _) = channel(0);
        for number in &all {
            let (mut receiver, order, number) = (sender.subscribe(), Arc::clone(&order), *number);
            tasks.spawn_local(async move {
                receiver.changed().await.unwrap();
                order.lock().unwrap().push(number);
            });
        }
        tasks.spawn_local(async move { sender.send_replace(1) });
        tasks.await;
        assert_eq!(*order.lock().unwrap(), all);
    }

    #[tokio::test]
    async fn a_value_is_seen_once() {
        let (sender, mut receiver) = channel(1);
        assert_eq!(receiver.has_changed(), Ok(false));
        sender.send_replace(2);
        assert!(!sender.send_if_modified(|_| false));
        assert_eq!(receiver.has_changed(), Ok(true));
        let mut late = sender.subscribe();
        assert_eq!(receiver.changed().await, Ok(()));
        assert_eq!((*receiver.borrow(), late.has_changed()), (2, Ok(false)));
        sender.send_modify(|value| *value += 1);
        assert_eq!(*late.borrow_and_update(), 3);
        assert_eq!(late.has_changed(), Ok(false));
    }

    #[tokio::test]
    async fn who_waits_for_a_value_gets_it() {
        let (sender, mut receiver) = channel(1);
        assert_eq!(
            receiver.wait_for(|value| *value == 1).await.as_deref(),
            Ok(&1)
        );
        let wait = async { receiver.wait_for(|value| *value > 2).await.map(|it| *it) };
        let send = async {
            for value in 2..5 {
                sender.send_replace(value);
                tokio::task::yield_now().await;
            }
        };
        let (got, ()) = tokio::join!(wait, send);
        assert_eq!(got, Ok(3));
    }

    #[tokio::test]
    async fn without_a_sender_there_is_nothing_to_wait_for() {
        let (sender, mut receiver) = channel(1);
        let other = sender.clone();
        drop(sender);
        other.send_replace(2);
        let wait = async { (receiver.changed().await, receiver.changed().await) };
        let ((first, second), ()) = tokio::join!(wait, async { drop(other) });
        assert_eq!((first, second), (Ok(()), Err(Closed)));
        assert_eq!(
            receiver.wait_for(|value| *value == 3).await.err(),
            Some(Closed)
        );
        assert_eq!(receiver.has_changed(), Err(Closed));
    }
}

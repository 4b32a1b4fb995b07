//! Who is told of changes, and in which order.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use super::lock;
use crate::key_path::{KeyPath, Step};

/// What changed, at the keys that somebody subscribed to.
pub struct Change<T> {
    old: Arc<T>,
    new: Arc<T>,
    paths: Vec<KeyPath>,
}

impl<T> Change<T> {
    /// The value before.
    #[must_use]
    pub const fn before(&self) -> &Arc<T> {
        &self.old
    }

    /// The value after. A later one may be in use already.
    #[must_use]
    pub const fn after(&self) -> &Arc<T> {
        &self.new
    }

    /// The keys whose values differ: the shortest ways to them, lists as a whole, in the order of the old files. If a
    /// whole object came or went, its key alone.
    #[must_use]
    pub fn paths(&self) -> &[KeyPath] {
        &self.paths
    }
}

impl<T> fmt::Debug for Change<T> {
    /// Without values: some may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

/// Keeps a subscription: dropped, it ends. A call that runs at that moment runs to its end.
#[must_use = "the subscription ends when this is dropped"]
pub struct Subscription {
    end: Option<Box<dyn FnOnce() + Send>>,
}

impl Subscription {
    pub(super) fn new(end: impl FnOnce() + Send + 'static) -> Self {
        Self {
            end: Some(Box::new(end)),
        }
    }

    /// Lets it last as long as the configuration.
    pub fn forever(mut self) {
        self.end = None;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end();
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// Who is called.
pub(super) type Call<T> = Arc<dyn Fn(&Change<T>) + Send + Sync>;

struct Subscriber<T> {
    /// Nothing: it is never called.
    prefix: Option<KeyPath>,
    call: Call<T>,
}

/// Subscribers, and the changes that they have not been told yet.
pub(super) struct News<T> {
    subscribers: BTreeMap<u64, Subscriber<T>>,
    next: u64,
    queue: VecDeque<Change<T>>,
    /// Whether a thread is telling them.
    delivering: bool,
}

impl<T> Default for News<T> {
    fn default() -> Self {
        Self {
            subscribers: BTreeMap::new(),
            next: 0,
            queue: VecDeque::new(),
            delivering: false,
        }
    }
}

impl<T> News<T> {
    pub(super) fn subscribe(&mut self, prefix: Option<KeyPath>, call: Call<T>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.subscribers.insert(number, Subscriber { prefix, call });
        number
    }

    pub(super) fn unsubscribe(&mut self, number: u64) -> Option<Call<T>> {
        self.subscribers.remove(&number).map(|it| it.call)
    }

    pub(super) fn push(&mut self, old: Arc<T>, new: Arc<T>, paths: Vec<KeyPath>) {
        self.queue.push_back(Change { old, new, paths });
    }

    /// Tells all that is in the queue, unless somebody does already: he then tells this too. So changes are told one
    /// after another, even if a subscriber reloads.
    pub(super) fn deliver(news: &Mutex<Self>) {
        loop {
            let (calls, change) = {
                let mut news = lock(news);
                if news.delivering {
                    return;
                }
                let Some(change) = news.queue.pop_front() else {
                    return;
                };
                news.delivering = true;
                (news.concerned(&change), change)
            };
            for (call, paths) in calls {
                let change = Change {
                    old: Arc::clone(&change.old),
                    new: Arc::clone(&change.new),
                    paths,
                };
                if catch_unwind(AssertUnwindSafe(|| call(&change))).is_err() {
                    tracing::error!(paths = ?change.paths, "a subscriber to the configuration panicked");
                }
            }
            lock(news).delivering = false;
        }
    }

    /// Whom a change concerns, and at which keys.
    fn concerned(&self, change: &Change<T>) -> Vec<(Call<T>, Vec<KeyPath>)> {
        let mut calls = Vec::new();
        for subscriber in self.subscribers.values() {
            let Some(prefix) = &subscriber.prefix else {
                continue;
            };
            let within = |path: &&KeyPath| touches(prefix, path);
            let paths: Vec<KeyPath> = change.paths.iter().filter(within).cloned().collect();
            if !paths.is_empty() {
                calls.push((Arc::clone(&subscriber.call), paths));
            }
        }
        calls
    }
}

/// Whether one of two places holds the other. A position in a prefix is written like a key.
fn touches(prefix: &KeyPath, path: &KeyPath) -> bool {
    let mut pairs = prefix.steps().iter().zip(path.steps());
    pairs.all(|(a, b)| match (a, b) {
        (Step::Key(a), Step::Index(b)) => *a == b.to_string(),
        (a, b) => a == b,
    })
}

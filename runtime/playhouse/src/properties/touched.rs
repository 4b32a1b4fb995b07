//! Which keys of a container were touched, for each consumer.

use std::collections::BTreeSet;

use super::{Consumer, Watch};

/// Keys that each consumer has not seen the change of. One pointer wide; empty while there are none.
#[derive(Debug, Clone)]
pub(super) struct Touched<K>(Option<Box<Both<K>>>);

#[derive(Debug, Clone)]
struct Both<K> {
    persist: Keys<K>,
    sync: Keys<K>,
}

/// What one consumer has not seen.
#[derive(Debug, Clone)]
pub(super) struct Keys<K> {
    /// Everything, whatever the keys: the container was emptied or replaced.
    pub(super) whole: bool,
    /// Something else than a key's value, as the length of a list.
    pub(super) shape: bool,
    pub(super) keys: BTreeSet<K>,
}

impl<K> Keys<K> {
    const fn new() -> Self {
        Self {
            whole: false,
            shape: false,
            keys: BTreeSet::new(),
        }
    }

    fn is_empty(&self) -> bool {
        !self.whole && !self.shape && self.keys.is_empty()
    }
}

impl<K> Default for Touched<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Ord + Clone> Touched<K> {
    /// What `consumer` has not seen; none if that is nothing.
    pub(super) fn of(&self, consumer: Consumer) -> Option<&Keys<K>> {
        let both = self.0.as_ref()?;
        let keys = match consumer {
            Consumer::Persist => &both.persist,
            Consumer::Sync => &both.sync,
        };
        (!keys.is_empty()).then_some(keys)
    }

    /// Notes a key for those who look; `length` is that of the container, past which all is cheaper than its parts.
    pub(super) fn key(&mut self, watch: Watch, key: &K, length: usize) {
        self.each(watch, |touched| {
            if touched.whole {
                return;
            }
            touched.keys.insert(key.clone());
            // Keys that came and went add up: past twice what is there, the whole is shorter.
            if touched.keys.len() > 2 * length + 16 {
                touched.whole = true;
                touched.keys.clear();
            }
        });
    }

    /// Notes that everything changed.
    pub(super) fn whole(&mut self, watch: Watch) {
        self.each(watch, |touched| {
            touched.whole = true;
            touched.keys.clear();
        });
    }

    /// Notes that something else than a value changed.
    pub(super) fn shape(&mut self, watch: Watch) {
        self.each(watch, |touched| touched.shape = true);
    }

    /// Forgets keys from `first` on.
    pub(super) fn forget_from(&mut self, first: &K) {
        if let Some(both) = &mut self.0 {
            both.persist.keys.split_off(first);
            both.sync.keys.split_off(first);
        }
    }

    /// Forgets all for `consumer`.
    pub(super) fn clear(&mut self, consumer: Consumer) {
        if let Some(both) = &mut self.0 {
            match consumer {
                Consumer::Persist => both.persist = Keys::new(),
                Consumer::Sync => both.sync = Keys::new(),
            }
            if both.persist.is_empty() && both.sync.is_empty() {
                self.0 = None;
            }
        }
    }

    fn each(&mut self, watch: Watch, note: impl Fn(&mut Keys<K>)) {
        if !(watch.persist || watch.sync) {
            return;
        }
        let both = self.0.get_or_insert_with(|| {
            Box::new(Both {
                persist: Keys::new(),
                sync: Keys::new(),
            })
        });
        if watch.persist {
            note(&mut both.persist);
        }
        if watch.sync {
            note(&mut both.sync);
        }
    }
}

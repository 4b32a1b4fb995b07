//! A configuration that is in use: loaded anew when its files change, swapped as a whole.

mod news;
mod watch;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde::de::DeserializeOwned;

use crate::invalid::Invalid;
use crate::key_path::KeyPath;
use crate::loader::{Loaded, Loader, Outcome};
use crate::mistake::Report;
use crate::tree::{Node, differences};
use news::News;
pub use news::{Change, Subscription};
pub use watch::{WatchError, Watching};

/// A typed configuration in use. Clones are the same one.
///
/// [`Self::get`] hands out the whole as it stands; what was handed out stays as it was. A file that turns bad changes
/// nothing: the old value stays, [`Self::problem`] says why, and the next change is another chance.
///
/// ```
/// use playhouse_config::{Config, Loader};
///
/// #[derive(serde::Deserialize)]
/// struct Game { players_max: u32 }
///
/// let loader = Loader::memory([("game.json", "{ \"players_max\": 8 }")]);
/// let config: Config<Game> = Config::load(loader)?;
/// let _subscription = config.subscribe("players_max", |change| {
///     println!("from {} to {}", change.before().players_max, change.after().players_max);
/// });
/// assert_eq!(config.get().players_max, 8);
/// # Ok::<(), playhouse_config::Report>(())
/// ```
pub struct Config<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    loader: Loader,
    check: Box<Check<T>>,
    current: RwLock<Arc<T>>,
    state: Mutex<State>,
    news: Mutex<News<T>>,
    /// The number of the reading that began last.
    begun: AtomicU64,
}

/// What a user demands of a value beyond its type.
type Check<T> = dyn Fn(&T) -> Result<(), Invalid> + Send + Sync;

/// What goes with the current value.
struct State {
    tree: Node,
    /// Files that were read, or looked for.
    files: Vec<PathBuf>,
    problem: Option<Report>,
    /// The number of the reading that this comes from.
    read: u64,
}

impl<T: DeserializeOwned> Config<T> {
    /// Loads it for the first time.
    ///
    /// # Errors
    ///
    /// All mistakes found.
    pub fn load(loader: Loader) -> Result<Self, Report> {
        Self::load_checked(loader, |_| Ok::<(), Invalid>(()))
    }

    /// As [`Self::load`]; and nothing that `check` refuses is ever taken, now or later. It runs wherever a configuration
    /// is loaded, so it should be quick.
    ///
    /// # Errors
    ///
    /// All mistakes found, or what `check` says.
    pub fn load_checked<E: Into<Invalid>>(
        loader: Loader,
        check: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Self, Report> {
        let check: Box<Check<T>> = Box::new(move |value| check(value).map_err(Into::into));
        let Outcome { result, files } = loader.read(&mut |value| check(value));
        let Loaded { value, tree } = result?;
        let inner = Inner {
            loader,
            check,
            current: RwLock::new(Arc::new(value)),
            state: Mutex::new(State {
                tree,
                files,
                problem: None,
                read: 0,
            }),
            news: Mutex::new(News::default()),
            begun: AtomicU64::new(0),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Reads everything anew. If it is good it is swapped in, and subscribers are told before this returns (unless
    /// another thread is telling them at the moment, which then tells them this too). The keys that changed are the
    /// answer.
    ///
    /// # Errors
    ///
    /// All mistakes found; then the value stays as it was.
    pub fn reload(&self) -> Result<Vec<KeyPath>, Report> {
        let inner = &*self.inner;
        let number = inner.begun.fetch_add(1, Ordering::SeqCst) + 1;
        // No lock is held while types and checks of the user run.
        let Outcome { result, files } = inner.loader.read(&mut |value| (inner.check)(value));
        let changed = {
            let mut state = lock(&inner.state);
            if number < state.read {
                // Somebody who began later was faster: what he read is newer.
                return result.map(|_| Vec::new());
            }
            state.read = number;
            state.files = files;
            match result {
                Err(report) => {
                    state.problem = Some(report.clone());
                    return Err(report);
                }
                Ok(loaded) => self.swap(&mut state, loaded),
            }
        };
        News::deliver(&inner.news);
        Ok(changed)
    }

    /// Puts a value in the place of the current one, and the news of it in the queue, in the same order.
    fn swap(&self, state: &mut State, loaded: Loaded<T>) -> Vec<KeyPath> {
        let mut changed = Vec::new();
        let mut tell = |path: &KeyPath| changed.push(path.clone());
        differences(&state.tree, &loaded.tree, &mut KeyPath::root(), &mut tell);
        state.problem = None;
        if changed.is_empty() {
            return changed;
        }
        let new = Arc::new(loaded.value);
        let current = &self.inner.current;
        let mut slot = current.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *slot, Arc::clone(&new));
        drop(slot);
        state.tree = loaded.tree;
        lock(&self.inner.news).push(old, new, changed.clone());
        changed
    }
}

impl<T> Config<T> {
    /// The value as it stands now.
    #[must_use]
    pub fn get(&self) -> Arc<T> {
        let current = self.inner.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Why the files as they stand are not in use: what was wrong when they were read last.
    #[must_use]
    pub fn problem(&self) -> Option<Report> {
        lock(&self.inner.state).problem.clone()
    }

    /// The files that it comes from, as they were when they were read last, and those that were missing.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        lock(&self.inner.state).files.clone()
    }

    /// Calls back after each change at, within or around `prefix` (`nodes.lobby`; empty for all), in the order of the
    /// changes, on the thread that reloads, one at a time, while no lock is held. A panic in it is logged and costs
    /// nobody else his call.
    ///
    /// A `prefix` that is no path is one that never changes.
    pub fn subscribe(
        &self,
        prefix: &str,
        call: impl Fn(&Change<T>) + Send + Sync + 'static,
    ) -> Subscription
    where
        T: Send + Sync + 'static,
    {
        let prefix = prefix.parse().ok();
        let number = lock(&self.inner.news).subscribe(prefix, Arc::new(call));
        let inner = Arc::downgrade(&self.inner);
        Subscription::new(move || {
            if let Some(inner) = inner.upgrade() {
                // Dropped after the lock: what it holds may have a `Drop` of the user.
                let _gone = lock(&inner.news).unsubscribe(number);
            }
        })
    }
}

/// Locks; what a panic left behind is whole, since nothing that can panic runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Clone for Config<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T> fmt::Debug for Config<T> {
    /// Without values: some may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("path", &self.inner.loader.path())
            .finish_non_exhaustive()
    }
}

//! Reloading whenever the files change, on a thread of its own.
//!
//! The folders are watched, not the files: editors put a new file in the place of the old one, which a watch of the file
//! itself would not see. Nothing is read before it has been quiet for a moment, because a file is written in steps.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use serde::de::DeserializeOwned;

use super::Config;
use crate::key_path::KeyPath;
use crate::mistake::Report;

/// How long it must be quiet before files are read.
const QUIET: Duration = Duration::from_millis(50);
/// How long a storm of changes is waited for at most.
const STORM: Duration = Duration::from_secs(1);

/// Why files can't be watched.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchError {
    /// The system has no watches, or no more of them.
    System(notify::Error),
    /// A folder that can't be watched.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        error: notify::Error,
    },
    /// The system gives no thread.
    Thread(std::io::Error),
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(
                f,
                "this system can't watch files: {error}; raise its limits (fs.inotify.max_user_instances)"
            ),
            Self::Folder { folder, error } => write!(
                f,
                "can't watch {}: {error}; make it readable, or raise fs.inotify.max_user_watches",
                folder.display()
            ),
            Self::Thread(error) => {
                write!(
                    f,
                    "can't start a thread: {error}; raise the limit (`ulimit -u`)"
                )
            }
        }
    }
}

impl std::error::Error for WatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) | Self::Folder { error, .. } => Some(error),
            Self::Thread(error) => Some(error),
        }
    }
}

/// What the thread hears.
enum Heard {
    Event(notify::Result<Event>),
    Stop,
}

/// Watches as long as it lives; dropped, it waits for the thread to end.
#[must_use = "files are watched until this is dropped"]
pub struct Watching {
    stop: Sender<Heard>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.stop.send(Heard::Stop);
        if let Some(thread) = self.thread.take()
            // A subscriber may drop this on the thread itself.
            && thread.thread().id() != thread::current().id()
        {
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching").finish_non_exhaustive()
    }
}

/// Who is told how it went.
type Tell = Box<dyn Fn(&Result<Vec<KeyPath>, Report>) + Send>;

impl<T: DeserializeOwned + Send + Sync + 'static> Config<T> {
    /// Reloads whenever one of the files changes, those that are included too, and those that are missing once they are
    /// there. `told` hears of each reload that changed something or found something new to be wrong, after the
    /// subscribers; it is also logged.
    ///
    /// # Errors
    ///
    /// If the system can't watch the folders of the files.
    pub fn watch(
        &self,
        told: impl Fn(&Result<Vec<KeyPath>, Report>) + Send + 'static,
    ) -> Result<Watching, WatchError> {
        let (stop, heard) = mpsc::channel();
        let tell = stop.clone();
        let watcher = notify::recommended_watcher(move |event| {
            // The thread may have ended.
            let _gone = tell.send(Heard::Event(event));
        })
        .map_err(WatchError::System)?;
        let mut guard = Guard {
            watcher,
            folders: BTreeSet::new(),
            names: BTreeSet::new(),
        };
        guard.follow(&self.files())?;
        let config = self.clone();
        let told: Tell = Box::new(told);
        let thread = thread::Builder::new()
            .name("config".to_owned())
            .spawn(move || run(&config, guard, &heard, &told))
            .map_err(WatchError::Thread)?;
        Ok(Watching {
            stop,
            thread: Some(thread),
        })
    }
}

fn run<T: DeserializeOwned>(
    config: &Config<T>,
    mut guard: Guard,
    heard: &Receiver<Heard>,
    told: &Tell,
) {
    // What changed between loading and watching.
    let mut last = attempt(config, None, told);
    loop {
        if let Err(error) = guard.follow(&config.files()) {
            tracing::warn!(%error, "changes of some files of the configuration go unseen");
        }
        if !guard.wait(heard) {
            return;
        }
        last = attempt(config, last, told);
    }
}

/// Reloads, and says how it went unless it went as the last time. Returns what is wrong.
fn attempt<T: DeserializeOwned>(
    config: &Config<T>,
    last: Option<String>,
    told: &Tell,
) -> Option<String> {
    let outcome = config.reload();
    let problem = outcome.as_ref().err().map(ToString::to_string);
    match &outcome {
        Ok(changed) if changed.is_empty() && last.is_none() => {}
        Ok(changed) => {
            let keys: Vec<String> = changed.iter().map(ToString::to_string).collect();
            tracing::info!(keys = keys.join(", "), "the configuration was reloaded");
            told(&outcome);
        }
        Err(_) if problem == last => {}
        Err(report) => {
            tracing::error!(
                "the configuration is wrong, so the last good one stays in use\n{report}"
            );
            told(&outcome);
        }
    }
    problem
}

/// The watches of the system.
struct Guard {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    /// Names of files that matter, in whichever of the folders.
    names: BTreeSet<OsString>,
}

impl Guard {
    /// Watches the folders of these files, and of those that they are links to.
    fn follow(&mut self, files: &[PathBuf]) -> Result<(), WatchError> {
        let mut wanted = BTreeSet::new();
        self.names.clear();
        for file in files {
            let real = std::fs::canonicalize(file).ok();
            for path in [Some(file.clone()), real].into_iter().flatten() {
                self.names
                    .extend(path.file_name().map(std::ffi::OsStr::to_owned));
                wanted.insert(folder(&path));
            }
        }
        for gone in self.folders.difference(&wanted) {
            // It may be gone from the disk, too.
            let _gone = self.watcher.unwatch(gone);
        }
        let mut problem = None;
        let mut watched: BTreeSet<PathBuf> = self.folders.intersection(&wanted).cloned().collect();
        for folder in wanted {
            if watched.contains(&folder) {
                continue;
            }
            match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    watched.insert(folder);
                }
                Err(error) => {
                    problem.get_or_insert(WatchError::Folder { folder, error });
                }
            }
        }
        self.folders = watched;
        problem.map_or(Ok(()), Err)
    }

    /// Returns when something has changed and it has been quiet since; false if it is over.
    fn wait(&self, heard: &Receiver<Heard>) -> bool {
        loop {
            match heard.recv() {
                Ok(Heard::Event(event)) if self.matters(&event) => break,
                Ok(Heard::Event(_)) => {}
                Ok(Heard::Stop) | Err(_) => return false,
            }
        }
        let until = Instant::now() + STORM;
        let mut quiet_until = Instant::now() + QUIET;
        loop {
            let end = quiet_until.min(until);
            let now = Instant::now();
            if now >= end {
                return true;
            }
            match heard.recv_timeout(end - now) {
                Ok(Heard::Event(event)) if self.matters(&event) => {
                    quiet_until = Instant::now() + QUIET;
                }
                Ok(Heard::Event(_)) => {}
                Err(RecvTimeoutError::Timeout) => return true,
                Ok(Heard::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    fn matters(&self, event: &notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            // Something was missed.
            return true;
        };
        if event.kind.is_access() {
            return false;
        }
        let ours = |path: &PathBuf| {
            path.file_name().is_some_and(|name| {
                // Mounted configuration is switched by a link called `..data`.
                self.names.contains(name) || name.as_encoded_bytes().starts_with(b"..")
            })
        };
        event.need_rescan() || event.paths.iter().any(ours)
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

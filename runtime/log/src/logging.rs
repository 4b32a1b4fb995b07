//! A log that runs: its levels, and waiting for what it has not written yet.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tracing::dispatcher::WeakDispatch;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Metadata};

use crate::builder::Builder;
use crate::levels::{Levels, LevelsError};
use crate::queue::Queue;
use crate::writer::{Progress, is_writer};

/// How long [`flush`] and the end of a [`Guard`] wait at most: a terminal that takes nothing must not hold up the end of
/// a program.
pub const FLUSH_MAX: Duration = Duration::from_secs(5);

static INSTALLED: OnceLock<Logging> = OnceLock::new();

/// What the layer, the writer and the handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) progress: Progress,
    levels: RwLock<Wanted>,
    /// Held from a change of levels until all callsites know of it.
    changing: Mutex<()>,
    /// What `tracing` knows the log by.
    dispatch: OnceLock<WeakDispatch>,
}

#[derive(Debug, Clone)]
struct Wanted {
    /// What was said last.
    said: Levels,
    /// What holds.
    now: Levels,
    /// When `now` becomes what was said again.
    until: Option<Instant>,
}

impl Shared {
    pub(crate) fn new(queue: Queue, levels: Levels) -> Self {
        Self {
            queue,
            progress: Progress::default(),
            levels: RwLock::new(Wanted {
                said: levels.clone(),
                now: levels,
                until: None,
            }),
            changing: Mutex::new(()),
            dispatch: OnceLock::new(),
        }
    }

    pub(crate) fn set_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn read<R>(&self, f: impl FnOnce(&Wanted) -> R) -> R {
        f(&self.levels.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// As `read`, once whatever changes has changed everywhere.
    fn settled<R>(&self, f: impl FnOnce(&Wanted) -> R) -> R {
        let _settled = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(f)
    }

    /// Changes what is wanted. Callsites remember whether they are, so they are asked again.
    fn change(&self, f: impl FnOnce(&mut Wanted)) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        f(&mut self.levels.write().unwrap_or_else(PoisonError::into_inner));
        // A log that isn't installed is asked only by threads that have it as theirs.
        let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
        let rebuild = tracing::callsite::rebuild_interest_cache;
        match dispatch {
            Some(dispatch) => tracing::dispatcher::with_default(&dispatch, rebuild),
            None => rebuild(),
        }
    }

    pub(crate) fn wants(&self, metadata: &Metadata<'_>) -> bool {
        self.read(|levels| levels.now.wants(metadata))
    }

    pub(crate) fn finest_level(&self) -> LevelFilter {
        self.read(|levels| levels.now.finest())
    }

    /// How long levels stay raised.
    pub(crate) fn raised_for(&self, now: Instant) -> Option<Duration> {
        let until = self.read(|levels| levels.until)?;
        Some(until.saturating_duration_since(now))
    }

    /// Ends a raise whose time is over.
    pub(crate) fn fall_back(&self, now: Instant) {
        if self.raised_for(now) == Some(Duration::ZERO) {
            self.change(|levels| {
                // Another may have been said between the look and this.
                if levels.until.is_some_and(|until| until <= now) {
                    levels.now = levels.said.clone();
                    levels.until = None;
                }
            });
        }
    }

    pub(crate) fn flush(&self, limit: Duration) -> bool {
        // The writer can't wait for itself.
        if is_writer() {
            return false;
        }
        let number = self.progress.ask();
        self.queue.wake();
        self.progress.wait(number, limit)
    }
}

/// A log that runs. [`Logging::builder`] begins to say where it goes.
#[derive(Debug, Clone)]
pub struct Logging {
    shared: Arc<Shared>,
}

impl Logging {
    /// Begins to say what is logged, and where to.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The one that was [installed](Builder::install) in this process.
    #[must_use]
    pub fn installed() -> Option<Self> {
        INSTALLED.get().cloned()
    }

    pub(crate) fn set_installed(&self) {
        // Only one subscriber can be installed, and this is the log of that one.
        let _ = INSTALLED.set(self.clone());
    }

    /// Changes which records are wanted: `info,arena::battle=debug`. Modules and, if no level for all stands there, all
    /// others have the level `info`. Ends what [`Self::raise_levels`] began.
    ///
    /// # Errors
    ///
    /// If the text is not one of levels; then nothing changes.
    pub fn set_levels(&self, directives: &str) -> Result<(), LevelsError> {
        let levels = Levels::default().with(directives)?;
        self.shared.change(|wanted| {
            wanted.said = levels.clone();
            wanted.now = levels;
            wanted.until = None;
        });
        Ok(())
    }

    /// Changes levels for some time: what is named here, beside what holds otherwise. A second one takes the place of
    /// the first.
    ///
    /// # Errors
    ///
    /// As [`Self::set_levels`].
    pub fn raise_levels(&self, directives: &str, time: Duration) -> Result<(), LevelsError> {
        let said = self.shared.read(|wanted| wanted.said.clone());
        let levels = said.with(directives)?;
        let until = Instant::now().checked_add(time);
        self.shared.change(|wanted| {
            wanted.now = levels;
            wanted.until = until;
        });
        // It may sleep for longer than that.
        self.shared.queue.wake();
        Ok(())
    }

    /// The levels that hold, as [`Self::set_levels`] takes them.
    #[must_use]
    pub fn levels(&self) -> String {
        self.shared.settled(|wanted| wanted.now.to_string())
    }

    /// How many records were dropped so far, since more came than could be written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.queue.dropped()
    }

    /// Waits until what was logged before is written: true, or false if that takes longer than [`FLUSH_MAX`]. It blocks
    /// the thread, so it is nothing for handlers. On the writer's own thread it is false at once.
    pub fn flush(&self) -> bool {
        self.shared.flush(FLUSH_MAX)
    }
}

/// As [`Logging::set_levels`], of the log that is installed.
///
/// # Errors
///
/// As there; or if none is.
pub fn set_levels(directives: &str) -> Result<(), LevelsError> {
    let logging = INSTALLED.get().ok_or(LevelsError::NotInstalled)?;
    logging.set_levels(directives)
}

/// As [`Logging::raise_levels`], of the log that is installed.
///
/// # Errors
///
/// As there; or if none is.
pub fn raise_levels(directives: &str, time: Duration) -> Result<(), LevelsError> {
    let logging = INSTALLED.get().ok_or(LevelsError::NotInstalled)?;
    logging.raise_levels(directives, time)
}

/// As [`Logging::flush`], of the log that is installed; true if none is.
pub fn flush() -> bool {
    INSTALLED.get().is_none_or(Logging::flush)
}

/// Whether records of this process go anywhere: here, or to another subscriber of `tracing`.
#[must_use]
pub fn is_installed() -> bool {
    tracing::dispatcher::has_been_set()
}

/// Keeps a log going. When it is dropped, what was logged is written, and the log is over.
#[must_use = "the log ends when this is dropped: keep it in `main`"]
pub struct Guard {
    logging: Logging,
    dispatch: Dispatch,
}

impl Guard {
    pub(crate) const fn new(logging: Logging, dispatch: Dispatch) -> Self {
        Self { logging, dispatch }
    }

    /// The log.
    #[must_use]
    pub const fn logging(&self) -> &Logging {
        &self.logging
    }

    /// As `tracing` knows it, for `tracing::dispatcher::with_default`.
    #[must_use]
    pub const fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// As [`Logging::flush`].
    pub fn flush(&self) -> bool {
        self.logging.flush()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let shared = &self.logging.shared;
        shared.queue.close();
        shared.queue.wake();
        if !is_writer() {
            shared.progress.wait_for_end(FLUSH_MAX);
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("levels", &self.logging.levels())
            .finish_non_exhaustive()
    }
}

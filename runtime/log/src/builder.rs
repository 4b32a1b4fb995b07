//! What is logged, and where to.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tracing::{Dispatch, Level};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::capture::Capture;
use crate::clock::{Clock, now_us};
use crate::file::{Files, Output, is_base};
use crate::levels::{Levels, LevelsError};
use crate::logging::{Guard, Logging, Shared};
use crate::panics;
use crate::queue::{QUEUE_BYTES, QUEUE_RECORDS, Queue};
use crate::record::Record;
use crate::redact::Denylist;
use crate::terminal::{Screen, Terminal};
use crate::writer::{Hook, Writer};

/// Which errors come with the calls that led to them. Walking the stack takes microseconds on the thread that logs, and
/// looking the names up milliseconds on the writer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Backtraces {
    /// As `RUST_LIB_BACKTRACE`, else `RUST_BACKTRACE` say.
    #[default]
    Environment,
    /// All.
    Always,
    /// None.
    Never,
}

/// Why there is no log.
#[derive(Debug)]
#[non_exhaustive]
pub enum InstallError {
    /// The levels are not ones.
    Levels {
        /// What is wrong.
        error: LevelsError,
        /// The variable of the environment that they come from; none if the program says them.
        variable: Option<String>,
    },
    /// The files can't be called so.
    Name(String),
    /// The folder can't be written to.
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The writer's thread can't be had.
    Thread(io::Error),
    /// Something takes the records of this process already.
    Installed,
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Levels {
                error,
                variable: Some(variable),
            } => write!(f, "the variable {variable}: {error}"),
            Self::Levels {
                error,
                variable: None,
            } => error.fmt(f),
            Self::Name(name) => write!(
                f,
                "log files can't be called `{name}`: use up to 64 letters, digits, `-` and `_`"
            ),
            Self::Folder { folder, error } => write!(
                f,
                "the log can't be written in {}: {error}; name a folder that this user may write to",
                folder.display()
            ),
            Self::Thread(error) => write!(f, "the log's thread can't be had: {error}"),
            Self::Installed => f.write_str(
                "another subscriber of `tracing` is installed already: install one of them only",
            ),
        }
    }
}

impl std::error::Error for InstallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Levels { error, .. } => Some(error),
            Self::Folder { error, .. } | Self::Thread(error) => Some(error),
            Self::Name(_) | Self::Installed => None,
        }
    }
}

/// Says what is logged, and where to. [`Logging::builder`] begins one.
#[must_use = "a builder does nothing until `install`"]
pub struct Builder {
    levels: String,
    variable: Option<String>,
    terminal: Option<Terminal>,
    files: Option<Files>,
    clock: Clock,
    redact: Vec<String>,
    backtraces: Backtraces,
    queue: (usize, usize),
    hooks: Vec<(Level, Hook)>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            levels: String::new(),
            variable: None,
            terminal: None,
            files: None,
            clock: Clock::Utc,
            redact: Vec::new(),
            backtraces: Backtraces::Environment,
            queue: (QUEUE_RECORDS, QUEUE_BYTES),
            hooks: Vec::new(),
        }
    }

    /// Which records are wanted, by module: `info,arena::battle=debug`. `info` if nothing is said, and for what isn't
    /// named.
    pub fn levels(mut self, directives: impl Into<String>) -> Self {
        self.levels = directives.into();
        self
    }

    /// If this variable of the environment is set, as `RUST_LOG` may be, it says the levels instead.
    pub fn levels_from(mut self, variable: impl Into<String>) -> Self {
        self.variable = Some(variable.into());
        self
    }

    /// Writes lines for people. That is done, to standard error, if nothing at all is said to be done with records.
    pub fn terminal(mut self, terminal: Terminal) -> Self {
        self.terminal = Some(terminal);
        self
    }

    /// Writes lines of JSON into files.
    pub fn files(mut self, files: Files) -> Self {
        self.files = Some(files);
        self
    }

    /// In which time lines are dated and files change; UTC if nothing is said.
    pub const fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Further names of fields whose values are never written, beside [`REDACTED_NAMES`](crate::REDACTED_NAMES).
    pub fn redact(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.redact.extend(names.into_iter().map(Into::into));
        self
    }

    /// Which errors come with backtraces; as the environment says if nothing else is.
    pub const fn backtraces(mut self, backtraces: Backtraces) -> Self {
        self.backtraces = backtraces;
        self
    }

    /// How many records, and how many bytes of them, may wait for the writer. What comes then is dropped, counted and
    /// said; the last eighth of both is left for errors. [`QUEUE_RECORDS`] and [`QUEUE_BYTES`] if nothing is said.
    pub const fn queue(mut self, records: usize, bytes: usize) -> Self {
        self.queue = (records, bytes);
        self
    }

    /// Shows records of this level, and of those that are worse, to a function, as to count errors or to report them. It
    /// runs on the writer's thread: while it takes its time, nothing is written. What it logs itself it isn't shown.
    pub fn on_record(
        mut self,
        level: Level,
        hook: impl FnMut(&Record<'_>) + Send + 'static,
    ) -> Self {
        self.hooks.push((level, Box::new(hook)));
        self
    }

    /// Begins to log what the whole process records, panics too.
    ///
    /// # Errors
    ///
    /// If something said is wrong, the folder can't be used, or another subscriber of `tracing` is installed.
    pub fn install(self) -> Result<Guard, InstallError> {
        if tracing::dispatcher::has_been_set() {
            return Err(InstallError::Installed);
        }
        let has_terminal = self.has_terminal();
        let (guard, shared) = self.begin()?;
        tracing::dispatcher::set_global_default(guard.dispatch().clone())
            .map_err(|_| InstallError::Installed)?;
        guard.logging().set_installed();
        panics::install(shared, has_terminal);
        Ok(guard)
    }

    /// Begins a log that nothing is recorded in yet but by [`Guard::dispatch`], as for tests.
    ///
    /// # Errors
    ///
    /// If something said is wrong, or the folder can't be used.
    pub fn start(self) -> Result<Guard, InstallError> {
        self.begin().map(|(guard, _)| guard)
    }

    fn has_terminal(&self) -> bool {
        self.terminal.is_some() || (self.files.is_none() && self.hooks.is_empty())
    }

    fn begin(self) -> Result<(Guard, Arc<Shared>), InstallError> {
        let levels = self.read_levels()?;
        let has_terminal = self.has_terminal();
        let output = match self.files {
            Some(files) if !is_base(&files.name) => return Err(InstallError::Name(files.name)),
            Some(files) => {
                let folder = files.folder.clone();
                let output = Output::new(files, self.clock, now_us());
                Some(output.map_err(|error| InstallError::Folder { folder, error })?)
            }
            None => None,
        };
        let terminal = self
            .terminal
            .or_else(|| has_terminal.then(Terminal::stderr));
        let (records, bytes) = self.queue;
        let shared = Arc::new(Shared::new(Queue::new(records, bytes), levels));
        let writer = Writer {
            shared: Arc::clone(&shared),
            clock: self.clock,
            denylist: Denylist::new(&self.redact),
            screen: terminal.map(Screen::new),
            output,
            hooks: self.hooks,
            line: String::new(),
        };
        let thread = std::thread::Builder::new()
            .name("playhouse-log".to_owned())
            .spawn(move || writer.run())
            .map_err(InstallError::Thread)?;
        shared.queue.set_writer(thread.thread().clone());
        let capture = Capture {
            shared: Arc::clone(&shared),
            backtraces: self.backtraces,
        };
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(capture));
        shared.set_dispatch(&dispatch);
        let guard = Guard::new(Logging::new(Arc::clone(&shared)), dispatch);
        Ok((guard, shared))
    }

    fn read_levels(&self) -> Result<Levels, InstallError> {
        let given = self.variable.as_ref().and_then(|variable| {
            let text = std::env::var(variable).ok()?;
            Some((variable, text)).filter(|(_, text)| !text.trim().is_empty())
        });
        let (variable, text) = match &given {
            Some((variable, text)) => (Some((*variable).clone()), text.as_str()),
            None => (None, self.levels.as_str()),
        };
        Levels::default()
            .with(text)
            .map_err(|error| InstallError::Levels { error, variable })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("levels", &self.levels)
            .field("terminal", &self.terminal)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

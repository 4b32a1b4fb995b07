//! The log of a node: what `tracing` records, written to a terminal and to files by a thread of its own.
//!
//! ```
//! use playhouse_log::{Files, Logging, Terminal};
//! # let folder = tempfile::tempdir()?;
//! # let logs = folder.path();
//!
//! let guard = Logging::builder()
//!     .levels("info,arena::battle=debug")
//!     .terminal(Terminal::stderr())
//!     .files(Files::in_folder(logs).name("arena"))
//!     .install()?;
//! playhouse_log::info!(port = 7000, "ready");
//! playhouse_log::set_levels("warn")?;
//! guard.flush();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Read first: [`Logging`], which says where lines go. Whoever logs never waits: `capture` copies what was said into
//! a buffer of a pool and hands it to a queue that is bounded by [`QUEUE_RECORDS`] and [`QUEUE_BYTES`]; what
//! doesn't fit is dropped, counted, and said in a line later. The writer thread formats and writes.
//!
//! - Ids of node, entity, session and trace come from a function: [`set_source`].
//! - Values of fields with names such as `password` are never written: [`REDACTED_NAMES`]. A text in which a secret
//!   stands already can't be told from another.
//! - A record holds at most [`RECORD_BYTES_MAX`] of text, and names at most [`SPANS_MAX`] spans with [`SPAN_BYTES_MAX`]
//!   each. What is longer is cut, and says so.
//! - The crate sees no other crate of Playhouse.

mod builder;
mod capture;
mod captured;
mod clock;
mod file;
mod ids;
mod json;
mod levels;
mod logging;
mod panics;
mod queue;
mod record;
mod redact;
mod terminal;
mod trace_frames;
mod writer;

pub use builder::{Backtraces, Builder, InstallError};
pub use captured::{RECORD_BYTES_MAX, SPAN_BYTES_MAX, SPANS_MAX};
pub use clock::Clock;
pub use file::{FILE_BYTES, FILES_KEPT, Files, HELD_BYTES_MAX, Rotation};
pub use ids::{Ids, set_source};
pub use levels::{DIRECTIVES_MAX, LevelsError};
pub use logging::{FLUSH_MAX, Guard, Logging, flush, is_installed, raise_levels, set_levels};
pub use queue::{QUEUE_BYTES, QUEUE_RECORDS};
pub use record::{Record, Value};
pub use redact::REDACTED_NAMES;
pub use terminal::{Colours, Terminal};
pub use tracing::{Level, debug, error, info, trace, warn};

//! The log: [`Logging`] says where it goes, and lines that are written on a shard have the ids of what runs there.
//!
//! ```
//! use playhouse::log::{Logging, Terminal};
//!
//! // In `main`, before anything else; the log ends when the guard is dropped.
//! let _guard = Logging::builder()
//!     .levels("info,arena::battle=debug")
//!     .terminal(Terminal::stderr())
//!     .install()?;
//! playhouse::log::info!(port = 7000, "ready");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Node::run`](crate::Node::run) logs to standard error if nothing else is installed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

pub use playhouse_log::*;

use crate::host::Shard;

/// The node that this process began first, for lines of threads that aren't shards.
static NODE: OnceLock<String> = OnceLock::new();
/// There are several: such lines are then nobody's in particular.
static SEVERAL: AtomicBool = AtomicBool::new(false);

/// The variable of the environment that says the levels where the program doesn't.
const LEVELS_VARIABLE: &str = "RUST_LOG";

/// From now on lines have the ids of what runs on the shard of their thread.
pub(crate) fn attach() {
    set_source(identify);
}

/// A node begins, of which lines outside of its shards are too.
pub(crate) fn begins(node: &str) {
    attach();
    if NODE.get_or_init(|| node.to_owned()) != node {
        SEVERAL.store(true, Ordering::Relaxed);
    }
}

/// A log for people, unless the process has one already, or another subscriber.
pub(crate) fn unless_installed() -> Option<Guard> {
    if is_installed() {
        return None;
    }
    let begin = || Logging::builder().terminal(Terminal::stderr());
    match begin().levels_from(LEVELS_VARIABLE).install() {
        Ok(guard) => Some(guard),
        // What the variable says is wrong: a node runs nevertheless, and says so.
        Err(error @ InstallError::Levels { .. }) => {
            let guard = begin().install().ok();
            tracing::warn!("{error}; the level is `info`");
            guard
        }
        Err(_) => None,
    }
}

/// A line may be written in the middle of anything, at the end of a thread too.
fn identify(ids: &mut Ids<'_>) {
    if Shard::look(|shard| shard.identify(ids)).is_some() || SEVERAL.load(Ordering::Relaxed) {
        return;
    }
    if let Some(node) = NODE.get() {
        ids.node(node);
    }
}

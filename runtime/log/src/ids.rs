//! Whose line it is: node, entity, session and trace.

use std::fmt;
use std::sync::OnceLock;

use crate::captured::Captured;

static SOURCE: OnceLock<fn(&mut Ids<'_>)> = OnceLock::new();

/// Says from where lines get their ids. It runs on the thread that logs, for each line that is written, and may be in
/// the middle of anything there: it must neither log, nor wait, nor take what may be borrowed. The first one stays.
pub fn set_source(source: fn(&mut Ids<'_>)) {
    // A second one is the same function, from another node of the process.
    let _ = SOURCE.set(source);
}

pub(crate) fn fill(captured: &mut Captured) {
    if let Some(source) = SOURCE.get() {
        source(&mut Ids { captured });
    }
}

/// Takes the ids of one line. What isn't said stays away from the line.
#[derive(Debug)]
pub struct Ids<'a> {
    captured: &'a mut Captured,
}

impl Ids<'_> {
    /// The name of the node.
    pub fn node(&mut self, name: &str) {
        self.captured.node = self.captured.write(format_args!("{name}"));
    }

    /// The entity or the service whose code runs: `Avatar(7)`.
    pub fn entity(&mut self, name: fmt::Arguments<'_>) {
        self.captured.entity = self.captured.write(name);
    }

    /// The client's session that caused it.
    pub const fn session(&mut self, number: u64) {
        self.captured.session = Some(number);
    }

    /// The trace that it belongs to.
    pub const fn trace(&mut self, id: u128) {
        self.captured.trace = Some(id);
    }
}

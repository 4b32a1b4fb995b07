//! Logs of single tests: recorded on the test's thread alone.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

use playhouse_log::{Builder, Guard, Terminal};
use serde_json::Value;

/// What was written to a terminal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `f` with a log, and returns once it is written.
pub(crate) fn logged(builder: Builder, f: impl FnOnce(&Guard)) {
    let guard = builder.start().unwrap();
    tracing::dispatcher::with_default(guard.dispatch(), || f(&guard));
    drop(guard);
}

/// What a terminal shows of what `f` logs.
pub(crate) fn printed(builder: Builder, f: impl FnOnce()) -> String {
    let paper = Paper::default();
    logged(builder.terminal(Terminal::writer(paper.clone())), |_| f());
    paper.text()
}

/// The lines of all files in a folder, file by file in order of their names.
pub(crate) fn lines(folder: &Path) -> Vec<(String, Vec<Value>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "a torn line");
        let line = |line: &str| serde_json::from_str(line).unwrap();
        let name = entry.file_name().into_string().unwrap();
        files.push((name, text.lines().map(line).collect()));
    }
    files.sort_by(|one: &(String, _), other| one.0.cmp(&other.0));
    files
}

/// A gate that holds the writer up until it is opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<(bool, bool)>, Condvar)>);

impl Gate {
    /// Called by who is held up.
    pub(crate) fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.0 = true;
        changed.notify_all();
        let _open = changed.wait_while(state, |state| !state.1).unwrap();
    }

    /// Waits until somebody is held up.
    pub(crate) fn wait(&self) {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap();
        let _waits = changed.wait_while(state, |state| !state.0).unwrap();
    }

    pub(crate) fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().1 = true;
        changed.notify_all();
    }
}

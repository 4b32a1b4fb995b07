//! Records for people: a line each, in colours where there is a terminal.

use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write};

use tracing::Level;

use crate::record::{Record, Value};
use crate::trace_frames::frames;

/// How wide targets are shown; longer ones push what follows.
const TARGET_COLUMNS: usize = 24;

/// When lines are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Colours {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`; elsewhere if `CLICOLOR_FORCE` is set.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// Not at all.
    Never,
}

/// Lines for people to read as they come.
pub struct Terminal {
    out: Out,
    colours: Colours,
}

enum Out {
    Stderr,
    Stdout,
    Other(Box<dyn Write + Send>),
}

impl Terminal {
    const fn to(out: Out) -> Self {
        Self {
            out,
            colours: Colours::Auto,
        }
    }

    /// To standard error, so that standard output is the program's own.
    #[must_use]
    pub const fn stderr() -> Self {
        Self::to(Out::Stderr)
    }

    /// To standard output.
    #[must_use]
    pub const fn stdout() -> Self {
        Self::to(Out::Stdout)
    }

    /// To something else, which is no terminal.
    #[must_use]
    pub fn writer(writer: impl Write + Send + 'static) -> Self {
        Self::to(Out::Other(Box::new(writer)))
    }

    /// When lines are coloured; [`Colours::Auto`] if nothing is said.
    #[must_use]
    pub const fn colours(mut self, colours: Colours) -> Self {
        self.colours = colours;
        self
    }

    fn is_coloured(&self) -> bool {
        match self.colours {
            Colours::Always => return true,
            Colours::Never => return false,
            Colours::Auto => {}
        }
        let said = |name| std::env::var_os(name).is_some_and(|it| !it.is_empty());
        if said("NO_COLOR") {
            return false;
        }
        if std::env::var_os("CLICOLOR_FORCE").is_some_and(|it| !it.is_empty() && it != "0") {
            return true;
        }
        let dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        let terminal = match self.out {
            Out::Stderr => io::stderr().is_terminal(),
            Out::Stdout => io::stdout().is_terminal(),
            Out::Other(_) => false,
        };
        terminal && !dumb
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal")
            .field("colours", &self.colours)
            .finish_non_exhaustive()
    }
}

/// A terminal that is written to.
pub(crate) struct Screen {
    terminal: Terminal,
    coloured: bool,
    lines: String,
}

impl Screen {
    pub(crate) fn new(terminal: Terminal) -> Self {
        let coloured = terminal.is_coloured();
        Self {
            terminal,
            coloured,
            lines: String::new(),
        }
    }

    pub(crate) fn push(&mut self, record: &Record<'_>) {
        write_line(&mut self.lines, record, self.coloured);
        if self.lines.len() > 64 * 1024 {
            self.flush();
        }
    }

    /// Writes what has come. A terminal that is gone has nobody left who could be told.
    pub(crate) fn flush(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let lines = self.lines.as_bytes();
        let _ = match &mut self.terminal.out {
            Out::Stderr => io::stderr().write_all(lines),
            Out::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(lines).and_then(|()| out.flush())
            }
            Out::Other(out) => out.write_all(lines).and_then(|()| out.flush()),
        };
        self.lines.clear();
        self.lines.shrink_to(256 * 1024);
    }
}

fn write_line(out: &mut String, record: &Record<'_>, coloured: bool) {
    let level = record.level();
    let (begin, dim, bold, end) = if coloured {
        (colour(level), "\x1b[2m", "\x1b[1m", "\x1b[0m")
    } else {
        ("", "", "", "")
    };
    // Writing to a `String` can't fail.
    let _ = write!(
        out,
        "{dim}{}{end} {begin}{:<5}{end} {dim}",
        record.date().time_of_day(),
        level.as_str(),
    );
    let start = out.len();
    escaped(out, record.target());
    let columns = out.len() - start;
    let _ = write!(
        out,
        "{end}{:1$} ",
        "",
        TARGET_COLUMNS.saturating_sub(columns)
    );
    if level <= Level::WARN {
        out.push_str(bold);
    }
    escaped(out, record.message());
    if level <= Level::WARN {
        out.push_str(end);
    }
    for (name, value) in record.fields() {
        field(out, name, value, dim, end);
    }
    ids(out, record, dim, end);
    if record.is_cut() {
        let _ = write!(out, " {dim}(cut){end}");
    }
    out.push('\n');
    if level > Level::WARN {
        return;
    }
    for (name, fields) in record.spans() {
        let _ = write!(out, "    {dim}in{end} {name}");
        for (name, value) in fields {
            field(out, name, value, dim, end);
        }
        out.push('\n');
    }
    if let (Some(file), Some(line)) = (record.file(), record.line()) {
        // On a line of its own, as in a backtrace, which is what IntelliJ's console looks for; VS Code's finds it
        // anywhere.
        let _ = write!(out, "    {dim}at{end} {file}:{line}");
        if let Some(column) = record.column() {
            let _ = write!(out, ":{column}");
        }
        out.push('\n');
    }
    if let Some(backtrace) = record.backtrace() {
        for line in frames(backtrace).lines() {
            out.push_str("    ");
            escaped(out, line);
            out.push('\n');
        }
    }
}

fn ids(out: &mut String, record: &Record<'_>, dim: &str, end: &str) {
    let (node, entity) = (record.node(), record.entity());
    let (session, trace) = (record.session(), record.trace());
    if node.is_empty() && entity.is_empty() && session.is_none() && trace.is_none() {
        return;
    }
    let _ = write!(out, " {dim}[");
    let mut before = "";
    for text in [node, entity] {
        if !text.is_empty() {
            out.push_str(before);
            escaped(out, text);
            before = " ";
        }
    }
    if let Some(session) = session {
        let _ = write!(out, "{before}session {session}");
        before = " ";
    }
    if let Some(trace) = trace {
        // The first quarter tells the traces of an hour apart.
        let _ = write!(out, "{before}trace {:08x}", trace >> 96);
    }
    let _ = write!(out, "]{end}");
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[1;31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[36m",
        Level::TRACE => "\x1b[35m",
    }
}

fn field(out: &mut String, name: &str, value: Value<'_>, dim: &str, end: &str) {
    let _ = write!(out, " {dim}{name}={end}");
    match value {
        Value::Str(text) => {
            let plain = |it: char| !it.is_whitespace() && it != '"' && it != '=';
            if !text.is_empty() && text.chars().all(plain) {
                escaped(out, text);
            } else {
                out.push('"');
                escaped(out, text);
                out.push('"');
            }
        }
        Value::Debug(text) => escaped(out, text),
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Text that may come from anybody: it can neither move the cursor nor pretend to be a line of its own.
fn escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(char::is_control) {
        out.push_str(&rest[..at]);
        let mut letters = rest[at..].chars();
        match letters.next() {
            Some('\n') => out.push_str("\n    "),
            Some('\t') => out.push('\t'),
            Some(other) => {
                let _ = write!(out, "{}", other.escape_debug());
            }
            None => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
}

//! Verdicts: what a change does to whom, why, and what to do instead; as text for people and as JSON for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::{key::Key, surface::Kind};

/// Who is hurt by a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Nodes and clients of the two versions misread each other, or refuse what the other sends.
    Wire,
    /// What was saved by the old version is lost or misread by the new one.
    Document,
    /// Code written against the old version no longer compiles.
    Source,
    /// Clients can do or see more than before.
    Exposure,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Self; 4] = [Self::Wire, Self::Document, Self::Source, Self::Exposure];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wire => "WIRE",
            Self::Document => "DOCUMENT",
            Self::Source => "SOURCE",
            Self::Exposure => "EXPOSURE",
        }
    }

    /// The class of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// What was done to an element: the columns of the table of verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is new.
    Add,
    /// It is gone.
    Remove,
    /// It has another name.
    Rename,
    /// It has another number.
    Retag,
    /// It is of another type or kind.
    Retype,
    /// Its type has another bound.
    Rebound,
    /// Something else about it is different: an attribute, a default, a value, a role.
    Reattribute,
    /// It stands elsewhere in the source.
    Reorder,
}

impl Change {
    /// Every change, in order.
    pub const ALL: [Self; 8] = [
        Self::Add,
        Self::Remove,
        Self::Rename,
        Self::Retag,
        Self::Retype,
        Self::Rebound,
        Self::Reattribute,
        Self::Reorder,
    ];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Rename => "rename",
            Self::Retag => "retag",
            Self::Retype => "retype",
            Self::Rebound => "rebound",
            Self::Reattribute => "reattribute",
            Self::Reorder => "reorder",
        }
    }

    /// The change of a name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.word() == word)
    }
}

/// What is to be said of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the element is.
    pub element: Kind,
    /// The element: by its new key, or by its old one if it is gone.
    pub key: Key,
    /// What was done to it.
    pub change: Change,
    /// Under which condition: the rest of the cell's name, or empty.
    pub condition: &'static str,
    /// Who is hurt; empty if the change is fine. In order, each once.
    pub classes: Vec<Class>,
    /// What happened, in a sentence without a full stop.
    pub message: String,
    /// Source file of the element, or of what held it.
    pub path: String,
    /// One-based line; 0 if unknown.
    pub line: u32,
    /// What was there, as canonical text; empty if nothing was.
    pub before: String,
    /// What is there now; empty if nothing is.
    pub after: String,
    /// Why it is judged so.
    pub why: &'static str,
    /// What to do instead; empty if there is nothing to do.
    pub instead: &'static str,
    /// The reason for which the lock accepts it.
    pub accepted: Option<String>,
}

impl Verdict {
    /// Whether the change hurts nobody.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        self.classes.is_empty()
    }

    /// Whether the change hurts somebody and has not been accepted.
    #[must_use]
    pub const fn is_break(&self) -> bool {
        !self.is_fine() && self.accepted.is_none()
    }

    /// The cell of the table that it was read from: `field/retype_widened`.
    #[must_use]
    pub fn cell(&self) -> String {
        cell_name(self.element, self.change, self.condition)
    }

    /// Its classes: `WIRE, SOURCE`, or `fine`.
    #[must_use]
    pub fn class_text(&self) -> String {
        if self.is_fine() {
            return "fine".to_owned();
        }
        self.classes
            .iter()
            .map(|class| class.name())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The name of a cell of the table.
#[must_use]
pub fn cell_name(element: Kind, change: Change, condition: &str) -> String {
    let joint = if condition.is_empty() { "" } else { "_" };
    format!("{}/{}{joint}{condition}", element.word(), change.word())
}

/// Verdicts as text, an empty line between two; empty if there are none.
#[must_use]
pub fn render(verdicts: &[Verdict]) -> String {
    let mut out = String::new();
    for verdict in verdicts {
        if !out.is_empty() {
            out.push('\n');
        }
        let head = format!(
            "{}[{}]: {}",
            verdict.class_text(),
            verdict.cell(),
            verdict.message
        );
        // A String takes whatever is written to it.
        let _ = writeln!(out, "{head}");
        let _ = match verdict.line {
            0 => writeln!(out, "  --> {}", verdict.path),
            line => writeln!(out, "  --> {}:{line}", verdict.path),
        };
        let _ = writeln!(out, "   = why: {}", verdict.why);
        if !verdict.instead.is_empty() {
            let _ = writeln!(out, "   = instead: {}", verdict.instead);
        }
        if let Some(reason) = &verdict.accepted {
            let _ = writeln!(out, "   = accepted: {reason}");
        }
    }
    out
}

#[derive(Serialize)]
struct Object<'a> {
    classes: Vec<&'static str>,
    cell: String,
    element: &'static str,
    key: String,
    change: &'static str,
    condition: &'static str,
    message: &'a str,
    path: &'a str,
    line: u32,
    before: &'a str,
    after: &'a str,
    why: &'static str,
    instead: &'static str,
    accepted: Option<&'a str>,
}

/// Verdicts as JSON, one object a line. Members are added, never renamed or removed.
#[must_use]
pub fn render_json(verdicts: &[Verdict]) -> String {
    let mut out = String::new();
    for verdict in verdicts {
        let object = Object {
            classes: verdict.classes.iter().map(|class| class.name()).collect(),
            cell: verdict.cell(),
            element: verdict.element.word(),
            key: verdict.key.to_string(),
            change: verdict.change.word(),
            condition: verdict.condition,
            message: &verdict.message,
            path: &verdict.path,
            line: verdict.line,
            before: &verdict.before,
            after: &verdict.after,
            why: verdict.why,
            instead: verdict.instead,
            accepted: verdict.accepted.as_deref(),
        };
        let line = serde_json::to_string(&object)
            .expect("strings, numbers and lists of them always become JSON");
        out.push_str(&line);
        out.push('\n');
    }
    out
}

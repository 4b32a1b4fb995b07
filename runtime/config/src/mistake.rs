//! What is wrong with a configuration: each mistake with its place, the keys that lead there and what to do.

mod render;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::key_path::KeyPath;
use crate::source::{Sources, Span};
pub use render::Style;

/// What kind of mistake it is. The names in lower case, with dashes, are shown and stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A file that is missing or can't be read.
    Unreadable,
    /// A text that is no JSON.
    Syntax,
    /// A key that stands twice in one object.
    DuplicateKey,
    /// An `$INCLUDE$` that is none, or leads back to itself.
    Include,
    /// A `$MACRO$` block or a `$NAME$` that is none, is not defined, or leads back to itself.
    Macro,
    /// A variable of the environment or an argument of the command line that leads nowhere.
    Override,
    /// One of [`Limits`](crate::Limits) is passed.
    Limit,
    /// A key that the type doesn't have.
    UnknownKey,
    /// One of several ways that the type doesn't have.
    UnknownVariant,
    /// A value of another type.
    WrongType,
    /// A key that the type needs.
    MissingKey,
    /// A value of the right type that is refused all the same.
    Invalid,
}

impl Kind {
    /// As it is shown: `unknown-key`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Syntax => "syntax",
            Self::DuplicateKey => "duplicate-key",
            Self::Include => "include",
            Self::Macro => "macro",
            Self::Override => "override",
            Self::Limit => "limit",
            Self::UnknownKey => "unknown-key",
            Self::UnknownVariant => "unknown-variant",
            Self::WrongType => "wrong-type",
            Self::MissingKey => "missing-key",
            Self::Invalid => "invalid",
        }
    }
}

/// A place in a file, a variable or an argument. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file as it was named, `$NAME` for a variable of the environment, `--set` for an argument.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
    /// The line in which it ends.
    pub end_line: usize,
    /// The column behind its end.
    pub end_column: usize,
}

/// One mistake.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Mistake {
    /// What kind it is.
    pub kind: Kind,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where; nothing if no text is concerned, as for a first file that is missing.
    pub place: Option<Place>,
    /// The keys that lead there; empty for the whole.
    pub path: KeyPath,
    /// What would have been right, where a type decides.
    pub expected: Option<String>,
    /// What stands there.
    pub found: Option<String>,
    /// The keys, or the ways, that are known there.
    pub known: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
    #[serde(skip)]
    draft: Box<Draft>,
}

/// Everything that is wrong with a configuration, at most [`Limits::mistakes_max`](crate::Limits::mistakes_max).
///
/// `Display` shows it in the form of rustc's messages, with the lines concerned; [`Self::render`] in colours, too. As
/// data it is serialised by serde. Lines are shown as they stand in the files, with asterisks over the values of
/// [`Secret`](crate::Secret)s. Where a mistake comes before types are asked, as in a file that is no JSON, they lie over the
/// values of keys that sound secret: `password`, `passwd`, `secret` and `token` anywhere in a name, `key` and `uri` as a word of it.
#[derive(Clone, Serialize)]
pub struct Report {
    /// In the order in which they were found.
    mistakes: Vec<Mistake>,
    /// How many more there are.
    omitted: usize,
    #[serde(skip)]
    sources: Arc<Sources>,
}

impl Report {
    pub(crate) fn new(
        found: Mistakes,
        mut sources: Sources,
        secrets: impl IntoIterator<Item = Span>,
    ) -> Self {
        sources.mask(secrets);
        let mistakes = found.list.into_iter().map(|draft| Mistake {
            kind: draft.kind,
            message: draft.message.clone(),
            place: draft.span.and_then(|span| place(span, &sources)),
            path: draft.path.clone(),
            expected: draft.expected.clone(),
            found: draft.found.clone(),
            known: draft.known.clone(),
            help: draft.help.clone(),
            draft: Box::new(draft),
        });
        Self {
            mistakes: mistakes.collect(),
            omitted: found.omitted,
            sources: Arc::new(sources),
        }
    }

    /// The mistakes: at least one.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// How many more there are than are told.
    #[must_use]
    pub const fn omitted(&self) -> usize {
        self.omitted
    }

    /// As text for people, in the form of rustc's messages.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        render::render(self, style)
    }
}

fn place(span: Span, sources: &Sources) -> Option<Place> {
    let ((line, column), (end_line, end_column)) = sources.place(span)?;
    Some(Place {
        file: sources.get(span.source)?.name.clone(),
        line,
        column,
        end_line,
        end_column,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(Style::PLAIN).trim_end())
    }
}

impl fmt::Debug for Report {
    /// As `Display`: what `main` shows of the error that it returns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Report {}

/// A mistake while it is described.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    kind: Kind,
    message: String,
    span: Option<Span>,
    label: String,
    others: Vec<(Span, String)>,
    path: KeyPath,
    expected: Option<String>,
    found: Option<String>,
    known: Vec<String>,
    notes: Vec<String>,
    help: Vec<String>,
}

impl Draft {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            span: None,
            label: String::new(),
            others: Vec::new(),
            path: KeyPath::root(),
            expected: None,
            found: None,
            known: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Where it is, and the words beside the mark.
    pub(crate) fn at(mut self, span: Span, label: impl Into<String>) -> Self {
        self.span = Some(span);
        self.label = label.into();
        self
    }

    /// Another place that explains it.
    pub(crate) fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.others.push((span, label.into()));
        self
    }

    pub(crate) fn path(mut self, path: KeyPath) -> Self {
        self.path = path;
        self
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(crate) fn known<'a>(mut self, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.known = known.into_iter().map(ToOwned::to_owned).collect();
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// The mistakes found so far.
pub(crate) struct Mistakes {
    list: Vec<Draft>,
    omitted: usize,
    max: usize,
    seen: HashSet<(Kind, Option<Span>, String)>,
}

impl Mistakes {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            list: Vec::new(),
            omitted: 0,
            max: max.max(1),
            seen: HashSet::new(),
        }
    }

    /// Adds one, unless it is there already.
    pub(crate) fn add(&mut self, draft: Draft) {
        if self.list.len() >= self.max {
            self.omitted += 1;
        } else if self
            .seen
            .insert((draft.kind, draft.span, draft.message.clone()))
        {
            self.list.push(draft);
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.list.len() >= self.max
    }

    /// How many were told.
    pub(crate) const fn count(&self) -> usize {
        self.list.len()
    }
}

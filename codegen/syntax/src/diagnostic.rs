//! Diagnostics: what is wrong with a schema, where, and how to mend it.
//!
//! Collected, never thrown: every stage returns its value and its diagnostics together. [`mod@render`] turns them
//! into text like rustc's, [`json`] into lines for programs, and [`fixes`] applies their ready changes.

use rowan::{TextRange, TextSize};

pub mod fixes;
pub mod json;
pub mod render;
pub mod sources;

/// Index of a source file in the table that the caller keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub range: TextRange,
}

impl Span {
    /// The range `range` of `file`.
    #[must_use]
    pub const fn new(file: FileId, range: TextRange) -> Self {
        Self { file, range }
    }

    /// The empty range at `offset`.
    #[must_use]
    pub const fn at(file: FileId, offset: TextSize) -> Self {
        Self {
            file,
            range: TextRange::empty(offset),
        }
    }
}

impl Default for Span {
    fn default() -> Self {
        Self::at(FileId(0), TextSize::new(0))
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Generated all the same; `check --deny-warnings` refuses.
    Warning,
}

/// The stable name of a rule: `E0301` for a rule of the language, the lint's own name (`sparse_tags`) for a lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

/// A marked place with a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub message: String,
}

/// A replacement of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// A change that mends the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in the imperative: "write `owner`".
    pub title: String,
    /// Its edits, not overlapping.
    pub edits: Vec<Edit>,
    /// Whether `check --fix` applies it unasked: it keeps the meaning, or there was none.
    pub safe: bool,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, in lowercase, without a full stop.
    pub message: String,
    /// The place it is about.
    pub primary: Label,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// What it means or where the rule comes from.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
    /// Ready changes.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// An error with `message` at `span`.
    #[must_use]
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Label {
                span,
                message: String::new(),
            },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// A warning with `message` at `span`.
    #[must_use]
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// Says something at the primary place.
    #[must_use]
    pub fn label(mut self, message: impl Into<String>) -> Self {
        self.primary.message = message.into();
        self
    }

    /// Marks another place.
    #[must_use]
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            message: message.into(),
        });
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds a ready change of one edit.
    #[must_use]
    pub fn fix(
        self,
        title: impl Into<String>,
        safe: bool,
        span: Span,
        text: impl Into<String>,
    ) -> Self {
        self.fix_all(
            title,
            safe,
            vec![Edit {
                span,
                text: text.into(),
            }],
        )
    }

    /// Adds a ready change of several edits.
    #[must_use]
    pub fn fix_all(mut self, title: impl Into<String>, safe: bool, edits: Vec<Edit>) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            edits,
            safe,
        });
        self
    }
}

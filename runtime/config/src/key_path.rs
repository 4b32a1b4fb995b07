//! Where a value stands: the keys and positions that lead to it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The way to a value: `nodes.lobby-1.listen.0`. A key that has a dot, a quote or a space, or is empty, stands in double
/// quotes: `hosts."a.example"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPath {
    steps: Vec<Step>,
}

/// One step of a [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Into an object, by key.
    Key(String),
    /// Into a list, by position from 0.
    Index(usize),
}

impl KeyPath {
    /// The whole configuration.
    #[must_use]
    pub const fn root() -> Self {
        Self { steps: Vec::new() }
    }

    /// Its steps from the root on.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it leads to the whole configuration.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// The way on to a key.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.steps.push(Step::Key(key.into()));
        self
    }

    /// The way on to a position of a list.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    /// Whether what it leads to holds, or is, what `other` leads to.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        other.steps.starts_with(&self.steps)
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.steps.pop();
    }
}

impl FromIterator<Step> for KeyPath {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self {
            steps: steps.into_iter().collect(),
        }
    }
}

/// Whether a key can stand in a path without quotes.
fn is_plain(key: &str) -> bool {
    let odd = |c: char| c == '.' || c == '"' || c == '=' || c.is_whitespace() || c.is_control();
    !key.is_empty() && !key.contains(odd)
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            match step {
                Step::Key(key) if is_plain(key) => f.write_str(key)?,
                Step::Key(key) => write!(f, "{key:?}")?,
                Step::Index(index) => write!(f, "{index}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for KeyPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathProblem {
    /// Nothing stands before, between or behind the dots.
    Empty,
    /// A quote that is not closed, or something other than a dot behind one.
    Quote,
}

impl fmt::Display for PathProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => {
                "a key is missing: write them with dots between, as `store.database`; an empty one as `\"\"`"
            }
            Self::Quote => "a quote is not closed, or no dot stands behind it: write `hosts.\"a.example\".port`",
        })
    }
}

impl std::error::Error for PathProblem {}

impl FromStr for KeyPath {
    type Err = PathProblem;

    /// Reads what `Display` writes. All steps are keys then: whether `0` is a position or a key is seen where it is used.
    fn from_str(text: &str) -> Result<Self, PathProblem> {
        let mut path = Self::root();
        if text.is_empty() {
            return Ok(path);
        }
        let mut rest = text;
        loop {
            let (key, behind) = match rest.strip_prefix('"') {
                Some(quoted) => unquoted(quoted)?,
                None => {
                    let end = rest.find('.').unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            if key.is_empty() && !rest.starts_with('"') {
                return Err(PathProblem::Empty);
            }
            path.steps.push(Step::Key(key));
            if behind.is_empty() {
                return Ok(path);
            }
            rest = behind.strip_prefix('.').ok_or(PathProblem::Quote)?;
        }
    }
}

/// A quoted key without its quotes, and what stands behind it.
fn unquoted(text: &str) -> Result<(String, &str), PathProblem> {
    let mut key = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((key, &text[at + 1..])),
            '\\' => key.push(characters.next().ok_or(PathProblem::Quote)?.1),
            c => key.push(c),
        }
    }
    Err(PathProblem::Quote)
}

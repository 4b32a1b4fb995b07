//! Playhouse schemas to source files: a validated model in, an ordered map of paths to texts out.
//!
//! A language is one implementation of [`Backend`] and sees nothing but the [`Model`]. This crate does no IO: it
//! writes no file, runs no formatter, reads no clock; what it returns is byte-stable for equal models and options.
//! Read [`Backend`] first.

#![deny(clippy::disallowed_methods)]

pub mod names;
pub mod rust;
pub mod typescript;

use std::collections::BTreeMap;

use playhouse_schema::evolution::lock::Break;
use playhouse_schema::model::Model;

/// A target language.
pub trait Backend {
    /// The name that `playhouse.toml` gives the target, `rust`.
    fn name(&self) -> &'static str;

    /// The files for `model`, by path relative to the output folder.
    fn emit(&self, model: &Model, options: &Options) -> Files;
}

/// What holds for every backend. What is peculiar to one is a field of its own type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The command that makes the files again; the header of each names it.
    pub command: String,
    /// The last release of the schema, 0 if there was none: documents say which one wrote them.
    pub release: u32,
    /// The oldest release that the schema reads as a whole.
    pub readable_since: u32,
    /// What components, entities and services were in earlier releases: by package and number.
    pub past: BTreeMap<(u16, u16), Past>,
}

/// What a component, an entity or a service was in earlier releases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// The digests that it had and that the schema still reads.
    pub digests: Vec<u64>,
    /// What broke it, the latest first.
    pub breaks: Vec<Break>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            command: "playhouse gen".to_owned(),
            release: 0,
            readable_since: 0,
            past: BTreeMap::new(),
        }
    }
}

/// Generated files: path (relative, with `/` separators) to text, in order of path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    by_path: BTreeMap<String, String>,
}

impl Files {
    /// No files yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            by_path: BTreeMap::new(),
        }
    }

    /// Adds a file.
    ///
    /// # Panics
    ///
    /// If `path` is there already: two packages or modules were given one path, a bug of the backend.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let path = path.into();
        let earlier = self.by_path.insert(path.clone(), text.into());
        assert!(earlier.is_none(), "the backend wrote {path} twice");
    }

    /// The text of the file at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.by_path.get(path).map(String::as_str)
    }

    /// Paths and texts, in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_path
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_path.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_order_of_path() {
        let mut files = Files::new();
        files.add("b.rs", "2");
        files.add("a/c.rs", "1");
        assert_eq!(
            files.iter().collect::<Vec<_>>(),
            [("a/c.rs", "1"), ("b.rs", "2")]
        );
        assert_eq!(files.get("b.rs"), Some("2"));
        assert_eq!(files.len(), 2);
        assert!(!files.is_empty());
    }
}

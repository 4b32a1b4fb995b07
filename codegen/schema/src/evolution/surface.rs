//! A schema flattened into elements: what two versions are compared by, and what the lock keeps.
//!
//! [`Surface::of`] makes one of a model, [`Lock::surface`](super::lock::Lock::surface) one of the last release. An
//! element is its [`Key`], its name and its [`Fact`]s as canonical text; whatever a verdict may depend on is a fact.

use std::{collections::BTreeMap, sync::Arc};

use playhouse_syntax::Span;

use super::key::Key;
use crate::model::Model;

mod calls;
mod collect;
mod fact;
mod kind;
mod reach;
mod types;

pub use fact::{Fact, Facts};
pub use kind::Kind;

pub(super) use collect::value_text;

/// Where an element stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path of the source file.
    pub path: Arc<str>,
    /// One-based line of the name.
    pub line: u32,
    /// The name; nothing for a package.
    pub span: Option<Span>,
}

/// An element of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// What it is.
    pub kind: Kind,
    /// Its own name; for what has none, the text of what it stands for.
    pub name: String,
    /// `@was`: earlier names, oldest first.
    pub was: Vec<String>,
    /// `@since`, or for a surface of the lock, the release that brought it.
    pub since: Option<u32>,
    /// All else that counts.
    pub facts: Facts,
    /// Where it stands; `None` in the lock.
    pub place: Option<Place>,
}

impl Element {
    /// What documents call it: the first name that it had.
    #[must_use]
    pub fn stored_name(&self) -> &str {
        self.facts.get(Fact::Filed).unwrap_or(&self.name)
    }
}

/// All elements of a schema, the framework's own packages left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surface {
    /// The release that it shows, if it was read from the lock.
    pub release: Option<u32>,
    /// The digest of the whole.
    pub root: u64,
    elements: BTreeMap<Key, Element>,
}

impl Surface {
    /// The surface of `model`. Digests are computed here, whatever the model's `digest` fields hold.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        collect::collect(model)
    }

    /// The element of `key`.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Element> {
        self.elements.get(key)
    }

    /// The digest of a declaration that has one.
    #[must_use]
    pub fn digest(&self, key: &Key) -> Option<u64> {
        let text = self.get(key)?.facts.get(Fact::Digest)?;
        u64::from_str_radix(text, 16).ok()
    }

    /// Adds an element; an earlier one of the same key is replaced and returned.
    pub fn insert(&mut self, key: Key, element: Element) -> Option<Element> {
        self.elements.insert(key, element)
    }

    /// All elements in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Element)> {
        self.elements.iter()
    }

    /// All packages, in order of name.
    #[must_use]
    pub fn packages(&self) -> Vec<(&Key, &Element)> {
        self.elements
            .iter()
            .filter(|(key, _)| key.root.is_none())
            .collect()
    }

    /// The elements directly in `parent`, in order of key.
    #[must_use]
    pub fn children_of(&self, parent: &Key) -> Vec<(&Key, &Element)> {
        self.within(parent)
            .filter(|(key, _)| key.depth() == parent.depth() + 1)
            .collect()
    }

    /// The element of `key` and all that stand in it, in order of key.
    pub(super) fn within<'a, 'k>(
        &'a self,
        key: &'k Key,
    ) -> impl Iterator<Item = (&'a Key, &'a Element)> + use<'a, 'k> {
        let all = self.elements.range(key..);
        all.take_while(move |(inner, _)| inner.within(key))
    }

    /// Whether what stands in `key` is the same in both surfaces, but for places, `@was` and `@since`.
    pub(super) fn has_same(&self, other: &Self, key: &Key) -> bool {
        fn plain<'a>(
            (key, element): (&'a Key, &'a Element),
        ) -> (&'a Key, Kind, &'a str, &'a Facts) {
            (key, element.kind, &element.name, &element.facts)
        }
        self.within(key).map(plain).eq(other.within(key).map(plain))
    }

    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }
}

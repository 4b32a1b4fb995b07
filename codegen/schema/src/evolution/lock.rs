//! The lock: every number ever given, every release, and the breaks that were accepted.
//!
//! A text of sorted lines, one for each element, committed beside the schemas:
//!
//! ```text
//! # The numbers and releases of these schemas. Written by playhouse; commit it, and keep the lines of both sides when merging.
//! @lock 1
//! @release 1 root=4be1d9a3f02c7765
//! @accepted 1 arena.world#60/member:2 property/retype_other WIRE,SOURCE before=u64 after=string[..=8] reason="never released"
//! arena.world package arena.world since=1 number=5
//! arena.world#60 component Inventory since=1 digests=1:09f2a8c31bd47e60
//! arena.world#60/member:2 property gold since=1 type=u64 default=0 persist
//! arena.world#60/member:3 property worn new
//! arena.world#60/member:4 property seed since=1 removed=2 type=u64
//! ```
//!
//! What is not released yet has a line too, with `new` and nothing else, so that two branches that take one number meet
//! in a merge conflict. A released line holds the facts of the last release, and does not change between releases; what
//! was removed keeps its line for ever, so that its number is never used again. Read [`Lock::parse`] and
//! [`Lock::update`] first.

use std::collections::BTreeMap;

use playhouse_syntax::Span;

use super::{
    digest,
    key::{Key, Root, Space},
    surface::{Element, Fact, Surface},
    verdict::Class,
};

mod acceptance;
mod check;
pub mod codes;
mod read;
mod release;
mod rules;
mod update;
mod write;

pub use release::{Break, Refusal};

/// The version of the lock's text that this tool reads and writes.
pub const VERSION: u32 = 1;

/// A lock, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Releases, by number.
    pub releases: Vec<Release>,
    /// Accepted breaks, in order of release and key.
    pub accepted: Vec<Accepted>,
    entries: BTreeMap<Key, Entry>,
}

/// A release that was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Its number, from 1.
    pub number: u32,
    /// The digest of the whole schema.
    pub root: u64,
}

/// An element that was given a number, or is known by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The element as it was in the last release that had it; an unreleased one without facts.
    pub element: Element,
    /// The release that brought it; `None` as long as none did.
    pub since: Option<u32>,
    /// The release that no longer had it.
    pub removed: Option<u32>,
    /// Of a declaration: its digests.
    pub digests: Vec<Digest>,
    /// The line in the text that it was read from.
    pub span: Option<Span>,
}

/// A digest that a declaration had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// Since which release.
    pub release: u32,
    /// The digest.
    pub value: u64,
    /// Whether it breaks the wire with the one before.
    pub breaks: bool,
}

/// A break that somebody answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The release that it came with; `None` as long as that has not been closed.
    pub release: Option<u32>,
    /// The element.
    pub key: Key,
    /// The cell of the table of verdicts.
    pub cell: String,
    /// Whom it hurts.
    pub classes: Vec<Class>,
    /// What was there before, as in the verdict.
    pub before: String,
    /// What is there after.
    pub after: String,
    /// Why it was accepted.
    pub reason: String,
}

impl Lock {
    /// Whether it remembers nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.releases.is_empty()
    }

    /// The number of the last release; 0 if there was none.
    #[must_use]
    pub fn last_release(&self) -> u32 {
        self.releases.last().map_or(0, |release| release.number)
    }

    /// The entry of `key`, removed ones too.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// All entries in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.entries.iter()
    }

    /// The surface of the last release; empty if there was none.
    #[must_use]
    pub fn surface(&self) -> Surface {
        let last = self.releases.last();
        let mut surface = Surface::default();
        surface.release = last.map(|release| release.number);
        surface.root = last.map_or(0, |release| release.root);
        for (key, entry) in &self.entries {
            if entry.since.is_none() || entry.removed.is_some() {
                continue;
            }
            let mut element = entry.element.clone();
            element.since = entry.since;
            if let Some(last) = entry.digests.last() {
                element.facts.set(Fact::Digest, digest::text(last.value));
            }
            surface.insert(key.clone(), element);
        }
        surface
    }

    /// The greatest number ever given in `space` of `parent`, for whoever needs the next one.
    #[must_use]
    pub fn number_max(&self, parent: &Key, space: Space) -> Option<i64> {
        let inside = self.entries.range(parent..).map(|(key, _)| key);
        let inside = inside.take_while(|key| key.within(parent));
        let direct = inside.filter(|key| key.depth() == parent.depth() + 1);
        direct
            .filter(|key| key.space() == Some(space))
            .filter_map(Key::number)
            .max()
    }

    /// By package: the greatest number ever given to a component, entity or service.
    #[must_use]
    pub fn declaration_maxima(&self) -> BTreeMap<String, u16> {
        let mut maxima: BTreeMap<String, u16> = BTreeMap::new();
        for key in self.entries.keys().filter(|key| key.path.is_empty()) {
            let Some(Root::Numbered(number)) = key.root else {
                continue;
            };
            match maxima.get_mut(&key.package) {
                Some(max) => *max = number.max(*max),
                None => {
                    maxima.insert(key.package.clone(), number);
                }
            }
        }
        maxima
    }

    /// Whether a release has this element under this name: of two that claim one number, that one keeps it.
    #[must_use]
    pub fn owns(&self, key: &Key, name: &str) -> bool {
        self.entries.get(key).is_some_and(|entry| {
            entry.since.is_some() && entry.removed.is_none() && entry.element.name == name
        })
    }

    /// Past digests of a declaration whose values and calls the last release still reads, oldest first.
    #[must_use]
    pub fn compatible(&self, key: &Key) -> Vec<u64> {
        let Some(entry) = self.entries.get(key) else {
            return Vec::new();
        };
        let start = entry
            .digests
            .iter()
            .rposition(|digest| digest.breaks)
            .unwrap_or(0);
        entry
            .digests
            .iter()
            .skip(start)
            .map(|digest| digest.value)
            .collect()
    }
}

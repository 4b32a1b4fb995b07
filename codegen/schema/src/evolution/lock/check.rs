//! What the lock forbids: numbers and names used again, and a wrong `@since`.

use std::collections::BTreeMap;

use playhouse_syntax::{Diagnostic, Span};

use super::{Entry, Lock, rules};
use crate::evolution::{
    key::{Key, Space},
    surface::{Element, Fact, Surface},
};

impl Lock {
    /// Checks the schemas against the lock.
    #[must_use]
    pub fn check(&self, surface: &Surface) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        let names = self.names();
        // Both are in order of key.
        let mut entries = self.entries.iter().peekable();
        for (key, element) in surface.iter() {
            while entries.next_if(|(known, _)| *known < key).is_some() {}
            let entry = entries
                .next_if(|(known, _)| *known == key)
                .map(|(_, entry)| entry);
            let span = place(surface, key, element);
            if let Some(entry) = entry.filter(|entry| reused(key, entry, element)) {
                diagnostics.push(rules::number_reused(span, element, key, entry));
                continue;
            }
            if entry.is_none_or(|entry| entry.since.is_none())
                && let (Some(parent), Some(number)) = (key.parent(), key.number())
                && let Some(entry) = names.get(&(parent, key.space(), element.name.as_str()))
                && element.kind.is_stored_by_name()
            {
                diagnostics.push(rules::name_reused(span, element, entry, number));
            }
            self.since(element, entry, span, &mut diagnostics);
        }
        diagnostics
    }

    fn since(
        &self,
        element: &Element,
        entry: Option<&Entry>,
        span: Span,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(since) = element.since else { return };
        let next = self.last_release() + 1;
        match entry.and_then(|entry| entry.since) {
            Some(lock) if lock != since => {
                diagnostics.push(rules::since_wrong(span, element, since, lock));
            }
            None if since > next => {
                diagnostics.push(rules::since_future(span, element, since, next));
            }
            None if since < next => {
                diagnostics.push(rules::since_wrong(span, element, since, next));
            }
            _ => {}
        }
    }

    /// Removed elements by what they stood in, their space and their name.
    fn names(&self) -> BTreeMap<(Key, Option<Space>, &str), &Entry> {
        let removed = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.removed.is_some());
        let named = removed.filter_map(|(key, entry)| {
            Some((
                (key.parent()?, key.space(), entry.element.name.as_str()),
                entry,
            ))
        });
        named.collect()
    }
}

/// Whether an element that was removed has its number taken by another one. The very same may come back.
fn reused(key: &Key, entry: &Entry, element: &Element) -> bool {
    let same = entry.element.kind == element.kind
        && entry.element.name == element.name
        && entry.element.facts.get(Fact::Type) == element.facts.get(Fact::Type);
    // The positions of parameters are for `compat` to judge.
    let numbered = key.number().is_some() && key.space() != Some(Space::Param);
    entry.removed.is_some() && numbered && !same
}

/// The name in the source, or that of the nearest element around that has one.
fn place(surface: &Surface, key: &Key, element: &Element) -> Span {
    let own = element.place.as_ref().and_then(|place| place.span);
    let around = || {
        let parent = key.parent()?;
        surface.get(&parent)?.place.as_ref()?.span
    };
    own.or_else(around).unwrap_or_default()
}

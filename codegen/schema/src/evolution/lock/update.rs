//! Bringing the lock up to date with the schemas, between releases.

use super::{Entry, Lock};
use crate::evolution::{
    key::{Key, Space},
    surface::{Element, Facts, Surface},
};

impl Lock {
    /// Takes in what the schemas have and the lock has not, and drops what was never released and is gone again.
    /// Whether anything changed.
    pub fn update(&mut self, surface: &Surface) -> bool {
        let before = self.entries.len();
        self.entries
            .retain(|key, entry| entry.since.is_some() || surface.get(key).is_some());
        let mut changed = before != self.entries.len();
        for (key, element) in surface.iter() {
            if !listed(key) {
                continue;
            }
            match self.entries.get_mut(key) {
                Some(entry) if entry.since.is_some() => {}
                Some(entry)
                    if entry.element.kind == element.kind && entry.element.name == element.name => {
                }
                _ => {
                    self.entries.insert(key.clone(), unreleased(element));
                    changed = true;
                }
            }
        }
        changed
    }
}

/// Whether an unreleased element has a line: whatever takes a number or a name that others could take too.
fn listed(key: &Key) -> bool {
    !matches!(
        key.space(),
        Some(Space::Param | Space::Requires | Space::Combination)
    )
}

fn unreleased(element: &Element) -> Entry {
    let element = Element {
        was: Vec::new(),
        since: None,
        facts: Facts::default(),
        place: None,
        ..element.clone()
    };
    Entry {
        element,
        since: None,
        removed: None,
        digests: Vec::new(),
        span: None,
    }
}

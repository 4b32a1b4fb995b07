//! Closing a release.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_syntax::Diagnostic;

use super::{Digest, Entry, Lock, Release};
use crate::evolution::{
    compare,
    form::{Form, FormShape},
    key::{Key, Root},
    surface::{Element, Fact, Surface},
    verdict::{Class, Verdict},
};

/// A change after which a declaration is misread by whoever has it as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The first release that has it; one more than the last if it is not released yet.
    pub release: u32,
    /// What changed, by name: `tavern.Order.count`.
    pub member: String,
    /// How: the cell of the table of verdicts, `field/rebound_wider`; empty if the lock does not say.
    pub cell: String,
}

/// Why a release can't be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the lock forbids.
    pub diagnostics: Vec<Diagnostic>,
    /// Breaks that nobody has accepted.
    pub breaks: Vec<Verdict>,
}

impl Lock {
    /// Closes a release: everything in `surface` belongs to it from now on, and what is gone is remembered. Returns its
    /// number.
    ///
    /// # Errors
    ///
    /// Refused, with the lock as it was, if the lock forbids something in the schemas, or if they break the wire, documents or
    /// exposure against the last release and nobody has accepted it. Code that no longer compiles is seen by its compiler.
    pub fn release(&mut self, surface: &Surface) -> Result<u32, Refusal> {
        let previous = self.surface();
        let number = self.last_release() + 1;
        let first = self.releases.is_empty();
        let mut verdicts = if first {
            Vec::new()
        } else {
            compare(&previous, surface)
        };
        self.apply(&mut verdicts, previous.release);
        let diagnostics = self.check(surface);
        let grave = |verdict: &&Verdict| {
            verdict.is_break() && verdict.classes.iter().any(|class| *class != Class::Source)
        };
        let breaks: Vec<Verdict> = verdicts.iter().filter(grave).cloned().collect();
        if !diagnostics.is_empty() || !breaks.is_empty() {
            return Err(Refusal {
                diagnostics,
                breaks,
            });
        }
        let broken = broken(&verdicts, surface);
        self.follow_names(&previous, surface);
        self.entries
            .retain(|key, entry| entry.since.is_some() || surface.get(key).is_some());
        for (key, entry) in &mut self.entries {
            if surface.get(key).is_none() {
                entry.removed.get_or_insert(number);
            }
        }
        for (key, element) in surface.iter() {
            let entry = self.entries.entry(key.clone()).or_insert_with(|| Entry {
                element: element.clone(),
                since: None,
                removed: None,
                digests: Vec::new(),
                span: None,
            });
            entry.since.get_or_insert(number);
            entry.removed = None;
            entry.element = remembered(element);
            record_digest(entry, element, number, broken.contains(key));
        }
        for accepted in &mut self.accepted {
            accepted.release.get_or_insert(number);
        }
        self.sort_accepted();
        self.releases.push(Release {
            number,
            root: surface.root,
        });
        Ok(number)
    }

    /// Which past digests of each declaration the schemas as they are now still read, by key: those of the lock, as long as
    /// nothing that is not released yet breaks the wire.
    #[must_use]
    pub fn readable(&self, surface: &Surface) -> BTreeMap<Key, Vec<u64>> {
        let broken = broken(&compare(&self.surface(), surface), surface);
        let declared = surface
            .iter()
            .filter(|(_, element)| element.facts.has(Fact::Digest));
        let kept = declared.filter(|(key, _)| !broken.contains(*key));
        kept.map(|(key, _)| (key.clone(), self.compatible(key)))
            .collect()
    }

    /// The oldest release that the schemas as they are now read as a whole: the last that broke the wire, or one that is to
    /// come if something not released yet does. 1 if nothing ever did, 0 if there is no release.
    #[must_use]
    pub fn readable_since(&self, surface: &Surface) -> u32 {
        if !broken(&compare(&self.surface(), surface), surface).is_empty() {
            return self.last_release() + 1;
        }
        let breaks = self.entries.values().flat_map(|entry| &entry.digests);
        let breaks = breaks.filter(|digest| digest.breaks);
        let last = breaks.map(|digest| digest.release).max();
        last.unwrap_or_else(|| self.last_release().min(1))
    }

    /// For each declaration what broke it, the latest first: the changes of its own members, and of those of all types that
    /// its values and calls are made of.
    #[must_use]
    pub fn breaks(&self, surface: &Surface) -> BTreeMap<Key, Vec<Break>> {
        let users = users(surface);
        let previous = self.surface();
        let next = self.last_release() + 1;
        let mut breaks: BTreeMap<Key, Vec<Break>> = BTreeMap::new();
        let mut note = |key: Key, of: Break| breaks.entry(key).or_default().push(of);
        for verdict in compare(&previous, surface) {
            if verdict.classes.contains(&Class::Wire) {
                for key in reaching([verdict.key.declared()], &users) {
                    let member = self.name(&verdict.key, surface);
                    let (release, cell) = (next, verdict.cell());
                    note(
                        key,
                        Break {
                            release,
                            member,
                            cell,
                        },
                    );
                }
            }
        }
        let mut told = BTreeSet::new();
        let wire = |it: &&super::Accepted| it.classes.contains(&Class::Wire);
        for accepted in self.accepted.iter().filter(wire) {
            let Some(release) = accepted.release else {
                continue;
            };
            for key in reaching([accepted.key.declared()], &users) {
                // What came to be made of the type later was not broken then.
                if self.broke(&key, release) {
                    told.insert((key.clone(), release));
                    let member = self.name(&accepted.key, surface);
                    let cell = accepted.cell.clone();
                    note(
                        key,
                        Break {
                            release,
                            member,
                            cell,
                        },
                    );
                }
            }
        }
        for (key, entry) in &self.entries {
            for digest in entry.digests.iter().filter(|digest| digest.breaks) {
                if !told.contains(&(key.clone(), digest.release)) {
                    let (release, member) = (digest.release, self.name(key, surface));
                    let cell = String::new();
                    note(
                        key.clone(),
                        Break {
                            release,
                            member,
                            cell,
                        },
                    );
                }
            }
        }
        for breaks in breaks.values_mut() {
            breaks.sort_by(|a, b| {
                (b.release, &a.member, &a.cell).cmp(&(a.release, &b.member, &b.cell))
            });
        }
        breaks
    }

    fn broke(&self, key: &Key, release: u32) -> bool {
        self.entries.get(key).is_some_and(|entry| {
            let mut digests = entry.digests.iter();
            digests.any(|digest| digest.breaks && digest.release == release)
        })
    }

    /// What an element is called, from its package on.
    fn name(&self, key: &Key, surface: &Surface) -> String {
        let mut names = Vec::new();
        let mut at = Some(key.clone());
        while let Some(key) = at.filter(|key| key.depth() > 0) {
            let now = surface.get(&key).map(|element| &element.name);
            let once = self.entries.get(&key).map(|entry| &entry.element.name);
            names.extend(now.or(once).cloned());
            at = key.parent();
        }
        names.push(key.package.clone());
        names.reverse();
        names.join(".")
    }

    /// Moves what is known by its name to its new one, where only that has changed.
    fn follow_names(&mut self, previous: &Surface, current: &Surface) {
        for (old, new) in compare::renamed(previous, current) {
            let moved: Vec<Key> = self
                .entries
                .keys()
                .filter(|key| key.within(&old))
                .cloned()
                .collect();
            for key in moved {
                let numbered = matches!(key.root, Some(Root::Numbered(_)));
                if numbered && old.root.is_some() {
                    continue;
                }
                if let Some(entry) = self.entries.remove(&key) {
                    let root = if old.root.is_some() {
                        new.root.clone()
                    } else {
                        key.root.clone()
                    };
                    let key = Key {
                        package: new.package.clone(),
                        root,
                        path: key.path,
                    };
                    self.entries.insert(key, entry);
                }
            }
        }
    }
}

/// An element as the lock keeps it.
fn remembered(element: &Element) -> Element {
    let mut element = Element {
        was: Vec::new(),
        since: None,
        place: None,
        ..element.clone()
    };
    element.facts.remove(Fact::Digest);
    element
}

fn record_digest(entry: &mut Entry, element: &Element, release: u32, breaks: bool) {
    let digest = element.facts.get(Fact::Digest);
    let Some(value) = digest.and_then(|text| u64::from_str_radix(text, 16).ok()) else {
        return;
    };
    let last = entry.digests.last().map(|digest| digest.value);
    if last != Some(value) || breaks {
        let breaks = breaks && last.is_some();
        entry.digests.push(Digest {
            release,
            value,
            breaks,
        });
    }
}

/// Declarations whose values or calls two versions misread: where a verdict says so, and whatever reaches those.
fn broken(verdicts: &[Verdict], surface: &Surface) -> BTreeSet<Key> {
    let wire = verdicts
        .iter()
        .filter(|verdict| verdict.classes.contains(&Class::Wire));
    reaching(wire.map(|verdict| verdict.key.declared()), &users(surface))
}

/// By declaration, those whose values and calls are made of it.
fn users(surface: &Surface) -> BTreeMap<Key, BTreeSet<Key>> {
    let mut users: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for (key, element) in surface.iter() {
        for used in references(element) {
            users.entry(used).or_default().insert(key.declared());
        }
    }
    users
}

/// These declarations, and whatever is made of them.
fn reaching(
    keys: impl IntoIterator<Item = Key>,
    users: &BTreeMap<Key, BTreeSet<Key>>,
) -> BTreeSet<Key> {
    let mut waiting: Vec<Key> = keys.into_iter().collect();
    let mut reaching = BTreeSet::new();
    while let Some(key) = waiting.pop() {
        if reaching.insert(key.clone()) {
            waiting.extend(users.get(&key).into_iter().flatten().cloned());
        }
    }
    reaching
}

/// The declarations whose values stand in an element.
fn references(element: &Element) -> Vec<Key> {
    let mut keys = Vec::new();
    for (fact, value) in element.facts.iter() {
        match fact {
            Fact::Type | Fact::Result => collect(Form::parse(value), &mut keys),
            Fact::EntityKey => {
                for part in value.split("; ") {
                    collect(Form::parse(part), &mut keys);
                }
            }
            Fact::Throws | Fact::Component => keys.extend(Key::parse(value)),
            _ => {}
        }
    }
    keys
}

fn collect(form: Option<Form>, keys: &mut Vec<Key>) {
    let mut waiting: Vec<Form> = form.into_iter().collect();
    while let Some(form) = waiting.pop() {
        match form.shape {
            FormShape::List(inner) | FormShape::Set(inner) => waiting.push(*inner),
            FormShape::Map(key, value) => waiting.extend([*key, *value]),
            FormShape::Named(name) => keys.extend(Key::parse(&name)),
            _ => {}
        }
    }
}

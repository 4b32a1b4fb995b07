//! Two versions of a schema, compared: every change with its verdict.
//!
//! First what corresponds to what is found out (`pairing`) and the previous surface is brought in line with the
//! current one, so that a renamed type is one change and not one at each of its uses. Then each pair of elements is
//! judged; the verdicts themselves stand in [`table`].

use super::{
    key::Key,
    surface::{Element, Fact, Kind, Surface},
    table::{self, Condition, Only, Outcome},
    verdict::{Change, Class, Verdict},
};

mod addition;
mod attributes;
mod calls;
mod forms;
mod members;
mod pairing;
mod wording;

use pairing::{Link, Pair};

/// Compares `current` with `previous`: every change with its verdict, the harmless ones too, in order of file and line.
#[must_use]
pub fn compare(previous: &Surface, current: &Surface) -> Vec<Verdict> {
    let aligned = pairing::align(previous, current);
    let mut judge = Judge {
        original: previous,
        previous: &aligned.surface,
        current,
        verdicts: Vec::new(),
    };
    for link in aligned.declarations {
        judge.link(&link.renewed(&aligned.surface));
    }
    let mut verdicts = judge.verdicts;
    verdicts.sort_by(|a, b| {
        let place = |v: &Verdict| (v.path.clone(), v.line, v.key.clone(), v.change, v.condition);
        place(a).cmp(&place(b))
    });
    verdicts
}

/// Packages and types that are the same under another name: their old and new keys, packages first.
pub(super) fn renamed(previous: &Surface, current: &Surface) -> Vec<(Key, Key)> {
    let aligned = pairing::align(previous, current);
    let renamed = aligned.declarations.iter().filter_map(|link| match link {
        Link::Both(pair) if pair.old_key != pair.key => {
            // The new package's name is in the keys of its declarations as soon as the package has been moved.
            let old = Key {
                package: pair.key.package.clone(),
                ..pair.old_key.clone()
            };
            let old = if pair.old_key.root.is_none() {
                pair.old_key.clone()
            } else {
                old
            };
            (old != *pair.key).then(|| (old, pair.key.clone()))
        }
        _ => None,
    });
    renamed.collect()
}

/// The verdicts so far, and what they are read from.
struct Judge<'a> {
    /// The previous surface as it was.
    original: &'a Surface,
    /// The previous surface, its packages and declarations under the keys that they have now.
    previous: &'a Surface,
    current: &'a Surface,
    verdicts: Vec<Verdict>,
}

/// A change before it is judged.
struct Case<'a> {
    kind: Kind,
    key: &'a Key,
    change: Change,
    condition: Condition,
    /// What of the element changed: `type`, `default`; empty if it is the element itself.
    what: &'a str,
    before: String,
    after: String,
}

impl Judge<'_> {
    /// Judges a pair, an addition or a removal, and what stands in it.
    fn link(&mut self, link: &Link<'_>) {
        match link {
            Link::Added(key, element) => self.added(key, element),
            Link::Removed(key, element) => self.removed(key, element),
            Link::Both(pair) => {
                self.renamed(pair);
                self.retagged(pair);
                let declaration = pair.key.path.is_empty() && pair.key.root.is_some();
                if declaration && self.previous.has_same(self.current, pair.key) {
                    return;
                }
                let same_kind = pair.before.kind == pair.after.kind;
                if same_kind {
                    self.attributes(pair);
                    self.contents(pair);
                } else {
                    self.other_kind(pair);
                }
            }
        }
    }

    /// Judges all that stands directly in a pair.
    fn contents(&mut self, pair: &Pair<'_>) {
        if pair.after.kind == Kind::Package {
            return;
        }
        if pair.after.kind.is_call() {
            self.parameters(pair);
            return;
        }
        let (previous, current) = (self.previous, self.current);
        for link in pairing::within(previous, current, pair) {
            self.link(&link);
        }
    }

    fn renamed(&mut self, pair: &Pair<'_>) {
        let (before, after) = (&pair.before.name, &pair.after.name);
        if before == after {
            return;
        }
        let kind = pair.after.kind;
        let marked = if kind.is_stored_by_name() {
            pair.before.stored_name() == pair.after.stored_name()
        } else {
            pair.after.was.contains(before)
        };
        let wanted = if marked {
            Condition::Was
        } else {
            Condition::Unmarked
        };
        let known = |condition| table::find(kind, Change::Rename, condition).is_some();
        let condition = [wanted, Condition::Always, Condition::Was]
            .into_iter()
            .find(|c| known(*c));
        self.emit(Case {
            kind,
            key: pair.key,
            change: Change::Rename,
            condition: condition.unwrap_or(Condition::Always),
            what: "name",
            before: before.clone(),
            after: after.clone(),
        });
    }

    fn retagged(&mut self, pair: &Pair<'_>) {
        let numbers = match pair.after.kind {
            Kind::Package => {
                let number = |element: &Element| {
                    element
                        .facts
                        .get(Fact::Number)
                        .unwrap_or_default()
                        .to_owned()
                };
                (number(pair.before), number(pair.after))
            }
            _ => match (pair.old_key.number(), pair.key.number()) {
                (Some(before), Some(after)) => (before.to_string(), after.to_string()),
                _ => return,
            },
        };
        if numbers.0 == numbers.1 {
            return;
        }
        let condition = match pair.after.kind {
            Kind::Package if self.addressed(self.previous, pair.key) => Condition::Addressed,
            Kind::Package => Condition::Plain,
            Kind::Oneway | Kind::Timer => durable(pair.before),
            Kind::EnumValue if numbers.0 == "0" || numbers.1 == "0" => Condition::Zero,
            Kind::EnumValue => Condition::Plain,
            _ => Condition::Always,
        };
        self.emit(Case {
            kind: pair.after.kind,
            key: pair.key,
            change: Change::Retag,
            condition,
            what: "number",
            before: numbers.0,
            after: numbers.1,
        });
    }

    fn other_kind(&mut self, pair: &Pair<'_>) {
        let (before, after) = (pair.before.kind, pair.after.kind);
        if table::find(before, Change::Retype, Condition::OtherKind).is_none() {
            self.removed(pair.old_key, pair.before);
            self.added(pair.key, pair.after);
            return;
        }
        self.emit(Case {
            kind: before,
            key: pair.key,
            change: Change::Retype,
            condition: Condition::OtherKind,
            what: "kind",
            before: before.describe().to_owned(),
            after: after.describe().to_owned(),
        });
    }

    /// Whether a package has anything that goes by the package's number.
    fn addressed(&self, surface: &Surface, package: &Key) -> bool {
        surface
            .children_of(package)
            .iter()
            .any(|(_, element)| element.kind.is_numbered())
    }

    /// Looks the verdict up and adds it.
    fn emit(&mut self, case: Case<'_>) {
        let Case {
            kind,
            key,
            change,
            condition,
            what,
            before,
            after,
        } = case;
        let row = table::find(kind, change, condition)
            .expect("the table has a row for whatever the comparison finds: see table/tests.rs");
        let classes = match row.outcome {
            Outcome::Never | Outcome::Fine => Vec::new(),
            Outcome::Breaks(harms) => {
                let applies = |only| match only {
                    Only::Always => true,
                    Only::Stored => self.stored(kind, key),
                    Only::Input => self.input(kind, key),
                };
                let mut classes: Vec<Class> = harms
                    .iter()
                    .filter(|harm| applies(harm.only))
                    .map(|harm| harm.class)
                    .collect();
                classes.sort_unstable();
                classes
            }
        };
        let message = self.message(kind, key, change, what, &before, &after);
        let (path, line) = self.place(key);
        self.verdicts.push(Verdict {
            element: kind,
            key: key.clone(),
            change,
            condition: condition.slug(),
            classes,
            message,
            path,
            line,
            before,
            after,
            why: row.why,
            instead: row.instead,
            accepted: None,
        });
    }

    /// Whether what was there before is in stored documents.
    fn stored(&self, kind: Kind, key: &Key) -> bool {
        let stored = |key: &Key| {
            let find = |surface: &Surface| {
                surface
                    .get(key)
                    .is_some_and(|element| element.facts.has(Fact::Stored))
            };
            find(self.previous) || (self.previous.get(key).is_none() && find(self.original))
        };
        match kind {
            Kind::Package => {
                let mut inside = self.original.iter().chain(self.previous.iter());
                inside.any(|(inner, element)| {
                    inner.within(key)
                        && element.kind.is_numbered()
                        && element.facts.has(Fact::Stored)
                })
            }
            // A new member has no past of its own: what counts is whether its owner is stored.
            Kind::Property | Kind::Slot if self.previous.get(key).is_none() => {
                stored(&key.declared())
            }
            Kind::Property | Kind::Slot => stored(key),
            _ => stored(&key.declared()),
        }
    }

    /// Whether clients can send it.
    fn input(&self, kind: Kind, key: &Key) -> bool {
        let key = if kind == Kind::Parameter {
            key.clone()
        } else {
            key.declared()
        };
        self.current
            .get(&key)
            .is_some_and(|element| element.facts.has(Fact::Input))
    }

    /// Where an element stands; of what is gone, where that stands which held it.
    fn place(&self, key: &Key) -> (String, u32) {
        let mut at = Some(key.clone());
        while let Some(key) = at {
            if let Some(place) = self
                .current
                .get(&key)
                .and_then(|element| element.place.as_ref())
            {
                return (place.path.to_string(), place.line);
            }
            at = key.parent();
        }
        let old = self
            .original
            .get(key)
            .and_then(|element| element.place.as_ref());
        old.map_or_else(
            || ("playhouse.toml".to_owned(), 0),
            |place| (place.path.to_string(), place.line),
        )
    }
}

/// Whether a oneway or a timer is durable, as a condition.
fn durable(element: &Element) -> Condition {
    if element.facts.has(Fact::Durable) {
        Condition::Durable
    } else {
        Condition::Plain
    }
}

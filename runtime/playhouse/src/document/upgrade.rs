//! What happens to a document that an older release of the schema wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use playhouse_store::{Document, Path, Table, Update, Value};

use super::{BODY, Misfit, place, stored_name};
use crate::descriptor::{Attributes, Entity, Property, Shape};

/// The section of a document that says which release's upgrade hooks have changed it: an older node, which knows nothing
/// of them, must not run it.
pub const UPGRADED: &str = "upgraded";

/// A hook `upgrade` that somebody wrote.
pub type UpgradeHook = fn(&mut Draft<'_>, u32) -> Result<(), Misfit>;

/// The stored properties of an entity, or of one of its slots, while a hook `upgrade` works on them.
///
/// Names are as stored: what an element was called first. A hook of an entity finds the properties of its slots one
/// further in, `["inventory", "gold"]`. What it leaves as it is stays so; what no longer has a property may be left.
#[derive(Debug)]
pub struct Draft<'d> {
    table: &'d mut Value,
    at: Path,
}

impl Draft<'_> {
    /// What stands at `path`.
    #[must_use]
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter()
            .try_fold(&*self.table, |value, name| value.entries()?.get(*name))
    }

    /// Puts `value` at `path`. Tables that are missing on the way come to be.
    pub fn set(&mut self, path: &[&str], value: Value) {
        self.table.set(&owned(path), value);
    }

    /// Takes out what stands at `path`.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        self.table.remove(&owned(path))
    }

    /// Moves what stands at `from` to `to`, in place of what stands there; false if nothing stands at `from`.
    pub fn rename(&mut self, from: &[&str], to: &[&str]) -> bool {
        let taken = self.remove(from);
        let found = taken.is_some();
        if let Some(value) = taken {
            self.set(to, value);
        }
        found
    }

    /// The names at `path`, in order.
    #[must_use]
    pub fn names(&self, path: &[&str]) -> Vec<String> {
        let entries = self.get(path).and_then(Value::entries);
        entries.map_or_else(Vec::new, |entries| entries.keys().cloned().collect())
    }

    /// That what stands at `path` can't be upgraded: the document is kept as it is, and is not run.
    #[must_use]
    pub fn misfit(&self, path: &[&str], problem: impl Into<String>) -> Misfit {
        let mut at = self.at.clone();
        at.0.extend(owned(path));
        Misfit::new(at, problem)
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&name| name.to_owned()).collect()
}

/// Brings a document to this release: what stands under a later name than its stored one is moved, and then the hooks
/// run, in the order given, each on its slot (0 is the entity itself), if an older release wrote it last.
///
/// What changed is to be committed with the next snapshot.
///
/// # Errors
///
/// A document that a hook gave up on or panicked over, and one that hooks of a newer release have changed. The document
/// in hand may have changed in part; nothing of it is to be committed.
#[doc(hidden)]
pub fn upgrade(
    entity: &'static Entity,
    release: u32,
    hooks: &[(u8, UpgradeHook)],
    document: &mut Document,
) -> Result<Update, Misfit> {
    let mut update = Update::new();
    let from = document.header.schema;
    if !document.header.born {
        return Ok(update);
    }
    check_upgraded(release, &document.root)?;
    let Some(body) = document.root.at(&[BODY.to_owned()]) else {
        return Ok(update);
    };
    let hooks = if from < release { hooks } else { &[] };
    if hooks.is_empty() && !has_later_names(entity, body) {
        return Ok(update);
    }

    let before = body.clone();
    let mut body = body.clone();
    move_names(entity, &mut body);
    let named = body.clone();
    for &(slot, hook) in hooks {
        let Some(at) = place(entity, slot) else {
            continue;
        };
        run(hook, &mut body, at, from)?;
    }
    if body != named {
        let done = Value::Unsigned(release.into());
        update.set(Path::of([UPGRADED]), done.clone());
        document.root.set(&[UPGRADED.to_owned()], done);
    }
    changes_of_body(entity, &before, &body, &mut update);
    document.root.set(&[BODY.to_owned()], body);
    Ok(update)
}

/// The release of the schema whose hooks have changed a document last; 0 if none have. Older nodes can't run it.
#[doc(hidden)]
#[must_use]
pub fn upgraded(root: &Value) -> u32 {
    match root.at(&[UPGRADED.to_owned()]) {
        Some(Value::Unsigned(by)) => u32::try_from(*by).unwrap_or(u32::MAX),
        _ => 0,
    }
}

fn check_upgraded(release: u32, root: &Value) -> Result<(), Misfit> {
    let by = upgraded(root);
    if by <= release {
        return Ok(());
    }
    let problem = format!(
        "it was upgraded to release {by} of the schema, and this node has release {release}: \
         only a newer node can run it"
    );
    Err(Misfit {
        passing: true,
        ..Misfit::new(Path::of([UPGRADED]), problem)
    })
}

fn run(hook: UpgradeHook, body: &mut Value, at: Path, from: u32) -> Result<(), Misfit> {
    let inside: Vec<String> = at.0.iter().skip(1).cloned().collect();
    let absent = body.at(&inside).is_none();
    if absent {
        body.set(&inside, Value::table());
    }
    let mut table = body.at(&inside).cloned().unwrap_or_else(Value::table);
    let mut draft = Draft {
        table: &mut table,
        at: at.clone(),
    };
    // The draft is thrown away if the hook panics.
    let done = catch_unwind(AssertUnwindSafe(|| hook(&mut draft, from)));
    done.unwrap_or_else(|_| Err(Misfit::new(at, "the hook `upgrade` panicked")))?;
    if absent && table == Value::table() {
        body.remove(&inside);
    } else {
        body.set(&inside, table);
    }
    Ok(())
}

/// Names that something was given after its stored one: the newest first.
fn later_names<'n>(name: &'n str, attributes: &'n Attributes) -> impl Iterator<Item = &'n str> {
    let earlier = attributes.was.iter().skip(1).rev().copied();
    let own = (!attributes.was.is_empty()).then_some(name);
    own.into_iter().chain(earlier)
}

/// What stands in a body or in a slot of it, with the properties of slots.
fn elements(
    entity: &'static Entity,
) -> impl Iterator<
    Item = (
        &'static str,
        &'static Attributes,
        Option<&'static [Property]>,
    ),
> {
    let own = entity.properties.iter();
    let own = own.map(|property| (property.member.name, &property.member.attributes, None));
    let slots = entity.slots.iter().filter(|slot| !slot.transient);
    own.chain(slots.map(|slot| (slot.name, &slot.attributes, Some(slot.component.properties))))
}

fn has_later_names(entity: &'static Entity, body: &Value) -> bool {
    let has = |table: &Value, name: &str, attributes: &Attributes| {
        let entries = table.entries();
        entries.is_some_and(|entries| {
            later_names(name, attributes).any(|name| entries.contains_key(name))
        })
    };
    elements(entity).any(|(name, attributes, properties)| {
        has(body, name, attributes)
            || properties.is_some_and(|properties| {
                let stored = stored_name(name, attributes).to_owned();
                let table = body.at(&[stored]);
                table.is_some_and(|table| {
                    properties.iter().any(|property| {
                        has(table, property.member.name, &property.member.attributes)
                    })
                })
            })
    })
}

/// Moves everything to its stored name. What was written under a later name is newer than what stands under that.
fn move_names(entity: &'static Entity, body: &mut Value) {
    for (name, attributes, properties) in elements(entity) {
        let stored = stored_name(name, attributes);
        let Some(properties) = properties else {
            move_one(body, name, attributes);
            continue;
        };
        let mut later: Vec<&str> = later_names(name, attributes).collect();
        later.reverse();
        for later in later {
            let Some(newer) = body.remove(&[later.to_owned()]) else {
                continue;
            };
            for (name, value) in newer.entries().into_iter().flatten() {
                body.set(&[stored.to_owned(), name.clone()], value.clone());
            }
        }
        let Some(mut table) = body.remove(&[stored.to_owned()]) else {
            continue;
        };
        for property in properties {
            move_one(
                &mut table,
                property.member.name,
                &property.member.attributes,
            );
        }
        body.set(&[stored.to_owned()], table);
    }
}

fn move_one(table: &mut Value, name: &str, attributes: &Attributes) {
    let mut newest = None;
    for later in later_names(name, attributes) {
        let found = table.remove(&[later.to_owned()]);
        newest = newest.or(found);
    }
    if let Some(value) = newest {
        table.set(&[stored_name(name, attributes).to_owned()], value);
    }
}

/// The changes that make `after` of `before`: slots by property, maps and sets by entry, all else as a whole.
fn changes_of_body(entity: &'static Entity, before: &Value, after: &Value, update: &mut Update) {
    let at = Path::of([BODY]);
    changes(
        before,
        after,
        &at,
        update,
        &|name, before, after, at, update| {
            let slot = entity
                .slots
                .iter()
                .find(|slot| stored_name(slot.name, &slot.attributes) == name);
            match slot {
                Some(slot) => changes(
                    before,
                    after,
                    at,
                    update,
                    &|name, before, after, at, update| {
                        change_of_property(
                            slot.component.properties,
                            name,
                            before,
                            after,
                            at,
                            update,
                        );
                    },
                ),
                None => change_of_property(entity.properties, name, before, after, at, update),
            }
        },
    );
}

fn change_of_property(
    properties: &'static [Property],
    name: &str,
    before: &Value,
    after: &Value,
    at: &Path,
    update: &mut Update,
) {
    let member = properties
        .iter()
        .map(|property| &property.member)
        .find(|member| stored_name(member.name, &member.attributes) == name);
    let by_entry = member.is_some_and(|member| {
        !member.ty.optional && matches!(member.ty.shape, Shape::Map(..) | Shape::Set(_))
    });
    if by_entry {
        changes(before, after, at, update, &|_, _, after, at, update| {
            update.set(at.clone(), after.clone());
        });
    } else {
        update.set(at.clone(), after.clone());
    }
}

/// What to do with an entry that both have and that differs: its name, both values, and where it stands.
type Differs<'f> = dyn Fn(&str, &Value, &Value, &Path, &mut Update) + 'f;

fn changes(before: &Value, after: &Value, at: &Path, update: &mut Update, differs: &Differs<'_>) {
    let (Some(old), Some(new)) = (before.entries(), after.entries()) else {
        update.set(at.clone(), after.clone());
        return;
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let at = at.and(name.as_str());
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => differs(name, old, new, &at, update),
            (None, Some(new)) => {
                let nothing = Value::Table(Table::from(BTreeMap::new()));
                differs(name, &nothing, new, &at, update);
            }
            (Some(_), None) => update.remove(at),
            (None, None) => {}
        }
    }
}

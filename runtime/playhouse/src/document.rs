//! Documents of entities: their properties as named values, and back.
//!
//! A document's `body` holds what is `@persist`: the entity's own properties beside a table for each slot. A property
//! that is a map or a set is a table that changes entry by entry; everything else is one value, which changes as a
//! whole. What was never changed is absent, and absent is the default.
//!
//! Names in documents are *stored names*: what an element was called first, which is the first of its `@was`, or its
//! name. So a rename changes no document: nodes of both releases read what the other wrote, indexes stay, and one can
//! go back to the older release. Readers take the later names as well.

mod named;
mod places;
mod quarantine;
mod upgrade;
mod wired;

pub use places::{collection, collections, document_id, indexed, place, property_place};
pub use quarantine::set_aside;
pub use upgrade::{Draft, UPGRADED, UpgradeHook, upgrade, upgraded};

pub use playhouse_store::{Path, Table, Value};

use std::collections::BTreeMap;
use std::fmt;

use playhouse_store::Update;
use playhouse_wire::{Encode, Error, Limits, Reader, Result, Writer};

use crate::descriptor::{self, Attributes, Shape};
use crate::properties::{Consumer, Properties, Property, Tags};

/// The section of a document that holds properties.
pub const BODY: &str = "body";

/// Values nested deeper than this are neither saved nor loaded.
pub const DEPTH_MAX: u32 = 200;

/// A document is in memory as a whole already, so that its bytes need no limit on memory.
const LIMITS: Limits = Limits {
    memory_factor: usize::MAX,
    memory_base: usize::MAX,
    depth: DEPTH_MAX,
    ..Limits::DEFAULT
};

/// What of a document does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where in the document.
    pub path: Path,
    /// What is wrong there.
    pub problem: String,
    /// Whether only this node can't take it: it is too old for what a newer one made of the document.
    pub passing: bool,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl std::error::Error for Misfit {}

impl Misfit {
    /// `problem` at `path`.
    #[must_use]
    pub fn new(path: Path, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self {
            path,
            problem,
            passing: false,
        }
    }

    /// What a reader found in the property `name`, which stands at `at`.
    fn read(at: &Path, name: &str, error: &Error) -> Self {
        let path = error.path();
        let mut within = path.strip_prefix(name).unwrap_or(&path);
        // Documents have no form of changes.
        for part in [".entries", ".elements", ".added"] {
            within = within.strip_prefix(part).unwrap_or(within);
        }
        let mut path = at.clone();
        if let Some(last) = path.0.last_mut() {
            last.push_str(within);
        }
        Self::new(path, error.problem().to_string())
    }
}

/// The name of something in documents: what it was called first.
#[must_use]
pub const fn stored_name<'n>(name: &'n str, attributes: &Attributes) -> &'n str {
    match attributes.was {
        [first, ..] => first,
        [] => name,
    }
}

/// What stands in `held` under a name that something has, or had, and that name: the newest, if there are several.
fn newest<'v>(
    held: &'v BTreeMap<String, Value>,
    name: &str,
    attributes: &Attributes,
) -> Option<(&'v String, &'v Value)> {
    let earlier = attributes.was.iter().rev();
    std::iter::once(&name)
        .chain(earlier)
        .find_map(|name| held.get_key_value(*name))
}

/// Adds what changed of those of `tags`, as named changes below `at`: down to the entries of maps and sets.
#[doc(hidden)]
pub fn save<P: Properties>(props: &P, tags: Tags, at: &Path, update: &mut Update) {
    let changed = props.changed(Consumer::Persist).and(tags);
    let mut w = Writer::new();
    for property in P::PROPERTIES {
        let tag = property.member.tag;
        if !changed.contains(tag) {
            continue;
        }
        let Some(held) = props.property(tag) else {
            continue;
        };
        w.clear();
        let known = update.0.len();
        if let Err(error) = save_one(property, held, at, &mut w, update) {
            update.0.truncate(known);
            let misfit = Misfit::read(&at.and(property.member.name), "", &error);
            tracing::error!(
                "a property can't be saved, {misfit}: what changed of it is lost if the node ends now"
            );
        }
    }
}

fn save_one(
    property: &'static descriptor::Property,
    held: Property<'_>,
    at: &Path,
    w: &mut Writer,
    update: &mut Update,
) -> Result<()> {
    let member = &property.member;
    let path = at.and(stored_name(member.name, &member.attributes));
    let Property::Container(container) = held else {
        held.encode_all(Consumer::Persist, w);
        // None is the default of every optional, and what is absent is in no index.
        match named::used(&member.ty, &mut Reader::new(w.as_bytes(), &LIMITS))? {
            Value::Nil => update.remove(path),
            value => update.set(path, value),
        }
        return Ok(());
    };
    match member.ty.shape {
        Shape::Map(key, value) => {
            container.encode_change(Consumer::Persist, w);
            let mut r = Reader::new(w.as_bytes(), &LIMITS);
            r.enter_array()?;
            let whole = r.bool()?;
            let mut entries = Table::new();
            for _ in 0..r.enter_map()? {
                let name = named::key_text(key, &mut r)?;
                if whole {
                    entries.insert(name, named::used(value, &mut r)?);
                } else if r.take_nil() {
                    update.remove(path.and(name));
                } else {
                    update.set(path.and(name), named::used(value, &mut r)?);
                }
            }
            if whole {
                update.set(path, Value::Table(entries));
            }
        }
        Shape::Set(element) => {
            container.encode_change(Consumer::Persist, w);
            let mut r = Reader::new(w.as_bytes(), &LIMITS);
            r.enter_array()?;
            let whole = r.bool()?;
            let mut entries = Table::new();
            for _ in 0..r.enter_array()? {
                let name = named::key_text(element, &mut r)?;
                if whole {
                    entries.insert(name, Value::Bool(true));
                } else {
                    update.set(path.and(name), Value::Bool(true));
                }
            }
            r.leave();
            if whole {
                update.set(path, Value::Table(entries));
                return Ok(());
            }
            for _ in 0..r.enter_array()? {
                update.remove(path.and(named::key_text(element, &mut r)?));
            }
        }
        Shape::List(element) => {
            container.encode_all(w);
            let mut r = Reader::new(w.as_bytes(), &LIMITS);
            r.enter_array()?;
            r.skip()?;
            let count = r.enter_map()?;
            let mut elements = Vec::with_capacity(count);
            for _ in 0..count {
                r.skip()?;
                elements.push(named::used(element, &mut r)?);
            }
            update.set(path, Value::List(elements));
        }
        // No other shape is held in a container.
        _ => {}
    }
    Ok(())
}

/// A value as it stands in an index.
pub(crate) fn index_value(
    property: &'static descriptor::Property,
    value: &(impl Encode + ?Sized),
) -> Result<Value> {
    let mut w = Writer::new();
    w.put(value);
    named::used(&property.member.ty, &mut Reader::new(w.as_bytes(), &LIMITS))
}

/// Takes over what `table`, which stands at `at`, holds of the persisted properties. What is absent stays as it is, names
/// that are not known are passed over, and nothing is noted as changed.
///
/// # Errors
///
/// What does not fit its property. Properties that came before it have been taken over.
#[doc(hidden)]
pub fn load<P: Properties>(props: &mut P, table: &Table, at: &Path) -> Result<(), Misfit> {
    let mut w = Writer::new();
    for property in P::PROPERTIES {
        let member = &property.member;
        if property.persist.is_none() {
            continue;
        }
        let Some((name, value)) = newest(table, member.name, &member.attributes) else {
            continue;
        };
        let at = at.and(name.as_str());
        w.clear();
        write_whole(property, value, &at, &mut w)?;
        let mut r = Reader::new(w.as_bytes(), &LIMITS);
        props
            .apply_change(member.tag, &mut r)
            .map_err(|error| Misfit::read(&at, member.name, &error))?;
    }
    Ok(())
}

/// Writes a property's stored value as a change of all of it.
fn write_whole(
    property: &'static descriptor::Property,
    value: &Value,
    at: &Path,
    w: &mut Writer,
) -> Result<(), Misfit> {
    let member = &property.member;
    let at = at.clone();
    let held_apart = !member.ty.optional;
    match (member.ty.shape, value) {
        (Shape::Map(key, held), Value::Table(entries) | Value::Map(entries)) if held_apart => {
            w.array(2);
            w.bool(true);
            wired::Wired::new(w, at).entries(key, held, entries)
        }
        (Shape::Set(element), Value::Table(entries) | Value::Map(entries)) if held_apart => {
            w.array(3);
            w.bool(true);
            wired::Wired::new(w, at).elements(element, entries)?;
            w.array(0);
            Ok(())
        }
        (Shape::Map(..) | Shape::Set(_), _) if held_apart => {
            let found = value.kind();
            Err(Misfit::new(at, format!("expected a table, found {found}")))
        }
        (Shape::List(element), Value::List(elements)) if held_apart => {
            w.array(2);
            w.unsigned(elements.len() as u64);
            w.map(elements.len());
            for (index, value) in elements.iter().enumerate() {
                w.unsigned(index as u64);
                wired::Wired::new(w, at.and(index.to_string())).used(element, value)?;
            }
            Ok(())
        }
        _ => wired::Wired::new(w, at).used(&member.ty, value),
    }
}

//! Whether a stored document fits the schema, as a node would find when it loads it.
//!
//! A node is held to compiled types; the command has the model alone, so the rules stand here a second time. A test holds
//! both against the same documents.
//!
//! Long because it is one table of cases: each shape of a type against each kind of a value.

use std::collections::BTreeMap;

use playhouse_schema::model::{
    Arm, ArmBody, Bound, Entity, Int, Marks, Member, Model, Property, RefTarget, Shape, Type,
    TypeKind,
};
use playhouse_store::Value;

/// Most misfits of one document that are told.
pub(super) const MISFITS_MAX: usize = 16;

/// Values nested deeper than this fit nothing: as deep as a node loads.
const DEPTH_MAX: usize = 200;

/// What does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Where in the document, `body.bag.gold`.
    pub(super) path: String,
    /// What is wrong there.
    pub(super) problem: String,
}

/// Holds documents against a model.
pub(super) struct Fit<'m> {
    model: &'m Model,
    /// Where it is.
    at: Vec<String>,
    found: Vec<Misfit>,
}

/// The name of something in documents: what it was called first.
pub(super) fn stored_name<'n>(name: &'n str, marks: &'n Marks) -> &'n str {
    marks.was.first().map_or(name, String::as_str)
}

/// What stands under a name that something has, or had: the newest.
fn newest<'v>(
    held: &'v BTreeMap<String, Value>,
    name: &str,
    marks: &Marks,
) -> Option<(&'v String, &'v Value)> {
    let earlier = marks.was.iter().rev().map(String::as_str);
    std::iter::once(name)
        .chain(earlier)
        .find_map(|name| held.get_key_value(name))
}

fn is_named(text: &str, name: &str, marks: &Marks) -> bool {
    text == name || marks.was.iter().any(|was| was == text)
}

impl<'m> Fit<'m> {
    pub(super) const fn new(model: &'m Model) -> Self {
        Self {
            model,
            at: Vec::new(),
            found: Vec::new(),
        }
    }

    /// What of a document of `entity` does not fit, at most [`MISFITS_MAX`].
    pub(super) fn document(mut self, entity: &'m Entity, root: &Value) -> Vec<Misfit> {
        let body = root.entries().and_then(|sections| sections.get("body"));
        let Some(body) = body else {
            return self.found;
        };
        self.within("body", |fit| {
            let Some(held) = body.entries() else {
                return fit.expected("a table of properties", body);
            };
            fit.properties(&entity.properties, held);
            for slot in entity.slots.iter().filter(|slot| !slot.transient) {
                let component = &fit.model.components[slot.component.0 as usize];
                // Tables of a slot under several names are put together by a node.
                let earlier = slot.marks.was.iter().map(String::as_str);
                for name in earlier.chain([slot.name.as_str()]) {
                    let Some(table) = held.get(name) else {
                        continue;
                    };
                    fit.within(name, |fit| match table.entries() {
                        Some(held) => fit.properties(&component.properties, held),
                        None => fit.expected("a table of properties", table),
                    });
                }
            }
        });
        self.found.truncate(MISFITS_MAX);
        self.found
    }

    fn misfit(&mut self, problem: impl Into<String>) {
        if self.found.len() < MISFITS_MAX {
            self.found.push(Misfit {
                path: self.at.join("."),
                problem: problem.into(),
            });
        }
    }

    fn expected(&mut self, what: &str, found: &Value) {
        self.misfit(format!("expected {what}, found {}", found.kind()));
    }

    fn within(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        self.at.push(name.to_owned());
        if self.at.len() > DEPTH_MAX {
            self.misfit(format!("nested more than {DEPTH_MAX} deep"));
        } else {
            look(self);
        }
        self.at.pop();
    }

    fn properties(&mut self, properties: &'m [Property], held: &BTreeMap<String, Value>) {
        for property in properties.iter().filter(|it| it.persist.is_some()) {
            let member = &property.member;
            if let Some((name, value)) = newest(held, &member.name, &member.marks) {
                self.within(name, |fit| fit.property(&member.ty, value));
            }
        }
    }

    fn property(&mut self, ty: &'m Type, value: &Value) {
        match (&ty.shape, value.entries()) {
            _ if ty.optional => self.used(ty, value),
            (Shape::Set(element), Some(entries)) => {
                self.length(&ty.bound, entries.len(), "elements");
                for (name, held) in entries {
                    self.within(name, |fit| match held {
                        Value::Bool(true) => fit.key(element, name),
                        _ => fit.expected("true, as for each element of a set", held),
                    });
                }
                self.distinct(element, entries.keys());
            }
            (Shape::Set(_) | Shape::Map(..), None) => self.expected("a table", value),
            _ => self.used(ty, value),
        }
    }

    fn used(&mut self, ty: &'m Type, value: &Value) {
        if ty.optional && matches!(value, Value::Nil) {
            return;
        }
        match (&ty.shape, value) {
            (Shape::Named(id), _) => {
                let ahead = self.found.len();
                self.declared(&self.model.type_def(*id).kind, value);
                if self.found.len() == ahead {
                    self.bound(ty, value);
                }
            }
            (Shape::Bool, Value::Bool(_)) => {}
            (Shape::Int(int), _) => self.integer(*int, &ty.bound, value),
            (Shape::Timestamp | Shape::Duration, _) => self.integer(Int::I64, &ty.bound, value),
            (Shape::F32 | Shape::F64, _) => self.float(ty, value),
            (Shape::String, Value::Text(_)) | (Shape::Bytes, Value::Bytes(_)) => {
                self.bound(ty, value);
            }
            // Base64, as people write it.
            (Shape::Bytes, Value::Text(_)) => {}
            (Shape::Uuid, Value::Bytes(bytes)) if bytes.len() == 16 => {}
            (Shape::Uuid, Value::Text(text)) => {
                if text.parse::<playhouse_wire::Uuid>().is_err() {
                    self.misfit(format!("`{text}` is no uuid"));
                }
            }
            (Shape::List(element) | Shape::Set(element), Value::List(elements)) => {
                self.length(&ty.bound, elements.len(), "elements");
                for (index, value) in elements.iter().enumerate() {
                    self.within(&index.to_string(), |fit| fit.used(element, value));
                }
            }
            (Shape::Map(key, held), Value::Map(entries) | Value::Table(entries)) => {
                self.length(&ty.bound, entries.len(), "elements");
                for (name, value) in entries {
                    self.within(name, |fit| {
                        fit.key(key, name);
                        fit.used(held, value);
                    });
                }
                self.distinct(key, entries.keys());
            }
            (Shape::Ref(target), Value::List(parts)) => self.reference(*target, parts),
            (shape, _) => self.expected(name_of(shape), value),
        }
    }

    /// A key of a map, or an element of a set.
    fn key(&mut self, ty: &'m Type, text: &str) {
        match (self.inside(ty), text) {
            (Shape::Bool, "true" | "false") => {}
            _ => self.used(ty, &Value::Text(text.to_owned())),
        }
    }

    /// Two names that stand for one key: `01` and `1`, or a name of today and one of before.
    fn distinct<'k>(&mut self, ty: &'m Type, keys: impl Iterator<Item = &'k String>) {
        let inside = self.inside(ty).clone();
        let mut seen = std::collections::BTreeSet::new();
        for key in keys {
            let number = key.parse::<i128>().ok();
            let stands_for = match &inside {
                Shape::String | Shape::Uuid => key.clone(),
                Shape::Named(id) => match &self.model.type_def(*id).kind {
                    TypeKind::Enum { values, .. } => values
                        .iter()
                        .find(|it| is_named(key, &it.name, &it.marks))
                        .map(|it| i128::from(it.number))
                        .or(number)
                        .map_or_else(|| key.clone(), |number| number.to_string()),
                    _ => key.clone(),
                },
                _ => number.map_or_else(|| key.clone(), |number| number.to_string()),
            };
            if !seen.insert(stands_for) {
                self.within(key, |fit| fit.misfit("occurs twice"));
            }
        }
    }

    fn inside(&self, ty: &'m Type) -> &'m Shape {
        match &ty.shape {
            Shape::Named(id) => match &self.model.type_def(*id).kind {
                TypeKind::Newtype { inner, .. } => self.inside(inner),
                _ => &ty.shape,
            },
            shape => shape,
        }
    }

    fn declared(&mut self, kind: &'m TypeKind, value: &Value) {
        match (kind, value) {
            (TypeKind::Newtype { inner, .. }, _) => self.used(inner, value),
            (TypeKind::Struct { members, .. }, Value::Map(held) | Value::Table(held)) => {
                self.structure(members, held);
            }
            (TypeKind::Struct { .. }, _) => self.expected("the members of a struct", value),
            (
                TypeKind::Enum {
                    values,
                    repr,
                    closed,
                    ..
                },
                _,
            ) => {
                if let Value::Text(text) = value
                    && values.iter().any(|it| is_named(text, &it.name, &it.marks))
                {
                    return;
                }
                let ahead = self.found.len();
                self.integer(*repr, &Bound::None, value);
                let number = number_of(*repr, value);
                let is_known = values.iter().any(|it| Some(it.number.into()) == number);
                if *closed && !is_known && self.found.len() == ahead {
                    let number = number.unwrap_or_default();
                    self.misfit(format!(
                        "{number} is no value of this enum, and it is closed"
                    ));
                }
            }
            (TypeKind::Flags { flags, .. }, Value::List(names)) => {
                for name in names {
                    match name {
                        Value::Unsigned(_) | Value::Negative(_) => {}
                        Value::Text(text)
                            if flags.iter().any(|it| is_named(text, &it.name, &it.marks)) => {}
                        Value::Text(text) => self.misfit(format!("no flag is named `{text}`")),
                        _ => self.expected("the name of a flag", name),
                    }
                }
            }
            (TypeKind::Flags { .. }, _) => self.expected("a list of flags", value),
            (TypeKind::Union { arms, closed, .. }, Value::Map(held) | Value::Table(held)) => {
                self.arm(arms, *closed, held);
            }
            (TypeKind::Error { arms, .. }, Value::Map(held) | Value::Table(held)) => {
                self.arm(arms, false, held);
            }
            (TypeKind::Union { .. } | TypeKind::Error { .. }, _) => {
                self.expected("one entry, the arm and its body", value);
            }
        }
    }

    fn structure(&mut self, members: &'m [Member], held: &BTreeMap<String, Value>) {
        for member in members {
            match newest(held, &member.name, &member.marks) {
                Some((name, value)) => self.within(name, |fit| fit.used(&member.ty, value)),
                None if member.default.is_none() => {
                    self.within(&member.name, |fit| {
                        fit.misfit("missing, and it has no default")
                    });
                }
                None => {}
            }
        }
    }

    fn arm(&mut self, arms: &'m [Arm], closed: bool, held: &BTreeMap<String, Value>) {
        let (Some((name, body)), 1) = (held.first_key_value(), held.len()) else {
            let count = held.len();
            return self.misfit(format!(
                "expected one entry, the arm and its body, found {count}"
            ));
        };
        let Some(arm) = arms.iter().find(|it| is_named(name, &it.name, &it.marks)) else {
            let tag = name
                .strip_prefix('#')
                .and_then(|tag| tag.parse::<u8>().ok());
            return match (tag, body) {
                (Some(tag), _) if closed => {
                    self.misfit(format!("{tag} is no arm of this union, and it is closed"));
                }
                (Some(_), Value::Nil | Value::Bytes(_)) => {}
                (Some(_), _) => self.misfit("the body of an unknown arm is not its bytes"),
                (None, _) => self.misfit(format!("no arm is named `{name}`")),
            };
        };
        match (&arm.body, body) {
            (ArmBody::Nothing, _) => {}
            (ArmBody::Type(ty), _) => self.within(name, |fit| fit.used(ty, body)),
            (ArmBody::Members(members), Value::Map(held) | Value::Table(held)) => {
                self.within(name, |fit| fit.structure(members, held));
            }
            (ArmBody::Members(_), _) => self.expected("the members of an arm", body),
        }
    }

    fn integer(&mut self, int: Int, bound: &Bound, value: &Value) {
        if let Value::Text(text) = value
            && number_of(int, value).is_none()
        {
            return self.misfit(format!("`{text}` is neither known nor a number"));
        }
        let Some(number) = number_of(int, value) else {
            return self.expected(int.name(), value);
        };
        let (min, max) = int.range();
        if number < min || number > max {
            return self.misfit(format!("{number} does not fit {}", int.name()));
        }
        self.number(bound, number);
    }

    fn number(&mut self, bound: &Bound, number: i128) {
        match bound {
            Bound::Int { min, .. } if number < *min => {
                self.misfit(format!("{number} is below the least allowed value, {min}"));
            }
            Bound::Int { max, .. } if number > *max => {
                self.misfit(format!(
                    "{number} is above the greatest allowed value, {max}"
                ));
            }
            _ => {}
        }
    }

    fn float(&mut self, ty: &Type, value: &Value) {
        /// Up to here each whole number is one float.
        const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
        let number = match value {
            Value::Float(number) => *number,
            Value::Unsigned(number) if *number <= EXACT_MAX => *number as f64,
            Value::Negative(number) if number.unsigned_abs() <= EXACT_MAX => *number as f64,
            _ => return self.expected("a float", value),
        };
        if ty.shape == Shape::F32 && number.is_finite() && number.abs() > f64::from(f32::MAX) {
            return self.misfit(format!("{number:e} does not fit f32"));
        }
        if let Bound::Float { min, max } = &ty.bound
            && !(*min <= number && number <= *max)
        {
            self.misfit(format!("{number} is not within {min}..={max}"));
        }
    }

    /// A bound that stands at the use of a newtype, beside the newtype's own.
    fn bound(&mut self, ty: &'m Type, value: &Value) {
        match (&ty.bound, value) {
            (Bound::Length { .. }, Value::Text(text)) => {
                self.length(&ty.bound, text.chars().count(), "characters");
            }
            (Bound::Length { .. }, Value::Bytes(bytes)) => {
                self.length(&ty.bound, bytes.len(), "bytes");
            }
            (Bound::Length { .. }, Value::List(elements)) => {
                self.length(&ty.bound, elements.len(), "elements");
            }
            (Bound::Length { .. }, Value::Map(entries) | Value::Table(entries)) => {
                self.length(&ty.bound, entries.len(), "elements");
            }
            (Bound::Int { .. }, _) => {
                let int = match self.inside(ty) {
                    Shape::Int(int) => *int,
                    _ => Int::I64,
                };
                if let Some(number) = number_of(int, value) {
                    self.number(&ty.bound, number);
                }
            }
            (Bound::Float { .. }, _) => {
                let plain = Type {
                    shape: self.inside(ty).clone(),
                    ..ty.clone()
                };
                self.float(&plain, value);
            }
            _ => {}
        }
    }

    fn length(&mut self, bound: &Bound, length: usize, unit: &str) {
        let Bound::Length { min, max } = bound else {
            return;
        };
        let (min, max) = (*min as usize, max.map_or(usize::MAX, |max| max as usize));
        if min == max && length != min {
            self.misfit(format!("{length} {unit}, exactly {min} expected"));
        } else if length < min {
            self.misfit(format!("{length} {unit}, at least {min} expected"));
        } else if length > max {
            self.misfit(format!("{length} {unit}, at most {max} allowed"));
        }
    }

    fn reference(&mut self, target: RefTarget, parts: &[Value]) {
        let &[
            Value::Unsigned(package),
            Value::Unsigned(number),
            Value::Unsigned(slot),
            ref key @ ..,
        ] = parts
        else {
            return self.misfit(
                "expected a reference: package, number, slot and up to four parts of a key",
            );
        };
        if key.len() > 4 || !key.iter().all(is_key_part) {
            return self.misfit(
                "expected a reference: package, number, slot and up to four parts of a key",
            );
        }
        let problem = match target {
            RefTarget::Entity(id) => {
                let entity = &self.model.entities[id.0 as usize];
                let expected = self.model.packages[entity.head.package.0 as usize].number;
                if (package, number) != (expected.into(), entity.number.into()) {
                    "it points at another type of entity"
                } else if slot != 0 {
                    "it points at a component, not at the entity"
                } else {
                    return;
                }
            }
            RefTarget::Component(_) if slot == 0 => "it points at an entity, not at a component",
            RefTarget::Component(_) => return,
        };
        self.misfit(format!("not a valid reference: {problem}"));
    }
}

fn is_key_part(value: &Value) -> bool {
    let Some(held) = value.entries() else {
        return matches!(value, Value::Text(_));
    };
    match (held.first_key_value(), held.len()) {
        (Some((name, Value::Unsigned(_) | Value::Negative(_))), 1) => name == "int",
        (Some((name, Value::Text(text))), 1) => match name.as_str() {
            "int" => text.parse::<u64>().is_ok(),
            "uuid" => text.parse::<playhouse_wire::Uuid>().is_ok(),
            _ => false,
        },
        _ => false,
    }
}

/// The integer that a value stands for in a type.
fn number_of(int: Int, value: &Value) -> Option<i128> {
    match value {
        Value::Unsigned(number) => Some((*number).into()),
        // A store without unsigned integers gives back the same bits.
        Value::Negative(number) if int == Int::U64 => Some(number.cast_unsigned().into()),
        Value::Negative(number) => Some((*number).into()),
        Value::Text(text) => match (text.parse::<u64>(), text.parse::<i64>()) {
            (Ok(number), _) => Some(number.into()),
            (_, Ok(number)) => Some(number.into()),
            _ => None,
        },
        _ => None,
    }
}

const fn name_of(shape: &Shape) -> &'static str {
    match shape {
        Shape::Bool => "a bool",
        Shape::Int(int) => int.name(),
        Shape::F32 | Shape::F64 => "a float",
        Shape::String => "text",
        Shape::Bytes => "bytes",
        Shape::Timestamp => "a timestamp",
        Shape::Duration => "a duration",
        Shape::Uuid => "a uuid",
        Shape::List(_) | Shape::Set(_) => "a list",
        Shape::Map(..) => "a map",
        Shape::Ref(_) => "a reference",
        Shape::Named(_) => "a value",
    }
}

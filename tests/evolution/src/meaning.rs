//! What a value means, whatever version wrote it down: by identity instead of name and tag.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Draft,
    draft::{Field, Kind, Label, Shape, Ty, Uid},
};

/// What a value says.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// None of an optional.
    None,
    /// A scalar, as text.
    Scalar(String),
    /// Elements in order.
    List(Vec<Self>),
    /// Entries by key; a set's are scalars.
    Map(BTreeMap<String, Self>),
    /// Members by identity, defaults filled in.
    Members(BTreeMap<Uid, Self>),
    /// A number of an enum, and who that is if it is known.
    Number(i64, Option<Uid>),
    /// Bits, and who each is if it is known.
    Bits(BTreeMap<u32, Option<Uid>>),
    /// The tag of an arm, who that is if it is known, and its body.
    Arm(u8, Option<Uid>, Box<Self>),
}

impl Draft {
    /// What a value of `Root` in the named form means.
    ///
    /// # Panics
    ///
    /// If the value is none of `Root`: it was read by this version.
    #[must_use]
    pub fn meaning(&self, value: &Value) -> Meaning {
        let root = self
            .declarations
            .last()
            .map_or(0, |declaration| declaration.uid);
        self.read(&Ty::of(Shape::Named(root)), value)
    }

    fn read(&self, ty: &Ty, value: &Value) -> Meaning {
        if ty.optional && value.is_null() {
            return Meaning::None;
        }
        let list = |inner: &Ty| -> Vec<Meaning> {
            let elements = value.as_array().expect("a list is an array");
            elements
                .iter()
                .map(|element| self.read(inner, element))
                .collect()
        };
        match &ty.shape {
            Shape::List(inner) => Meaning::List(list(inner)),
            Shape::Set(inner) => {
                let elements = list(inner)
                    .into_iter()
                    .map(|element| (format!("{element:?}"), element));
                Meaning::Map(elements.collect())
            }
            Shape::Map(_, inner) => {
                let entries = value.as_object().expect("a map is an object").iter();
                Meaning::Map(
                    entries
                        .map(|(key, value)| (key.clone(), self.read(inner, value)))
                        .collect(),
                )
            }
            Shape::F32 | Shape::F64 => Meaning::Scalar(format!(
                "{:?}",
                value.as_f64().expect("a float is a number")
            )),
            Shape::Named(uid) => {
                let declaration = self.find(*uid).expect("a draft declares what it uses");
                self.declared(&declaration.kind, value)
            }
            _ => Meaning::Scalar(scalar(value)),
        }
    }

    fn declared(&self, kind: &Kind, value: &Value) -> Meaning {
        match kind {
            Kind::Newtype { inner, .. } => self.read(inner, value),
            Kind::Struct(fields) => {
                let members = fields.iter().map(|field| {
                    let found = value.get(&field.label.name).cloned();
                    let value = found.unwrap_or_else(|| self.default(field));
                    (field.label.uid, self.read(&field.ty, &value))
                });
                Meaning::Members(members.collect())
            }
            Kind::Enum { values, .. } => {
                let named = values
                    .iter()
                    .find(|label| Some(label.name.as_str()) == value.as_str());
                match named {
                    Some(label) => Meaning::Number(label.tag.into(), Some(label.uid)),
                    None => {
                        let number = scalar(value).parse().expect("an unknown value is a number");
                        Meaning::Number(number, None)
                    }
                }
            }
            Kind::Flags(bits) => {
                let parts = value.as_array().expect("flags are a list");
                Meaning::Bits(parts.iter().flat_map(|part| flag(bits, part)).collect())
            }
            Kind::Union { arms, .. } => {
                let map = value.as_object().expect("a union is an object");
                let (name, body) = map.iter().next().expect("a union has one entry");
                match arms.iter().find(|arm| arm.label.name == *name) {
                    Some(arm) => {
                        let ty = arm.body.as_ref();
                        let body = ty.map_or(Meaning::None, |ty| self.read(ty, body));
                        Meaning::Arm(arm.label.tag, Some(arm.label.uid), Box::new(body))
                    }
                    None => {
                        let tag = name.strip_prefix('#').and_then(|tag| tag.parse().ok());
                        let tag = tag.expect("an unknown arm is a tag");
                        Meaning::Arm(tag, None, Box::new(Meaning::Scalar(scalar(body))))
                    }
                }
            }
        }
    }

    fn default(&self, field: &Field) -> Value {
        match field.default {
            Some(value) => Value::String(value.to_string()),
            None => self
                .default_of(&field.ty)
                .expect("what is left out has a default"),
        }
    }

    /// Whether anything of this identity is declared.
    #[must_use]
    pub fn knows(&self, uid: Uid) -> bool {
        let is = |label: &Label| label.uid == uid;
        self.declarations
            .iter()
            .any(|declaration| match &declaration.kind {
                Kind::Struct(fields) => fields.iter().any(|field| is(&field.label)),
                Kind::Enum { values: labels, .. } | Kind::Flags(labels) => labels.iter().any(is),
                Kind::Union { arms, .. } => arms.iter().any(|arm| is(&arm.label)),
                Kind::Newtype { .. } => false,
            })
    }
}

fn flag(bits: &[Label], part: &Value) -> Vec<(u32, Option<Uid>)> {
    if let Some(label) = bits
        .iter()
        .find(|bit| Some(bit.name.as_str()) == part.as_str())
    {
        return vec![(label.tag.into(), Some(label.uid))];
    }
    let number: u64 = scalar(part).parse().expect("unnamed bits are a number");
    (0..64)
        .filter(|bit| number & (1 << bit) != 0)
        .map(|bit| (bit, None))
        .collect()
}

fn scalar(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// How one version's reading is held against another's.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// The version that wrote.
    pub writer: &'a Draft,
    /// The version that read.
    pub reader: &'a Draft,
    /// Whether what the reader has no place for counts as lost.
    pub loss_counts: bool,
}

impl Comparison<'_> {
    /// Whether `read` says what `written` said, as far as both versions know of it; else what differs.
    ///
    /// # Errors
    ///
    /// What was written and what was read in its place.
    pub fn agree(self, written: &Meaning, read: &Meaning) -> Result<(), String> {
        let differ = || Err(format!("written {written:?}\nread {read:?}"));
        match (written, read) {
            (Meaning::List(a), Meaning::List(b)) if a.len() == b.len() => {
                a.iter().zip(b).try_for_each(|(a, b)| self.agree(a, b))
            }
            (Meaning::Map(a), Meaning::Map(b)) if a.keys().eq(b.keys()) => a
                .values()
                .zip(b.values())
                .try_for_each(|(a, b)| self.agree(a, b)),
            (Meaning::Members(a), Meaning::Members(b)) => {
                a.iter().try_for_each(|(uid, a)| match b.get(uid) {
                    Some(b) => self.agree(a, b),
                    None if self.loss_counts => Err(format!("lost {a:?}")),
                    None => Ok(()),
                })
            }
            (Meaning::Number(a, one), Meaning::Number(b, other)) => {
                if self.same(*one, *other) && (one.is_some() && one == other || a == b) {
                    return Ok(());
                }
                differ()
            }
            (Meaning::Bits(a), Meaning::Bits(b)) => {
                let known = |bits: &BTreeMap<u32, Option<Uid>>| {
                    let mut known: Vec<Uid> = bits.values().flatten().copied().collect();
                    known.retain(|uid| self.writer.knows(*uid) && self.reader.knows(*uid));
                    known.sort_unstable();
                    known
                };
                if known(a) == known(b) && (a.len() == b.len()) {
                    Ok(())
                } else {
                    differ()
                }
            }
            (Meaning::Arm(a, one, inside), Meaning::Arm(b, other, found)) => {
                if !self.same(*one, *other) || one != other && a != b {
                    return differ();
                }
                match (one, other) {
                    (Some(_), Some(_)) => self.agree(inside, found),
                    (None, None) if inside != found => differ(),
                    _ => Ok(()),
                }
            }
            (a, b) if a == b => Ok(()),
            _ => differ(),
        }
    }

    /// Whether two parts can be one: both known and the same, or one unknown to the version that has it so.
    fn same(self, written: Option<Uid>, read: Option<Uid>) -> bool {
        match (written, read) {
            (Some(one), Some(other)) => one == other,
            (Some(one), None) => !self.reader.knows(one),
            (None, Some(other)) => !self.writer.knows(other),
            (None, None) => true,
        }
    }
}

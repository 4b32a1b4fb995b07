//! Types as canonical text: what a member's type is, without indices, so that two versions of a schema can be compared.
//!
//! `list<arena.common.Stack?>[..=16]`, `ref<arena.world#7>`. Named types go by their full name, what has a number by
//! it. [`Form::of`] makes a form of a model's type, [`Form::parse`] reads one from the lock.

use std::fmt;

use crate::model::{Bound, Int, Model, RefTarget, Shape, Type};

/// A type, its bound, and whether it is optional.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What it is.
    pub shape: FormShape,
    /// What its value or length is held to.
    pub bound: Bound,
    /// `T?`
    pub optional: bool,
}

/// What a form is, apart from bounds.
#[derive(Debug, Clone, PartialEq)]
pub enum FormShape {
    /// `bool`, `string`, `timestamp` and the other builtins that are neither integers nor made of other types.
    Plain(Plain),
    /// `u8` .. `i64`
    Int(Int),
    /// `list<T>`
    List(Box<Form>),
    /// `set<T>`
    Set(Box<Form>),
    /// `map<K, V>`
    Map(Box<Form>, Box<Form>),
    /// `ref<T>`: package, `#`, number of an entity or a component.
    Ref(String),
    /// A type of the schema, by its full name.
    Named(String),
}

/// The builtins that are neither integers nor made of other types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the builtin type of its name")]
pub enum Plain {
    Bool,
    F32,
    F64,
    String,
    Bytes,
    Timestamp,
    Duration,
    Uuid,
}

const PLAINS: [(Plain, &str); 8] = [
    (Plain::Bool, "bool"),
    (Plain::F32, "f32"),
    (Plain::F64, "f64"),
    (Plain::String, "string"),
    (Plain::Bytes, "bytes"),
    (Plain::Timestamp, "timestamp"),
    (Plain::Duration, "duration"),
    (Plain::Uuid, "uuid"),
];

impl Form {
    /// The form of a type of `model`.
    #[must_use]
    pub fn of(model: &Model, ty: &Type) -> Self {
        let inner = |ty: &Type| Box::new(Self::of(model, ty));
        let shape = match &ty.shape {
            Shape::Bool => FormShape::Plain(Plain::Bool),
            Shape::F32 => FormShape::Plain(Plain::F32),
            Shape::F64 => FormShape::Plain(Plain::F64),
            Shape::String => FormShape::Plain(Plain::String),
            Shape::Bytes => FormShape::Plain(Plain::Bytes),
            Shape::Timestamp => FormShape::Plain(Plain::Timestamp),
            Shape::Duration => FormShape::Plain(Plain::Duration),
            Shape::Uuid => FormShape::Plain(Plain::Uuid),
            Shape::Int(int) => FormShape::Int(*int),
            Shape::List(element) => FormShape::List(inner(element)),
            Shape::Set(element) => FormShape::Set(inner(element)),
            Shape::Map(key, value) => FormShape::Map(inner(key), inner(value)),
            Shape::Ref(target) => FormShape::Ref(ref_name(model, *target)),
            Shape::Named(id) => {
                let head = &model.types[id.0 as usize].head;
                FormShape::Named(super::key::full_name(model, head))
            }
        };
        let bound = match (&shape, &ty.bound) {
            (FormShape::Int(int), Bound::Int { min, max }) if int.range() == (*min, *max) => {
                Bound::None
            }
            (_, Bound::Length { min: 0, max: None }) => Bound::None,
            (_, bound) => bound.clone(),
        };
        Self {
            shape,
            bound,
            optional: ty.optional,
        }
    }

    /// The form that `text` shows, as [`Form`]'s `Display` writes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (form, rest) = parse_form(text, 0)?;
        rest.is_empty().then_some(form)
    }

    /// The form without any bound, at any depth.
    #[must_use]
    pub fn unbounded(&self) -> Self {
        let shape = self.shape.map(&mut Self::unbounded);
        Self {
            shape,
            bound: Bound::None,
            optional: self.optional,
        }
    }

    /// The form with every name of a type or a ref's target put through `rename`.
    #[must_use]
    pub fn renamed(&self, rename: &mut dyn FnMut(&str) -> String) -> Self {
        let shape = match &self.shape {
            FormShape::Named(name) => FormShape::Named(rename(name)),
            FormShape::Ref(name) => FormShape::Ref(rename(name)),
            shape => shape.map(&mut |inner| inner.renamed(rename)),
        };
        Self {
            shape,
            bound: self.bound.clone(),
            optional: self.optional,
        }
    }

    /// The form with each newtype replaced by what is in it, bounds united. `inner` gives the form within a newtype, and
    /// `None` for any other name.
    #[must_use]
    pub fn expanded(&self, inner: &dyn Fn(&str) -> Option<Self>) -> Self {
        self.expanded_at(inner, EXPANSION_MAX)
    }

    fn expanded_at(&self, inner: &dyn Fn(&str) -> Option<Self>, depth: u32) -> Self {
        let Some(depth) = depth.checked_sub(1) else {
            return self.clone();
        };
        if let FormShape::Named(name) = &self.shape
            && let Some(within) = inner(name)
        {
            let form = Self {
                bound: intersection(&within.bound, &self.bound),
                optional: self.optional || within.optional,
                shape: within.shape,
            };
            return form.expanded_at(inner, depth);
        }
        let shape = self.shape.map(&mut |part| part.expanded_at(inner, depth));
        Self {
            shape,
            bound: self.bound.clone(),
            optional: self.optional,
        }
    }
}

/// How deep newtypes are looked into: beyond it stands a newtype that holds itself through a list.
const EXPANSION_MAX: u32 = 16;

impl FormShape {
    /// The same shape around changed inner forms.
    fn map(&self, change: &mut dyn FnMut(&Form) -> Form) -> Self {
        match self {
            Self::List(element) => Self::List(Box::new(change(element))),
            Self::Set(element) => Self::Set(Box::new(change(element))),
            Self::Map(key, value) => Self::Map(Box::new(change(key)), Box::new(change(value))),
            other => other.clone(),
        }
    }
}

/// What both bounds allow; where they are of different kinds, the second.
pub(super) fn intersection(a: &Bound, b: &Bound) -> Bound {
    match (a, b) {
        (_, Bound::None) => a.clone(),
        (
            Bound::Int { min, max },
            Bound::Int {
                min: least,
                max: most,
            },
        ) => Bound::Int {
            min: *min.max(least),
            max: *max.min(most),
        },
        (
            Bound::Float { min, max },
            Bound::Float {
                min: least,
                max: most,
            },
        ) => Bound::Float {
            min: min.max(*least),
            max: max.min(*most),
        },
        (
            Bound::Length { min, max },
            Bound::Length {
                min: least,
                max: most,
            },
        ) => Bound::Length {
            min: *min.max(least),
            max: match (max, most) {
                (Some(a), Some(b)) => Some(*a.min(b)),
                (a, b) => a.or(*b),
            },
        },
        // From text alone, a use of a newtype doesn't tell a bound of its length from one of its value.
        (Bound::Length { .. }, Bound::Int { min, max }) => {
            match (u32::try_from(*min), u32::try_from(*max)) {
                (Ok(min), Ok(max)) => intersection(
                    a,
                    &Bound::Length {
                        min,
                        max: Some(max),
                    },
                ),
                _ => a.clone(),
            }
        }
        _ => b.clone(),
    }
}

fn ref_name(model: &Model, target: RefTarget) -> String {
    let (head, number) = match target {
        RefTarget::Entity(id) => {
            let entity = &model.entities[id.0 as usize];
            (&entity.head, entity.number)
        }
        RefTarget::Component(id) => {
            let component = &model.components[id.0 as usize];
            (&component.head, component.number)
        }
    };
    format!("{}#{number}", model.packages[head.package.0 as usize].name)
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shape {
            FormShape::Plain(plain) => {
                let name = PLAINS
                    .iter()
                    .find(|(known, _)| known == plain)
                    .map_or("", |(_, n)| n);
                f.write_str(name)?;
            }
            FormShape::Int(int) => f.write_str(int.name())?,
            FormShape::List(element) => write!(f, "list<{element}>")?,
            FormShape::Set(element) => write!(f, "set<{element}>")?,
            FormShape::Map(key, value) => write!(f, "map<{key}, {value}>")?,
            FormShape::Ref(name) => write!(f, "ref<{name}>")?,
            FormShape::Named(name) => f.write_str(name)?,
        }
        f.write_str(&bound_text(&self.shape, &self.bound))?;
        f.write_str(if self.optional { "?" } else { "" })
    }
}

fn bound_text(shape: &FormShape, bound: &Bound) -> String {
    let (min, max) = match bound {
        Bound::None => return String::new(),
        Bound::Int { min, max } if min == max => return format!("[{min}]"),
        Bound::Length {
            min,
            max: Some(max),
        } if min == max => return format!("[{min}]"),
        Bound::Int { min, max } => {
            let (least, most) = match shape {
                FormShape::Int(int) => int.range(),
                _ => (i128::MIN, i128::MAX),
            };
            (end_text(min, least), end_text(max, most))
        }
        Bound::Float { min, max } => (float_text(*min), float_text(*max)),
        Bound::Length { min, max } => (
            end_text(min, 0),
            max.map(|max| max.to_string()).unwrap_or_default(),
        ),
    };
    if max.is_empty() {
        format!("[{min}..]")
    } else {
        format!("[{min}..={max}]")
    }
}

fn end_text<T: PartialEq + fmt::Display>(end: &T, open: T) -> String {
    if *end == open {
        String::new()
    } else {
        end.to_string()
    }
}

fn float_text(end: f64) -> String {
    if end.is_infinite() {
        String::new()
    } else {
        format!("{end:?}")
    }
}

/// Deeper than any form that a schema can hold; text beyond it is no form.
const DEPTH_MAX: u32 = 64;

fn parse_form(text: &str, depth: u32) -> Option<(Form, &str)> {
    if depth > DEPTH_MAX {
        return None;
    }
    let (name, rest) = split_while(text, |c| c.is_ascii_alphanumeric() || "_.#:".contains(c));
    let (shape, rest) = match (name, rest.strip_prefix('<')) {
        ("list", Some(rest)) => {
            let (element, rest) = parse_form(rest, depth + 1)?;
            (FormShape::List(Box::new(element)), rest.strip_prefix('>')?)
        }
        ("set", Some(rest)) => {
            let (element, rest) = parse_form(rest, depth + 1)?;
            (FormShape::Set(Box::new(element)), rest.strip_prefix('>')?)
        }
        ("map", Some(rest)) => {
            let (key, rest) = parse_form(rest, depth + 1)?;
            let (value, rest) = parse_form(rest.strip_prefix(", ")?, depth + 1)?;
            (
                FormShape::Map(Box::new(key), Box::new(value)),
                rest.strip_prefix('>')?,
            )
        }
        ("ref", Some(rest)) => {
            let (target, rest) = rest.split_once('>')?;
            (FormShape::Ref(target.to_owned()), rest)
        }
        ("", _) | (_, Some(_)) => return None,
        (name, None) => (named_shape(name), rest),
    };
    let (bound, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (inside, rest) = rest.split_once(']')?;
            (parse_bound(&shape, inside)?, rest)
        }
        None => (Bound::None, rest),
    };
    let optional = rest.starts_with('?');
    let rest = rest.strip_prefix('?').unwrap_or(rest);
    Some((
        Form {
            shape,
            bound,
            optional,
        },
        rest,
    ))
}

fn named_shape(name: &str) -> FormShape {
    if let Some((plain, _)) = PLAINS.iter().find(|(_, known)| *known == name) {
        return FormShape::Plain(*plain);
    }
    Int::named(name).map_or_else(|| FormShape::Named(name.to_owned()), FormShape::Int)
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn parse_bound(shape: &FormShape, text: &str) -> Option<Bound> {
    let (min, max) = match text.split_once("..") {
        Some((min, max)) => (
            min,
            if max.is_empty() {
                ""
            } else {
                max.strip_prefix('=')?
            },
        ),
        None => (text, text),
    };
    let end = |text: &str, open| {
        if text.is_empty() {
            Some(open)
        } else {
            text.parse().ok()
        }
    };
    // What a newtype is made of is not known from its name: a point tells floats, an open end lengths.
    match shape {
        FormShape::Int(int) => {
            let (least, most) = int.range();
            Some(Bound::Int {
                min: end(min, least)?,
                max: end(max, most)?,
            })
        }
        _ if is_float(min) || is_float(max) => {
            let end = |text: &str, open| {
                if text.is_empty() {
                    Some(open)
                } else {
                    text.parse().ok()
                }
            };
            Some(Bound::Float {
                min: end(min, f64::NEG_INFINITY)?,
                max: end(max, f64::INFINITY)?,
            })
        }
        FormShape::Named(_) if !min.is_empty() && !max.is_empty() => Some(Bound::Int {
            min: min.parse().ok()?,
            max: max.parse().ok()?,
        }),
        _ => {
            let min = if min.is_empty() { 0 } else { min.parse().ok()? };
            let max = if max.is_empty() {
                None
            } else {
                Some(max.parse().ok()?)
            };
            Some(Bound::Length { min, max })
        }
    }
}

fn is_float(text: &str) -> bool {
    text.contains(['.', 'e'])
}

//! Canonical wire bytes to the named form.

use playhouse_wire::{Decode, EntityRef, Error, KeyPart, Limits, Reader, Result, Uuid};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::super::{Arm, Body, Kind, Member, Shape, Type, Use};
use super::recode::is_default;
use super::{Form, base64, inside};

/// Wide enough for what a canonical value holds; its bounds were looked at when it was made.
const LIMITS: Limits = Limits {
    memory_factor: usize::MAX,
    depth: 1024,
    ..Limits::DEFAULT
};

/// A canonical value that serialises in the named form.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    form: Form,
    bytes: &'a [u8],
}

impl<'a> Shown<'a> {
    pub(super) const fn new(form: Form, bytes: &'a [u8]) -> Self {
        Self { form, bytes }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let r = Reader::new(self.bytes, &LIMITS);
        match self.form {
            Form::Type(ty) => declared(ty, r, serializer),
            Form::Use(ty) => used(ty, r, serializer),
            Form::Members(members) => structure(members, r, serializer),
        }
    }
}

/// Reading canonical bytes fails only if they are none; the serializer is told why.
fn read<T, E: serde::ser::Error>(result: Result<T, Error>) -> Result<T, E> {
    result.map_err(E::custom)
}

fn used<S: Serializer>(
    ty: &'static Use,
    mut r: Reader<'_>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if ty.optional && r.at_nil() {
        return serializer.serialize_none();
    }
    match ty.shape {
        Shape::Bool => serializer.serialize_bool(read(r.bool())?),
        Shape::Int(int) => integer(read(r.integer("an integer"))?, int.is_wide(), serializer),
        Shape::Timestamp | Shape::Duration => {
            integer(read(r.integer("an integer"))?, true, serializer)
        }
        Shape::F32 => match read(r.f32())? {
            value if value.is_finite() => serializer.serialize_f32(value),
            value => special(value.into(), serializer),
        },
        Shape::F64 => match read(r.f64())? {
            value if value.is_finite() => serializer.serialize_f64(value),
            value => special(value, serializer),
        },
        Shape::String => serializer.serialize_str(read(r.str())?),
        Shape::Bytes => bytes(read(r.bin())?, serializer),
        Shape::Uuid => serializer.collect_str(&read(Uuid::decode(&mut r))?),
        Shape::List(element) | Shape::Set(element) => {
            let count = read(r.enter_array())?;
            let mut list = serializer.serialize_seq(Some(count))?;
            for _ in 0..count {
                list.serialize_element(&Shown::new(Form::Use(element), read(r.raw(usize::MAX))?))?;
            }
            list.end()
        }
        Shape::Map(key, value) => {
            let count = read(r.enter_map())?;
            let mut map = serializer.serialize_map(Some(count))?;
            for _ in 0..count {
                let name = key_name(key, read(r.raw(usize::MAX))?).map_err(S::Error::custom)?;
                map.serialize_entry(
                    &name,
                    &Shown::new(Form::Use(value), read(r.raw(usize::MAX))?),
                )?;
            }
            map.end()
        }
        Shape::Ref(_) => reference(&read(EntityRef::decode(&mut r))?, serializer),
        Shape::Named(named) => declared(named, r, serializer),
    }
}

fn declared<S: Serializer>(
    ty: &'static Type,
    mut r: Reader<'_>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match &ty.kind {
        Kind::Struct(members) => structure(members, r, serializer),
        Kind::Newtype { inner, .. } => used(inner, r, serializer),
        Kind::Enum { values, repr, .. } => {
            let number = read(r.integer("an enum's number"))?;
            match values
                .iter()
                .find(|value| i128::from(value.number) == number)
            {
                Some(value) => serializer.serialize_str(value.name),
                None => integer(number, repr.is_wide(), serializer),
            }
        }
        Kind::Flags { flags, repr } => {
            let mut rest = read(r.u64())?;
            let mut names = Vec::new();
            for flag in flags.iter().filter(|flag| !flag.combined) {
                if rest & flag.bits != 0 {
                    names.push(flag.name);
                    rest &= !flag.bits;
                }
            }
            let length = names.len() + usize::from(rest != 0);
            let mut list = serializer.serialize_seq(Some(length))?;
            for name in names {
                list.serialize_element(name)?;
            }
            if rest != 0 {
                list.serialize_element(&Integer {
                    value: rest.into(),
                    wide: repr.is_wide(),
                })?;
            }
            list.end()
        }
        Kind::Union { arms, .. } | Kind::Error(arms) => arm(arms, r, serializer),
    }
}

/// A map of the members that differ from their defaults.
fn structure<S: Serializer>(
    members: &'static [Member],
    mut r: Reader<'_>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let count = read(r.enter_array())?;
    let mut shown = Vec::with_capacity(count.min(members.len()));
    let mut members = members.iter().peekable();
    for position in 1..=count {
        let bytes = read(r.raw(usize::MAX))?;
        if let Some(member) = members.next_if(|member| usize::from(member.tag) == position)
            && !is_default(member, bytes)
        {
            shown.push((member.name, Shown::new(Form::Use(&member.ty), bytes)));
        }
    }
    let mut map = serializer.serialize_map(Some(shown.len()))?;
    for (name, value) in &shown {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// A map of one entry, arm name to body.
fn arm<S: Serializer>(
    arms: &'static [Arm],
    mut r: Reader<'_>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let count = read(r.enter_array())?;
    let tag = read(r.u8())?;
    let body = if count > 1 {
        Some(read(r.raw(usize::MAX))?)
    } else {
        None
    };
    let mut map = serializer.serialize_map(Some(1))?;
    match (arms.iter().find(|arm| arm.tag == tag), body) {
        (
            Some(Arm {
                name,
                body: Body::Value(ty),
                ..
            }),
            Some(body),
        ) => {
            map.serialize_entry(name, &Shown::new(Form::Use(ty), body))?;
        }
        (
            Some(Arm {
                name,
                body: Body::Members(members),
                ..
            }),
            Some(body),
        ) => {
            map.serialize_entry(name, &Shown::new(Form::Members(members), body))?;
        }
        (Some(arm), _) => map.serialize_entry(arm.name, &())?,
        (None, Some(body)) => map.serialize_entry(&format!("#{tag}"), &Blob(body))?,
        (None, None) => map.serialize_entry(&format!("#{tag}"), &())?,
    }
    map.end()
}

/// Package, number, slot, then the key: a string as it is, an integer as `{int: n}`, a uuid as `{uuid: s}`.
fn reference<S: Serializer>(reference: &EntityRef, serializer: S) -> Result<S::Ok, S::Error> {
    let parts = reference.key.parts();
    let mut list = serializer.serialize_seq(Some(3 + parts.len()))?;
    list.serialize_element(&reference.package)?;
    list.serialize_element(&reference.number)?;
    list.serialize_element(&reference.slot)?;
    for part in parts {
        list.serialize_element(&Part(part))?;
    }
    list.end()
}

struct Part<'a>(&'a KeyPart);

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, value) = match self.0 {
            KeyPart::Text(text) => return serializer.serialize_str(text),
            KeyPart::Uuid(uuid) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("uuid", &uuid.to_string())?;
                return map.end();
            }
            KeyPart::Unsigned(value) => ("int", i128::from(*value)),
            KeyPart::Negative(value) => ("int", i128::from(*value)),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(name, &Integer { value, wide: true })?;
        map.end()
    }
}

/// An integer; a wide one is a string where people read, and where the format's signed 64 bits can't hold it.
struct Integer {
    value: i128,
    wide: bool,
}

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        integer(self.value, self.wide, serializer)
    }
}

fn integer<S: Serializer>(value: i128, wide: bool, serializer: S) -> Result<S::Ok, S::Error> {
    if wide && serializer.is_human_readable() {
        return serializer.collect_str(&value);
    }
    match (u32::try_from(value), i64::try_from(value)) {
        (Ok(value), _) => serializer.serialize_u32(value),
        (_, Ok(value)) => serializer.serialize_i64(value),
        _ => serializer.collect_str(&value),
    }
}

/// `NaN`, `Infinity`, `-Infinity`, where the format may have no number for them.
fn special<S: Serializer>(value: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return serializer.serialize_f64(value);
    }
    serializer.serialize_str(match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    })
}

struct Blob<'a>(&'a [u8]);

impl Serialize for Blob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        bytes(self.0, serializer)
    }
}

fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.serialize_str(&base64::encode(bytes))
    } else {
        serializer.serialize_bytes(bytes)
    }
}

/// A key of a map as a string.
fn key_name(ty: &'static Use, bytes: &[u8]) -> Result<String> {
    let mut r = Reader::new(bytes, &LIMITS);
    Ok(match inside(ty).shape {
        Shape::Bool => r.bool()?.to_string(),
        Shape::String => r.str()?.to_owned(),
        Shape::Uuid => Uuid::decode(&mut r)?.to_string(),
        Shape::Named(Type {
            kind: Kind::Enum { values, .. },
            ..
        }) => {
            let number = r.integer("an enum's number")?;
            let value = values
                .iter()
                .find(|value| i128::from(value.number) == number);
            value.map_or_else(|| number.to_string(), |value| value.name.to_owned())
        }
        _ => r.integer("an integer")?.to_string(),
    })
}

//! The named form to wire bytes. What comes out is held to bounds and brought into canonical order afterwards.
//!
//! Long because it is one visitor: what serde may hand over, against what the description asks for, is one table of cases.

use std::fmt;

use playhouse_wire::{Uuid, Writer};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::{Arm, Body, Kind, Member, Shape, Type, Use};
use super::{Form, base64, inside};

/// Reads one value of a form into wire bytes.
#[derive(Clone, Copy)]
pub(super) struct Seed {
    form: Form,
}

impl Seed {
    pub(super) const fn new(form: Form) -> Self {
        Self { form }
    }

    pub(super) const fn used(ty: &'static Use) -> Self {
        Self {
            form: Form::Use(ty),
        }
    }

    /// The visitor, where something else has asked the format already.
    pub(super) fn reading(self) -> Reading {
        Reading(self.plan())
    }

    /// What stands there, newtypes taken off.
    fn plan(self) -> Plan {
        match self.form {
            Form::Members(members) => Plan::Members(members),
            Form::Type(ty) => Plan::of_type(ty),
            Form::Use(ty) => match inside(ty).shape {
                Shape::Named(ty) => Plan::of_type(ty),
                shape => Plan::Shape(shape),
            },
        }
    }
}

/// The kinds of values that are read apart.
#[derive(Clone, Copy)]
enum Plan {
    Members(&'static [Member]),
    Arms(&'static [Arm]),
    Type(&'static Type),
    Shape(Shape),
}

impl Plan {
    fn of_type(ty: &'static Type) -> Self {
        match &ty.kind {
            Kind::Struct(members) => Self::Members(members),
            Kind::Union { arms, .. } | Kind::Error(arms) => Self::Arms(arms),
            Kind::Enum { .. } | Kind::Flags { .. } => Self::Type(ty),
            Kind::Newtype { inner, .. } => Seed::used(inner).plan(),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(Reading(self.plan()))
    }
}

pub(super) struct Reading(Plan);

impl<'de> Visitor<'de> for Reading {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Plan::Members(_) => "a map of members",
            Plan::Arms(_) => "a map of one entry, the arm and its body",
            Plan::Type(Type {
                kind: Kind::Flags { .. },
                ..
            }) => "a list of flags",
            Plan::Type(_) => "the name of a value",
            Plan::Shape(shape) => match shape {
                Shape::Bool => "a bool",
                Shape::Int(int) => int.name(),
                Shape::F32 | Shape::F64 => "a float",
                Shape::String => "a string",
                Shape::Bytes => "bytes in base64",
                Shape::Timestamp => "a timestamp, in microseconds since 1970",
                Shape::Duration => "a duration, in microseconds",
                Shape::Uuid => "a uuid",
                Shape::List(_) | Shape::Set(_) => "a list",
                Shape::Map(..) => "a map",
                Shape::Ref(_) => "a reference: package, number, slot and the parts of the key",
                Shape::Named(_) => "a value",
            },
        })
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<u8>, E> {
        Ok(written(Writer::nil))
    }

    fn visit_none<E: Error>(self) -> Result<Vec<u8>, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Vec<u8>, E> {
        match self.0 {
            Plan::Shape(Shape::Bool) => Ok(written(|w| w.bool(value))),
            _ => Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Vec<u8>, E> {
        if self.takes_integers() {
            Ok(written(|w| w.signed(value)))
        } else {
            Err(E::invalid_type(serde::de::Unexpected::Signed(value), &self))
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Vec<u8>, E> {
        if self.takes_integers() {
            Ok(written(|w| w.unsigned(value)))
        } else {
            Err(E::invalid_type(
                serde::de::Unexpected::Unsigned(value),
                &self,
            ))
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Vec<u8>, E> {
        match self.0 {
            Plan::Shape(Shape::F32) => {
                #[expect(clippy::cast_possible_truncation, reason = "as JSON wrote an f32 out")]
                let narrow = value as f32;
                Ok(written(|w| w.f32(narrow)))
            }
            Plan::Shape(Shape::F64) => Ok(written(|w| w.f64(value))),
            // Formats whose only number is a float write integers so.
            _ if self.takes_integers() && value.fract() == 0.0 && value.abs() <= EXACT_MAX => {
                #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
                let whole = value as i64;
                Ok(written(|w| w.signed(whole)))
            }
            _ => Err(E::invalid_type(serde::de::Unexpected::Float(value), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        self.text(text)
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        match self.0 {
            Plan::Shape(Shape::Bytes | Shape::Uuid) => Ok(written(|w| w.bin(bytes))),
            _ => Err(E::invalid_type(serde::de::Unexpected::Bytes(bytes), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Vec<u8>, A::Error> {
        match self.0 {
            Plan::Shape(Shape::List(element) | Shape::Set(element)) => list(element, seq),
            Plan::Shape(Shape::Ref(_)) => reference(seq),
            Plan::Type(Type {
                kind: Kind::Flags { flags, .. },
                ..
            }) => {
                let mut seq = seq;
                let mut bits = 0_u64;
                while let Some(flag) = seq.next_element_seed(Scalar)? {
                    bits |= match flag {
                        Bit::Number(bits) => bits,
                        Bit::Name(name) => flags
                            .iter()
                            .find(|flag| is_named(&name, flag.name, flag.attributes.was))
                            .map(|flag| flag.bits)
                            .ok_or_else(|| A::Error::custom(format!("unknown flag `{name}`")))?,
                    };
                }
                Ok(written(|w| w.unsigned(bits)))
            }
            _ => Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<u8>, A::Error> {
        match self.0 {
            Plan::Members(members) => structure(members, map),
            Plan::Arms(arms) => arm(arms, map),
            Plan::Shape(Shape::Map(key, value)) => entries(key, value, map),
            _ => Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self)),
        }
    }
}

/// Up to here each whole float is one integer.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Reading {
    fn takes_integers(&self) -> bool {
        match self.0 {
            Plan::Type(ty) => matches!(ty.kind, Kind::Enum { .. }),
            Plan::Shape(shape) => matches!(
                shape,
                Shape::Int(_) | Shape::Timestamp | Shape::Duration | Shape::F32 | Shape::F64
            ),
            Plan::Members(_) | Plan::Arms(_) => false,
        }
    }

    /// The value that `text` stands for: as a value, and as a key of a map.
    fn text(&self, text: &str) -> Option<Vec<u8>> {
        let number = |text: &str| {
            text.parse::<u64>()
                .map(|value| written(|w| w.unsigned(value)))
                .ok()
                .or_else(|| {
                    text.parse::<i64>()
                        .map(|value| written(|w| w.signed(value)))
                        .ok()
                })
        };
        match self.0 {
            Plan::Shape(Shape::String) => Some(written(|w| w.str(text))),
            Plan::Shape(Shape::Bytes) => {
                base64::decode(text).map(|bytes| written(|w| w.bin(&bytes)))
            }
            Plan::Shape(Shape::Uuid) => text
                .parse::<Uuid>()
                .ok()
                .map(|uuid| written(|w| w.put(&uuid))),
            Plan::Shape(Shape::Int(_) | Shape::Timestamp | Shape::Duration) => number(text),
            Plan::Shape(Shape::F32) => special(text).map(|value| {
                #[expect(clippy::cast_possible_truncation, reason = "neither is finite")]
                let narrow = value as f32;
                written(|w| w.f32(narrow))
            }),
            Plan::Shape(Shape::F64) => special(text).map(|value| written(|w| w.f64(value))),
            Plan::Type(Type {
                kind: Kind::Enum { values, .. },
                ..
            }) => values
                .iter()
                .find(|value| is_named(text, value.name, value.attributes.was))
                .map(|value| written(|w| w.signed(value.number)))
                .or_else(|| number(text)),
            _ => None,
        }
    }

    fn key(&self, text: &str) -> Option<Vec<u8>> {
        match (self.0, text) {
            (Plan::Shape(Shape::Bool), "true") => Some(written(|w| w.bool(true))),
            (Plan::Shape(Shape::Bool), "false") => Some(written(|w| w.bool(false))),
            _ => self.text(text),
        }
    }
}

fn special(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// Whether `text` is the name, or was it once.
fn is_named(text: &str, name: &str, was: &[&str]) -> bool {
    text == name || was.contains(&text)
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_bytes()
}

fn list<'de, A: SeqAccess<'de>>(element: &'static Use, mut seq: A) -> Result<Vec<u8>, A::Error> {
    let mut elements = Writer::new();
    let mut count = 0;
    while let Some(bytes) = seq.next_element_seed(Seed::used(element))? {
        elements.raw(&bytes);
        count += 1;
    }
    Ok(written(|w| {
        w.array(count);
        w.raw(elements.as_bytes());
    }))
}

fn entries<'de, A: MapAccess<'de>>(
    key: &'static Use,
    value: &'static Use,
    mut map: A,
) -> Result<Vec<u8>, A::Error> {
    let mut entries = Writer::new();
    let mut count = 0;
    while let Some(text) = map.next_key::<String>()? {
        let reading = Reading(Seed::used(key).plan());
        let bytes = reading
            .key(&text)
            .ok_or_else(|| A::Error::invalid_value(serde::de::Unexpected::Str(&text), &reading))?;
        entries.raw(&bytes);
        entries.raw(&map.next_value_seed(Seed::used(value))?);
        count += 1;
    }
    Ok(written(|w| {
        w.map(count);
        w.raw(entries.as_bytes());
    }))
}

/// Members by name, in any order; unknown names are passed over.
fn structure<'de, A: MapAccess<'de>>(
    members: &'static [Member],
    mut map: A,
) -> Result<Vec<u8>, A::Error> {
    let mut values: Vec<Option<Vec<u8>>> = vec![None; members.len()];
    while let Some(name) = map.next_key::<String>()? {
        let found = members
            .iter()
            .zip(&mut values)
            .find(|(member, _)| is_named(&name, member.name, member.attributes.was));
        let Some((member, value)) = found else {
            map.next_value::<IgnoredAny>()?;
            continue;
        };
        if value.is_some() {
            return Err(A::Error::duplicate_field(member.name));
        }
        *value = Some(map.next_value_seed(Seed::used(&member.ty))?);
    }
    let slots = members.last().map_or(0, |member| usize::from(member.tag));
    Ok(written(|w| {
        w.array(slots);
        let mut members = members.iter().zip(&values).peekable();
        for position in 1..=slots {
            match members.next_if(|(member, _)| usize::from(member.tag) == position) {
                Some((_, Some(value))) => w.raw(value),
                _ => w.nil(),
            }
        }
    }))
}

/// One entry: the arm's name, or `#tag`, and its body.
fn arm<'de, A: MapAccess<'de>>(arms: &'static [Arm], mut map: A) -> Result<Vec<u8>, A::Error> {
    let Some(name) = map.next_key::<String>()? else {
        return Err(A::Error::custom("expected one entry, the arm and its body"));
    };
    let known = arms
        .iter()
        .find(|arm| is_named(&name, arm.name, arm.attributes.was));
    let unknown = name
        .strip_prefix('#')
        .and_then(|tag| tag.parse::<u8>().ok());
    let bytes = match (known, unknown) {
        (
            Some(Arm {
                tag,
                body: Body::Value(ty),
                ..
            }),
            _,
        ) => {
            let body = map.next_value_seed(Seed::used(ty))?;
            written(|w| {
                w.arm(*tag);
                w.raw(&body);
            })
        }
        (
            Some(Arm {
                tag,
                body: Body::Members(members),
                ..
            }),
            _,
        ) => {
            let body = map.next_value_seed(Seed::new(Form::Members(members)))?;
            written(|w| {
                w.arm(*tag);
                w.raw(&body);
            })
        }
        (
            Some(Arm {
                tag,
                body: Body::Nothing,
                ..
            }),
            _,
        ) => {
            map.next_value::<IgnoredAny>()?;
            written(|w| w.bare_arm(*tag))
        }
        (None, Some(tag)) => {
            let body = map.next_value_seed(Seed::used(&OPTIONAL_BYTES))?;
            let body = match body.as_slice() {
                [0xc0] => None,
                bin => {
                    let mut r = playhouse_wire::Reader::new(bin, &playhouse_wire::Limits::DEFAULT);
                    Some(r.bin().map_err(A::Error::custom)?.to_vec())
                }
            };
            written(|w| {
                w.array(1 + usize::from(body.is_some()));
                w.unsigned(tag.into());
                w.raw(body.as_deref().unwrap_or_default());
            })
        }
        (None, None) => return Err(A::Error::custom(format!("unknown arm `{name}`"))),
    };
    if map.next_key::<IgnoredAny>()?.is_some() {
        return Err(A::Error::custom("expected one entry, the arm and its body"));
    }
    Ok(bytes)
}

static OPTIONAL_BYTES: Use = Use::BYTES.optional();
static TEXT: Use = Use::STRING;
static NUMBER: Use = Use::I64;
static UUID: Use = Use::UUID;

/// Package, number, slot, then the parts of the key.
fn reference<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Vec<u8>, A::Error> {
    let mut elements = Writer::new();
    let mut count = 0;
    while count < 3 {
        let Some(bytes) = seq.next_element_seed(Seed::used(&NUMBER))? else {
            break;
        };
        elements.raw(&bytes);
        count += 1;
    }
    while let Some(bytes) = seq.next_element_seed(Part)? {
        elements.raw(&bytes);
        count += 1;
    }
    Ok(written(|w| {
        w.array(count);
        w.raw(elements.as_bytes());
    }))
}

/// A part of a key: a string, `{int: n}` or `{uuid: s}`.
struct Part;

impl<'de> DeserializeSeed<'de> for Part {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a key: a string, `{int: n}` or `{uuid: s}`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        Reading(Seed::used(&TEXT).plan()).visit_str(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<u8>, A::Error> {
        let ty = match map.next_key::<String>()?.as_deref() {
            Some("int") => &NUMBER,
            Some("uuid") => &UUID,
            _ => return Err(A::Error::custom("expected `{int: n}` or `{uuid: s}`")),
        };
        let bytes = map.next_value_seed(Seed::used(ty))?;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(bytes)
    }
}

/// A flag by name, or bits without one.
enum Bit {
    Name(String),
    Number(u64),
}

struct Scalar;

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Bit;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bit, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Scalar {
    type Value = Bit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a flag, or a number of bits")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Bit, E> {
        Ok(text
            .parse()
            .map_or_else(|_| Bit::Name(text.to_owned()), Bit::Number))
    }

    fn visit_u64<E: Error>(self, bits: u64) -> Result<Bit, E> {
        Ok(Bit::Number(bits))
    }

    fn visit_i64<E: Error>(self, bits: i64) -> Result<Bit, E> {
        u64::try_from(bits).map(Bit::Number).map_err(E::custom)
    }
}

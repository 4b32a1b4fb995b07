//! Wire bytes to canonical wire bytes, held to the description: the reader of types that aren't compiled in.

use std::collections::BTreeMap;

use playhouse_wire::{Decode, EntityRef, Error, Limits, Problem, Reader, Result, Uuid, Writer};

use super::super::{Arm, Body, Bound, Int, Kind, Member, Shape, Target, Type, Use, Value};
use super::{Form, inside};

/// Memory that one entry of a map or set takes while it is sorted, besides its bytes.
const ENTRY_BYTES: usize = 128;

/// The canonical form of `bytes`.
pub(super) fn recode(form: Form, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let mut r = Reader::new(bytes, limits);
    let mut w = Writer::with_capacity(bytes.len());
    match form {
        Form::Type(ty) => declared(ty, &mut r, &mut w)?,
        Form::Use(ty) => used(ty, &mut r, &mut w)?,
        Form::Members(members) => structure(members, &mut r, &mut w)?,
    }
    r.end()?;
    Ok(w.into_bytes())
}

fn used(ty: &'static Use, r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    if ty.optional && r.take_nil() {
        w.nil();
        return Ok(());
    }
    let (read_from, written_from) = (r.offset(), w.len());
    match ty.shape {
        Shape::Bool => w.bool(r.bool()?),
        Shape::Int(int) => integer(int, r, w)?,
        Shape::F32 => w.f32(r.f32()?),
        Shape::F64 => w.f64(r.f64()?),
        Shape::String => w.str(r.str()?),
        Shape::Bytes => w.bin(r.bin()?),
        Shape::Timestamp | Shape::Duration => w.signed(r.i64()?),
        Shape::Uuid => w.put(&Uuid::decode(r)?),
        Shape::List(element) => list(element, ty.bound, r, w)?,
        Shape::Set(element) => set(element, ty.bound, r, w)?,
        Shape::Map(key, value) => map(key, value, ty.bound, r, w)?,
        Shape::Ref(target) => reference(target, r, w)?,
        Shape::Named(named) => declared(named, r, w)?,
    }
    let written = w.as_bytes().get(written_from..).unwrap_or_default();
    check_bound(ty, written).map_err(|problem| Error::at(problem, read_from))
}

fn declared(ty: &'static Type, r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    let start = r.offset();
    match &ty.kind {
        Kind::Struct(members) => structure(members, r, w),
        Kind::Newtype { inner, .. } => used(inner, r, w),
        Kind::Flags { repr, .. } => integer(*repr, r, w),
        Kind::Enum {
            repr,
            closed,
            values,
        } => {
            let mut peek = r.clone();
            integer(*repr, r, w)?;
            let number = peek.integer("an enum's number")?;
            if *closed
                && !values
                    .iter()
                    .any(|value| i128::from(value.number) == number)
            {
                return Err(Error::at(Problem::UnknownValue(number), start));
            }
            Ok(())
        }
        Kind::Union { closed, arms } => arm(arms, *closed, r, w),
        Kind::Error(arms) => arm(arms, false, r, w),
    }
}

fn integer(int: Int, r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    match int {
        Int::U8 => w.put(&r.u8()?),
        Int::U16 => w.put(&r.u16()?),
        Int::U32 => w.put(&r.u32()?),
        Int::U64 => w.put(&r.u64()?),
        Int::I8 => w.put(&r.i8()?),
        Int::I16 => w.put(&r.i16()?),
        Int::I32 => w.put(&r.i32()?),
        Int::I64 => w.put(&r.i64()?),
    }
    Ok(())
}

/// Holds the number of elements to a bound, before any of them is read.
fn check_count(count: usize, bound: Bound, start: usize) -> Result<()> {
    match bound {
        Bound::Length(min, max) if count < min as usize || count > max as usize => {
            let problem = Problem::Length {
                length: count,
                unit: "elements",
                min,
                max,
            };
            Err(Error::at(problem, start))
        }
        _ => Ok(()),
    }
}

fn list(element: &'static Use, bound: Bound, r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    let start = r.offset();
    let count = r.enter_array()?;
    check_count(count, bound, start)?;
    w.array(count);
    for index in 0..count {
        used(element, r, w).map_err(|error| error.index(index))?;
    }
    r.leave();
    Ok(())
}

fn set(element: &'static Use, bound: Bound, r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    let start = r.offset();
    let count = r.enter_array()?;
    check_count(count, bound, start)?;
    r.charge(count.saturating_mul(ENTRY_BYTES))?;
    let mut elements = BTreeMap::new();
    for index in 0..count {
        let start = r.offset();
        let mut bytes = Writer::new();
        used(element, r, &mut bytes).map_err(|error| error.index(index))?;
        if elements.insert(Key::of(bytes.as_bytes()), bytes).is_some() {
            return Err(Error::at(Problem::Duplicate, start).index(index));
        }
    }
    r.leave();
    w.array(elements.len());
    for bytes in elements.values() {
        w.raw(bytes.as_bytes());
    }
    Ok(())
}

fn map(
    key: &'static Use,
    value: &'static Use,
    bound: Bound,
    r: &mut Reader<'_>,
    w: &mut Writer,
) -> Result<()> {
    let start = r.offset();
    let count = r.enter_map()?;
    check_count(count, bound, start)?;
    r.charge(count.saturating_mul(ENTRY_BYTES))?;
    let mut entries = BTreeMap::new();
    for index in 0..count {
        let start = r.offset();
        let mut bytes = Writer::new();
        used(key, r, &mut bytes).map_err(|error| error.index(index))?;
        let place = Key::of(bytes.as_bytes());
        if entries.contains_key(&place) {
            return Err(Error::at(Problem::Duplicate, start).key(&place));
        }
        used(value, r, &mut bytes).map_err(|error| error.key(&place))?;
        entries.insert(place, bytes);
    }
    r.leave();
    w.map(entries.len());
    for bytes in entries.values() {
        w.raw(bytes.as_bytes());
    }
    Ok(())
}

/// The order of keys: numbers by value, strings and uuids by their bytes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i128),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

impl Key {
    /// The key with these canonical bytes.
    fn of(bytes: &[u8]) -> Self {
        let mut r = Reader::new(bytes, &Limits::DEFAULT);
        if let Ok(text) = r.str() {
            return Self::Text(text.into());
        }
        if let Ok(bytes) = r.bin() {
            return Self::Bytes(bytes.into());
        }
        match r.bool() {
            Ok(value) => Self::Number(value.into()),
            Err(_) => Self::Number(r.integer("a key").unwrap_or(i128::MAX)),
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Bytes(bytes) => bytes.fmt(f),
        }
    }
}

fn reference(target: Target, r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    let start = r.offset();
    let reference = EntityRef::decode(r)?;
    let why = match target {
        Target::Entity(entity)
            if (entity.package, entity.number) != (reference.package, reference.number) =>
        {
            "it points at another type of entity"
        }
        Target::Entity(_) if reference.slot != 0 => "it points at a component, not at the entity",
        Target::Component(_) if reference.slot == 0 => "it points at an entity, not at a component",
        _ => {
            w.put(&reference);
            return Ok(());
        }
    };
    Err(Error::at(Problem::Reference(why), start))
}

/// Members by tag: absent ones get their default, trailing defaults are left off.
fn structure(members: &'static [Member], r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    let count = r.enter_array()?;
    let mut slots = Writer::new();
    let (mut written, mut length) = (0, 0);
    let mut members = members.iter().peekable();
    let mut position = 0;
    while position < count || members.peek().is_some() {
        position += 1;
        let Some(member) = members.next_if(|member| usize::from(member.tag) == position) else {
            if position <= count {
                r.skip()?;
            }
            slots.nil();
            continue;
        };
        let before = slots.len();
        if position > count || r.take_nil() {
            let Some(default) = member.default else {
                return Err(r.error(Problem::Missing).member(member.name));
            };
            write_default(&member.ty, &default, &mut slots);
            r.charge(slots.len() - before)
                .map_err(|error| error.member(member.name))?;
        } else {
            used(&member.ty, r, &mut slots).map_err(|error| error.member(member.name))?;
        }
        if !is_default(member, slots.as_bytes().get(before..).unwrap_or_default()) {
            (written, length) = (position, slots.len());
        }
    }
    r.leave();
    w.array(written);
    w.raw(slots.as_bytes().get(..length).unwrap_or_default());
    Ok(())
}

fn arm(arms: &'static [Arm], closed: bool, r: &mut Reader<'_>, w: &mut Writer) -> Result<()> {
    let mut reading = r.arm()?;
    let tag = reading.tag();
    let Some(arm) = arms.iter().find(|arm| arm.tag == tag) else {
        if closed {
            return Err(reading.refused());
        }
        w.put(&reading.unknown()?);
        return reading.end();
    };
    match &arm.body {
        Body::Nothing => w.bare_arm(tag),
        Body::Value(ty) => {
            w.arm(tag);
            reading.body_with(arm.name, |r| used(ty, r, w))?;
        }
        Body::Members(members) => {
            w.arm(tag);
            reading.body_with(arm.name, |r| structure(members, r, w))?;
        }
    }
    reading.end()
}

/// Whether the canonical `bytes` are the default of `member`.
pub(crate) fn is_default(member: &'static Member, bytes: &[u8]) -> bool {
    member.default.is_some_and(|default| {
        let mut canonical = Writer::new();
        write_default(&member.ty, &default, &mut canonical);
        canonical.as_bytes() == bytes
    })
}

/// Writes a default: a value whose type is known from where it stands.
fn write_default(ty: &'static Use, default: &Value, w: &mut Writer) {
    let shape = inside(ty).shape;
    match (default, shape) {
        (Value::None, _) => w.nil(),
        (Value::Bool(value), _) => w.bool(*value),
        (Value::Int(value), Shape::F32 | Shape::F64) => float(shape, *value as f64, w),
        (Value::Int(value), _) => match u64::try_from(*value) {
            Ok(value) => w.unsigned(value),
            Err(_) => w.signed(i64::try_from(*value).unwrap_or(i64::MIN)),
        },
        (Value::Float(value), _) => float(shape, *value, w),
        (Value::String(text), _) => w.str(text),
        (Value::Flags(bits), _) => w.unsigned(*bits),
        (Value::Empty, Shape::String) => w.str(""),
        (Value::Empty, Shape::Bytes) => w.bin(&[]),
        (Value::Empty, Shape::Map(..)) => w.map(0),
        (Value::Repeat(count, element), Shape::List(inner)) => {
            w.array(*count as usize);
            for _ in 0..*count {
                write_default(inner, element, w);
            }
        }
        (Value::Empty | Value::Struct | Value::Repeat(..), _) => w.array(0),
    }
}

fn float(shape: Shape, value: f64, w: &mut Writer) {
    if matches!(shape, Shape::F32) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a default of an f32 is one"
        )]
        w.f32(value as f32);
    } else {
        w.f64(value);
    }
}

/// Holds canonical bytes to the bound of a use of a type.
fn check_bound(ty: &'static Use, bytes: &[u8]) -> Result<(), Problem> {
    let mut r = Reader::new(bytes, &Limits::DEFAULT);
    match ty.bound {
        Bound::None => Ok(()),
        Bound::Int(min, max) => match r.integer("an integer") {
            Ok(value) if value < min || value > max => Err(Problem::Integer { value, min, max }),
            _ => Ok(()),
        },
        Bound::Float(min, max) => {
            // A bound of an f32 is one.
            let end = |end: f64| match inside(ty).shape {
                #[expect(clippy::cast_possible_truncation, reason = "that is what is wanted")]
                Shape::F32 => f64::from(end as f32),
                _ => end,
            };
            let (min, max) = (end(min), end(max));
            match r.f64() {
                Ok(value) if !(min <= value && value <= max) => {
                    Err(Problem::Float { value, min, max })
                }
                _ => Ok(()),
            }
        }
        Bound::Length(min, max) => {
            let (length, unit) = match inside(ty).shape {
                Shape::String => (r.str().map_or(0, |text| text.chars().count()), "characters"),
                Shape::Bytes => (r.bin().map_or(0, <[u8]>::len), "bytes"),
                Shape::Map(..) => (r.enter_map().unwrap_or(0), "elements"),
                _ => (r.enter_array().unwrap_or(0), "elements"),
            };
            if length < min as usize || length > max as usize {
                return Err(Problem::Length {
                    length,
                    unit,
                    min,
                    max,
                });
            }
            Ok(())
        }
    }
}

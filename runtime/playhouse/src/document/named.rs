//! Wire bytes to values of documents.

use playhouse_store::Value;
use playhouse_wire::{Decode, EntityRef, Error, KeyPart, Problem, Reader, Result, Uuid};

use super::{LIMITS, stored_name};
use crate::descriptor::dynamic::is_default;
use crate::descriptor::{Arm, Body, Kind, Member, Shape, Type, Use};

/// The value that `r` stands at. It was written by a compiled type, so that its bounds are known to hold.
pub(super) fn used(ty: &'static Use, r: &mut Reader<'_>) -> Result<Value> {
    if ty.optional && r.take_nil() {
        return Ok(Value::Nil);
    }
    Ok(match ty.shape {
        Shape::Bool => Value::Bool(r.bool()?),
        Shape::Int(_) | Shape::Timestamp | Shape::Duration => integer(r.integer("an integer")?)?,
        Shape::F32 => Value::Float(r.f32()?.into()),
        Shape::F64 => Value::Float(r.f64()?),
        Shape::String => Value::Text(r.str()?.to_owned()),
        Shape::Bytes => Value::Bytes(r.bin()?.to_owned()),
        Shape::Uuid => Value::Text(Uuid::decode(r)?.to_string()),
        Shape::List(element) | Shape::Set(element) => {
            let count = r.enter_array()?;
            let mut elements = Vec::with_capacity(count);
            for _ in 0..count {
                elements.push(used(element, r)?);
            }
            r.leave();
            Value::List(elements)
        }
        Shape::Map(key, value) => {
            let mut entries = std::collections::BTreeMap::new();
            for _ in 0..r.enter_map()? {
                let name = key_text(key, r)?;
                entries.insert(name, used(value, r)?);
            }
            r.leave();
            Value::Map(entries)
        }
        Shape::Ref(_) => reference(&EntityRef::decode(r)?),
        Shape::Named(named) => declared(named, r)?,
    })
}

fn declared(ty: &'static Type, r: &mut Reader<'_>) -> Result<Value> {
    match &ty.kind {
        Kind::Struct(members) => structure(members, r),
        Kind::Newtype { inner, .. } => used(inner, r),
        Kind::Enum { values, .. } => {
            let number = r.integer("an enum's number")?;
            let known = values
                .iter()
                .find(|value| i128::from(value.number) == number);
            match known {
                Some(value) => {
                    let name = stored_name(value.name, &value.attributes);
                    Ok(Value::Text(name.to_owned()))
                }
                None => integer(number),
            }
        }
        Kind::Flags { flags, .. } => {
            let mut rest = r.u64()?;
            let mut names = Vec::new();
            for flag in flags.iter().filter(|flag| !flag.combined) {
                if rest & flag.bits != 0 {
                    let name = stored_name(flag.name, &flag.attributes);
                    names.push(Value::Text(name.to_owned()));
                    rest &= !flag.bits;
                }
            }
            if rest != 0 {
                names.push(Value::Unsigned(rest));
            }
            Ok(Value::List(names))
        }
        Kind::Union { arms, .. } | Kind::Error(arms) => arm(arms, r),
    }
}

/// The members that differ from their defaults.
fn structure(members: &'static [Member], r: &mut Reader<'_>) -> Result<Value> {
    let count = r.enter_array()?;
    let mut shown = std::collections::BTreeMap::new();
    let mut members = members.iter().peekable();
    for position in 1..=count {
        let Some(member) = members.next_if(|member| usize::from(member.tag) == position) else {
            r.skip()?;
            continue;
        };
        if r.take_nil() {
            continue;
        }
        let bytes = r.raw(usize::MAX)?;
        if !is_default(member, bytes) {
            let value = used(&member.ty, &mut Reader::new(bytes, &LIMITS))?;
            let name = stored_name(member.name, &member.attributes);
            shown.insert(name.to_owned(), value);
        }
    }
    r.leave();
    Ok(Value::Map(shown))
}

/// One entry, the arm's name and its body. An arm that is not known is `#tag` and the bytes of its body.
fn arm(arms: &'static [Arm], r: &mut Reader<'_>) -> Result<Value> {
    let count = r.enter_array()?;
    let tag = r.u8()?;
    let known = arms.iter().find(|arm| arm.tag == tag);
    let name = known.map_or_else(
        || format!("#{tag}"),
        |arm| stored_name(arm.name, &arm.attributes).to_owned(),
    );
    let body = match known.map(|arm| &arm.body) {
        _ if count < 2 => Value::Nil,
        Some(Body::Value(ty)) => used(ty, r)?,
        Some(Body::Members(members)) => structure(members, r)?,
        Some(Body::Nothing) => {
            r.skip()?;
            Value::Nil
        }
        None => Value::Bytes(r.raw(usize::MAX)?.to_owned()),
    };
    r.leave();
    Ok(Value::Map([(name, body)].into()))
}

/// Package, number, slot, then the parts of the key: a string as it is, `{int: n}`, `{uuid: s}`.
fn reference(reference: &EntityRef) -> Value {
    let whole = |number: u64| Value::Unsigned(number);
    let mut list = vec![
        whole(reference.package.into()),
        whole(reference.number.into()),
        whole(reference.slot.into()),
    ];
    list.extend(reference.key.parts().iter().map(|part| {
        let (name, value) = match part {
            KeyPart::Text(text) => return Value::Text(text.to_string()),
            KeyPart::Uuid(uuid) => ("uuid", Value::Text(uuid.to_string())),
            // A store without unsigned integers gives a great one back as a negative one, and here either may stand.
            KeyPart::Unsigned(value) if i64::try_from(*value).is_err() => {
                ("int", Value::Text(value.to_string()))
            }
            KeyPart::Unsigned(value) => ("int", Value::Unsigned(*value)),
            KeyPart::Negative(value) => ("int", Value::Negative(*value)),
        };
        Value::Map([(name.to_owned(), value)].into())
    }));
    Value::List(list)
}

fn integer(number: i128) -> Result<Value> {
    if let Ok(number) = u64::try_from(number) {
        return Ok(Value::Unsigned(number));
    }
    i64::try_from(number).map(Value::Negative).map_err(|_| {
        Error::new(Problem::DoesNotFit {
            value: number,
            into: "i64",
        })
    })
}

/// A key of a map, or an element of a set, as text.
pub(super) fn key_text(ty: &'static Use, r: &mut Reader<'_>) -> Result<String> {
    Ok(match used(ty, r)? {
        Value::Text(text) => text,
        Value::Bool(value) => value.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Negative(number) => number.to_string(),
        // No other type may be a key.
        other => format!("{other:?}"),
    })
}

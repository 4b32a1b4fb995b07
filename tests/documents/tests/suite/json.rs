//! Values of documents and properties as JSON, for people to read.

use playhouse::descriptor::dynamic::{Dynamic, Form};
use playhouse::document::Value;
use playhouse::properties::{Consumer, Properties, Property};
use playhouse::{Limits, Reader, Writer};
use serde_json::{Map, json};

pub(crate) fn to_value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => Value::Unsigned(value),
            (_, Some(value)) => Value::Negative(value),
            _ => Value::Float(number.as_f64().expect("a number")),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(elements) => Value::List(elements.iter().map(to_value).collect()),
        serde_json::Value::Object(entries) => Value::Table(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), to_value(value)))
                .collect(),
        ),
    }
}

pub(crate) fn of_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Nil => serde_json::Value::Null,
        Value::Bool(value) => json!(value),
        Value::Unsigned(value) => json!(value),
        Value::Negative(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!({ "bytes": bytes }),
        Value::List(elements) => elements.iter().map(of_value).collect(),
        Value::Map(entries) | Value::Table(entries) => entries
            .iter()
            .map(|(name, value)| (name.clone(), of_value(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// The properties of `held` that are persisted and differ from those of `fresh`, in the named form of today's schema.
pub(crate) fn of_properties<P: Properties>(held: &P, fresh: &P) -> serde_json::Value {
    let mut shown = Map::new();
    for property in P::PROPERTIES {
        let member = &property.member;
        let bytes = whole(held.property(member.tag).expect("a property"));
        if property.persist.is_none()
            || bytes == whole(fresh.property(member.tag).expect("a property"))
        {
            continue;
        }
        let mut r = Reader::new(&bytes, &Limits::DEFAULT);
        let shape = member.ty.shape;
        let (form, bytes) = match held.property(member.tag) {
            Some(Property::Container(_)) => {
                r.enter_array().expect("a change");
                r.skip().expect("whether it is whole, or its length");
                let bytes = r.raw(usize::MAX).expect("all of it").to_vec();
                // A list comes with its indexes.
                match shape {
                    playhouse::descriptor::Shape::List(_) => {
                        (Form::Use(&member.ty), listed(&bytes))
                    }
                    _ => (Form::Use(&member.ty), bytes),
                }
            }
            _ => (Form::Use(&member.ty), bytes),
        };
        let value = Dynamic::from_wire(form, &bytes, &Limits::DEFAULT).expect("a value");
        let value = serde_json::to_value(value).expect("JSON");
        shown.insert(member.name.to_owned(), value);
    }
    shown.into()
}

fn whole(property: Property<'_>) -> Vec<u8> {
    let mut w = Writer::new();
    match property {
        Property::Plain(value) => value.encode(&mut w),
        Property::Rounded(value, _) => value.encode_exact(&mut w),
        Property::Container(container) => container.encode_all(&mut w),
    }
    w.into_bytes()
}

fn listed(bytes: &[u8]) -> Vec<u8> {
    let mut r = Reader::new(bytes, &Limits::DEFAULT);
    let mut w = Writer::new();
    let count = r.enter_map().expect("elements by index");
    w.array(count);
    for _ in 0..count {
        r.skip().expect("an index");
        w.raw(r.raw(usize::MAX).expect("an element"));
    }
    w.into_bytes()
}

/// Whether a consumer has nothing to see.
pub(crate) fn is_unchanged<P: Properties>(props: &P) -> bool {
    props.changed(Consumer::Persist).is_empty() && props.changed(Consumer::Sync).is_empty()
}

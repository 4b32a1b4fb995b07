//! Documents and values as BSON, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document as BsonDocument, doc};

use crate::document::{Document, DocumentId, Header, Owner};
pub(super) use crate::mongo::name::ROOT;
use crate::mongo::name::{escape, unescape};
use crate::problem::StoreError;
use crate::value::Value;

/// The same 64 bits: MongoDB has no unsigned integers.
pub(super) const fn signed(value: u64) -> i64 {
    value.cast_signed()
}

pub(super) fn value_to_bson(value: &Value) -> Bson {
    match value {
        Value::Nil => Bson::Null,
        Value::Bool(value) => Bson::Boolean(*value),
        Value::Unsigned(value) => Bson::Int64(signed(*value)),
        Value::Negative(value) => Bson::Int64(*value),
        Value::Float(value) => Bson::Double(*value),
        Value::Text(text) => Bson::String(text.clone()),
        Value::Bytes(bytes) => Bson::Binary(Binary {
            subtype: BinarySubtype::Generic,
            bytes: bytes.clone(),
        }),
        Value::List(items) => Bson::Array(items.iter().map(value_to_bson).collect()),
        Value::Map(entries) | Value::Table(entries) => {
            let mut document = BsonDocument::new();
            for (name, value) in entries {
                document.insert(escape(name).into_owned(), value_to_bson(value));
            }
            Bson::Document(document)
        }
    }
}

/// What no [`value_to_bson`] writes is refused with its name.
pub(super) fn value_from_bson(bson: Bson) -> Result<Value, String> {
    Ok(match bson {
        Bson::Null => Value::Nil,
        Bson::Boolean(value) => Value::Bool(value),
        Bson::Int64(value) => integer(value),
        Bson::Int32(value) => integer(value.into()),
        Bson::Double(value) => Value::Float(value),
        Bson::String(text) => Value::Text(text),
        Bson::Binary(binary) => Value::Bytes(binary.bytes),
        Bson::Array(items) => {
            let items: Result<_, _> = items.into_iter().map(value_from_bson).collect();
            Value::List(items?)
        }
        Bson::Document(document) => {
            let mut entries = BTreeMap::new();
            for (field, bson) in document {
                let value = value_from_bson(bson).map_err(|why| format!("{field}: {why}"))?;
                entries.insert(unescape(&field), value);
            }
            Value::Table(entries)
        }
        other => {
            return Err(format!(
                "{:?} is no type that is written here",
                other.element_type()
            ));
        }
    })
}

fn integer(value: i64) -> Value {
    u64::try_from(value).map_or(Value::Negative(value), Value::Unsigned)
}

/// A new document, as it is inserted.
pub(super) fn new_document(key: &str, birth: u64, owner: &Owner) -> BsonDocument {
    doc! {
        "_id": key,
        "birth": signed(birth),
        "schema": 0_i64,
        "owner": owner_to_bson(owner),
        "epoch": 1_i64,
        "rev": 1_i64,
        "born": false,
        "pending": false,
        ROOT: {},
    }
}

pub(super) fn owner_to_bson(owner: &Owner) -> BsonDocument {
    doc! { "node": &*owner.node, "incarnation": signed(owner.incarnation) }
}

/// A document as it was read, whole.
pub(super) fn document(
    collection: &Arc<str>,
    mut bson: BsonDocument,
) -> Result<Document, StoreError> {
    let root = bson
        .remove(ROOT)
        .unwrap_or(Bson::Document(BsonDocument::new()));
    let (id, header) = header(collection, &bson)?;
    let root = value_from_bson(root).map_err(|why| corrupt(&id, &why))?;
    Ok(Document { id, header, root })
}

/// The header of a document as it was read, with or without its root.
pub(super) fn header(
    collection: &Arc<str>,
    bson: &BsonDocument,
) -> Result<(DocumentId, Header), StoreError> {
    let key = match bson.get("_id") {
        Some(Bson::String(key)) => key.as_str(),
        other => {
            let id = DocumentId::new(collection.clone(), "?");
            let key = other.map(Bson::to_string).unwrap_or_default();
            return Err(corrupt(&id, &format!("_id: {key} is no key")));
        }
    };
    let id = DocumentId::new(collection.clone(), key);
    let header =
        read_header(bson).map_err(|name| corrupt(&id, &format!("{name}: it does not fit")))?;
    Ok((id, header))
}

/// The header, or the field that does not fit.
fn read_header(bson: &BsonDocument) -> Result<Header, &'static str> {
    let owner = match bson.get("owner") {
        None | Some(Bson::Null) => None,
        Some(Bson::Document(owner)) => {
            let node = owner.get_str("node").map_err(|_| "owner.node")?;
            Some(Owner {
                node: node.into(),
                incarnation: unsigned(owner, "incarnation")?,
            })
        }
        Some(_) => return Err("owner"),
    };
    let wake_us = match bson.get("wake") {
        None | Some(Bson::Null) => None,
        Some(_) => Some(unsigned(bson, "wake")?.cast_signed()),
    };
    Ok(Header {
        birth: unsigned(bson, "birth")?,
        schema: u32::try_from(unsigned(bson, "schema")?).map_err(|_| "schema")?,
        owner,
        epoch: unsigned(bson, "epoch")?,
        rev: unsigned(bson, "rev")?,
        born: bson.get_bool("born").map_err(|_| "born")?,
        pending: bson.get_bool("pending").map_err(|_| "pending")?,
        wake_us,
    })
}

fn unsigned(bson: &BsonDocument, name: &'static str) -> Result<u64, &'static str> {
    match bson.get(name) {
        Some(Bson::Int64(value)) => Ok(value.cast_unsigned()),
        Some(Bson::Int32(value)) => Ok(i64::from(*value).cast_unsigned()),
        _ => Err(name),
    }
}

fn corrupt(id: &DocumentId, why: &str) -> StoreError {
    StoreError::Corrupt(format!("{id}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back() {
        let entries = [("", Value::Nil), ("a.b", Value::Bool(true))];
        let entries = entries.map(|(name, value)| (name.to_owned(), value));
        for value in [
            Value::Nil,
            Value::Unsigned(0),
            Value::Unsigned(i64::MAX.cast_unsigned()),
            Value::Negative(i64::MIN),
            Value::Float(-0.0),
            Value::Text("a\0b".to_owned()),
            Value::Bytes(vec![0, 255]),
            Value::List(vec![Value::Nil, Value::List(Vec::new())]),
            Value::Table(entries.into()),
        ] {
            assert_eq!(value_from_bson(value_to_bson(&value)), Ok(value));
        }
    }

    #[test]
    fn a_large_u64_comes_back_as_the_same_bits() {
        let bson = value_to_bson(&Value::Unsigned(u64::MAX));
        assert_eq!(value_from_bson(bson), Ok(Value::Negative(-1)));
    }

    #[test]
    fn what_others_wrote_is_refused_with_its_place() {
        let collection: Arc<str> = "t".into();
        let owner = Owner {
            node: "n".into(),
            incarnation: u64::MAX,
        };
        let good = new_document("k", u64::MAX, &owner);
        let document_of = |bson| document(&collection, bson);
        let read = document_of(good.clone()).expect("as it is inserted");
        assert_eq!(
            (read.header.birth, read.header.owner),
            (u64::MAX, Some(owner))
        );
        let mut bad = good.clone();
        bad.insert("epoch", "7");
        let why = "t/k: epoch: it does not fit".to_owned();
        assert_eq!(document_of(bad), Err(StoreError::Corrupt(why)));
        let mut bad = good;
        bad.insert(ROOT, doc! { "body": { "x": Bson::MaxKey } });
        let why = "t/k: body: x: MaxKey is no type that is written here".to_owned();
        assert_eq!(document_of(bad), Err(StoreError::Corrupt(why)));
    }
}

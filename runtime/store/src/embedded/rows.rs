//! Rows: how documents and what finds them are laid out as keys and values in order.
//!
//! A document is a range of rows. The first is its header, under the document's own key; each further one is a leaf, under that
//! key and the names of its path. A name ends with `00 01` and its zeros are `00 ff`, so that keys sort as lists of names do,
//! and the rows below a path are those that begin with its key. Values are MessagePack.

use playhouse_wire::{Limits, Reader, Writer};

use crate::document::{DocumentId, Header, Owner};
use crate::problem::StoreError;
use crate::store::Index;
use crate::value::{Path, Table, Value};

/// Greatest length of a row's key, in bytes: collection, key and path of a leaf together, or an index's value with them.
pub(super) const KEY_BYTES_MAX: usize = 60_000;
/// Lists and maps inside one another in one leaf, and tables inside one another in one change.
pub(super) const DEPTH_MAX: u32 = 128;

const LIMITS: Limits = Limits {
    depth: DEPTH_MAX + 2,
    memory_factor: usize::MAX,
    ..Limits::DEFAULT
};

/// What begins a key in the space of lookups.
pub(super) mod kind {
    /// A value of a unique index to the key of its document.
    pub(crate) const UNIQUE: u8 = b'u';
    /// A value of an index with the key of a document.
    pub(crate) const INDEX: u8 = b'i';
    /// A document with messages in its outbox.
    pub(crate) const PENDING: u8 = b'p';
    /// A time and the document that wants to be run then.
    pub(crate) const WAKE: u8 = b'w';
    /// A document that is not to be run to why.
    pub(crate) const QUARANTINE: u8 = b'q';
    /// A collection to the indexes that it has.
    pub(crate) const INDEXES: u8 = b'd';
}

/// The key of the document's header, with which all of its rows begin.
pub(super) fn document(id: &DocumentId) -> Vec<u8> {
    let mut key = collection(&id.collection);
    push(&mut key, id.key.as_bytes());
    key
}

/// What all rows of a collection begin with.
pub(super) fn collection(name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 64);
    push(&mut key, name.as_bytes());
    key
}

/// The key of the leaf at `path`, or what the rows below it begin with.
pub(super) fn leaf(document: &[u8], path: &[String]) -> Vec<u8> {
    let mut key = document.to_vec();
    for name in path {
        push(&mut key, name.as_bytes());
    }
    key
}

/// A document among the lookups of this kind.
pub(super) fn mark(kind: u8, id: &DocumentId) -> Vec<u8> {
    let mut key = vec![kind];
    push(&mut key, id.collection.as_bytes());
    push(&mut key, id.key.as_bytes());
    key
}

/// A document among those that want to be run at a time. Earlier ones come first.
pub(super) fn wake(at_us: i64, id: &DocumentId) -> Vec<u8> {
    let mut key = wakes_before(at_us);
    push(&mut key, id.collection.as_bytes());
    push(&mut key, id.key.as_bytes());
    key
}

/// What is greater than each [`wake`] of an earlier time, and not than one of this.
pub(super) fn wakes_before(at_us: i64) -> Vec<u8> {
    let mut key = vec![kind::WAKE];
    // The sign's bit turned over: negative numbers come first.
    key.extend((at_us.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    key
}

/// The document of a [`mark`].
pub(super) fn marked(key: &[u8]) -> Option<DocumentId> {
    id(key.get(1..)?)
}

/// The time and document of a [`wake`].
pub(super) fn woken(key: &[u8]) -> Option<(i64, DocumentId)> {
    let (time, rest) = key.get(1..)?.split_first_chunk::<8>()?;
    let time = (u64::from_be_bytes(*time) ^ (1 << 63)).cast_signed();
    Some((time, id(rest)?))
}

/// What the entries of an index with this value begin with; of a unique index it is the whole key.
pub(super) fn indexed(collection: &str, index: &Index, value: &Value) -> Vec<u8> {
    let mut key = entries(collection, index);
    push(&mut key, &encode(value));
    key
}

/// What all entries of an index begin with.
pub(super) fn entries(collection: &str, index: &Index) -> Vec<u8> {
    let mut key = vec![if index.unique {
        kind::UNIQUE
    } else {
        kind::INDEX
    }];
    push(&mut key, collection.as_bytes());
    push(&mut key, &path_bytes(&index.path));
    key
}

/// The last name of a key.
pub(super) fn last_name(key: &[u8], before: usize) -> Option<String> {
    let mut rest = key.get(before..)?;
    take(&mut rest)
}

fn path_bytes(path: &Path) -> Vec<u8> {
    leaf(&[], &path.0)
}

fn id(mut bytes: &[u8]) -> Option<DocumentId> {
    let collection = take(&mut bytes)?;
    let key = take(&mut bytes)?;
    bytes.is_empty().then(|| DocumentId::new(collection, key))
}

/// The document and the path of a row.
pub(super) fn of_row(mut bytes: &[u8]) -> Option<(DocumentId, Vec<String>)> {
    let collection = take(&mut bytes)?;
    let key = take(&mut bytes)?;
    let mut path = Vec::new();
    while !bytes.is_empty() {
        path.push(take(&mut bytes)?);
    }
    Some((DocumentId::new(collection, key), path))
}

/// Adds a name, or other bytes, so that it sorts before all that it begins.
pub(super) fn push(key: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        key.push(byte);
        if byte == 0 {
            key.push(0xff);
        }
    }
    key.extend([0, 1]);
}

fn take(bytes: &mut &[u8]) -> Option<String> {
    let mut name = Vec::new();
    loop {
        let zero = bytes.iter().position(|byte| *byte == 0)?;
        name.extend(bytes.get(..zero)?);
        let mark = *bytes.get(zero + 1)?;
        *bytes = bytes.get(zero + 2..)?;
        match mark {
            0xff => name.push(0),
            1 => return String::from_utf8(name).ok(),
            _ => return None,
        }
    }
}

/// A leaf as bytes. Tables in it become maps.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer, value);
    writer.into_bytes()
}

fn write(writer: &mut Writer, value: &Value) {
    match value {
        Value::Nil => writer.nil(),
        Value::Bool(value) => writer.bool(*value),
        Value::Unsigned(value) => writer.unsigned(*value),
        Value::Negative(value) => writer.signed(*value),
        Value::Float(value) => writer.f64(*value),
        Value::Text(value) => writer.str(value),
        Value::Bytes(value) => writer.bin(value),
        Value::List(values) => {
            writer.array(values.len());
            values.iter().for_each(|value| write(writer, value));
        }
        Value::Map(entries) | Value::Table(entries) => {
            writer.map(entries.len());
            for (name, value) in entries {
                writer.str(name);
                write(writer, value);
            }
        }
    }
}

/// The leaf that was written as these bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Value, StoreError> {
    let mut reader = Reader::new(bytes, &LIMITS);
    let value = read(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|why| StoreError::Corrupt(format!("a value is damaged: {why}")))
}

fn read(reader: &mut Reader<'_>) -> playhouse_wire::Result<Value> {
    Ok(match reader.rest().first() {
        Some(0xc0) => {
            reader.take_nil();
            Value::Nil
        }
        Some(0xc2 | 0xc3) => Value::Bool(reader.bool()?),
        Some(0xca | 0xcb) => Value::Float(reader.f64()?),
        Some(0xa0..=0xbf | 0xd9..=0xdb) => Value::Text(reader.str()?.to_owned()),
        Some(0xc4..=0xc6) => Value::Bytes(reader.bin()?.to_vec()),
        Some(0x90..=0x9f | 0xdc | 0xdd) => {
            let length = reader.enter_array()?;
            let values = (0..length)
                .map(|_| read(reader))
                .collect::<playhouse_wire::Result<_>>()?;
            reader.leave();
            Value::List(values)
        }
        Some(0x80..=0x8f | 0xde | 0xdf) => {
            let length = reader.enter_map()?;
            let mut entries = Table::new();
            for _ in 0..length {
                let name = reader.str()?.to_owned();
                entries.insert(name, read(reader)?);
            }
            reader.leave();
            Value::Map(entries)
        }
        _ => {
            let at = reader.offset();
            let value = reader.integer("a value")?;
            match (u64::try_from(value), i64::try_from(value)) {
                (Ok(value), _) => Value::Unsigned(value),
                (Err(_), Ok(value)) => Value::Negative(value),
                (Err(_), Err(_)) => {
                    let into = "64 bits";
                    let problem = playhouse_wire::Problem::DoesNotFit { value, into };
                    return Err(playhouse_wire::Error::at(problem, at));
                }
            }
        }
    })
}

/// Greatest depth of lists, maps and tables in a value.
pub(super) fn depth(value: &Value) -> u32 {
    let inner = |deepest: Option<u32>| deepest.unwrap_or_default().saturating_add(1);
    match value {
        Value::List(values) => inner(values.iter().map(depth).max()),
        Value::Map(entries) | Value::Table(entries) => inner(entries.values().map(depth).max()),
        _ => 0,
    }
}

/// A header as bytes.
pub(super) fn encode_header(header: &Header) -> Vec<u8> {
    let mut writer = Writer::with_capacity(64);
    writer.array(9);
    writer.unsigned(header.birth);
    writer.unsigned(header.schema.into());
    match &header.owner {
        Some(owner) => writer.str(&owner.node),
        None => writer.nil(),
    }
    let incarnation = header.owner.as_ref().map(|owner| owner.incarnation);
    writer.unsigned(incarnation.unwrap_or_default());
    writer.unsigned(header.epoch);
    writer.unsigned(header.rev);
    writer.bool(header.born);
    writer.bool(header.pending);
    match header.wake_us {
        Some(wake_us) => writer.signed(wake_us),
        None => writer.nil(),
    }
    writer.into_bytes()
}

/// The header that was written as these bytes.
pub(super) fn decode_header(bytes: &[u8]) -> Result<Header, StoreError> {
    let mut reader = Reader::new(bytes, &LIMITS);
    let header = read_header(&mut reader).and_then(|header| reader.end().map(|()| header));
    header.map_err(|why| StoreError::Corrupt(format!("a header is damaged: {why}")))
}

fn read_header(reader: &mut Reader<'_>) -> playhouse_wire::Result<Header> {
    reader.enter_array()?;
    let birth = reader.u64()?;
    let schema = reader.u32()?;
    let node = if reader.take_nil() {
        None
    } else {
        Some(reader.str()?.into())
    };
    let incarnation = reader.u64()?;
    let header = Header {
        birth,
        schema,
        owner: node.map(|node| Owner { node, incarnation }),
        epoch: reader.u64()?,
        rev: reader.u64()?,
        born: reader.bool()?,
        pending: reader.bool()?,
        wake_us: if reader.take_nil() {
            None
        } else {
            Some(reader.i64()?)
        },
    };
    reader.leave();
    Ok(header)
}

/// The indexes of a collection as bytes.
pub(super) fn encode_indexes(indexes: &[Index]) -> Vec<u8> {
    let index = |index: &Index| {
        let names = index.path.0.iter().cloned().map(Value::Text).collect();
        Value::List(vec![Value::Bool(index.unique), Value::List(names)])
    };
    encode(&Value::List(indexes.iter().map(index).collect()))
}

/// The indexes that were written as these bytes.
pub(super) fn decode_indexes(bytes: &[u8]) -> Result<Vec<Index>, StoreError> {
    let index = |value: Value| {
        let Value::List(parts) = value else {
            return None;
        };
        let Ok([Value::Bool(unique), Value::List(names)]) = <[Value; 2]>::try_from(parts) else {
            return None;
        };
        let name = |value| match value {
            Value::Text(name) => Some(name),
            _ => None,
        };
        let path = Path(names.into_iter().map(name).collect::<Option<_>>()?);
        Some(Index { path, unique })
    };
    let indexes = match decode(bytes)? {
        Value::List(values) => values.into_iter().map(index).collect(),
        _ => None,
    };
    indexes.ok_or_else(|| StoreError::Corrupt("the list of indexes is damaged".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_lists_of_names_do() {
        let names = [
            "",
            "\0",
            "\0\0",
            "\0a",
            "\u{1}",
            "a",
            "a\0",
            "a\0b",
            "a\u{1}",
            "ab",
            "ü",
            "\u{10ffff}",
        ];
        let mut lists = vec![vec![]];
        for a in names {
            lists.push(vec![a.to_owned()]);
            lists.extend(names.map(|b| vec![a.to_owned(), b.to_owned()]));
        }
        lists.sort();
        let keys: Vec<_> = lists.iter().map(|names| leaf(&[], names)).collect();
        assert!(keys.is_sorted());
        for (names, key) in lists.iter().zip(&keys) {
            let whole = [document(&DocumentId::new("c", "k")), key.clone()].concat();
            let back = of_row(&whole).map(|(_, path)| path);
            assert_eq!(back.as_ref(), Some(names));
        }
    }

    #[test]
    fn times_sort_and_come_back() {
        let id = DocumentId::new("c", "k");
        let times = [i64::MIN, -1, 0, 1, i64::MAX];
        let keys = times.map(|time| wake(time, &id));
        assert!(keys.is_sorted());
        for (time, key) in times.into_iter().zip(&keys) {
            assert_eq!(woken(key), Some((time, id.clone())));
        }
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for bytes in [
            &[][..],
            &[0xc1],
            &[0x91],
            &[0xa5, b'a'],
            &[0x01, 0x02],
            &[0x81, 0x01, 0x01],
        ] {
            assert!(
                matches!(decode(bytes), Err(StoreError::Corrupt(_))),
                "{bytes:?}"
            );
            assert!(
                matches!(decode_header(bytes), Err(StoreError::Corrupt(_))),
                "{bytes:?}"
            );
            assert!(
                matches!(decode_indexes(bytes), Err(StoreError::Corrupt(_))),
                "{bytes:?}"
            );
        }
    }
}

//! The protocol's part of a document, as values.

use std::collections::BTreeMap;
use std::sync::Arc;

use playhouse_wire::message::Trace;

use crate::document::DocumentId;
use crate::durable::message::Row;
use crate::problem::Misfit;
use crate::value::{Path, Table, Value};

pub(crate) const NEXT: &str = "out_next";
pub(crate) const OUTBOX: &str = "outbox";
pub(crate) const INBOX: &str = "inbox";
pub(crate) const GONE: &str = "gone";
pub(crate) const LOGIN: &str = "login";

/// No count comes this far, so that one more is always a number.
const COUNT_MAX: u64 = u64::MAX / 2;

/// The entries of a section: none if it is absent.
pub(crate) fn section<'a>(root: &'a Value, path: &Path) -> Result<Option<&'a Table>, Misfit> {
    match root.at(&path.0) {
        None => Ok(None),
        Some(value) => {
            let entries = value.entries();
            entries
                .map(Some)
                .ok_or_else(|| misfit(path, "is not a table"))
        }
    }
}

/// A number as the name of an entry: in the order of numbers.
pub(crate) fn number_name(number: u64) -> String {
    format!("{number:020}")
}

pub(crate) fn number_of_name(name: &str, path: &Path) -> Result<u64, Misfit> {
    name.parse().map_err(|_| misfit(path, "is not a number"))
}

pub(crate) fn id_of_name(name: &str, path: &Path) -> Result<DocumentId, Misfit> {
    DocumentId::from_text(name).ok_or_else(|| misfit(path, "names no document"))
}

/// The number of the last login of whoever plays the entity: 0 if there was none.
pub(crate) fn login_no(root: &Value) -> Result<u64, Misfit> {
    let path = Path::of([LOGIN]);
    match root.at(&path.0) {
        None => Ok(0),
        Some(number) => unsigned(number, &path),
    }
}

/// A number that others are counted on from.
pub(crate) fn countable(number: u64, path: &Path) -> Result<u64, Misfit> {
    if number > COUNT_MAX {
        return Err(misfit(path, "is larger than anything that was counted"));
    }
    Ok(number)
}

pub(crate) fn unsigned(value: &Value, path: &Path) -> Result<u64, Misfit> {
    match value {
        Value::Unsigned(number) => Ok(*number),
        Value::Negative(number) => Ok(number.cast_unsigned()),
        _ => Err(misfit(path, "is not a number")),
    }
}

pub(crate) fn row_value(row: &Row) -> Value {
    let mut entries = BTreeMap::from([
        ("slot".to_owned(), Value::Unsigned(row.slot.into())),
        ("tag".to_owned(), Value::Unsigned(row.tag.into())),
        ("call".to_owned(), Value::Text((*row.call).to_owned())),
        ("args".to_owned(), Value::Bytes(row.args.to_vec())),
        (
            "from_slot".to_owned(),
            Value::Unsigned(row.from_slot.into()),
        ),
    ]);
    if let Some(expires_us) = row.expires_us {
        entries.insert(
            "expires_us".to_owned(),
            Value::Unsigned(expires_us.cast_unsigned()),
        );
    }
    if let Some(trace) = row.trace {
        entries.insert("trace".to_owned(), Value::Bytes(trace_bytes(trace)));
    }
    Value::Map(entries)
}

/// Its id, its span, its flags.
fn trace_bytes(trace: Trace) -> Vec<u8> {
    let mut bytes = trace.id.to_vec();
    bytes.extend(trace.span.to_be_bytes());
    bytes.push(trace.flags);
    bytes
}

fn trace_of_bytes(bytes: &[u8]) -> Option<Trace> {
    let (id, rest) = bytes.split_first_chunk()?;
    let (span, rest) = rest.split_first_chunk()?;
    let [flags] = rest else {
        return None;
    };
    Some(Trace {
        id: *id,
        span: u64::from_be_bytes(*span),
        flags: *flags,
    })
}

pub(crate) fn row_of_value(to: DocumentId, value: &Value, path: &Path) -> Result<Row, Misfit> {
    let entries = value
        .entries()
        .ok_or_else(|| misfit(path, "is not a map"))?;
    let entry = |name: &str| {
        let at = path.and(name);
        match entries.get(name) {
            Some(value) => Ok((value, at)),
            None => Err(misfit(&at, "is missing")),
        }
    };
    let number = |name: &str| {
        let (value, at) = entry(name)?;
        u32::try_from(unsigned(value, &at)?).map_err(|_| misfit(&at, "is too large"))
    };
    let call = match entry("call")? {
        (Value::Text(call), _) => Arc::from(call.as_str()),
        (_, at) => return Err(misfit(&at, "is not a text")),
    };
    let args = match entry("args")? {
        (Value::Bytes(args), _) => Arc::from(args.as_slice()),
        (_, at) => return Err(misfit(&at, "is not bytes")),
    };
    let expires_us = match entries.get("expires_us") {
        None => None,
        Some(value) => Some(unsigned(value, &path.and("expires_us"))?.cast_signed()),
    };
    // A trace that can't be read is nobody's loss.
    let trace = match entries.get("trace") {
        Some(Value::Bytes(bytes)) => trace_of_bytes(bytes),
        _ => None,
    };
    Ok(Row {
        to,
        slot: number("slot")?,
        tag: number("tag")?,
        call,
        args,
        from_slot: number("from_slot")?,
        expires_us,
        trace,
    })
}

pub(crate) fn mark_value(upto: u64, refused: &BTreeMap<u64, String>) -> Value {
    let refused = refused.iter().map(|(seq, why)| {
        let entry = [
            ("seq".to_owned(), Value::Unsigned(*seq)),
            ("why".to_owned(), Value::Text(why.clone())),
        ];
        Value::Map(entry.into())
    });
    Value::Map(BTreeMap::from([
        ("hwm".to_owned(), Value::Unsigned(upto)),
        ("refused".to_owned(), Value::List(refused.collect())),
    ]))
}

pub(crate) fn mark_of_value(
    value: &Value,
    path: &Path,
) -> Result<(u64, BTreeMap<u64, String>), Misfit> {
    let upto = match value.at(&["hwm".to_owned()]) {
        Some(upto) => unsigned(upto, &path.and("hwm"))?,
        None => return Err(misfit(&path.and("hwm"), "is missing")),
    };
    let mut refused = BTreeMap::new();
    let at = path.and("refused");
    match value.at(&["refused".to_owned()]) {
        None => {}
        Some(Value::List(list)) => {
            for entry in list {
                let seq = entry.at(&["seq".to_owned()]);
                let why = entry.at(&["why".to_owned()]);
                let (Some(seq), Some(Value::Text(why))) = (seq, why) else {
                    return Err(misfit(&at, "has an entry without a number or a text"));
                };
                refused.insert(unsigned(seq, &at)?, why.clone());
            }
        }
        Some(_) => return Err(misfit(&at, "is not a list")),
    }
    Ok((upto, refused))
}

pub(crate) fn misfit(path: &Path, problem: &str) -> Misfit {
    Misfit {
        path: path.clone(),
        problem: problem.to_owned(),
    }
}

//! A record as a line of JSON.

use std::fmt::{self, Write as _};

use crate::record::{REDACTED, Record, Value};
use crate::trace_frames::frames;

/// Appends a record as one line.
pub(crate) fn write(out: &mut String, record: &Record<'_>) {
    // Writing to a `String` can't fail.
    let _ = write!(
        out,
        "{{\"time\":\"{}\",\"level\":\"{}\",\"target\":",
        record.date(),
        record.level()
    );
    string(out, record.target());
    if let Some(file) = record.file() {
        out.push_str(",\"file\":");
        string(out, file);
    }
    number(out, "line", record.line());
    number(out, "column", record.column());
    text(out, "node", record.node());
    text(out, "entity", record.entity());
    number(out, "session", record.session());
    if let Some(trace) = record.trace() {
        let _ = write!(out, ",\"trace\":\"{trace:032x}\"");
    }
    out.push_str(",\"message\":");
    string(out, record.message());
    let mut fields = record.fields().peekable();
    if fields.peek().is_some() {
        out.push_str(",\"fields\":{");
        members(out, "", fields);
        out.push('}');
    }
    let mut spans = record.spans().peekable();
    if spans.peek().is_some() {
        out.push_str(",\"spans\":[");
        for (index, (name, fields)) in spans.enumerate() {
            out.push_str(if index == 0 { "{" } else { ",{" });
            out.push_str("\"name\":");
            string(out, name);
            let mut fields = fields.peekable();
            if fields.peek().is_some() {
                out.push_str(",\"fields\":{");
                members(out, "", fields);
                out.push('}');
            }
            out.push('}');
        }
        out.push(']');
    }
    if let Some(backtrace) = record.backtrace() {
        text(out, "backtrace", &frames(backtrace));
    }
    if record.is_cut() {
        out.push_str(",\"cut\":true");
    }
    out.push_str("}\n");
}

fn members<'a>(
    out: &mut String,
    mut before: &str,
    fields: impl Iterator<Item = (&'a str, Value<'a>)>,
) {
    for (name, value) in fields {
        out.push_str(before);
        before = ",";
        string(out, name);
        out.push(':');
        self::value(out, value);
    }
}

fn value(out: &mut String, value: Value<'_>) {
    let _ = match value {
        Value::Bool(value) => write!(out, "{value}"),
        Value::I64(value) => write!(out, "{value}"),
        Value::U64(value) => write!(out, "{value}"),
        // Beyond what readers of JSON take for whole numbers.
        Value::I128(value) => write!(out, "\"{value}\""),
        Value::U128(value) => write!(out, "\"{value}\""),
        Value::F64(value) if value.is_finite() => write!(out, "{value:?}"),
        Value::F64(value) => write!(out, "\"{value}\""),
        Value::Str(text) | Value::Debug(text) => return string(out, text),
        Value::Redacted => return string(out, REDACTED),
    };
}

fn number(out: &mut String, name: &str, value: Option<impl fmt::Display>) {
    if let Some(value) = value {
        let _ = write!(out, ",\"{name}\":{value}");
    }
}

fn text(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = write!(out, ",\"{name}\":");
        string(out, value);
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // What needs no escape is copied in one piece.
    while let Some(at) = rest.find(|it: char| it == '"' || it == '\\' || it.is_ascii_control()) {
        out.push_str(&rest[..at]);
        let found = rest.as_bytes()[at];
        match found {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                let _ = write!(out, "\\u{found:04x}");
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

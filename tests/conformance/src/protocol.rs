//! The files in `vectors/protocol/`: messages and their bytes, in the words of `docs/wire.md`.
//!
//! A value is an object of the message's fields by the page's names: 64-bit integers are strings, uuids and refs as in the
//! named form, bytes hexadecimal, and so is what has its own reader (arguments, results, bodies). What is absent is left off.
//! A list or text of many equal parts may be `{"times": 64, "of": part}`.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::project;

/// One file of vectors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// What the file is about.
    pub about: String,
    /// Messages that can be read and written.
    pub valid: Vec<Valid>,
    /// Bytes that are no message.
    pub invalid: Vec<Invalid>,
}

/// A message and its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valid {
    /// What the vector shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// `request`, `hello_reply`.
    pub kind: String,
    /// Its fields.
    pub value: Json,
    /// The canonical bytes.
    pub hex: String,
    /// Other bytes that a reader takes as the same message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// Bytes that are no message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invalid {
    /// What the vector shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The bytes.
    pub hex: String,
    /// Why they are refused, in the words of [`crate::vectors`].
    pub error: String,
    /// Where in the message, if that is part of the vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// All files of vectors with their names, in order of name.
///
/// # Errors
///
/// If a file can't be read or has another form.
pub fn files() -> Result<Vec<(String, File)>> {
    let folder = project::folder().join("vectors/protocol");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).context("reading the vectors of messages")? {
        let path = entry?.path();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file: File = serde_json::from_str(&text).with_context(|| name.to_string())?;
        files.push((name.into_owned(), file));
    }
    ensure!(!files.is_empty(), "{} has no vectors", folder.display());
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

/// `value` with each `{"times", "of"}` written out.
#[must_use]
pub fn expanded(value: &Json) -> Json {
    match value {
        Json::Array(elements) => elements.iter().map(expanded).collect(),
        Json::Object(fields) => {
            let times = fields.get("times").and_then(Json::as_u64);
            let times = times.and_then(|times| usize::try_from(times).ok());
            match (times, fields.get("of")) {
                (Some(times), Some(Json::String(part))) => Json::from(part.repeat(times)),
                (Some(times), Some(part)) => Json::from(vec![expanded(part); times]),
                _ => fields
                    .iter()
                    .map(|(name, value)| (name.clone(), expanded(value)))
                    .collect(),
            }
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_that_repeat_are_written_out() {
        let short = json!({ "a": { "times": 2, "of": [1] }, "b": { "times": 3, "of": "x" } });
        assert_eq!(expanded(&short), json!({ "a": [[1], [1]], "b": "xxx" }));
    }
}

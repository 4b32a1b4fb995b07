//! The files in `vectors/`: values and their bytes.
//!
//! Bytes are hexadecimal words, each of which may be repeated: `91*64 00`. Values stand in the named form of
//! `docs/wire.md`. Refusals have the words of the TypeScript runtime's `Refusal`.

use std::fs;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::project;

/// One file of vectors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// What the file is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Values that can be read and written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub valid: Vec<Valid>,
    /// Bytes that are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invalid: Vec<Invalid>,
    /// Changes of state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Changes that are refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invalid_changes: Vec<InvalidChange>,
    /// Messages of calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// Any bytes, and what reading them comes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
}

/// A value and its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valid {
    /// A type of the schema.
    #[serde(rename = "type")]
    pub ty: String,
    /// What the vector shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The value in named form.
    pub value: Json,
    /// The canonical bytes.
    pub hex: String,
    /// Other bytes that a reader takes as the same value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// Bytes that are no value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invalid {
    /// A type of the schema.
    #[serde(rename = "type")]
    pub ty: String,
    /// What the vector shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The bytes.
    pub hex: String,
    /// Why they are refused.
    pub error: String,
    /// Where in the value, if that is part of the vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Changes of the state of a component or entity. All bytes are of its changes: a snapshot is one too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The component or entity.
    pub owner: String,
    /// What the vector shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// A snapshot; may leave off what has its default.
    pub before: String,
    /// The changes, canonical.
    pub changes: String,
    /// Other bytes for the same changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The full snapshot, canonical.
    pub after: String,
}

/// Changes that are refused, and leave the property as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvalidChange {
    /// The component or entity.
    pub owner: String,
    /// What the vector shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// A snapshot; may leave off what has its default.
    pub before: String,
    /// The changes.
    pub changes: String,
    /// Why they are refused.
    pub error: String,
    /// Where, if that is part of the vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A message of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The component, entity or service.
    pub owner: String,
    /// The call.
    pub call: String,
    /// `args`, `result` or `error`.
    pub part: String,
    /// What the vector shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// In named form.
    pub value: Json,
    /// The canonical bytes.
    pub hex: String,
    /// Other bytes that a reader takes as the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
}

/// Any bytes, and what reading them comes to: a value, or a refusal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// A type of the schema.
    #[serde(rename = "type")]
    pub ty: String,
    /// The bytes.
    pub hex: String,
    /// The canonical bytes of the value, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// All files of vectors with their names, in order of name.
///
/// # Errors
///
/// If a file can't be read or has another form.
pub fn files() -> Result<Vec<(String, File)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(project::folder().join("vectors")).context("reading vectors")? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".json") {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {name}"))?;
            files.push((
                name.clone(),
                serde_json::from_str(&text).with_context(|| name)?,
            ));
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

/// The bytes of a vector.
///
/// # Errors
///
/// If a word is not hexadecimal, or its count not a number.
pub fn bytes_of(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for word in text.split_whitespace() {
        let (digits, count) = word.split_once('*').unwrap_or((word, "1"));
        let unit = unhex(digits).with_context(|| format!("in {word}"))?;
        for _ in 0..count.parse().with_context(|| format!("in {word}"))? {
            bytes.extend_from_slice(&unit);
        }
    }
    Ok(bytes)
}

/// `bytes` in hexadecimal.
#[must_use]
pub fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> Result<Vec<u8>> {
    if !digits.is_ascii() || digits.len() % 2 == 1 {
        bail!("an even number of hexadecimal digits is expected");
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| Ok(u8::from_str_radix(&digits[at..at + 2], 16)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_repeated() {
        assert_eq!(bytes_of("9102*2 00").unwrap(), [0x91, 2, 0x91, 2, 0]);
        assert_eq!(hex_of(&bytes_of("c0 ff").unwrap()), "c0ff");
        assert!(bytes_of("9").is_err());
        assert!(bytes_of("zz").is_err());
    }
}

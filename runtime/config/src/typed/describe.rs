//! Words for values.

use crate::tree::{Node, Value};

/// Characters of a text that are shown.
const TEXT_MAX: usize = 40;
/// Words that are listed.
const WORDS_MAX: usize = 30;

/// What a value is.
pub(super) fn found(node: &Node, secret: bool) -> String {
    let text = |text: &str| {
        if secret {
            "text (redacted)".to_owned()
        } else {
            format!("text {:?}", short(text))
        }
    };
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) if secret => "something else (redacted)".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => short(number),
        Value::Text(it) => text(it),
        Value::Loose(it) => text(&it.text),
        Value::List(list) => format!("a list of {}", list.len()),
        Value::Map(map) if map.entries.is_empty() => "an empty object".to_owned(),
        Value::Map(_) => "an object".to_owned(),
    }
}

/// The beginning of a text.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((at, _)) => format!("{}..", &text[..at]),
        None => text.to_owned(),
    }
}

/// `a`, `b`, `c`.
pub(super) fn words(words: &[&str]) -> String {
    let shown: Vec<String> = words
        .iter()
        .take(WORDS_MAX)
        .map(|word| format!("`{word}`"))
        .collect();
    let more = words.len().saturating_sub(WORDS_MAX);
    if more > 0 {
        return format!("{} and {more} more", shown.join(", "));
    }
    shown.join(", ")
}

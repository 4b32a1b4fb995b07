//! What serde hands back when a type refuses a value.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::{Trail, describe};
use crate::mistake::{Draft, Kind};
use crate::nearest::nearest;

/// An error on its way to the value that it is about.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is among the mistakes already.
    Noted,
    /// A key that is needed.
    Missing(&'static str),
    /// A value of the wrong type, seen by the type itself.
    Type { expected: String, found: String },
    /// A value that the type doesn't take.
    Value { expected: String, found: String },
    /// A key that the type doesn't have, seen by the type itself.
    Key {
        key: String,
        known: &'static [&'static str],
    },
    /// A way that an enum doesn't have.
    Variant {
        variant: String,
        known: &'static [&'static str],
    },
    /// In the words of the type.
    Custom(String),
}

impl Fault {
    pub(super) fn draft(self, trail: &Trail<'_>, secret: bool) -> Draft {
        let span = trail.node.span;
        match self {
            Self::Noted => Draft::new(Kind::Invalid, "the value is refused").at(span, ""),
            Self::Missing(key) => {
                Draft::new(Kind::MissingKey, format!("key `{key}` is missing")).at(span, "here")
            }
            Self::Type { expected, found } | Self::Value { expected, found } => {
                let found = if secret {
                    "something else (redacted)".to_owned()
                } else {
                    found
                };
                let message = format!("expected {expected}, found {found}");
                Draft::new(Kind::WrongType, message)
                    .at(span, format!("expected {expected}"))
                    .expected(expected)
                    .found(found)
            }
            Self::Key { key, known } => {
                let draft = Draft::new(Kind::UnknownKey, format!("unknown key `{key}`"))
                    .at(span, "in here");
                hint(draft, &key, known, "keys")
            }
            Self::Variant { variant, known } => {
                let message = if secret {
                    "this is none of the values known here".to_owned()
                } else {
                    format!("unknown value `{}`", describe::short(&variant))
                };
                let draft = Draft::new(Kind::UnknownVariant, message).at(span, "");
                hint(draft, &variant, known, "values")
            }
            Self::Custom(message) => {
                let message = if secret {
                    "the value is refused (redacted)".to_owned()
                } else {
                    describe_custom(&message)
                };
                Draft::new(Kind::Invalid, message).at(span, "refused")
            }
        }
    }
}

/// Adds what is known, and the nearest of it.
pub(super) fn hint(draft: Draft, word: &str, known: &[&str], what: &str) -> Draft {
    let mut draft = draft.known(known.iter().copied());
    if let Some(near) = nearest(word, known.iter().copied()) {
        draft = draft.help(format!("did you mean `{near}`?"));
    }
    draft.help(format!(
        "the {what} known here are {}",
        describe::words(known)
    ))
}

/// Characters of a type's own message that are shown.
const MESSAGE_MAX: usize = 300;

fn describe_custom(message: &str) -> String {
    message
        .chars()
        .take(MESSAGE_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn unexpected(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("text {:?}", describe::short(text)),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "an object".to_owned(),
        other => other.to_string(),
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type {
            expected: expected.to_string(),
            found: unexpected(found),
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Value {
            expected: expected.to_string(),
            found: unexpected(found),
        }
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        let variant = variant.to_owned();
        Self::Variant { variant, known }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        let key = key.to_owned();
        Self::Key { key, known }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Missing(key)
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::Custom(format!(
            "`{key}` is given twice, by two of its names: leave one out"
        ))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noted => f.write_str("a value is wrong"),
            Self::Missing(key) => write!(f, "key `{key}` is missing"),
            Self::Type { expected, found } | Self::Value { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            Self::Key { key, .. } => write!(f, "unknown key `{key}`"),
            Self::Variant { variant, .. } => write!(f, "unknown value `{variant}`"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}

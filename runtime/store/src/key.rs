//! Keys of entities as text.

use std::fmt::Write as _;

use playhouse_wire::{EntityKey, KeyPart, Uuid};

/// A key as text: one part after another with `/` between them, each with a letter for its kind.
///
/// `u42`, `n-7`, `tname` (where `%` and `/` are `%25` and `%2f`), `x` and the 32 digits of a UUID; nothing for the key of a
/// singleton. Different keys have different texts.
#[must_use]
pub fn key_to_text(key: &EntityKey) -> String {
    let mut text = String::new();
    for (index, part) in key.parts().iter().enumerate() {
        if index > 0 {
            text.push('/');
        }
        // Writing to a string can't fail.
        let _ = match part {
            KeyPart::Unsigned(value) => write!(text, "u{value}"),
            KeyPart::Negative(value) => write!(text, "n{value}"),
            KeyPart::Text(value) => {
                let escaped = value.replace('%', "%25").replace('/', "%2f");
                write!(text, "t{escaped}")
            }
            KeyPart::Uuid(uuid) => {
                text.push('x');
                uuid.0
                    .iter()
                    .try_for_each(|byte| write!(text, "{byte:02x}"))
            }
        };
    }
    text
}

/// The key that a text stands for; none if [`key_to_text`] writes no such text.
#[must_use]
pub fn key_from_text(text: &str) -> Option<EntityKey> {
    if text.is_empty() {
        return Some(EntityKey::default());
    }
    let parts: Vec<KeyPart> = text.split('/').map(part).collect::<Option<_>>()?;
    let key = match <[KeyPart; 1]>::try_from(parts) {
        Ok(one) => EntityKey::new(one),
        Err(parts) => match <[KeyPart; 2]>::try_from(parts) {
            Ok(two) => EntityKey::new(two),
            Err(parts) => match <[KeyPart; 3]>::try_from(parts) {
                Ok(three) => EntityKey::new(three),
                Err(parts) => EntityKey::new(<[KeyPart; 4]>::try_from(parts).ok()?),
            },
        },
    };
    (key_to_text(&key) == text).then_some(key)
}

fn part(text: &str) -> Option<KeyPart> {
    let kind = text.chars().next()?;
    let rest = text.get(kind.len_utf8()..)?;
    Some(match kind {
        'u' => KeyPart::Unsigned(rest.parse().ok()?),
        'n' => KeyPart::Negative(rest.parse().ok().filter(|value| *value < 0)?),
        't' => KeyPart::Text(rest.replace("%2f", "/").replace("%25", "%").into()),
        'x' => {
            let number = u128::from_str_radix(rest, 16).ok()?;
            KeyPart::Uuid(Uuid(number.to_be_bytes()))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: EntityKey, text: &str) {
        assert_eq!(key_to_text(&key), text);
        assert_eq!(key_from_text(text), Some(key));
    }

    #[test]
    fn keys_go_to_text_and_back() {
        check(EntityKey::default(), "");
        check(
            EntityKey::new([KeyPart::Unsigned(u64::MAX)]),
            "u18446744073709551615",
        );
        check(
            EntityKey::new([KeyPart::Negative(i64::MIN)]),
            "n-9223372036854775808",
        );
        check(
            EntityKey::new([KeyPart::Text("a/b%2f".into())]),
            "ta%2fb%252f",
        );
        check(
            EntityKey::new([KeyPart::Text("".into()), KeyPart::Text("ü".into())]),
            "t/tü",
        );
        let uuid = Uuid([0xab; 16]);
        check(
            EntityKey::new([KeyPart::Uuid(uuid)]),
            &format!("x{}", "ab".repeat(16)),
        );
    }

    #[test]
    fn other_text_is_no_key() {
        for text in [
            "42",
            "u",
            "u-1",
            "u01",
            "n5",
            "xab",
            "t/",
            "u1/",
            "u1/u1/u1/u1/u1",
            "ü",
        ] {
            let key = key_from_text(text);
            assert!(key.is_none(), "{text}: {key:?}");
        }
    }
}

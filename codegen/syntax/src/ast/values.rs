//! Numbers, units and strings: from their text to their value.

/// The units of time.
pub(in crate::ast) const TIME_UNITS: [&str; 7] = ["ns", "us", "ms", "s", "min", "h", "d"];

/// Nanoseconds of a time unit.
pub(in crate::ast) fn time_unit_ns(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    })
}

fn size_unit_bytes(unit: &str) -> Option<i128> {
    Some(match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    })
}

/// A whole number as written: decimal, `0x`, `0b`, with `_`. `None` if it is none or above `i128`.
pub(crate) fn int(text: &str) -> Option<i128> {
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).ok()
    } else if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).ok()
    } else {
        digits.parse().ok()
    }
}

/// A number with a fraction or an exponent. `None` if it is not finite.
pub(in crate::ast) fn float(text: &str) -> Option<f64> {
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    digits.parse().ok().filter(|value: &f64| value.is_finite())
}

/// What a number with a unit means.
pub(in crate::ast) enum Unit {
    /// Nanoseconds.
    Time(i128),
    /// Bytes.
    Size(i128),
}

/// A number with a unit, exactly: `1.5s` is 1,500,000,000 ns. `None` if it is no whole number of ns or bytes, or too large.
pub(in crate::ast) fn unit(text: &str) -> Option<Unit> {
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let scale = |factor: i128| {
        let digits: String = number.chars().filter(|&c| c != '_').collect();
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let mut value = whole.parse::<i128>().ok()?.checked_mul(factor)?;
        if !fraction.is_empty() {
            let denominator = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            let numerator = fraction.parse::<i128>().ok()?.checked_mul(factor)?;
            if numerator % denominator != 0 {
                return None;
            }
            value += numerator / denominator;
        }
        Some(value)
    };
    if let Some(factor) = time_unit_ns(unit) {
        scale(factor).map(Unit::Time)
    } else {
        scale(size_unit_bytes(unit)?).map(Unit::Size)
    }
}

/// The text of a string literal with its escapes resolved; or the byte offset and length of the first bad escape.
pub(in crate::ast) fn string(literal: &str) -> Result<String, (usize, usize)> {
    let inner = literal.strip_prefix('"').unwrap_or(literal);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let offset = 1 + inner.len() - rest.len() + at;
        let escape = &rest[at + 1..];
        let Some(first) = escape.chars().next() else {
            return Err((offset, 1));
        };
        let (value, length) = match first {
            'n' => ('\n', 1),
            'r' => ('\r', 1),
            't' => ('\t', 1),
            '0' => ('\0', 1),
            '\\' => ('\\', 1),
            '"' => ('"', 1),
            'u' => {
                let digits = escape[1..]
                    .strip_prefix('{')
                    .and_then(|rest| rest.split_once('}'));
                let Some((digits, _)) = digits else {
                    return Err((offset, 2));
                };
                let value = u32::from_str_radix(digits, 16)
                    .ok()
                    .and_then(char::from_u32);
                match value {
                    Some(value) => (value, digits.len() + 3),
                    None => return Err((offset, digits.len() + 4)),
                }
            }
            other => return Err((offset, 1 + other.len_utf8())),
        };
        text.push(value);
        rest = &escape[length..];
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Unit, string, unit};

    #[test]
    fn units_are_exact() {
        assert!(matches!(unit("1.5s"), Some(Unit::Time(1_500_000_000))));
        assert!(matches!(unit("2KiB"), Some(Unit::Size(2048))));
        assert!(unit("0.5ns").is_none());
        assert!(unit("99999999999999999999999999999999999999d").is_none());
    }

    #[test]
    fn escapes_are_resolved_or_pointed_at() {
        assert_eq!(string(r#""a\n\u{1F600}\"""#).unwrap(), "a\n\u{1F600}\"");
        assert_eq!(string(r#""ab\q""#), Err((3, 2)));
        assert_eq!(string(r#""\u{D800}""#), Err((1, 8)));
        assert_eq!(string(r#""\uX""#), Err((1, 2)));
    }
}

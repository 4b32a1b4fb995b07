//! Lengths of time and numbers of bytes, as people write them: `"8s"`, `"64MiB"`.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A length of time in a configuration: `"250ms"`, `"8s"`, `"1.5h"`. The units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d`; a
/// bare number is refused, because nobody can tell its unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub Duration);

/// A number of bytes in a configuration: `"64KiB"`, `"1.5GiB"`, `"10MB"`, or `4096` as a bare number. The units are `B`,
/// `kB`, `MB`, `GB`, `TB` (steps of 1000) and `KiB`, `MiB`, `GiB`, `TiB` (steps of 1024).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

const TIMES: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// A number with a unit behind it, in the smallest unit. Exact: without floating point.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let has_point = number.contains('.');
    if whole.is_empty() || (has_point && fraction.is_empty()) || fraction.len() > 9 {
        return None;
    }
    let mut sum = u128::from(whole.parse::<u64>().ok()?) * u128::from(*factor);
    if has_point {
        let places = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        sum += u128::from(fraction.parse::<u64>().ok()?) * u128::from(*factor) / places;
    }
    u64::try_from(sum).ok()
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Time;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a length of time with its unit, as \"250ms\", \"8s\", \"5m\" or \"1.5h\"",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
                let nanos = scaled(text.trim(), TIMES);
                let refused = || E::invalid_value(de::Unexpected::Str(text), &self);
                nanos
                    .map(|nanos| Time(Duration::from_nanos(nanos)))
                    .ok_or_else(refused)
            }
        }

        deserializer.deserialize_any(Text)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of bytes, as 4096, \"64KiB\" or \"1.5GiB\"")
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                let refused = || E::invalid_value(de::Unexpected::Str(text), &self);
                scaled(text.trim(), SIZES).map(Size).ok_or_else(refused)
            }
        }

        deserializer.deserialize_any(Text)
    }
}

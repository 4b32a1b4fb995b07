//! Names of files: what they begin with, the day or the hour, and a number if there are several.

use crate::clock::Date;
use crate::file::Rotation;

/// The day or the hour of a file, as it stands in its name; empty if files go by size alone. In order of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Period(String);

impl Period {
    pub(crate) fn of(rotation: Rotation, date: Date) -> Self {
        let Date {
            year,
            month,
            day,
            hour,
            ..
        } = date;
        Self(match rotation {
            Rotation::Daily => format!("{year:04}-{month:02}-{day:02}"),
            Rotation::Hourly => format!("{year:04}-{month:02}-{day:02}T{hour:02}"),
            Rotation::Never => String::new(),
        })
    }
}

/// A file's place among those of its name. In order of age.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileName {
    pub(crate) period: Period,
    pub(crate) index: u32,
}

const EXTENSION: &str = ".jsonl";

/// Whether files can be called so: a dot would end it where it doesn't end.
pub(crate) fn is_base(name: &str) -> bool {
    let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    !name.is_empty() && name.len() <= 64 && name.chars().all(part)
}

impl FileName {
    pub(crate) fn write(&self, base: &str) -> String {
        let mut name = base.to_owned();
        if !self.period.0.is_empty() {
            name.push('.');
            name.push_str(&self.period.0);
        }
        if self.index > 0 {
            name.push('.');
            name.push_str(&self.index.to_string());
        }
        name.push_str(EXTENSION);
        name
    }

    /// The place that a name says; none if it isn't one that [`Self::write`] makes.
    pub(crate) fn read(base: &str, name: &str) -> Option<Self> {
        let rest = name.strip_prefix(base)?.strip_suffix(EXTENSION)?;
        let mut parts = rest.split('.');
        if parts.next() != Some("") {
            return None;
        }
        let mut next = parts.next();
        let period = match next {
            Some(period) if is_period(period) => {
                next = parts.next();
                Period(period.to_owned())
            }
            _ => Period::default(),
        };
        let index = match next {
            Some(index) => index.parse().ok().filter(|it| *it > 0)?,
            None => 0,
        };
        let read = Self { period, index };
        (parts.next().is_none() && read.write(base) == name).then_some(read)
    }
}

fn is_period(text: &str) -> bool {
    let form = |form: &str| {
        let fits = |(form, letter): (u8, u8)| match form {
            b'0' => letter.is_ascii_digit(),
            other => letter == other,
        };
        text.len() == form.len() && form.bytes().zip(text.bytes()).all(fits)
    };
    form("0000-00-00") || form("0000-00-00T00")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn names_read_as_they_were_written() {
        let date = Clock::Utc.date(1_795_384_987_000_000);
        for rotation in [Rotation::Daily, Rotation::Hourly, Rotation::Never] {
            for index in [0, 1, 12] {
                let period = Period::of(rotation, date);
                let name = FileName { period, index };
                let text = name.write("arena");
                assert_eq!(FileName::read("arena", &text), Some(name), "{text}");
                assert_eq!(FileName::read("aren", &text), None);
                assert_eq!(FileName::read("arena-2", &text), None);
            }
        }
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in [
            "arena",
            "arena.jsonl.gz",
            "arena.0.jsonl",
            "arena.01.jsonl",
            "arena.2026-11-22.x.jsonl",
            "arena.2026-11-22.1.2.jsonl",
            "arena.web.2026-11-22.jsonl",
            "arena.-1.jsonl",
            "arena.99999999999.jsonl",
        ] {
            assert_eq!(FileName::read("arena", name), None, "{name}");
        }
    }

    #[test]
    fn names_are_in_order_of_age() {
        let read = |name: &str| FileName::read("a", name).unwrap();
        let names = [
            "a.2026-11-22.jsonl",
            "a.2026-11-22.2.jsonl",
            "a.2026-11-22.10.jsonl",
            "a.2026-11-22T05.jsonl",
            "a.2026-11-23.jsonl",
        ];
        assert!(names.map(read).is_sorted());
    }
}

//! What happened, in words.

use super::Judge;
use crate::evolution::{
    form::Form,
    key::Key,
    surface::{Kind, Surface},
    verdict::Change,
};

impl Judge<'_> {
    /// A sentence about a change, without a full stop.
    pub(super) fn message(
        &self,
        kind: Kind,
        key: &Key,
        change: Change,
        what: &str,
        before: &str,
        after: &str,
    ) -> String {
        // What is gone may have left its key to something else.
        let own = if change == Change::Remove {
            before
        } else {
            self.name(key)
        };
        let element = self.describe(kind, key, own);
        match (change, before, after) {
            (Change::Add, ..) => format!("{element} is new"),
            (Change::Remove, ..) => format!("{element} is gone"),
            (Change::Rename, before, _) => format!("{element} was called `{before}`"),
            (_, before, after) if what.is_empty() => match (before, after) {
                ("", after) => format!("{element}: {after} is new"),
                (before, "") => format!("{element}: {before} is gone"),
                (before, after) => format!("{element}: {after}, was {before}"),
            },
            (_, "", after) => format!("{element}: {what} `{after}` is new"),
            (_, before, "") => format!("{element}: {what} `{before}` is gone"),
            (_, before, after) => format!("{element}: {what} is `{after}`, was `{before}`"),
        }
    }

    /// An element with all that it stands in: "field `count` of `Stack`".
    fn describe(&self, kind: Kind, key: &Key, name: &str) -> String {
        let mut words = match kind {
            Kind::Requires => format!("`requires {name}`"),
            _ => format!("{} `{name}`", kind.describe()),
        };
        let mut at = key.parent();
        while let Some(key) = at.filter(|key| key.root.is_some()) {
            words.push_str(&format!(" of `{}`", self.name(&key)));
            at = key.parent();
        }
        words
    }

    fn name(&self, key: &Key) -> &str {
        let found = self.current.get(key).or_else(|| self.original.get(key));
        found.map_or("", |element| element.name.as_str())
    }

    /// A form as the schema would write it.
    pub(super) fn pretty(&self, surface: &Surface, text: &str) -> String {
        let mut rename = |name: &str| short_name(surface, name);
        Form::parse(text).map_or_else(
            || text.to_owned(),
            |form| form.renamed(&mut rename).to_string(),
        )
    }
}

/// The name of a declaration without its package.
pub(super) fn short_name(surface: &Surface, text: &str) -> String {
    let element = Key::parse(text).and_then(|key| surface.get(&key));
    if let Some(element) = element {
        return element.name.clone();
    }
    text.rsplit_once(':')
        .map_or(text, |(_, name)| name)
        .to_owned()
}

/// A time in microseconds, in the largest unit that divides it.
pub(super) fn time_text(text: &str) -> String {
    let units = [
        (86_400_000_000, "d"),
        (3_600_000_000, "h"),
        (60_000_000, "min"),
        (1_000_000, "s"),
        (1000, "ms"),
    ];
    let Ok(us) = text.parse::<i64>() else {
        return text.to_owned();
    };
    let unit = units
        .into_iter()
        .find(|(size, _)| us != 0 && us % size == 0);
    unit.map_or_else(
        || format!("{us}us"),
        |(size, name)| format!("{}{name}", us / size),
    )
}

/// A rate as the schema writes it: `10/s`, `1/10s`.
pub(super) fn rate_text(text: &str) -> String {
    let Some((count, per)) = text.split_once('/') else {
        return text.to_owned();
    };
    let per = time_text(per);
    format!(
        "{count}/{}",
        per.strip_prefix('1')
            .filter(|unit| !unit.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or(&per)
    )
}

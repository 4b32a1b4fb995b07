//! Changes that were not saved, and newer ones: put together, and taken apart.

use playhouse_store::{Change, Path, Update};

const fn path(change: &Change) -> &Path {
    match change {
        Change::Set(path, _) | Change::Remove(path) => path,
    }
}

/// Whether `inner` is `outer`, or something below it.
fn is_within(inner: &Path, outer: &Path) -> bool {
    inner.0.starts_with(&outer.0)
}

/// Puts `newer` on top of `older`: what an older one set and a newer one sets again is the newer one's.
pub(crate) fn merge(older: Update, newer: Update) -> Update {
    if older.is_empty() {
        return newer;
    }
    let mut merged = older;
    for change in newer.0 {
        let at = path(&change);
        merged.0.retain(|old| !is_within(path(old), at));
        let within = merged.0.iter_mut().find(|old| is_within(at, path(old)));
        match (within, change) {
            (None, change) => merged.0.push(change),
            (Some(old), change) => change_within(old, change),
        }
    }
    merged
}

/// Changes something below what an older change sets.
fn change_within(old: &mut Change, change: Change) {
    let depth = path(old).0.len();
    if let Change::Remove(at) = old {
        *old = Change::Set(at.clone(), playhouse_store::Value::table());
    }
    if let Change::Set(_, value) = old {
        match change {
            Change::Set(at, new) => value.set(at.0.get(depth..).unwrap_or_default(), new),
            Change::Remove(at) => drop(value.remove(at.0.get(depth..).unwrap_or_default())),
        }
    }
}

/// Those of `older` that nothing of `newer` touches.
pub(crate) fn without(mut older: Update, newer: &Update) -> Update {
    older.0.retain(|old| {
        let mut changes = newer.0.iter().map(path);
        !changes.any(|at| is_within(path(old), at) || is_within(at, path(old)))
    });
    older
}

/// Whether an update changes what is at `at` or below.
pub(crate) fn touches(update: &Update, at: &Path) -> bool {
    update.0.iter().any(|change| is_within(path(change), at))
}

/// Parts an update into what is not at `at` or below, and what is.
pub(crate) fn split(update: Update, at: &Path) -> (Update, Update) {
    let (apart, rest) = update
        .0
        .into_iter()
        .partition(|change| is_within(path(change), at));
    (Update(rest), Update(apart))
}

#[cfg(test)]
mod tests {
    use playhouse_store::Value;

    use super::*;

    /// Older and newer changes one after the other do what the merged ones do, in whatever order.
    #[track_caller]
    fn check(older: &[Change], newer: &[Change], expected: &[Change]) {
        let (older, newer) = (Update(older.to_vec()), Update(newer.to_vec()));
        let merged = merge(older.clone(), newer.clone());
        assert_eq!(merged.0, expected);
        let mut one = Value::table();
        one.apply(&older);
        one.apply(&newer);
        let mut other = Value::table();
        other.apply(&merged);
        assert_eq!(one, other);
    }

    fn set(path: &[&str], value: u64) -> Change {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        Change::Set(Path(path), Value::Unsigned(value))
    }

    fn table(path: &[&str], entries: &[(&str, u64)]) -> Change {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        let entries = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Unsigned(*value)));
        Change::Set(Path(path), Value::Table(entries.collect()))
    }

    fn remove(path: &[&str]) -> Change {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        Change::Remove(Path(path))
    }

    #[test]
    fn newer_changes_stand_on_top_of_older_ones() {
        check(&[set(&["a"], 1)], &[], &[set(&["a"], 1)]);
        check(&[set(&["a"], 1)], &[set(&["a"], 2)], &[set(&["a"], 2)]);
        check(
            &[set(&["a"], 1)],
            &[set(&["b"], 2)],
            &[set(&["a"], 1), set(&["b"], 2)],
        );
        check(
            &[set(&["m", "a"], 1), set(&["m", "b"], 1)],
            &[table(&["m"], &[("c", 1)])],
            &[table(&["m"], &[("c", 1)])],
        );
    }

    #[test]
    fn what_changes_within_an_older_change_changes_it() {
        check(
            &[table(&["m"], &[("a", 1), ("b", 1)])],
            &[set(&["m", "c"], 2), remove(&["m", "a"])],
            &[table(&["m"], &[("b", 1), ("c", 2)])],
        );
        check(
            &[remove(&["m"])],
            &[set(&["m", "a"], 2)],
            &[table(&["m"], &[("a", 2)])],
        );
    }

    #[test]
    fn a_path_is_parted_from_the_rest() {
        let update = Update(vec![set(&["a"], 1), set(&["m", "b"], 2), set(&["mm"], 3)]);
        let (rest, apart) = split(update, &Path::of(["m"]));
        assert_eq!(rest.0, [set(&["a"], 1), set(&["mm"], 3)]);
        assert_eq!(apart.0, [set(&["m", "b"], 2)]);
    }
}

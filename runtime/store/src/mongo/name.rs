//! Names of entries as MongoDB can take them: without dots, dollars and zeros, and never empty.

use std::borrow::Cow;

use crate::value::Path;

/// Where the root of a document stands in MongoDB's.
pub(super) const ROOT: &str = "root";

/// A name of an entry as a field's name: `%` and two digits in place of what MongoDB gives a meaning, `%` alone for nothing.
pub(super) fn escape(name: &str) -> Cow<'_, str> {
    if name.is_empty() {
        return "%".into();
    }
    if !name.contains(['%', '.', '$', '\0']) {
        return name.into();
    }
    let mut text = String::with_capacity(name.len() + 8);
    for character in name.chars() {
        match character {
            '%' => text.push_str("%25"),
            '.' => text.push_str("%2e"),
            '$' => text.push_str("%24"),
            '\0' => text.push_str("%00"),
            other => text.push(other),
        }
    }
    text.into()
}

/// The name that a field stands for. What [`escape`] writes no such text for is taken as it is.
pub(super) fn unescape(field: &str) -> String {
    if field == "%" {
        return String::new();
    }
    if !field.contains('%') {
        return field.to_owned();
    }
    field
        .replace("%2e", ".")
        .replace("%24", "$")
        .replace("%00", "\0")
        .replace("%25", "%")
}

/// A path from the root on, with dots.
pub(super) fn dotted(path: &Path) -> String {
    let mut text = ROOT.to_owned();
    for name in &path.0 {
        text.push('.');
        text.push_str(&escape(name));
    }
    text
}

/// The path that [`dotted`] writes so.
pub(super) fn path(dotted: &str) -> Option<Path> {
    let mut names = dotted.split('.');
    (names.next()? == ROOT).then(|| Path(names.map(unescape).collect()))
}

/// The name of a collection. MongoDB has a meaning for `system.` at its beginning.
pub(super) fn collection(name: &str) -> String {
    let text: String = name
        .replace('%', "%25")
        .replace('$', "%24")
        .replace('\0', "%00");
    match text.strip_prefix("system.") {
        Some(rest) => format!("system%2e{rest}"),
        None if text.is_empty() => "%".to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, field: &str) {
        assert_eq!(escape(name), field);
        assert_eq!(unescape(field), name);
    }

    #[test]
    fn hostile_names_are_escaped_and_come_back() {
        check("bag", "bag");
        check("", "%");
        check("%", "%25");
        check("%2e", "%252e");
        check("$set", "%24set");
        check("a.b..", "a%2eb%2e%2e");
        check("\0", "%00");
        check("ü 7", "ü 7");
    }

    #[test]
    fn paths_go_to_dots_and_back() {
        let hostile = Path::of(["body", "", "a.b", "$x", "7"]);
        assert_eq!(dotted(&hostile), "root.body.%.a%2eb.%24x.7");
        assert_eq!(path(&dotted(&hostile)), Some(hostile));
        assert_eq!(path("other.x"), None);
        assert_eq!(collection("system.users"), "system%2eusers");
        assert_eq!(collection("arena.world.Avatar"), "arena.world.Avatar");
    }
}

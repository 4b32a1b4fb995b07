//! Paths as people read them: relative to where they are, with `/`.

use std::path::{Component, Path, PathBuf};

/// `path` without `.` and, as far as they can be resolved by the text alone, without `..`.
#[must_use]
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    out
}

/// How to get from the folder `from` to `to`, both absolute: `../idl/a.idl`, or `.` if they are the same. What shares
/// nothing with `from` is shown as it is.
#[must_use]
pub fn relative(from: &Path, to: &Path) -> String {
    let (from, to) = (normal(from), normal(to));
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    if shared < 2 {
        return text(&to);
    }
    let mut out = PathBuf::new();
    for _ in from.components().skip(shared) {
        out.push("..");
    }
    out.extend(to.components().skip(shared));
    if out.as_os_str().is_empty() {
        return ".".to_owned();
    }
    text(&out)
}

/// `path` with `/` between its parts, whatever the system writes.
#[must_use]
pub fn text(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        text.into_owned()
    } else {
        text.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_where_the_text_tells() {
        let cases = [
            ("a/./b", "a/b"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("/../a", "/a"),
            ("a/..", ""),
            ("../../a/b/..", "../../a"),
        ];
        for (path, expected) in cases {
            assert_eq!(normal(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn paths_are_shown_from_where_one_is() {
        let cases = [
            ("/p/game", "/p/game/idl/a.idl", "idl/a.idl"),
            ("/p/game/idl", "/p/game/idl/a.idl", "a.idl"),
            ("/p/game/src", "/p/game/idl/a.idl", "../idl/a.idl"),
            ("/p/game", "/p/game", "."),
            ("/p", "/q/idl/a.idl", "/q/idl/a.idl"),
        ];
        for (from, to, expected) in cases {
            assert_eq!(
                relative(Path::new(from), Path::new(to)),
                expected,
                "{from} {to}"
            );
        }
    }
}

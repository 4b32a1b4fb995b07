//! Rules for the sources that people write: names, headers, lengths, nothing unfinished.

use crate::tidy::Violation;
use crate::tidy::layers::contains_word;
use crate::tidy::tree::Tree;

/// Lines past which a file says why it is long.
const LINES_MAX: usize = 500;
/// How it says so.
const LONG_BECAUSE: &str = "Long because ";
/// Lines at the top in which it must.
const TOP_LINES: usize = 12;
/// Names of files and folders that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "common",
    "helper",
    "helpers",
    "misc",
    "util",
    "utilities",
    "utils",
];
/// Endings of files that people write programs in.
const PROGRAM_ENDINGS: &[&str] = &[".rs", ".ts", ".mts", ".js", ".mjs", ".py", ".cs"];

/// Each Rust file opens with `//!`.
pub(crate) fn header(tree: &Tree) -> Vec<Violation> {
    let bare = tree.sources().filter(|file| !file.text.starts_with("//!"));
    bare.map(|file| Violation::new(&file.path, 1, "open it with `//!` and what it is for"))
        .collect()
}

/// A long file says why at its top.
pub(crate) fn length(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let typescript = tree
        .files
        .iter()
        .filter(|file| file.path.ends_with(".ts") && !file.is_generated() && !file.is_fixture());
    for file in tree.sources().chain(typescript) {
        let count = file.text.lines().count();
        let reason = file
            .text
            .lines()
            .take(TOP_LINES)
            .any(|line| line.contains(LONG_BECAUSE));
        if count > LINES_MAX && !reason {
            let message = format!("{count} lines: split it, or say `{LONG_BECAUSE}...` at the top");
            violations.push(Violation::new(&file.path, 1, message));
        }
    }
    violations
}

/// No `mod.rs`.
pub(crate) fn no_mod_rs(tree: &Tree) -> Vec<Violation> {
    let found = tree.sources().filter(|file| file.path.ends_with("/mod.rs"));
    let violation = |path: &str| {
        let folder = path.trim_end_matches("/mod.rs");
        Violation::new(path, 0, format!("move it to {folder}.rs"))
    };
    found.map(|file| violation(&file.path)).collect()
}

/// No program file or folder of them is called `utils` or the like.
pub(crate) fn names(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let program = |path: &str| PROGRAM_ENDINGS.iter().any(|ending| path.ends_with(ending));
    let written = |path: &str| {
        let file = tree.files.iter().find(|file| file.path == path);
        file.is_none_or(|file| !file.is_generated() && !file.is_fixture())
    };
    for path in tree
        .paths
        .iter()
        .filter(|path| program(path) && written(path))
    {
        for part in path.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            if EMPTY_NAMES.contains(&stem) {
                let message = format!("`{part}` says nothing: name it for what is inside");
                violations.push(Violation::new(path, 0, message));
            }
        }
    }
    violations
}

/// No stub, no test that is skipped or passes by failing.
pub(crate) fn no_stubs(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.sources() {
        for (line, text) in file.code_lines() {
            for word in ["todo!", "unimplemented!"] {
                if contains_word(text, word) {
                    violations.push(Violation::new(&file.path, line, format!("finish {word}")));
                }
            }
            for attribute in ["#[ignore", "#[should_panic"] {
                if text.contains(attribute) {
                    let message =
                        format!("{attribute}]: let the test run and assert what it shows");
                    violations.push(Violation::new(&file.path, line, message));
                }
            }
        }
    }
    violations
}

/// Every `allow` and `expect` attribute gives its reason.
pub(crate) fn allow_reasons(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.sources() {
        for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
            for (index, _) in file.code.match_indices(start) {
                let rest = &file.code[index..];
                let attribute = &rest[..rest.find(")]").unwrap_or(rest.len())];
                if !contains_word(attribute, "reason") {
                    let line = file.code[..index].matches('\n').count() + 1;
                    let message = format!("{start}..)] has no `reason = \"..\"`");
                    violations.push(Violation::new(&file.path, line, message));
                }
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&Tree) -> Vec<Violation>, path: &str, text: &str) -> usize {
        rule(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn a_file_opens_with_what_it_is_for() {
        assert_eq!(count(header, "a/src/x.rs", "//! X.\n"), 0);
        assert_eq!(count(header, "a/src/x.rs", "use std::fmt;\n"), 1);
        assert_eq!(
            count(header, "a/src/x.rs", "// @generated\nuse std::fmt;\n"),
            0
        );
        assert_eq!(count(header, "a/tests/ui/x.rs", "fn main() {}\n"), 0);
    }

    #[test]
    fn a_long_file_says_why() {
        let long = "fn f() {}\n".repeat(LINES_MAX);
        assert_eq!(count(length, "a/src/x.rs", &format!("//! X.\n{long}")), 1);
        assert_eq!(count(length, "a/src/x.ts", &format!("// X.\n{long}")), 1);
        assert_eq!(count(length, "a/src/x.rs", &long), 0);
        let reason = "//! X.\n//!\n//! Long because it is one flat list.\n";
        assert_eq!(count(length, "a/src/x.rs", &format!("{reason}{long}")), 0);
    }

    #[test]
    fn modules_stand_beside_their_folders() {
        assert_eq!(count(no_mod_rs, "a/src/x.rs", ""), 0);
        assert_eq!(count(no_mod_rs, "a/src/x/mod.rs", ""), 1);
    }

    #[test]
    fn names_say_something() {
        assert_eq!(count(names, "a/src/commons.rs", ""), 0);
        assert_eq!(count(names, "idl/arena/common.idl", ""), 0);
        assert_eq!(count(names, "a/src/utils.rs", ""), 1);
        assert_eq!(count(names, "a/helpers/x.ts", ""), 1);
    }

    #[test]
    fn nothing_is_unfinished() {
        assert_eq!(
            count(
                no_stubs,
                "a/src/x.rs",
                "// todo!()\nlet ignore = \"#[ignore]\";"
            ),
            0
        );
        assert_eq!(count(no_stubs, "a/src/x.rs", "fn f() { todo!() }"), 1);
        assert_eq!(
            count(no_stubs, "a/src/x.rs", "#[ignore = \"slow\"]\nfn f() {}"),
            1
        );
        assert_eq!(
            count(no_stubs, "a/src/x.rs", "#[should_panic(expected = \"x\")]"),
            1
        );
    }

    #[test]
    fn exceptions_give_reasons() {
        let good = "#[allow(\n    dead_code,\n    reason = \"shown in the docs\"\n)]";
        assert_eq!(count(allow_reasons, "a/src/x.rs", good), 0);
        assert_eq!(
            count(allow_reasons, "a/src/x.rs", "#![allow(dead_code)]"),
            1
        );
        assert_eq!(
            count(allow_reasons, "a/src/x.rs", "#[expect(dead_code)]"),
            1
        );
    }
}

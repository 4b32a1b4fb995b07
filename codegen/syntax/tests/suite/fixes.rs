//! Which fixes are applied, and how.

use playhouse_syntax::{Edit, FileId, Fix, apply_fixes};

use crate::render::span;

fn fix(safe: bool, edits: &[(u32, u32, u32, &str)]) -> Fix {
    Fix {
        title: "mend it".into(),
        edits: edits
            .iter()
            .map(|&(file, start, end, text)| Edit {
                span: span(file, start, end),
                text: text.into(),
            })
            .collect(),
        safe,
    }
}

fn check(text: &str, fixes: &[Fix], expected: &str) {
    assert_eq!(apply_fixes(FileId(0), text, fixes), expected);
}

#[test]
fn edits_are_applied_in_the_order_of_the_text() {
    let fixes = [
        fix(true, &[(0, 4, 5, "E")]),
        fix(true, &[(0, 0, 1, "AA"), (0, 2, 2, "-")]),
    ];
    check("abcde", &fixes, "AAb-cdE");
    check("abcde", &[], "abcde");
}

#[test]
fn unsafe_fixes_are_left_alone() {
    check("abc", &[fix(false, &[(0, 0, 1, "X")])], "abc");
}

#[test]
fn the_first_of_overlapping_fixes_wins_whole() {
    let first = fix(true, &[(0, 1, 3, "X")]);
    let second = fix(true, &[(0, 2, 4, "Y"), (0, 0, 0, "!")]);
    check("abcde", &[first.clone(), second.clone()], "aXde");
    check("abcde", &[second, first], "!abYe");
}

#[test]
fn touching_edits_do_not_overlap() {
    let fixes = [
        fix(true, &[(0, 1, 2, "X")]),
        fix(true, &[(0, 2, 3, "Y")]),
        fix(true, &[(0, 2, 2, "-")]),
    ];
    check("abcd", &fixes, "aX-Yd");
}

#[test]
fn the_same_fix_twice_is_applied_once() {
    let insert = fix(true, &[(0, 1, 1, ";")]);
    check("ab", &[insert.clone(), insert], "a;b");
    let remove = fix(true, &[(0, 0, 1, "")]);
    check("ab", &[remove.clone(), remove], "b");
}

#[test]
fn an_insertion_inside_a_replacement_overlaps() {
    check(
        "abcd",
        &[fix(true, &[(0, 0, 4, "X")]), fix(true, &[(0, 2, 2, "-")])],
        "X",
    );
    check(
        "abcd",
        &[fix(true, &[(0, 2, 2, "-")]), fix(true, &[(0, 0, 4, "X")])],
        "ab-cd",
    );
}

#[test]
fn files_agree_on_what_was_applied() {
    let fixes = [
        fix(true, &[(1, 0, 2, "X")]),
        fix(true, &[(0, 0, 1, "Y"), (1, 1, 2, "Y")]),
    ];
    assert_eq!(apply_fixes(FileId(0), "ab", &fixes), "ab");
    assert_eq!(apply_fixes(FileId(1), "cd", &fixes), "X");
}

#[test]
fn stale_edits_are_skipped() {
    check("é", &[fix(true, &[(0, 1, 2, "X")])], "é");
    check("ab", &[fix(true, &[(0, 5, 9, "X")])], "ab");
}

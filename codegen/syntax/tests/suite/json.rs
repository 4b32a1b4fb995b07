//! The JSON form of diagnostics.

use playhouse_syntax::{Diagnostic, diagnostic::json};

use crate::render::{Files, WORLD, error, find, span};

fn check(diagnostic: Diagnostic, files: Files<'_>, expected: &str) {
    assert_eq!(json::render(&[diagnostic], files), format!("{expected}\n"));
}

#[test]
fn every_part_is_written() {
    check(
        error(find(WORLD, 0, "u46"))
            .label("no \"such\" type")
            .also(find(WORLD, 1, "Bag"), "compare")
            .note("a note")
            .help("some help")
            .fix("write `u64`", true, find(WORLD, 0, "u46"), "u64"),
        WORLD,
        concat!(
            r#"{"code":"E0999","severity":"error","message":"it is wrong","path":"world.idl","#,
            r#""span":{"start":25,"end":28,"start_line":2,"start_column":13,"end_line":2,"end_column":16},"#,
            r#""label":"no \"such\" type","labels":[{"path":"other.idl","#,
            r#""span":{"start":7,"end":10,"start_line":1,"start_column":8,"end_line":1,"end_column":11},"message":"compare"}],"#,
            r#""notes":["a note"],"help":["some help"],"fixes":[{"title":"write `u64`","safe":true,"edits":[{"path":"world.idl","#,
            r#""span":{"start":25,"end":28,"start_line":2,"start_column":13,"end_line":2,"end_column":16},"text":"u64"}]}]}"#,
        ),
    );
}

fn check_place(text: &str, start: u32, end: u32, expected: &str) {
    let line = json::render(&[error(span(0, start, end))], &[("a.idl", text)][..]);
    let place = &line[line.find("\"span\":").unwrap() + 7..];
    let place = &place[..=place.find('}').unwrap()];
    let numbers: Vec<&str> = place
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    assert_eq!(numbers.join(" "), expected, "{text:?} {start}..{end}");
}

#[test]
fn lines_and_columns_count_from_one_and_in_characters() {
    check_place("", 0, 0, "0 0 1 1 1 1");
    check_place("abc", 3, 3, "3 3 1 4 1 4");
    check_place("a\nb\n", 4, 4, "4 4 3 1 3 1");
    check_place("a\r\nbc", 4, 5, "4 5 2 2 2 3");
    check_place("é🪙x", 6, 7, "6 7 1 3 1 4");
    check_place("a\n", 1, 2, "1 2 1 2 2 1");
    check_place("ab", 50, 60, "2 2 1 3 1 3");
    check_place("é", 1, 2, "0 2 1 1 1 2");
}

#[test]
fn a_diagnostic_is_a_line() {
    let diagnostic = error(span(0, 0, 1)).note("two\nlines");
    let text = json::render(&[diagnostic.clone(), diagnostic], WORLD);
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let unknown = json::render(&[error(span(9, 4, 5))], WORLD);
    assert!(unknown.contains(r#""path":"","span":{"start":4,"end":5,"#));
}

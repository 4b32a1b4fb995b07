//! How diagnostics look as text: each case is a section of `snapshots/render.txt`.

use std::fmt::Write as _;

use playhouse_syntax::{
    Code, Diagnostic, Edit, FileId, Span, Style, TextRange, TextSize, parse, render,
};

use crate::snapshot;

pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

pub(crate) fn span(file: u32, start: u32, end: u32) -> Span {
    Span::new(
        FileId(file),
        TextRange::new(TextSize::new(start), TextSize::new(end)),
    )
}

/// The place of the first `needle` in file `file`.
pub(crate) fn find(files: Files<'_>, file: u32, needle: &str) -> Span {
    let start = files[file as usize].1.find(needle).unwrap();
    let start = u32::try_from(start).unwrap();
    span(file, start, start + u32::try_from(needle.len()).unwrap())
}

pub(crate) fn error(span: Span) -> Diagnostic {
    Diagnostic::error(Code("E0999"), span, "it is wrong")
}

pub(crate) const WORLD: Files<'static> = &[
    (
        "world.idl",
        "struct Bag {\n    1 gold: u46;\n    2 gems: u8;\n}\n",
    ),
    ("other.idl", "struct Bag { }\n"),
];

fn cases() -> Vec<(&'static str, Diagnostic, Files<'static>)> {
    let long: &'static str = Box::leak(
        format!(
            "struct S {{ {} 9 last: u46; {}}}\n",
            "1 first: u8; ".repeat(40),
            "2 more: u8; ".repeat(40)
        )
        .into_boxed_str(),
    );
    let long: Files<'static> = Box::leak(Box::new([("long.idl", long)]));
    let crlf: Files<'static> = &[("crlf.idl", "struct Bag {\r\n    1 gold: u46;\r\n}\r\n")];
    let tabs: Files<'static> = &[("tabs.idl", "struct Bag {\n\t1\tgold:\tu46;\n}\n")];
    let wide: Files<'static> = &[(
        "wide.idl",
        "struct Bag {\n    /* 金貨 🪙 é */ 1 gold: u46; // 終\n}\n",
    )];
    let rename = |file: u32| Edit {
        span: find(WORLD, file, "Bag"),
        text: "Sack".into(),
    };
    vec![
        (
            "labels, notes, help and fixes",
            error(find(WORLD, 0, "u46"))
                .label("no such type")
                .also(find(WORLD, 0, "gold"), "of this field")
                .note("the integers are u8 to u64")
                .help("say how wide it is")
                .fix("write `u64`", true, find(WORLD, 0, "u46"), "u64"),
            WORLD,
        ),
        (
            "a warning",
            Diagnostic::warning(
                Code("sparse_tags"),
                find(WORLD, 0, "gems"),
                "tags are sparse",
            ),
            WORLD,
        ),
        (
            "several files",
            error(find(WORLD, 0, "Bag"))
                .label("again here")
                .also(find(WORLD, 1, "Bag"), "first here")
                .fix_all("rename both", false, vec![rename(0), rename(1)]),
            WORLD,
        ),
        (
            "the end of the file",
            error(span(1, 15, 15)).label("`}` belongs here"),
            WORLD,
        ),
        (
            "an empty range at the end of a line",
            error(span(0, 28, 28)).label("`;` is missing here").fix(
                "write `;`",
                true,
                span(0, 28, 28),
                ";",
            ),
            WORLD,
        ),
        (
            "an empty file",
            error(span(0, 0, 0)).label("say something"),
            &[("empty.idl", "")],
        ),
        (
            "several lines",
            error(find(WORLD, 0, "{\n    1 gold: u46;\n    2 gems: u8;\n}")).label("all of this"),
            WORLD,
        ),
        (
            "several lines inserted",
            error(find(WORLD, 0, "2 gems")).fix(
                "add a field",
                true,
                span(0, 30, 30),
                "    3 new: u8;\n    4 newer: u8;\n",
            ),
            WORLD,
        ),
        (
            "a line removed",
            error(find(WORLD, 0, "1 gold")).fix(
                "remove the field",
                true,
                find(WORLD, 0, "    1 gold: u46;\n"),
                "",
            ),
            WORLD,
        ),
        (
            "line breaks of Windows",
            error(find(crlf, 0, "u46")).label("here").fix(
                "write `u64`",
                true,
                find(crlf, 0, "u46"),
                "u64",
            ),
            crlf,
        ),
        (
            "the line break itself",
            error(span(0, 12, 14)).label("between"),
            crlf,
        ),
        ("tabs", error(find(tabs, 0, "u46")).label("here"), tabs),
        (
            "wide characters",
            error(find(wide, 0, "u46")).label("here"),
            wide,
        ),
        (
            "the middle of a character",
            error(span(0, 21, 22)).label("here"),
            wide,
        ),
        (
            "a long line",
            error(find(long, 0, "u46")).label("here"),
            long,
        ),
        (
            "a range outside the text",
            error(span(1, 400, 500)).label("stale"),
            WORLD,
        ),
        (
            "an unknown file",
            error(span(7, 0, 3)).help("look again"),
            WORLD,
        ),
    ]
}

#[test]
fn every_kind_of_place_is_shown() {
    let mut out = String::new();
    for (name, diagnostic, files) in cases() {
        let text = render(&[diagnostic], files, Style::PLAIN);
        write!(out, "=== {name}\n{text}\n").unwrap();
    }
    snapshot::check("snapshots/render.txt", &out);
}

#[test]
fn colours_are_only_added() {
    for (name, diagnostic, files) in cases() {
        let plain = render(std::slice::from_ref(&diagnostic), files, Style::PLAIN);
        let coloured = render(&[diagnostic], files, Style::COLOURED);
        let mut bare = String::new();
        let mut parts = coloured.split('\u{1b}');
        bare.push_str(parts.next().unwrap_or_default());
        for part in parts {
            bare.push_str(part.split_once('m').unwrap().1);
        }
        assert_eq!(bare, plain, "{name}");
        assert_ne!(coloured, plain, "{name}");
    }
}

#[test]
fn no_range_makes_it_panic() {
    let text = "a\r\n\té🪙\r\n\nstruct X { 1 a: u8; }";
    let files = [("x.idl", text)];
    for start in 0..30 {
        for end in start..30 {
            let place = span(0, start, end);
            let diagnostic = error(place)
                .label("here")
                .also(span(0, 30 - end, 30 - start), "and here")
                .fix("write", true, place, "two\nlines");
            assert!(!render(&[diagnostic], &files[..], Style::COLOURED).is_empty());
        }
    }
}

#[test]
fn several_are_parted_by_an_empty_line() {
    let text = "struct A { 1 a: u8 }\nstrct B { }\n";
    let diagnostics = parse(FileId(0), text).diagnostics;
    let files = [("x.idl", text)];
    snapshot::check(
        "snapshots/render_several.txt",
        &render(&diagnostics, &files[..], Style::PLAIN),
    );
}

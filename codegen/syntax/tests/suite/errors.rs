//! What is said about texts that are wrong: each case is a section of `snapshots/errors.txt`.

use std::fmt::Write as _;

use playhouse_syntax::{FileId, Style, ast, parse, render};

use crate::snapshot;

/// Texts with the number of errors that each should give.
const CASES: [(usize, &str); 84] = [
    // Tokens.
    (1, "const A: u8 = 12abc;"),
    (1, "const A: u32 = 0x;"),
    (
        1,
        "const A: u64 = 999999999999999999999999999999999999999999;",
    ),
    (1, "const A: duration = 5 seconds;"),
    (1, "const A: duration = 5minutes;"),
    (1, "struct A { 1 a: duration = 5 m; }"),
    (1, "const A: duration = 0.5ns;"),
    (1, "const A: string = \"no end;\nrole a;"),
    (1, "const A: string = \"a\\qb\";"),
    (1, "const A: string = \"\\u{D800}\";"),
    (1, "const A: string = 'single';"),
    (1, "const A: string = \u{201c}curly\u{201d};"),
    (1, "role a; /* no end\nrole b;"),
    (1, "struct A { 1 a: u8; /* no end\n}"),
    (1, "# a comment\nrole a;"),
    (1, "struct Caf\u{e9} { 1 a: u8; }"),
    (1, "struct A { 1 a: u8 $; }"),
    (3, "$ \u{20ac} ~"),
    // Ends.
    (1, "role a\nrole b;"),
    (1, "struct A { 1 a: u8, 2 b: u8; }"),
    (2, "struct A { 1 a: u8, 2 b: u8 }"),
    (1, "struct A { 1 a: u8; };"),
    (1, "union A { 1 a { 1 b: u8; }; 2 c; }"),
    (1, "struct A { 1 a: u8;\n\nstruct B { 1 b: u8; }"),
    (
        1,
        "struct A { 1 a: u8;\n\n/// Docs.\n@deprecated\nstruct B { 1 b: u8; }",
    ),
    (1, "struct A { 1 a: u8; } }\nstruct B { }"),
    (
        1,
        "component 1 A {\n    1 a: u8; }\n    2 b: u8;\n    rpc 1 c();\n    @durable\n    oneway 2 d();\n}\nrole b;",
    ),
    (1, "struct A"),
    (1, "struct A;"),
    (1, "struct A {"),
    // Keywords.
    (1, "stuct A { }"),
    (1, "import a.B;"),
    (1, "message A { 1 a: u8; }"),
    (1, "A { 1 a: u8; }"),
    (1, "fn main() { println(); }"),
    (1, "closed struct A { }"),
    (1, "component 1 A { rcp 1 b(); }"),
    (1, "component 1 A { b(); }"),
    (1, "component 1 A { 1 b(); }"),
    (1, "component 1 A { func b(); }"),
    (1, "component 1 A { gold; }"),
    (1, "component 1 A { idempotent\n rpc 1 b(); }"),
    (
        1,
        "component 1 A { exposed(1/s)\n @idempotent\n rpc 1 b(); }",
    ),
    (1, "component 1 A { rpc 1 b() thorws C; }"),
    // Declarations.
    (1, "entity 1 A on b { }"),
    (1, "entity 1 A: on b { }"),
    (1, "entity 1 A keyed(B) on c { }"),
    (1, "service 1 A b { rpc 1 c(); }"),
    (1, "component 1 A B { }"),
    (1, "use a.*;"),
    (1, "use a.b, a.c;"),
    (1, "use a.{b c, d};"),
    (1, "newtype A: u8;"),
    (1, "const A = 5;"),
    (1, "const A u8 = 5;"),
    (1, "const A: u8 5;"),
    (1, "struct A<> { }"),
    (
        2,
        "struct A {\n    string name = 1;\n    int32 level = 2;\n}",
    ),
    (1, "7 entity A: instance on b { }"),
    (1, "role a;\nrpc 1 b();\nrpc 2 c();"),
    (1, "struct A { 1 2nd: u8; }"),
    // Types.
    (1, "newtype A = (u8, u8);"),
    (1, "newtype A = [u8];"),
    (1, "newtype A = list<u8;"),
    (1, "newtype A = map<u8, >;"),
    (1, "newtype A = u8[];"),
    (1, "newtype A = u8[0..8];"),
    (1, "newtype A = u8 ..=8];"),
    (
        1,
        "newtype A = a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<a<u8>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>>;",
    ),
    // Calls.
    (1, "component 1 A { rpc 1 b(u8, u16) -> u8; }"),
    (1, "component 1 A { rpc 1 b(c: u8 d: u8); }"),
    (1, "component 1 A { rpc 1 b(c: u8;\n rpc 2 d(); }"),
    (1, "component 1 A { rpc 1 b(): u8; }"),
    (1, "component 1 A { rpc 1 b() u8; }"),
    (1, "component 1 A { rpc 1 b() throws C, D; }"),
    // Attributes, docs and what is reserved.
    (1, "struct A { @persist 1 a: u8; }"),
    (1, "component 1 A { rpc 1 b() @durable; }"),
    (1, "struct A { 1 a: u8 persist; }"),
    (1, "@exposed(1/s\nrole a;"),
    (1, "@x(a b)\nrole a;"),
    (1, "struct A { 1 a: u8;\n /// nothing follows\n}"),
    (1, "role a;\n/// nothing follows\n"),
    (1, "struct A { reserved old; }"),
    (1, "struct A { reserved 1..5; }"),
];

#[test]
fn each_mistake_is_answered_as_reviewed() {
    let mut out = String::new();
    let mut wrong = Vec::new();
    for (count, text) in CASES {
        let parsed = parse(FileId(0), text);
        let (_, literals) = ast::lower(FileId(0), &parsed.tree());
        let mut errors = parsed.diagnostics;
        errors.extend(literals);
        if errors.len() != count {
            wrong.push(format!(
                "{} errors instead of {count}: {text}",
                errors.len()
            ));
        }
        let files = [("a.idl", text)];
        writeln!(out, "=== {}", text.lines().next().unwrap_or_default()).unwrap();
        writeln!(out, "{}", render(&errors, &files[..], Style::PLAIN)).unwrap();
    }
    snapshot::check("snapshots/errors.txt", &out);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn several_mistakes_are_all_reported() {
    let text = "package a\nstuct B { 1 c: u8 }\nenum D: u8 { 0; 1 e }\nconst F: u8 = \"\\q\" + ;\nrole 5;\n";
    let parsed = parse(FileId(0), text);
    let lines: Vec<usize> = parsed
        .diagnostics
        .iter()
        .map(|error| {
            text[..error.primary.span.range.start().into()]
                .matches('\n')
                .count()
                + 1
        })
        .collect();
    assert_eq!(lines, [1, 2, 2, 3, 3, 4, 5]);
}

#[test]
fn errors_are_counted_up_to_a_limit() {
    let text = "role ;\n".repeat(20_000);
    let parsed = parse(FileId(0), &text);
    assert_eq!(parsed.diagnostics.len(), playhouse_syntax::ERRORS_MAX);
    assert_eq!(parsed.tree().text(), text.as_str());
}

#[test]
fn nesting_has_a_limit_and_no_cost() {
    for (open, close) in [("list<", ">"), ("a[", "]")] {
        let text = format!(
            "newtype A = {}u8{};",
            open.repeat(20_000),
            close.repeat(20_000)
        );
        assert!(!parse(FileId(0), &text).diagnostics.is_empty());
    }
    for open in ["[", "(", "{a: ", "@x(", "-", "{", "struct A { 1 a { ", "/*"] {
        let text = format!("const A: u8 = {}", open.repeat(20_000));
        let parsed = parse(FileId(0), &text);
        assert!(!parsed.diagnostics.is_empty(), "{open}");
        let _ = ast::lower(FileId(0), &parsed.tree());
    }
}

#[test]
fn a_file_too_long_is_refused() {
    let text = " ".repeat(playhouse_syntax::lexer::TEXT_BYTES_MAX + 1);
    let parsed = parse(FileId(3), &text);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(
        parsed.diagnostics[0].code,
        playhouse_syntax::codes::FILE_TOO_LONG
    );
    assert_eq!(parsed.diagnostics[0].primary.span.file, FileId(3));
}

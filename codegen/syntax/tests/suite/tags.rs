//! Which numbers the formatter gives to what has none.

use playhouse_syntax::{
    FileId,
    format::{TagScope, TagSpace, format_filled},
};

fn check(text: &str, expected: &str) {
    check_past(text, |_| None, expected);
}

fn check_past(text: &str, past_max: impl Fn(&TagScope<'_>) -> Option<i64>, expected: &str) {
    let filled = format_filled(FileId(0), text, &past_max).unwrap();
    assert_eq!(filled.trim_end(), expected);
}

#[test]
fn the_first_number_is_one_or_zero() {
    check(
        "struct A { a: u8; b: u8; }",
        "struct A { 1 a: u8; 2 b: u8; }",
    );
    check("enum A { a; b; }", "enum A { 0 a; 1 b; }");
    check("flags A { a; b; }", "flags A { 0 a; 1 b; }");
    check("union A { a; b: u8; }", "union A { 1 a; 2 b: u8; }");
    check("error A { a; }", "error A { 1 a; }");
}

#[test]
fn gaps_are_never_filled() {
    check(
        "struct A { 5 a: u8; b: u8; 2 c: u8; d: u8; }",
        "struct A { 5 a: u8; 6 b: u8; 2 c: u8; 7 d: u8; }",
    );
    check("enum A { 7 a; b; }", "enum A { 7 a; 8 b; }");
    check("enum A { -7 a; b; }", "enum A { -7 a; 0 b; }");
}

#[test]
fn what_is_reserved_is_used() {
    check(
        "struct A { reserved 3, \"x\"; a: u8; }",
        "struct A { reserved 3, \"x\"; 4 a: u8; }",
    );
    check(
        "struct A { a: u8; reserved 3..=9; }",
        "struct A { 10 a: u8; reserved 3..=9; }",
    );
    check(
        "service 1 S on r { reserved rpc 4; rpc a(); }",
        "service 1 S on r { reserved rpc 4; rpc 5 a(); }",
    );
}

#[test]
fn calls_have_a_space_of_their_own() {
    check(
        "component 1 C { a: u8; 8 b: u8; has s: T; rpc c(); oneway d(); client rpc e(); event 9 f(); timer g(); }",
        "component 1 C {\n    9 a: u8;\n    8 b: u8;\n    has 10 s: T;\n    rpc 10 c();\n    oneway 11 d();\n    client rpc 12 e();\n    event 9 f();\n    timer 13 g();\n}",
    );
    check(
        "component 1 C { 5 a: u8; reserved rpc 2; rpc b(); }",
        "component 1 C { 5 a: u8; reserved rpc 2; rpc 3 b(); }",
    );
}

#[test]
fn the_fields_of_an_arm_are_numbered_by_themselves() {
    check(
        "union A { 3 a { x: u8; } b { 2 x: u8; y: u8; } }",
        "union A { 3 a { 1 x: u8; } 4 b { 2 x: u8; 3 y: u8; } }",
    );
}

#[test]
fn combined_flags_need_no_bit() {
    check(
        "flags A { a; b = a | c; c; }",
        "flags A { 0 a; b = a | c; 1 c; }",
    );
}

#[test]
fn ids_are_left_to_the_check() {
    check("component C { }", "component C { }");
}

#[test]
fn past_the_end_nothing_is_numbered() {
    check(
        "struct A { 126 a: u8; b: u8; c: u8; }",
        "struct A { 126 a: u8; 127 b: u8; c: u8; }",
    );
    check(
        "enum A: u8 { 254 a; b; c; }",
        "enum A: u8 { 254 a; 255 b; c; }",
    );
    check("enum A: i8 { 127 a; b; }", "enum A: i8 { 127 a; b; }");
    check("flags A: u8 { 7 a; b; }", "flags A: u8 { 7 a; b; }");
    check(
        "enum A: u64 { 99999999999999999999 a; b; }",
        "enum A: u64 { 99999999999999999999 a; b; }",
    );
}

#[test]
fn the_past_is_asked_by_scope() {
    let past = |scope: &TagScope<'_>| match (scope.declaration, scope.arm, scope.space) {
        ("C", None, TagSpace::Data) => Some(20),
        ("C", None, TagSpace::Calls) => Some(30),
        ("U", None, TagSpace::Data) => Some(40),
        ("U", Some("a"), TagSpace::Data) => Some(50),
        ("U", Some("b"), TagSpace::Data) => Some(1),
        _ => panic!("{scope:?}"),
    };
    let past = |scope: &TagScope<'_>| {
        assert_eq!(scope.package, "x.y");
        past(scope)
    };
    check_past(
        "package x.y; component 1 C { a: u8; rpc b(); } union U { a { c: u8; } b { 3 d: u8; e: u8; } }",
        past,
        "package x.y;\ncomponent 1 C { 21 a: u8; rpc 31 b(); }\nunion U { 41 a { 51 c: u8; } 42 b { 3 d: u8; 4 e: u8; } }",
    );
}

#[test]
fn words_of_the_language_are_names_too() {
    check(
        "component 1 C { rpc: u8; event: u8; has has: T; rpc rpc(); client rpc client(); }",
        "component 1 C { 1 rpc: u8; 2 event: u8; has 3 has: T; rpc 1 rpc(); client rpc 2 client(); }",
    );
}

//! Plain data from the tree: what is written, what is left out, and what allowances cover.

use playhouse_syntax::{
    FileId,
    ast::{self, ArmBody, Attribute, CallWord, DeclarationKind, File, Type, Value, ValueKind},
    parse,
};

fn lower(text: &str) -> File {
    ast::lower(FileId(0), &parse(FileId(0), text).tree()).0
}

fn only(text: &str) -> DeclarationKind {
    let mut file = lower(text);
    assert_eq!(file.declarations.len(), 1, "{text}");
    file.declarations.remove(0).kind
}

/// A value as text, computed anew from its parts.
fn value(value: &Value) -> String {
    match &value.kind {
        ValueKind::Int(int) => int.to_string(),
        ValueKind::Float(float) => format!("{float:?}"),
        ValueKind::Time(ns) => format!("{ns}ns"),
        ValueKind::Size(bytes) => format!("{bytes}B"),
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Path(path) => path.text(),
        ValueKind::Rate { count, period_ns } => format!("{count}/{period_ns:?}"),
        ValueKind::Binary(operands, operators) => {
            let mut out = format!("({}", self::value(&operands[0]));
            for (operator, operand) in operators.iter().zip(&operands[1..]) {
                out += &format!(" {operator} {}", self::value(operand));
            }
            out + ")"
        }
        ValueKind::List(values) => {
            let values: Vec<String> = values.iter().map(self::value).collect();
            format!("[{}]", values.join(", "))
        }
        ValueKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(name, value)| format!("{}: {}", name.text, self::value(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        ValueKind::Broken => "broken".to_owned(),
    }
}

/// A type as text, computed anew from its parts.
fn ty(ty: &Type) -> String {
    let mut out = ty.path.text();
    if !ty.args.is_empty() {
        let args: Vec<String> = ty.args.iter().map(self::ty).collect();
        let separator = if ty.alternatives.is_some() { "|" } else { ", " };
        out += &format!("<{}>", args.join(separator));
    }
    if let Some(bound) = &ty.bound {
        let end = |value: &Option<Value>| value.as_ref().map(self::value).unwrap_or_default();
        let range = if bound.exact { "" } else { "..=" };
        out += &format!("[{}{range}{}]", end(&bound.min), end(&bound.max));
    }
    out + &"?".repeat(ty.optional.len())
}

fn attributes(attributes: &[Attribute]) -> String {
    let text = attributes.iter().map(|attribute| {
        let args = attribute.args.iter().map(|arg| match &arg.name {
            Some(name) => format!("{}: {}", name.text, value(&arg.value)),
            None => value(&arg.value),
        });
        let args: Vec<String> = args.collect();
        format!("@{}({})", attribute.path.text(), args.join(", "))
    });
    text.collect::<Vec<_>>().join(" ")
}

fn check_value(text: &str, expected: &str) {
    let DeclarationKind::Const { value: found, .. } = only(&format!("const A: u8 = {text};"))
    else {
        panic!("no constant");
    };
    assert_eq!(value(&found.unwrap()), expected, "{text}");
}

fn check_type(text: &str, expected: Option<&str>) {
    let DeclarationKind::Newtype { ty: found, .. } = only(&format!("newtype A = {text};")) else {
        panic!("no newtype");
    };
    assert_eq!(found.as_ref().map(ty).as_deref(), expected, "{text}");
}

#[test]
fn values_are_computed_exactly() {
    check_value("1_000", "1000");
    check_value("0xFF", "255");
    check_value("0b101", "5");
    check_value("-5", "-5");
    check_value("18446744073709551615", "18446744073709551615");
    check_value("-0.5e1", "-5.0");
    check_value("1.5s", "1500000000ns");
    check_value("2min", "120000000000ns");
    check_value("-1ms", "-1000000ns");
    check_value("1.5KiB", "1536B");
    check_value("10/s", "10/Some(1000000000)");
    check_value("1/10s", "1/Some(10000000000)");
    check_value(r#""a\n\"\u{1F600}""#, "\"a\\n\\\"😀\"");
    check_value("a.b", "a.b");
    check_value("1 + 2 - a | b", "(1 + 2 - a | b)");
    check_value("(1 + 2) * 3", "((1 + 2) * 3)");
    check_value("[1, \"a\", [b]]", "[1, \"a\", [b]]");
    check_value("{a: 1, b: [2]}", "{a: 1, b: [2]}");
}

#[test]
fn broken_values_are_broken_and_nothing_else() {
    check_value("0.5ns", "broken");
    check_value("1e999", "broken");
    check_value("1/fortnight", "broken");
    check_value("12abc", "broken");
    check_value("\"open", "broken");
}

#[test]
fn types_are_as_written() {
    check_type("a.B", Some("a.B"));
    check_type(
        "map<u8, list<T?>[..=4]>[1..=N]??",
        Some("map<u8, list<T?>[..=4]>[1..=N]??"),
    );
    check_type("u8[3]", Some("u8[3]"));
    check_type("u8[3..]", Some("u8[3..=]"));
    check_type("ref<A|B>", Some("ref<A|B>"));
}

#[test]
fn a_type_with_a_broken_part_is_left_out() {
    check_type("map<u8, >", None);
    check_type("list<(u8)>", None);
    check_type(&format!("{}u8{}", "list<".repeat(40), ">".repeat(40)), None);
    check_type(";", None);
}

#[test]
fn declarations_without_a_name_are_left_out() {
    for text in [
        "struct { 1 a: u8; }",
        "enum : u8 { }",
        "entity 7 : keyed(u8) { }",
        "closed { }",
    ] {
        assert!(lower(text).declarations.is_empty(), "{text}");
    }
    let DeclarationKind::Enum(only) = only("closed Hand: u8 { 0 a; }") else {
        panic!("no enum");
    };
    assert_eq!(
        (only.name.text.as_str(), only.repr.unwrap().text.as_str()),
        ("Hand", "u8")
    );
}

#[test]
fn numbers_have_signs_and_limits() {
    let DeclarationKind::Enum(found) =
        only("enum A { -5 a; b; 99999999999999999999 c; reserved -3..=-1, 7, \"x\"; }")
    else {
        panic!("no enum");
    };
    let numbers: Vec<_> = found
        .values
        .iter()
        .map(|value| value.number.map(|number| number.value))
        .collect();
    assert_eq!(numbers, [Some(-5), None, Some(i64::MAX)]);
    assert_eq!(found.reserved[0].items.len(), 3);
    assert!(format!("{:?}", found.reserved).contains("value: -3"));
}

#[test]
fn members_are_told_apart() {
    let text = "component 7 A requires B, c.D {
        has 1 slot: E @hidden;
        2 property: u8 = 3 @persist(every: 5s) @ui.min(1, -2);
        /// Docs of
        /// the call.
        @exposed(1/s)
        rpc 1 call(a: F, b: stream G = 1 @redact) -> stream H throws I to j | k;
        client rpc 2 ask();
        reserved rpc 9;
    }";
    let DeclarationKind::Component {
        number,
        name,
        requires,
        body,
        ..
    } = only(text)
    else {
        panic!("no component");
    };
    assert_eq!(number.unwrap().value, 7);
    assert_eq!(name.text, "A");
    assert_eq!(
        requires.iter().map(ast::Path::text).collect::<Vec<_>>(),
        ["B", "c.D"]
    );
    assert_eq!(body.slots[0].name.text, "slot");
    assert_eq!(attributes(&body.slots[0].attributes), "@hidden()");
    assert_eq!(
        attributes(&body.fields[0].attributes),
        "@persist(every: 5000000000ns) @ui.min(1, -2)"
    );
    let call = &body.calls[0];
    assert_eq!(call.docs, ["Docs of", "the call."]);
    assert_eq!(call.word, CallWord::Rpc);
    assert_eq!(call.params.len(), 2);
    assert!(call.params[1].stream.is_some() && call.stream.is_some());
    assert_eq!(call.throws.as_ref().unwrap().text(), "I");
    assert_eq!(call.to.len(), 2);
    assert_eq!(body.calls[1].word, CallWord::ClientRpc);
    assert_eq!(body.calls[1].name.text, "ask");
    assert!(body.reserved[0].calls);
}

#[test]
fn arms_carry_nothing_a_type_or_fields() {
    let DeclarationKind::Union(found) = only("union A { 1 a; 2 b: u8; 3 c { 1 d: u8; } }") else {
        panic!("no union");
    };
    assert!(matches!(found.arms[0].body, ArmBody::Nothing));
    assert!(matches!(found.arms[1].body, ArmBody::Type(_)));
    assert!(matches!(&found.arms[2].body, ArmBody::Fields(fields) if fields.fields.len() == 1));
}

#[test]
fn imports_keep_their_new_names() {
    let DeclarationKind::Use(found) = only("use a.b.{C, D as E};") else {
        panic!("no use");
    };
    let names: Vec<_> = found
        .names
        .iter()
        .map(|(name, alias)| {
            (
                name.text.as_str(),
                alias.as_ref().map(|alias| alias.text.as_str()),
            )
        })
        .collect();
    assert_eq!(names, [("C", None), ("D", Some("E"))]);
    let DeclarationKind::Use(found) = only("use a.C as D;") else {
        panic!("no use");
    };
    assert_eq!(
        (
            found.path.text().as_str(),
            found.alias.unwrap().text.as_str()
        ),
        ("a.C", "D")
    );
}

#[test]
fn docs_lose_their_marker_and_one_space() {
    let file = lower("//! Of\n//!  the file.\n\n///Tight.\n///\n///   Indented.  \r\nrole a;");
    assert_eq!(file.docs, ["Of", " the file."]);
    assert_eq!(file.declarations[0].docs, ["Tight.", "", "  Indented."]);
}

/// Each allowance as `rule: reason => the first and last word that it covers`.
fn check_allows(text: &str, expected: &[&str]) {
    let found: Vec<String> = lower(text)
        .allows
        .iter()
        .map(|allow| {
            let covered = &text[allow.covers.range.start().into()..allow.covers.range.end().into()];
            let words: Vec<&str> = covered.split_whitespace().collect();
            format!(
                "{}: {} => {} .. {}",
                allow.rule,
                allow.reason,
                words[0],
                words[words.len() - 1]
            )
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn an_allowance_covers_what_follows_or_its_line() {
    check_allows(
        "// playhouse: allow(r) why not\nstruct A { }\nstruct B { }",
        &["r: why not => struct .. }"],
    );
    check_allows(
        "struct A { } // playhouse: allow(r) x\nrole b;",
        &["r: x => struct .. }"],
    );
    check_allows("role a;\n// playhouse: allow(r) x", &["r: x => // .. x"]);
    check_allows(
        "struct A {\n// playhouse: allow(r) x\n1 a: u8;\n2 b: u8; // playhouse: allow(s) y\n3 c: u8;\n}",
        &["r: x => 1 .. u8;", "s: y => 2 .. u8;"],
    );
    check_allows(
        "struct A { // playhouse: allow(r) x\n1 a: u8;\n}",
        &["r: x => struct .. x"],
    );
    check_allows(
        "/// Docs.\n// playhouse: allow(r) x\nstruct A { 1 a: u8; }",
        &["r: x => /// .. }"],
    );
    check_allows(
        "component 1 A {\n@durable\n// playhouse: allow(r) x\noneway 1 b(\n// playhouse: allow(s) y\nc: u8,\nd: u8, // playhouse: allow(t) z\n);\n}",
        &[
            "r: x => @durable .. );",
            "s: y => c: .. u8",
            "t: z => d: .. u8",
        ],
    );
    check_allows(
        "// playhouse: allow(r) 1\n// playhouse: allow(s) 2\nrole a;",
        &["r: 1 => role .. a;", "s: 2 => role .. a;"],
    );
    check_allows("//playhouse:allow( r )\nrole a;", &["r:  => role .. a;"]);
    check_allows("// playhouse: alow(r) x\nrole a;", &[":  => role .. a;"]);
    check_allows("// allow(r) x\nrole a;", &[]);
}

//! What is emitted for small schemas. Whole files are held by the golden tests.

use playhouse_schema::{Sources, check};

use super::{Scope, TypeScript};
use crate::{Backend, Files, Options};

const MANIFEST: &str = "[schema]\nroots = [\".\"]\n[packages]\n\"a\" = 1\n\"a.b\" = 2\n\"c\" = 3\n";

/// The files for schemas given by path, which must be free of faults.
fn emitted(scope: Scope, schemas: &[(&str, &str)]) -> Files {
    let manifest = ("playhouse.toml".to_owned(), MANIFEST.to_owned());
    let schemas = schemas
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let checked = check(&Sources::new(manifest, schemas));
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    let backend = TypeScript {
        scope,
        ..TypeScript::default()
    };
    backend.emit(&checked.model, &Options::default())
}

/// Whether the one module of the schema holds each of these texts, and none of those.
fn holds(scope: Scope, schema: &str, expected: &[&str], unexpected: &[&str]) {
    let files = emitted(scope, &[("m.idl", schema)]);
    let text = files.get("a/m.ts").unwrap_or_default();
    for each in expected {
        assert!(text.contains(each), "{each} is not in\n{text}");
    }
    for each in unexpected {
        assert!(!text.contains(each), "{each} is in\n{text}");
    }
}

const BAG: &str = "package a;
role lobby;
struct Seen { 1 a: u8; }
struct Hidden { 1 a: u8; }
const KNOWN: u32 = 5;
@internal
const SECRET: u32 = 6;
component 1 Bag {
    1 shown: Seen       @persist @sync(owner);
    2 kept: Hidden      @persist;
    @exposed(1/s)
    rpc 1 open(slot: u8);
    rpc 2 steal(what: Hidden);
    event 3 opened(slot: u8);
    timer 4 rot();
}
entity 2 Player: keyed(u64) on lobby { has 1 bag: Bag; has 2 vault: Bag @hidden; }
";

#[test]
fn a_client_gets_what_it_can_reach() {
    let expected = [
        "interface Seen",
        "shown: Seen;",
        "KNOWN",
        "open: {",
        "opened: {",
    ];
    let unexpected = [
        "SECRET",
        "Hidden",
        "kept",
        "steal",
        "rot",
        "vault",
        "encodeChanges",
    ];
    holds(Scope::Client, BAG, &expected, &unexpected);
    holds(
        Scope::All,
        BAG,
        &["interface Hidden", "kept", "steal: {", "rot: {", "vault"],
        &[],
    );
}

#[test]
fn a_client_writes_what_it_sends_and_reads_what_it_gets() {
    let files = emitted(Scope::Client, &[("m.idl", BAG)]);
    let text = files.get("a/m.ts").unwrap_or_default();
    let (open, opened) = text.split_once("opened: {").unwrap();
    assert!(open.contains("encodeArgs(") && !open.contains("decodeArgs("));
    assert!(opened.contains("decodeArgs(") && !opened.contains("encodeArgs("));
}

#[test]
fn imports_of_one_name_are_told_apart() {
    let files = emitted(
        Scope::All,
        &[
            ("a.idl", "package a;\nstruct Stack { 1 a: u8; }"),
            ("b.idl", "package a.b;\nstruct Stack { 1 a: u16; }"),
            (
                "c.idl",
                "package c;\nuse a.Stack;\nuse a.b.Stack as Other;\nstruct Both { 1 a: Stack?; 2 b: Other?; }",
            ),
        ],
    );
    let text = files.get("c/c.ts").unwrap_or_default();
    assert!(text.contains("decodeStack as decodeStack2"), "{text}");
    assert!(text.contains("type Stack as Stack2"), "{text}");
    assert!(
        text.contains("from \"../a/a.js\"") && text.contains("from \"../a/b/b.js\""),
        "{text}"
    );
}

#[test]
fn a_package_is_a_folder_with_an_index() {
    let files = emitted(
        Scope::All,
        &[
            ("x.idl", "package a;\nstruct X { 1 y: Y?; }"),
            ("index.idl", "package a;\nstruct Y { 1 a: u8; }"),
            ("roles.idl", "package a;\nrole lobby;"),
        ],
    );
    let paths: Vec<&str> = files.iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["a/index.ts", "a/index_.ts", "a/x.ts"]);
    let index = files.get("a/index.ts").unwrap_or_default();
    assert!(
        index.ends_with("export * from \"./index_.js\";\nexport * from \"./x.js\";\n"),
        "{index}"
    );
    assert!(
        files
            .get("a/x.ts")
            .is_some_and(|text| text.contains("from \"./index_.js\""))
    );
}

#[test]
fn comments_are_carried_over_and_cannot_end_early() {
    let schema = "package a;\n/// Ends */ here.\n/// And goes on.\nstruct S { /// A member.\n 1 a: u8; 2 b: u8 @deprecated(\"use a\"); }";
    let expected = [
        "/**\n * Ends *\u{200b}/ here.\n * And goes on.\n */",
        "  /** A member. */\n",
        "/** @deprecated use a */",
    ];
    holds(Scope::All, schema, &expected, &[]);
}

#[test]
fn a_type_named_as_a_call_s_arguments_stays_itself() {
    let schema = "package a;\nrole r;\nstruct PutArgs { 1 a: u8; }\nservice 1 S on r { rpc 1 put(args: PutArgs); }";
    holds(
        Scope::All,
        schema,
        &["interface PutArgs_ {\n    args: PutArgs;"],
        &[],
    );
}

//! Where files come to lie, and how they reach one another.

use playhouse_emit::rust::Rust;
use playhouse_emit::{Backend, Files, Options};
use playhouse_schema::{Sources, check};

/// The Rust of these schemas (path and text); each package has a number of its own.
fn emit(packages: &[&str], schemas: &[(&str, &str)]) -> Files {
    let numbers: Vec<String> = packages
        .iter()
        .zip(1..)
        .map(|(package, number)| format!("\"{package}\" = {number}\n"))
        .collect();
    let manifest = (
        "playhouse.toml".to_owned(),
        format!("[packages]\n{}", numbers.concat()),
    );
    let schemas = schemas
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let checked = check(&Sources::new(manifest, schemas));
    let messages: Vec<&String> = checked.diagnostics.iter().map(|it| &it.message).collect();
    assert!(!checked.has_errors(), "{messages:?}");
    Rust::default().emit(&checked.model, &Options::default())
}

fn text<'f>(files: &'f Files, path: &str) -> &'f str {
    let paths: Vec<&str> = files.iter().map(|(path, _)| path).collect();
    files
        .get(path)
        .unwrap_or_else(|| panic!("no {path} among {paths:?}"))
}

#[test]
fn a_file_beside_a_package_of_its_name_is_marked() {
    let files = emit(
        &["a.b", "a.b.c"],
        &[
            (
                "b/c.idl",
                "package a.b; use a.b.c.Inner; struct Outer { 1 inner: Inner; }",
            ),
            ("b/c/d.idl", "package a.b.c; struct Inner { 1 x: u8; }"),
        ],
    );
    let package = text(&files, "a/b.rs");
    assert!(
        package.contains("pub mod c;\npub mod c_idl;\n"),
        "{package}"
    );
    assert!(package.contains("pub use c_idl::Outer;"), "{package}");
    assert!(text(&files, "a/b/c_idl.rs").contains("use super::c::Inner;"));
    assert!(text(&files, "a/b/c/d.rs").contains("pub struct Inner"));
    assert!(text(&files, "a/b/c.rs").contains("pub use d::Inner;"));
    assert!(text(&files, "mod.rs").contains("&a::b::c_idl::descriptor::MODULE"));
}

#[test]
fn names_of_rust_are_kept_from_files_and_modules() {
    let files = emit(
        &["match.type", "mod"],
        &[
            (
                "mod.idl",
                "package match.type; use mod.Thing; struct Held { 1 thing: Thing?; }",
            ),
            ("lib.idl", "package mod; struct Thing { 1 x: u8; }"),
        ],
    );
    assert!(text(&files, "mod.rs").contains("pub mod r#match;\npub mod mod_;\n"));
    assert!(text(&files, "match.rs").contains("pub mod r#type;"));
    assert!(text(&files, "match/type.rs").contains("pub mod mod_;"));
    assert!(text(&files, "match/type/mod_.rs").contains("use super::super::super::mod_::Thing;"));
    assert!(text(&files, "mod_/lib_.rs").contains("pub struct Thing"));
}

#[test]
fn names_that_are_taken_are_written_out() {
    let files = emit(
        &["a", "b"],
        &[
            (
                "a/x.idl",
                "package a; struct Item { 1 x: u8; } struct Option { 1 x: u8; }",
            ),
            (
                "b/y.idl",
                "package b; use a.Item as Other; use a.Option;\n\
                 struct Item { 1 other: Other?; 2 option: Option; }",
            ),
        ],
    );
    let own = text(&files, "b/y.rs");
    assert!(
        own.contains("pub other: Option<super::super::a::Item>,"),
        "{own}"
    );
    assert!(
        own.contains("pub option: super::super::a::Option,"),
        "{own}"
    );
    let text = text(&files, "a/x.rs");
    assert!(text.contains("pub struct Option"), "{text}");
}

#[test]
fn equal_models_give_equal_bytes() {
    let schemas = [(
        "a/x.idl",
        "package a; struct Item { 1 x: map<u8, string>; 2 y: set<u8>; }",
    )];
    assert_eq!(emit(&["a"], &schemas), emit(&["a"], &schemas));
}

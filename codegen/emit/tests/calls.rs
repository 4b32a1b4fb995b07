//! What calls become: what macros are told of them, and what a client is given.

use playhouse_emit::rust::{Rust, Side};
use playhouse_emit::{Backend, Files, Options};
use playhouse_schema::{Sources, check};

fn emit(side: Side, packages: &[&str], schemas: &[(&str, &str)]) -> Files {
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
    let backend = Rust {
        side,
        ..Rust::default()
    };
    backend.emit(&checked.model, &Options::default())
}

fn text<'f>(files: &'f Files, path: &str) -> &'f str {
    files.get(path).unwrap_or_else(|| panic!("no {path}"))
}

const PLAYER: &str = "package a;
    role lobby;
    struct Inside { 1 x: u8; }
    struct Shown { 1 name: string[..=9]; }
    component 1 Chat requires Social, Purse {
        @exposed(1/s) rpc 1 say(line: string[..=9]) -> Shown;
        event 2 said(line: string[..=9]);
    }
    component 2 Social requires Purse { rpc 1 hear(inside: Inside); timer 2 tire(); }
    component 3 Purse { 1 gold: u64 @sync(owner); 2 debt: u64; }
    entity 4 Player: keyed(u64) on lobby {
        has 1 chat: Chat;
        has 2 social: Social;
        has 3 purse: Purse;
        has 4 other: Purse;
    }";

#[test]
fn slots_are_told_in_the_order_in_which_they_come_to_life() {
    let files = emit(Side::Server, &["a"], &[("x.idl", PLAYER)]);
    let text = text(&files, "a/x.rs");
    let place = |slot: &str| text.find(slot).unwrap_or_else(|| panic!("no {slot}"));
    let order = [
        r#"{ 3 purse 14 "Purse" }"#,
        r#"{ 4 other 15 "Purse" }"#,
        r#"{ 2 social 13 "Social" }"#,
        r#"{ 1 chat 12 "Chat" }"#,
    ];
    assert!(order.map(place).is_sorted());
}

#[test]
fn macros_are_told_what_the_schema_says_of_a_call() {
    let files = emit(Side::Server, &["a"], &[("x.idl", PLAYER)]);
    let text = text(&files, "a/x.rs");
    for line in [
        r#"component "Chat" "x.idl" 5"#,
        r#"{ rpc 1 say 6 "rpc 1 say(line: string[..=9]) -> Shown" [ line "String", ] "Result<Shown, Failure>" }"#,
        r#"{ event 2 said 7 "event 2 said(line: string[..=9])" [ line "String", ] "()" }"#,
        r#"{ timer 2 tire 9 "timer 2 tire()" [ ] "()" }"#,
        r#"entity keyed "Player" "x.idl" 11"#,
        "pub use __playhouse_a_Chat as Chat;",
    ] {
        assert!(text.contains(line), "no {line}");
    }
}

#[test]
fn a_component_without_calls_of_the_server_is_its_own_logic() {
    let files = emit(Side::Server, &["a"], &[("x.idl", PLAYER)]);
    let text = text(&files, "a/x.rs");
    assert!(text.contains("impl v1::logic::ComponentCalls for Purse {"));
    assert!(!text.contains("impl v1::logic::ComponentCalls for Social {"));
}

#[test]
fn macros_of_packages_that_read_alike_have_names_of_their_own() {
    let schema =
        |package: &str| format!("package {package}; role r; service 1 S on r {{ rpc 1 ask(); }}");
    let files = emit(
        Side::Server,
        &["a.b", "a_b"],
        &[("x.idl", &schema("a.b")), ("y.idl", &schema("a_b"))],
    );
    assert!(text(&files, "a/b/x.rs").contains("pub use __playhouse_a_b_S as S;"));
    assert!(text(&files, "a_b/y.rs").contains("pub use __playhouse_a_b_S_ as S;"));
}

#[test]
fn a_client_is_given_what_it_may_call_receives_and_sees() {
    let files = emit(Side::Client, &["a"], &[("x.idl", PLAYER)]);
    let text = text(&files, "a/x.rs");
    for there in [
        "use ::playhouse_client::__private::v1;",
        "pub struct Shown",
        "pub struct ChatSaidArgs",
        "pub fn say(&self, line: impl Into<String>) -> v1::Calling<ChatSayArgs>",
        "pub fn chat(&self) -> ChatProxy",
        "pub fn gold(&self) -> u64",
    ] {
        assert!(text.contains(there), "no {there}");
    }
    for absent in [
        "Inside",
        "Social",
        "debt",
        "macro_rules!",
        "v1::Cx",
        "pub fn of(",
        "::playhouse::",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
}

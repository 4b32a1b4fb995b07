//! What sounds secret is shown of no file, broken ones too, of which no type can say what is.

use playhouse_config::{Loader, Style};
use serde_json::Value;

use crate::game::{Game, one};

/// The password of all files here.
const PASSWORD: &str = "hunter2";

/// What is said of a file that is wrong. Nothing of it may be the password.
fn said(input: &str) -> String {
    let report = one(input).load::<Value>().expect_err(input);
    let shown = report.to_string();
    let data = serde_json::to_string(&report).unwrap();
    for text in [&shown, &report.render(Style::COLOURED), &data] {
        assert!(!text.contains(PASSWORD), "{input}\n{text}");
    }
    shown
}

#[test]
fn a_line_that_is_no_json_shows_no_secret() {
    for input in [
        r#"{ "password": "hunter2" "a": 1 }"#,
        r#"{ "password": "hunter2 }"#,
        r#"{ "password": "hun"hunter2" }"#,
        r#"{ "password": "a\"hunter2" "a": 1 }"#,
        r#"{ "password": 'hunter2' }"#,
        r#"{ 'password': 'hunter2' }"#,
        r#"{ password: "hunter2" }"#,
        r#"{ "password" "hunter2" }"#,
        r#"{ "password" hunter2 }"#,
        r#"{ "password"= "hunter2" }"#,
        r#"{ "password": hunter2 }"#,
        r#"{ "password": x,hunter2 }"#,
        r#"{ "password": x hunter2 }"#,
        r#"{ "password": /* c */ "hunter2" x }"#,
        r#"{ "password": "hunter2", "a": x }"#,
        r#"{ "a": x, "password": "hunter2" }"#,
        r#"{ "a": x, "password":"hunter2"}"#,
        r#"{ "a": x, } // "password": "hunter2""#,
        r#"{ "a": x, /* "password": "hunter2" */ }"#,
        r#"{ "passwords": ["a", "hunter2"] "a": 1 }"#,
        r#"{ "tokens": { "ann": "hunter2" } "a": 1 }"#,
        r#"{ "tokens": { "ann": ["x", { "y": hunter2 }] } }"#,
        r#"{ "DB_PASSWORD": "hunter2" x }"#,
        r#"{ "dbPassword": "hunter2" x }"#,
        r#"{ "passwd": "hunter2" x }"#,
        r#"{ "client-secret": "hunter2" x }"#,
        r#"{ "key": "hunter2" x }"#,
        r#"{ "api_key": "hunter2" x }"#,
        r#"{ "apiKey": "hunter2" x }"#,
        r#"{ "uri": "mongodb://ann:hunter2@db" x }"#,
        "{ \"password\":\n\"hunter2\" x }",
        "{ \"password\": // why\n\"hunter2\" x }",
        "{ \"a\": \"no end,\n \"password\": \"hunter2\" }",
        // Good JSON, but no type is asked since macros are wrong.
        r#"{ "password": "hunter2", "a": "$NONE$" }"#,
        r#"{ "password": "hunter2$" }"#,
        r#"{ "$MACRO$": { "PASSWORD": "hunter2", "A": "$NONE$" } }"#,
        r#"{ "a": 1, "password": "hunter2", "a": 1 }"#,
        r#"{ "a": 1, "$INCLUDE$": 7, "password": "hunter2" }"#,
    ] {
        said(input);
    }
}

#[test]
fn the_rest_of_the_line_is_shown() {
    for (input, words) in [
        (
            r#"{ "password": "hunter2", "a": x }"#,
            r#"{ "password": *********, "a": x }"#,
        ),
        (
            r#"{ "a": x, "password": "é" }"#,
            r#"{ "a": x, "password": *·* }"#,
        ),
        (
            r#"{ "tokens": { "ann": "hunter2" }, "a": x }"#,
            r#"{ "tokens": { "ann": ********* }, "a": x }"#,
        ),
        (r#"{ "a": "b" "c": "d" }"#, r#"{ "a": "b" "c": "d" }"#),
        // Names that only look like it.
        (r#"{ "monkey": "a" x }"#, r#""monkey": "a" x"#),
        (r#"{ "keyboard": "a" x }"#, r#""keyboard": "a" x"#),
    ] {
        let shown = said(input);
        assert!(shown.contains(words), "{shown}\nwithout: {words}");
    }
}

#[test]
fn arguments_and_variables_show_no_secret() {
    let loader = || Loader::memory([("main.json", r#"{ "a": 1, "$MACRO$": {} }"#)]);
    for wrong in [
        loader().set("a.password=hunter2"),
        loader().set("$MACRO$.PASSWORD=hunter2"),
        loader().set("..password=hunter2"),
        loader().set("a.b={ \"password\": \"hunter2\" }"),
        loader()
            .environment("G")
            .variables([("G__A__PASSWORD", "hunter2")]),
    ] {
        let report = wrong.load::<Value>().unwrap_err().to_string();
        assert!(!report.contains(PASSWORD), "{report}");
    }
}

#[test]
fn a_secret_that_another_file_covers_is_not_shown() {
    let loader = Loader::memory([
        (
            "main.json",
            r#"{ "$INCLUDE$": "base.json", "password": "another" }"#,
        ),
        ("base.json", r#"{ "name": 7, "password": "hunter2" }"#),
    ]);
    let report = loader.load::<Game>().unwrap_err().to_string();
    assert!(report.contains("base.json:1:11"), "{report}");
    assert!(!report.contains(PASSWORD), "{report}");
}

#[test]
fn any_bytes_can_be_masked() {
    let whole = "{ \"password\": \"é\\\"x\", 'key' = [1, { \"token\": \"a\" }], // c\n \"uri\": x, /* d */ secret }";
    for at in 0..=whole.len() {
        let Some(start) = whole.get(..at) else {
            continue;
        };
        for put in [
            "", "\"", "'", "{", "}", "[", ",", ":", "=", "\\", "/", "\n", "é", "\0",
        ] {
            for rest in [whole.get(at..), whole.get(at + 1..)].into_iter().flatten() {
                let input = format!("{start}{put}{rest}");
                let _either = one(&input).load::<Value>().map_err(|it| it.to_string());
            }
        }
    }
}

//! What lies over what: includes, the file, the environment, the command line.

use playhouse_config::Loader;
use serde_json::Value;

use crate::game::{Game, one};

/// Files, variables (prefix `G`) and arguments make this JSON.
fn check(files: &[(&str, &str)], variables: &[(&str, &str)], sets: &[&str], expected: &str) {
    let mut loader = Loader::memory(files.iter().copied())
        .environment("G")
        .variables(variables.iter().copied());
    for set in sets {
        loader = loader.set(*set);
    }
    let found: Value = loader.load().unwrap_or_else(|it| panic!("{it}"));
    let expected: Value = serde_json::from_str(expected).unwrap();
    assert_eq!(found, expected, "{files:?} {variables:?} {sets:?}");
}

fn refuses(files: &[(&str, &str)], sets: &[&str], words: &str) {
    let mut loader = Loader::memory(files.iter().copied());
    for set in sets {
        loader = loader.set(*set);
    }
    let text = loader.load::<Value>().unwrap_err().to_string();
    assert!(text.contains(words), "{text}\nwithout: {words}");
}

#[test]
fn files_build_on_others() {
    let base = (
        "base.json",
        r#"{ "a": { "x": 1, "y": 1 }, "l": [1, 2], "n": 1 }"#,
    );
    for (main, expected) in [
        (
            r#"{ "$INCLUDE$": "base.json" }"#,
            r#"{ "a": { "x": 1, "y": 1 }, "l": [1, 2], "n": 1 }"#,
        ),
        (
            r#"{ "a": { "y": 2, "z": 2 }, "l": [3], "n": null, "$INCLUDE$": ["base.json"] }"#,
            r#"{ "a": { "x": 1, "y": 2, "z": 2 }, "l": [3], "n": null }"#,
        ),
        (
            r#"{ "$INCLUDE$": ["base.json"], "a": 7 }"#,
            r#"{ "a": 7, "l": [1, 2], "n": 1 }"#,
        ),
        (
            r#"{ "$INCLUDE$": ["base.json"], "n": { "o": 1 } }"#,
            r#"{ "a": { "x": 1, "y": 1 }, "l": [1, 2], "n": { "o": 1 } }"#,
        ),
        (r#"{ "$INCLUDE$": [] }"#, "{}"),
    ] {
        check(&[("main.json", main), base], &[], &[], expected);
    }
}

#[test]
fn of_two_includes_the_later_one_wins() {
    let files = [
        (
            "main.json",
            r#"{ "$INCLUDE$": ["one.json", "two.json"], "c": 3 }"#,
        ),
        ("one.json", r#"{ "a": 1, "b": 1, "c": 1 }"#),
        ("two.json", r#"{ "b": 2, "c": 2 }"#),
    ];
    check(&files, &[], &[], r#"{ "a": 1, "b": 2, "c": 3 }"#);
}

#[test]
fn includes_are_relative_to_their_file_and_may_meet_again() {
    let files = [
        (
            "etc/main.json",
            r#"{ "$INCLUDE$": ["parts/a.json", "parts/b.json"] }"#,
        ),
        ("etc/parts/a.json", r#"{ "$INCLUDE$": "c.json", "a": 1 }"#),
        ("etc/parts/b.json", r#"{ "$INCLUDE$": "c.json", "b": 1 }"#),
        ("etc/parts/c.json", r#"{ "c": 1, "a": 0 }"#),
    ];
    check(&files, &[], &[], r#"{ "a": 0, "b": 1, "c": 1 }"#);
}

#[test]
fn macros_of_all_files_are_one_table() {
    let files = [
        (
            "main.json",
            r#"{ "$INCLUDE$": "base.json", "$MACRO$": { "IP": "2.2.2.2" }, "p": "$PORT$" }"#,
        ),
        (
            "base.json",
            r#"{ "$MACRO$": { "IP": "1.1.1.1", "PORT": 80, "URL": "http://$IP$" }, "url": "$URL$:$PORT$" }"#,
        ),
    ];
    check(
        &files,
        &[],
        &[],
        r#"{ "url": "http://2.2.2.2:80", "p": 80 }"#,
    );
    check(
        &files,
        &[
            ("G_IP", "3.3.3.3"),
            ("G_HOME", "of somebody else"),
            ("OTHER", "x"),
        ],
        &[],
        r#"{ "url": "http://3.3.3.3:80", "p": 80 }"#,
    );
    check(
        &files,
        &[("G_IP", "3.3.3.3")],
        &["$MACRO$.IP=4.4.4.4", "$MACRO$.PORT=90"],
        r#"{ "url": "http://4.4.4.4:90", "p": 90 }"#,
    );
}

#[test]
fn the_environment_lies_over_files_and_arguments_over_it() {
    let files = [(
        "main.json",
        r#"{ "store": { "save-every": 1, "Path": "a" }, "l": [1, { "x": 2 }] }"#,
    )];
    check(
        &files,
        &[
            ("G__STORE__SAVE_EVERY", "2"),
            ("G__STORE__PATH", "b"),
            ("G__NEW__KEY", "true"),
            ("G__L__1__X", "3"),
        ],
        &[],
        r#"{ "store": { "save-every": 2, "Path": "b" }, "l": [1, { "x": 3 }], "new": { "key": true } }"#,
    );
    check(
        &files,
        &[("G__STORE__PATH", "b")],
        &["store.Path=c", "l.0=9", "m.\"a.b\"=x", "m.c==", "m.c=d=e"],
        r#"{ "store": { "save-every": 1, "Path": "c" }, "l": [9, { "x": 2 }], "m": { "a.b": "x", "c": "d=e" } }"#,
    );
    check(
        &files,
        &[("G__STORE", "{\"a\": 1}")],
        &["store.b=[1, 2]", "l=null"],
        r#"{ "store": { "a": 1, "b": [1, 2] }, "l": null }"#,
    );
    // Dollars in values are dollars.
    check(
        &[("main.json", "{}")],
        &[("G__A", "$X$")],
        &["b=$$"],
        r#"{ "a": "$X$", "b": "$$" }"#,
    );
}

#[test]
fn values_from_outside_are_what_is_asked_of_them() {
    let game: Game = one("{ \"name\": \"x\" }")
        .environment("G")
        .variables([
            ("G__NAME", "12345"),
            ("G__PORT", "80"),
            ("G__PASSWORD", "true"),
            ("G__WORKERS", "4"),
        ])
        .set("debug=true")
        .set("save_every=8s")
        .set("log_size=4096")
        .set("listen=[\"10.0.0.1\"]")
        .set("store.embedded.path=7")
        .set("zones.north={\"players_max\": 1, \"level\": 2}")
        .load()
        .unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(game.name, "12345");
    assert_eq!(
        (game.port, game.workers.unwrap().get(), game.debug),
        (80, 4, true)
    );
    assert_eq!(game.password.unwrap().reveal(), "true");
    assert_eq!(game.listen.len(), 1);
    assert_eq!(
        format!("{:?} {:?}", game.store, game.zones["north"]),
        "Embedded { path: \"7\" } Zone { players_max: 1, level: 2 }"
    );
    let game: Game = one("{ \"name\": \"x\" }")
        .set("store=memory")
        .load()
        .unwrap();
    assert_eq!(format!("{:?}", game.store), "Memory");
}

#[test]
fn arguments_that_lead_nowhere_are_refused_in_words() {
    let files = [(
        "main.json",
        r#"{ "$MACRO$": { "IP": 1 }, "a": 1, "l": [1], "o": {} }"#,
    )];
    for (set, words) in [
        ("a", "no `=` here"),
        ("=1", "a key is missing"),
        ("a..b=1", "a key is missing"),
        (".a=1", "a key is missing"),
        ("a.=1", "a key is missing"),
        ("\"a=1", "no `=` here"),
        ("\"a\"b=1", "no dot stands behind it"),
        ("a.b=1", "`a` is no object, so it has no key `b`"),
        ("l.1=1", "`l` is a list of 1, which has no position `1`"),
        ("l.x=1", "which has no position `x`"),
        ("$MACRO$.IPP=1", "did you mean `IP`?"),
        ("$MACRO$.PORT=1", "define it under `$MACRO$`"),
    ] {
        refuses(&files, &[set], words);
    }
}

#[test]
fn includes_that_lead_nowhere_are_refused_in_words() {
    refuses(
        &[("main.json", r#"{ "$INCLUDE$": "none.json" }"#)],
        &[],
        "can't read `none.json`: no such file",
    );
    refuses(
        &[("main.json", r#"{ "$INCLUDE$": "main.json" }"#)],
        &[],
        "main.json -> main.json",
    );
    refuses(
        &[
            ("main.json", r#"{ "$INCLUDE$": "a.json" }"#),
            ("a.json", r#"{ "$INCLUDE$": "b.json" }"#),
            ("b.json", r#"{ "$INCLUDE$": "a.json" }"#),
        ],
        &[],
        "`a.json` includes itself: a.json -> b.json -> a.json",
    );
    refuses(
        &[
            ("main.json", r#"{ "$INCLUDE$": "a.json" }"#),
            ("a.json", r#"{ "$INCLUDE$": "gone.json" }"#),
        ],
        &[],
        "`a.json` is included at main.json:1:16",
    );
}

//! Values into types: what fits, what doesn't, and that all that doesn't is told at once.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU8, NonZeroU16};
use std::path::PathBuf;
use std::time::Duration;

use playhouse_config::{Kind, Report, Secret, Size, Time};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::game::{Game, one};

#[derive(Debug, Deserialize)]
struct Holder<T> {
    v: T,
}

/// This value, as this type, is that.
fn check<T: DeserializeOwned + Debug>(value: &str, expected: &str) {
    let input = format!("{{ \"v\": {value} }}");
    match one(&input).load::<Holder<T>>() {
        Ok(found) => assert_eq!(format!("{:?}", found.v), expected, "{value}"),
        Err(report) => panic!("{input}\n{report}"),
    }
}

/// This value is none of that type, for this reason.
fn refuses<T: DeserializeOwned + Debug>(value: &str, words: &str) {
    let input = format!("{{ \"v\": {value} }}");
    let report = one(&input).load::<Holder<T>>().expect_err(&input);
    let text = report.to_string();
    assert!(text.contains(words), "{input}\n{text}\nwithout: {words}");
    assert_eq!(
        report.mistakes()[0].path.to_string().split('.').next(),
        Some("v")
    );
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    Unit,
    One(u8),
    Two(u8, String),
    Named { a: u8, b: Option<u8> },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    Plain,
    Sized { size: u8 },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Either {
    Number(u8),
    Text(String),
}

#[derive(Debug, Deserialize)]
struct Flat {
    a: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "u8")]
struct Even(u8);

impl TryFrom<u8> for Even {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        if value.is_multiple_of(2) {
            Ok(Self(value))
        } else {
            Err(format!("{value} is odd: take an even number"))
        }
    }
}

#[derive(Debug, Deserialize)]
struct Renamed {
    #[serde(rename = "type", alias = "sort")]
    kind: String,
}

#[test]
fn values_that_fit_are_taken() {
    check::<u8>("255", "255");
    check::<u8>("-0", "0");
    check::<i8>("-128", "-128");
    check::<u64>("18446744073709551615", "18446744073709551615");
    check::<i64>("-9223372036854775808", "-9223372036854775808");
    check::<u128>(
        "340282366920938463463374607431768211455",
        "340282366920938463463374607431768211455",
    );
    check::<i128>("-1", "-1");
    check::<f64>("1", "1.0");
    check::<f64>("1e-3", "0.001");
    check::<f32>("0.5", "0.5");
    check::<bool>("true", "true");
    check::<char>("\"é\"", "'é'");
    check::<String>("\"x\"", "\"x\"");
    check::<PathBuf>("\"a/b\"", "\"a/b\"");
    check::<IpAddr>("\"10.0.0.1\"", "10.0.0.1");
    check::<SocketAddr>("\"[::1]:80\"", "[::1]:80");
    check::<NonZeroU8>("1", "1");
    check::<Option<u8>>("null", "None");
    check::<Option<u8>>("1", "Some(1)");
    check::<()>("null", "()");
    check::<Vec<u8>>("[1, 2]", "[1, 2]");
    check::<[u8; 2]>("[1, 2]", "[1, 2]");
    check::<(u8, String)>("[1, \"a\"]", "(1, \"a\")");
    check::<BTreeMap<String, u8>>("{ \"b\": 1, \"a\": 2 }", "{\"a\": 2, \"b\": 1}");
    check::<BTreeMap<u16, u8>>("{ \"7\": 1 }", "{7: 1}");
    check::<HashMap<bool, u8>>("{ \"true\": 1 }", "{true: 1}");
    check::<Way>("\"unit\"", "Unit");
    check::<Way>("{ \"unit\": null }", "Unit");
    check::<Way>("{ \"one\": 1 }", "One(1)");
    check::<Way>("{ \"two\": [1, \"x\"] }", "Two(1, \"x\")");
    check::<Way>("{ \"named\": { \"a\": 1 } }", "Named { a: 1, b: None }");
    check::<Tagged>("{ \"kind\": \"plain\" }", "Plain");
    check::<Tagged>("{ \"size\": 3, \"kind\": \"sized\" }", "Sized { size: 3 }");
    check::<Either>("1", "Number(1)");
    check::<Either>("\"x\"", "Text(\"x\")");
    check::<Flat>("{ \"a\": 1, \"b\": 2 }", "Flat { a: 1, rest: {\"b\": 2} }");
    check::<Even>("4", "Even(4)");
    check::<Renamed>("{ \"type\": \"x\" }", "Renamed { kind: \"x\" }");
    check::<Renamed>("{ \"sort\": \"x\" }", "Renamed { kind: \"x\" }");
    check::<Secret<String>>("\"x\"", "(redacted)");
}

#[test]
fn lengths_of_time_and_sizes_have_units() {
    let time = |text: &str, expected: Duration| {
        check::<Time>(&format!("{text:?}"), &format!("Time({expected:?})"));
    };
    time("250ms", Duration::from_millis(250));
    time("8s", Duration::from_secs(8));
    time("8 s", Duration::from_secs(8));
    time("1.5h", Duration::from_secs(5400));
    time("0s", Duration::ZERO);
    time("1d", Duration::from_secs(86_400));
    time("7us", Duration::from_micros(7));
    time("9ns", Duration::from_nanos(9));
    time(
        "584y".replace("584y", "213503d").as_str(),
        Duration::from_secs(213_503 * 86_400),
    );
    for text in [
        "8",
        "s",
        "",
        "8 seconds",
        "-1s",
        "1.s",
        ".5s",
        "1e3s",
        "213504d",
        "8S",
        "1..5s",
    ] {
        refuses::<Time>(&format!("{text:?}"), "a length of time with its unit");
    }
    refuses::<Time>("8", "a length of time with its unit");
    for (text, bytes) in [
        ("\"64KiB\"", 65_536),
        ("\"1.5 GiB\"", 1_610_612_736),
        ("\"10MB\"", 10_000_000),
        ("\"7B\"", 7),
        ("4096", 4096),
        ("\"1TiB\"", 1_u64 << 40),
    ] {
        check::<Size>(text, &format!("Size({bytes})"));
    }
    for text in [
        "\"64\"",
        "\"64K\"",
        "\"kB\"",
        "-1",
        "\"99999999TiB\"",
        "1.5",
        "[]",
    ] {
        refuses::<Size>(text, "a number of bytes");
    }
}

#[test]
fn values_that_do_not_fit_are_refused_in_words() {
    refuses::<u8>("256", "expected a whole number from 0 to 255, found 256");
    refuses::<u8>("-1", "from 0 to 255, found -1");
    refuses::<u8>("1.0", "found 1.0");
    refuses::<u8>("1e2", "found 1e2");
    refuses::<u8>("\"7\"", "write the number without quotes");
    refuses::<u8>("null", "found null");
    refuses::<u8>("[]", "found a list of 0");
    refuses::<u8>("{}", "found an empty object");
    refuses::<i8>("128", "from -128 to 127");
    refuses::<u64>("18446744073709551616", "found 18446744073709551616");
    refuses::<f64>("\"x\"", "expected a number, found text \"x\"");
    refuses::<f64>("1e999", "expected a number, found 1e999");
    refuses::<bool>("\"true\"", "write it without quotes");
    refuses::<bool>("1", "expected true or false, found 1");
    refuses::<char>("\"ab\"", "a single character");
    refuses::<String>("7", "put it in double quotes");
    refuses::<IpAddr>("\"10.0.0\"", "IP address");
    refuses::<IpAddr>("7", "expected text, found 7");
    refuses::<NonZeroU8>("0", "nonzero");
    refuses::<Vec<u8>>("1", "put it in `[` and `]`");
    refuses::<Vec<u8>>("[1, \"x\"]", "at `v.1`");
    refuses::<[u8; 2]>("[1]", "expected a list of 2, found a list of 1");
    refuses::<(u8, u8)>("[1, 2, 3]", "expected a list of 2");
    refuses::<BTreeMap<String, u8>>("[]", "expected an object");
    refuses::<BTreeMap<u16, u8>>("{ \"x\": 1 }", "at `v.x`");
    refuses::<Way>("\"unti\"", "did you mean `unit`?");
    refuses::<Way>(
        "\"x\"",
        "the values known here are `unit`, `one`, `two`, `named`",
    );
    refuses::<Way>("{}", "expected one of `unit`");
    refuses::<Way>("{ \"one\": 1, \"two\": 2 }", "expected one of `unit`");
    refuses::<Way>("7", "expected one of `unit`");
    refuses::<Way>("\"one\"", "`one` needs a value of its own");
    refuses::<Way>("\"two\"", "`two` needs a value of its own");
    refuses::<Way>("\"named\"", "`named` needs a value of its own");
    refuses::<Way>("{ \"unit\": 1 }", "`unit` takes no value");
    refuses::<Way>("{ \"one\": \"x\" }", "at `v.one`");
    refuses::<Way>("{ \"named\": { \"b\": 1 } }", "key `a` is missing");
    refuses::<Way>("{ \"named\": { \"a\": 1, \"c\": 1 } }", "unknown key `c`");
    refuses::<Tagged>("{ \"kind\": \"plan\" }", "did you mean `plain`?");
    refuses::<Tagged>("{}", "key `kind` is missing");
    refuses::<Tagged>("{ \"kind\": \"sized\" }", "key `size` is missing");
    refuses::<Tagged>(
        "{ \"kind\": \"sized\", \"size\": \"x\" }",
        "expected u8, found text \"x\"",
    );
    refuses::<Either>("[]", "did not match any variant");
    refuses::<Flat>("{ \"a\": 1, \"b\": \"x\" }", "expected u8");
    refuses::<Even>("3", "3 is odd: take an even number");
    refuses::<Renamed>("{ \"type\": \"x\", \"sort\": \"y\" }", "given twice");
    refuses::<Renamed>("{ \"typ\": \"x\" }", "did you mean `type`?");
    refuses::<Secret<u8>>("\"hunter2\"", "(redacted)");
}

fn kinds(report: &Report) -> Vec<(Kind, String)> {
    let mut kinds: Vec<_> = report
        .mistakes()
        .iter()
        .map(|it| (it.kind, it.path.to_string()))
        .collect();
    kinds.sort();
    kinds
}

#[test]
fn all_mistakes_are_told_at_once() {
    let report = one(r#"{
            "port": "high",
            "workers": 0,
            "listen": ["127.0.0.1", "here", 7],
            "store": { "mongodb": { "uri": 7, "databse": "x" } },
            "zones": {
                "north": { "players_max": -1, "level": 300 },
                "south": { "level": 1 },
                "west": { "players_max": 1, "level": 1, "colour": "red" },
            },
            "save_every": 8,
            "spawn": [1, "x"],
            "debug": "yes",
        }"#)
    .load::<Game>()
    .unwrap_err();
    let expected = [
        (Kind::UnknownKey, "store.mongodb.databse"),
        (Kind::UnknownKey, "zones.west.colour"),
        (Kind::WrongType, "debug"),
        (Kind::WrongType, "listen.2"),
        (Kind::WrongType, "port"),
        (Kind::WrongType, "save_every"),
        (Kind::WrongType, "spawn.1"),
        (Kind::WrongType, "store.mongodb.uri"),
        (Kind::WrongType, "workers"),
        (Kind::WrongType, "zones.north.level"),
        (Kind::WrongType, "zones.north.players_max"),
        (Kind::MissingKey, ""),
        (Kind::MissingKey, "store.mongodb"),
        (Kind::MissingKey, "zones.south"),
        (Kind::Invalid, "listen.1"),
    ];
    let expected: Vec<_> = expected.map(|(kind, path)| (kind, path.to_owned())).into();
    assert_eq!(kinds(&report), expected, "{report}");
}

#[test]
fn values_that_types_refuse_hide_no_others() {
    #[derive(Debug, Deserialize)]
    struct Inner {
        a: IpAddr,
        b: NonZeroU16,
        c: Even,
        d: u8,
    }
    #[derive(Debug, Deserialize)]
    struct Outer {
        one: Inner,
        two: Inner,
        list: Vec<Inner>,
        missing: IpAddr,
        and_missing: NonZeroU16,
    }
    let bad = r#"{ "a": "x", "b": 0, "c": 1, "d": "x" }"#;
    let text = format!("{{ \"one\": {bad}, \"two\": {bad}, \"list\": [{bad}, {bad}] }}");
    let report = one(&text).load::<Outer>().unwrap_err();
    let found: Vec<String> = kinds(&report).into_iter().map(|it| it.1).collect();
    for place in ["one", "two", "list.0", "list.1"] {
        for key in ["a", "b", "c", "d"] {
            assert!(
                found.contains(&format!("{place}.{key}")),
                "{place}.{key}\n{report}"
            );
        }
    }
    assert_eq!(found.len(), 18, "{report}");
}

#[test]
fn an_enum_that_holds_itself_can_be_missing() {
    #[derive(Debug, Deserialize)]
    enum Endless {
        Itself(Box<Self>),
        End,
    }
    let report = one("{}").load::<Holder<Endless>>().unwrap_err();
    assert_eq!(report.mistakes().len(), 1, "{report}");
}

#[test]
fn places_count_lines_and_characters_from_one() {
    let report = one("{\n  \"é\": \"é\", \"name\": 7\n}")
        .load::<Game>()
        .unwrap_err();
    let places: Vec<_> = report
        .mistakes()
        .iter()
        .map(|it| {
            let place = it.place.clone().unwrap();
            (
                it.path.to_string(),
                place.file,
                place.line,
                place.column,
                place.end_line,
                place.end_column,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("é".to_owned(), "main.json".to_owned(), 2, 3, 2, 6),
            ("name".to_owned(), "main.json".to_owned(), 2, 21, 2, 22),
        ]
    );
}

#[test]
fn a_report_is_data_too() {
    let report = one("{ \"name\": \"x\", \"prt\": 1 }")
        .load::<Game>()
        .unwrap_err();
    let data = serde_json::to_value(&report).unwrap();
    let mistake = &data["mistakes"][0];
    assert_eq!(mistake["kind"], "unknown-key");
    assert_eq!(mistake["path"], "prt");
    assert_eq!(mistake["place"]["line"], 1);
    assert_eq!(mistake["place"]["column"], 16);
    assert_eq!(mistake["known"][1], "port");
    assert_eq!(data["omitted"], 0);
}

#[test]
fn secrets_are_shown_nowhere() {
    let secret = "hunter2";
    for text in [
        format!(r#"{{ "name": "x", "password": "{secret}", "debug": 7 }}"#),
        format!(
            r#"{{ "$MACRO$": {{ "P": "{secret}" }}, "name": "x", "password": "$P$", "prt": 7 }}"#
        ),
        format!(r#"{{ "name": "x", "pin": "{secret}" }}"#),
        format!(r#"{{ "$MACRO$": {{ "P": "{secret}" }}, "name": "x", "pin": "$P$" }}"#),
    ] {
        let report = one(&text).load::<Game>().unwrap_err();
        let shown = format!(
            "{report} {report:?} {}",
            serde_json::to_string(&report).unwrap()
        );
        assert!(!shown.contains(secret), "{shown}");
    }
    let variables = [("P", secret), ("G__PIN", secret)];
    let loader = one(r#"{ "name": "x", "password": "$env:P$" }"#);
    let report = loader
        .environment("G")
        .variables(variables)
        .load::<Game>()
        .unwrap_err();
    assert!(!report.to_string().contains(secret), "{report}");
    let game: Game = one(&format!(r#"{{ "name": "x", "password": "{secret}" }}"#))
        .load()
        .unwrap();
    assert!(!format!("{game:?}").contains(secret));
    assert_eq!(game.password.unwrap().reveal(), secret);
}

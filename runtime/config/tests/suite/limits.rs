//! The bounds: what is at a limit is taken, one more is refused by name.

use playhouse_config::{Kind, Limits, Loader};
use serde_json::Value;

/// Both files are the same but for one too many.
fn check(limits: Limits, good: &[(String, String)], bad: &[(String, String)], words: &str) {
    let load = |files: &[(String, String)]| {
        Loader::memory(files.iter().cloned())
            .limits(limits)
            .load::<Value>()
    };
    if let Err(report) = load(good) {
        panic!("{words}: {report}");
    }
    let report = load(bad).expect_err(words);
    assert!(
        report.to_string().contains(words),
        "{report}\nwithout: {words}"
    );
    assert_eq!(report.mistakes()[0].kind, Kind::Limit, "{report}");
}

fn one(text: String) -> Vec<(String, String)> {
    vec![("main.json".to_owned(), text)]
}

#[test]
fn a_file_has_bounded_bytes() {
    let limits = Limits {
        file_bytes_max: 100,
        ..Limits::default()
    };
    let file = |bytes: usize| one(format!("{{{}}}", " ".repeat(bytes - 2)));
    check(limits, &file(100), &file(101), "more than 100 bytes");
}

#[test]
fn a_configuration_has_bounded_files() {
    let limits = Limits {
        files_max: 4,
        ..Limits::default()
    };
    let files = |count: usize| {
        let includes: Vec<String> = (1..count).map(|_| "\"a.json\"".to_owned()).collect();
        let mut files = one(format!("{{ \"$INCLUDE$\": [{}] }}", includes.join(",")));
        files.push(("a.json".to_owned(), "{}".to_owned()));
        files
    };
    check(limits, &files(4), &files(5), "more than 4 files");
}

#[test]
fn includes_are_bounded_in_depth() {
    let limits = Limits {
        include_depth_max: 3,
        ..Limits::default()
    };
    let files = |count: usize| {
        let mut files = one("{ \"$INCLUDE$\": \"1.json\" }".to_owned());
        for at in 1..count {
            let text = if at + 1 < count {
                format!("{{ \"$INCLUDE$\": \"{}.json\" }}", at + 1)
            } else {
                "{}".to_owned()
            };
            files.push((format!("{at}.json"), text));
        }
        files
    };
    check(
        limits,
        &files(3),
        &files(4),
        "more than 3 files include one another",
    );
}

#[test]
fn values_are_bounded_in_depth() {
    let limits = Limits {
        depth_max: 5,
        ..Limits::default()
    };
    let nested = |depth: usize| {
        one(format!(
            "{{ \"v\": {}{} }}",
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        ))
    };
    check(limits, &nested(6), &nested(7), "more than 5 deep");
    // The parser's own bound comes later.
    let text = format!("{{ \"v\": {}", "[".repeat(100_000));
    assert!(Loader::memory(one(text)).load::<Value>().is_err());
}

#[test]
fn what_macros_put_in_is_bounded_in_depth() {
    let limits = Limits {
        depth_max: 5,
        ..Limits::default()
    };
    let nested = |depth: usize| {
        one(format!(
            "{{ \"$MACRO$\": {{ \"M\": {}{} }}, \"v\": [\"$M$\"] }}",
            "[".repeat(depth),
            "]".repeat(depth)
        ))
    };
    check(limits, &nested(3), &nested(4), "more than 5 deep");
}

#[test]
fn macros_are_bounded_in_depth() {
    let limits = Limits {
        macro_depth_max: 4,
        ..Limits::default()
    };
    let chain = |count: usize| {
        let mut macros: Vec<String> = (1..count)
            .map(|at| format!("\"M{at}\": \"$M{}$\"", at + 1))
            .collect();
        macros.push(format!("\"M{count}\": 1"));
        one(format!(
            "{{ \"$MACRO$\": {{ {} }}, \"v\": \"$M1$\" }}",
            macros.join(",")
        ))
    };
    check(
        limits,
        &chain(4),
        &chain(5),
        "more than 4 macros stand in one another",
    );
}

/// The billion laughs: each macro holds the one before ten times.
fn laughs(floors: usize, last: &str, form: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let mut macros = vec![format!("\"M0\": {last}")];
    for at in 1..floors {
        macros.push(format!("\"M{at}\": {}", form(&format!("$M{}$", at - 1))));
    }
    one(format!(
        "{{ \"$MACRO$\": {{ {} }}, \"v\": \"$M{}$\" }}",
        macros.join(","),
        floors - 1
    ))
}

#[test]
fn values_that_macros_put_in_are_bounded() {
    let ten = |name: &str| format!("[{}]", vec![format!("\"{name}\""); 10].join(","));
    let limits = Limits {
        expansion_values_max: 2_221,
        ..Limits::default()
    };
    // 10 + (1 + 10) * 10 + (1 + 110) * 10 + 1111 = 2341 with the last; one floor less stays below.
    check(
        limits,
        &laughs(3, "1", ten),
        &laughs(5, "1", ten),
        "macros put in more than 2221 values",
    );
    let report = Loader::memory(laughs(10, "1", ten))
        .load::<Value>()
        .unwrap_err();
    assert!(
        report.to_string().contains("more than 1000000 values"),
        "{report}"
    );
    assert_eq!(report.mistakes().len(), 1, "{report}");
}

#[test]
fn text_that_macros_put_in_is_bounded() {
    let limits = Limits {
        expansion_bytes_max: 100,
        ..Limits::default()
    };
    let two = |name: &str| format!("\"{name}{name}\"");
    check(
        limits,
        &laughs(2, "\"0123456789\"", two),
        &laughs(6, "\"0123456789\"", two),
        "more than 100 bytes of text",
    );
    let ten = |name: &str| format!("\"{}\"", name.repeat(10));
    let report = Loader::memory(laughs(12, "\"0123456789\"", ten))
        .load::<Value>()
        .unwrap_err();
    assert!(
        report.to_string().contains("more than 16777216 bytes"),
        "{report}"
    );
}

#[test]
fn variables_that_are_put_in_are_bounded() {
    let limits = Limits {
        expansion_bytes_max: 100,
        ..Limits::default()
    };
    let text = |count: usize| format!("{{ \"v\": [{}] }}", vec!["\"$env:V$\""; count].join(","));
    let load = |count| {
        Loader::memory(one(text(count)))
            .variables([("V", "0123456789")])
            .limits(limits)
            .load::<Value>()
    };
    assert!(load(10).is_ok());
    assert!(
        load(11)
            .unwrap_err()
            .to_string()
            .contains("more than 100 bytes")
    );
}

#[test]
fn mistakes_that_are_told_are_bounded() {
    let keys: Vec<String> = (0..150).map(|at| format!("\"k{at}\": 1")).collect();
    let text = format!("{{ {} }}", keys.join(","));
    let report = Loader::memory(one(text))
        .load::<crate::game::Game>()
        .unwrap_err();
    assert_eq!((report.mistakes().len(), report.omitted()), (100, 51));
    assert!(report.to_string().contains("and 51 more like these"));
}

#[test]
fn a_mistake_in_one_long_line_is_shown_in_part() {
    let text = format!(
        "{{ \"a\": \"{}\", \"prt\": 7, \"b\": \"{}\" }}",
        "é".repeat(300_000),
        "x".repeat(300_000)
    );
    let report = Loader::memory(one(text))
        .load::<crate::game::Game>()
        .unwrap_err();
    assert!(report.to_string().len() < 4_000);
    let column = report
        .mistakes()
        .iter()
        .find(|it| it.path.to_string() == "prt")
        .and_then(|it| it.place.clone());
    assert_eq!(column.unwrap().column, 300_012);
}

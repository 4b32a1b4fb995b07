//! Records as lines of JSON.

use playhouse_log::{Backtraces, Builder, Clock, Files, Logging};
use serde_json::{Value, json};

use crate::harness::{lines, logged};

/// The only line that `f` logs.
fn line(builder: Builder, f: impl FnOnce()) -> Value {
    let folder = tempfile::tempdir().unwrap();
    logged(builder.files(Files::in_folder(folder.path())), |_| f());
    let mut files = lines(folder.path());
    let (_, mut lines) = files.pop().unwrap();
    assert_eq!((files.len(), lines.len()), (0, 1));
    lines.remove(0)
}

#[test]
fn a_line_says_what_where_and_when() {
    let line = line(Logging::builder(), || {
        tracing::info!(target: "arena::battle", blows = 3, who = "ann \"\u{1b}\n\\", "begun {}", 7);
    });
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["target"], "arena::battle");
    assert_eq!(line["message"], "begun 7");
    assert_eq!(
        line["fields"],
        json!({"blows": 3, "who": "ann \"\u{1b}\n\\"})
    );
    assert!(
        line["file"]
            .as_str()
            .unwrap()
            .ends_with("tests/suite/json.rs")
    );
    assert!(line["line"].as_u64().unwrap() > 10);
    let time = line["time"].as_str().unwrap();
    assert!(time.len() == 27 && time.ends_with('Z'), "{time}");
}

#[test]
fn numbers_that_json_has_not_are_texts() {
    let line = line(Logging::builder(), || {
        tracing::info!(
            small = i64::MIN,
            great = u64::MAX,
            greater = u128::MAX,
            half = 0.5,
            none = f64::NAN,
            never = f64::NEG_INFINITY,
            yes = true
        );
    });
    let greater = u128::MAX.to_string();
    assert_eq!(
        line["fields"],
        json!({
            "small": i64::MIN, "great": u64::MAX, "greater": greater, "half": 0.5,
            "none": "NaN", "never": "-inf", "yes": true
        })
    );
    assert_eq!(line["message"], "");
}

#[test]
fn dates_are_in_the_clock_that_was_said() {
    let line = line(Logging::builder().clock(Clock::Offset(-90)), || {
        tracing::info!("x");
    });
    assert!(line["time"].as_str().unwrap().ends_with("-01:30"));
}

#[derive(Debug)]
struct Outer(std::io::Error);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the bag can't be saved")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_comes_with_its_causes_its_spans_and_a_backtrace() {
    let line = line(Logging::builder().backtraces(Backtraces::Always), || {
        let outer = tracing::info_span!("trade", from = 7, price = tracing::field::Empty);
        let _outer = outer.enter();
        outer.record("price", 40);
        let inner = tracing::info_span!("save");
        let _inner = inner.enter();
        let error = Outer(std::io::Error::other("disk full"));
        tracing::error!(error = &error as &dyn std::error::Error, "failed");
    });
    assert_eq!(line["fields"]["error"], "the bag can't be saved: disk full");
    assert_eq!(
        line["spans"],
        json!([{"name": "trade", "fields": {"from": 7, "price": 40}}, {"name": "save"}])
    );
    let backtrace = line["backtrace"].as_str().unwrap();
    assert!(backtrace.contains("an_error_comes_with_its_causes"));
    let first = backtrace.lines().next().unwrap();
    assert!(!first.contains("tracing_core::"), "{backtrace}");
    assert!(!backtrace.contains("clone3"), "{backtrace}");
}

#[test]
fn what_is_no_error_has_no_backtrace() {
    let line = line(Logging::builder().backtraces(Backtraces::Always), || {
        tracing::warn!("x");
    });
    assert_eq!(line.get("backtrace"), None);
}

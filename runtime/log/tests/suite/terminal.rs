//! Records for people.

use playhouse_log::{Backtraces, Colours, Logging, Terminal};

use crate::harness::{Paper, logged, printed};

/// A line without its time.
fn line(text: &str) -> &str {
    text.split_once(' ').unwrap().1
}

#[test]
fn a_line_is_aligned_and_plain_where_there_is_no_terminal() {
    let text = printed(Logging::builder(), || {
        tracing::info!(target: "arena", blows = 3, who = "ann", said = "hi all", "begun");
    });
    assert_eq!(
        line(&text),
        "INFO  arena                    begun blows=3 who=ann said=\"hi all\"\n"
    );
}

#[test]
fn warnings_say_where_on_a_line_of_its_own() {
    let text = printed(Logging::builder(), || {
        let span = tracing::info_span!("trade", from = 7);
        let _entered = span.enter();
        tracing::warn!(target: "arena", "slow");
    });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(line(lines[0]), "WARN  arena                    slow");
    assert_eq!(lines[1], "    in trade from=7");
    let place = lines[2].strip_prefix("    at ").unwrap();
    let (file, number) = place.rsplit_once(':').unwrap();
    assert!(file.ends_with("tests/suite/terminal.rs"), "{place}");
    assert!(number.parse::<u32>().is_ok(), "{place}");
    assert_eq!(lines.len(), 3);
}

#[test]
fn what_others_say_moves_no_cursor_and_makes_no_line() {
    let name = "eve\u{1b}[2J\r\n12:00:00.000 ERROR forged\u{9b}1m";
    let text = printed(Logging::builder(), || {
        tracing::info!(target: "arena", who = name, "joined: {name}");
    });
    assert!(!text.contains('\u{1b}') && !text.contains('\r') && !text.contains('\u{9b}'));
    assert!(text.contains("eve\\u{1b}[2J\\r\n    12:00"), "{text}");
    assert!(text.lines().skip(1).all(|line| line.starts_with("    ")));
}

#[test]
fn levels_have_colours_where_they_are_wanted() {
    let paper = Paper::default();
    let terminal = Terminal::writer(paper.clone()).colours(Colours::Always);
    logged(
        Logging::builder()
            .terminal(terminal)
            .backtraces(Backtraces::Never),
        |_| {
            tracing::error!(target: "arena", "bad");
            tracing::info!(target: "arena", "good");
        },
    );
    let text = paper.text();
    assert!(text.contains("\u{1b}[1;31mERROR\u{1b}[0m"), "{text:?}");
    assert!(text.contains("\u{1b}[32mINFO \u{1b}[0m"), "{text:?}");
}

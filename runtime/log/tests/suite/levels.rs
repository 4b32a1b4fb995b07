//! Levels that change while the log runs.

use std::time::Duration;

use playhouse_log::{InstallError, LevelsError, Logging, Terminal};

use crate::harness::{Paper, logged, printed};

fn log() {
    tracing::debug!(target: "arena::battle", "detail");
    tracing::info!(target: "arena::battle", "news");
}

#[test]
fn levels_change_at_run_time_by_module() {
    let paper = Paper::default();
    let builder = Logging::builder()
        .levels("info,arena=warn")
        .terminal(Terminal::writer(paper.clone()));
    logged(builder, |guard| {
        log();
        guard.logging().set_levels("arena::battle=debug").unwrap();
        assert_eq!(guard.logging().levels(), "info,arena::battle=debug");
        log();
        let wrong = guard.logging().set_levels("arena=loud");
        assert!(matches!(wrong, Err(LevelsError::Level { .. })));
        assert_eq!(guard.logging().levels(), "info,arena::battle=debug");
        guard.logging().set_levels("off").unwrap();
        log();
    });
    let text = paper.text();
    assert_eq!(text.matches("detail").count(), 1, "{text}");
    assert_eq!(text.matches("news").count(), 1, "{text}");
}

#[test]
fn raised_levels_fall_back_by_themselves() {
    let paper = Paper::default();
    let builder = Logging::builder().terminal(Terminal::writer(paper.clone()));
    logged(builder, |guard| {
        let logging = guard.logging();
        logging
            .raise_levels("arena=debug", Duration::from_secs(3600))
            .unwrap();
        log();
        assert_eq!(logging.levels(), "info,arena=debug");
        logging.raise_levels("arena=trace", Duration::ZERO).unwrap();
        while logging.levels() != "info" {
            std::thread::yield_now();
        }
        log();
    });
    let text = paper.text();
    assert_eq!(text.matches("detail").count(), 1, "{text}");
    assert_eq!(text.matches("news").count(), 2, "{text}");
}

#[test]
fn wrong_levels_are_found_before_anything_begins() {
    let error = Logging::builder().levels("arena").start().unwrap_err();
    assert!(matches!(error, InstallError::Levels { variable: None, .. }));
    assert!(error.to_string().contains("`arena=debug`"), "{error}");
}

#[test]
fn what_is_not_wanted_is_not_looked_at() {
    let mut looked = false;
    let text = printed(Logging::builder(), || {
        tracing::debug!(
            looked = {
                looked = true;
                1
            },
            "x"
        );
    });
    assert_eq!((text.as_str(), looked), ("", false));
}

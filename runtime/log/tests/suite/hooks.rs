//! Functions that look at records.

use std::sync::mpsc;

use playhouse_log::{Logging, Terminal};
use tracing::Level;

use crate::harness::{Paper, logged};

#[test]
fn a_hook_sees_its_level_and_what_is_worse() {
    let (give, take) = mpsc::channel();
    let builder = Logging::builder().on_record(Level::WARN, move |record| {
        let line = (record.level(), record.message().to_owned());
        give.send(line).unwrap();
    });
    logged(builder, |_| {
        tracing::info!("one");
        tracing::warn!("two");
        tracing::error!("three");
    });
    let seen: Vec<(Level, String)> = take.into_iter().collect();
    assert_eq!(
        seen,
        [
            (Level::WARN, "two".to_owned()),
            (Level::ERROR, "three".to_owned())
        ]
    );
}

#[test]
fn a_hook_that_panics_is_called_again_and_ends_nothing() {
    let paper = Paper::default();
    let (give, take) = mpsc::channel();
    let builder = Logging::builder()
        .terminal(Terminal::writer(paper.clone()))
        .on_record(Level::INFO, move |record| {
            give.send(()).unwrap();
            assert!(record.message() != "one", "hook trips");
        });
    logged(builder, |_| {
        tracing::info!("one");
        tracing::info!("two");
    });
    assert_eq!(take.into_iter().count(), 2);
    let text = paper.text();
    assert!(text.contains("a hook for records panicked"), "{text}");
    assert!(text.contains("two"), "{text}");
}

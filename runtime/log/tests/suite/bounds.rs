//! What doesn't fit.

use playhouse_log::{Logging, RECORD_BYTES_MAX, SPAN_BYTES_MAX, SPANS_MAX, Terminal};
use tracing::Level;

use crate::harness::{Gate, Paper, logged, printed};

/// Logs the first record, whose hook holds the writer up; then what `f` logs; then lets the writer go on.
fn held_up(records: usize, bytes: usize, f: impl FnOnce()) -> String {
    let (paper, gate) = (Paper::default(), Gate::default());
    let held = gate.clone();
    let builder = Logging::builder()
        .queue(records, bytes)
        .terminal(Terminal::writer(paper.clone()))
        .on_record(Level::ERROR, move |record| {
            if record.message() == "hold" {
                held.pass();
            }
        });
    logged(builder, |_| {
        tracing::error!("hold");
        gate.wait();
        f();
        gate.open();
    });
    paper.text()
}

#[test]
fn records_that_do_not_fit_are_counted_and_said_and_errors_go_last() {
    let text = held_up(16, 1 << 20, || {
        for _ in 0..20 {
            tracing::info!("news");
        }
        for _ in 0..3 {
            tracing::error!("trouble");
        }
    });
    // The last eighth of sixteen is for errors.
    assert_eq!(text.matches("news").count(), 14, "{text}");
    assert_eq!(text.matches("trouble").count(), 2, "{text}");
    assert!(
        text.contains("dropped 7 records, of which 1 errors"),
        "{text}"
    );
}

#[test]
fn bytes_are_bounded_too() {
    let long = "x".repeat(30_000);
    let text = held_up(1024, 100_000, || {
        for _ in 0..5 {
            tracing::info!("{long}");
        }
        tracing::info!("short");
    });
    // Two fit into what is left for others than errors: 87,500 bytes.
    assert_eq!(text.matches(&long).count(), 2, "{}", text.len());
    assert!(text.contains("dropped 3 records, of which 0 errors"));
    assert!(text.contains("short"));
}

#[test]
fn nobody_who_logs_waits() {
    // The writer stands still until this returns; would anybody wait for it, this never would.
    let text = held_up(64, 1 << 20, || {
        std::thread::scope(|scope| {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            for _ in 0..4 {
                let dispatch = dispatch.clone();
                scope.spawn(move || {
                    tracing::dispatcher::with_default(&dispatch, || {
                        for _ in 0..10_000 {
                            tracing::info!("news");
                        }
                    });
                });
            }
        });
    });
    let written = text.matches("news").count();
    assert_eq!(written, 56);
    assert!(text.contains(&format!("dropped {} records", 40_000 - written)));
}

#[test]
fn a_record_that_is_too_long_is_cut_and_says_so() {
    let text = printed(Logging::builder(), || {
        tracing::info!(after = "gone", "{}", "é".repeat(RECORD_BYTES_MAX));
        tracing::info!("{}", "a".repeat(RECORD_BYTES_MAX));
    });
    let lines: Vec<&str> = text.lines().collect();
    // Fields come before the message, and one that is cut to nothing is still named.
    assert!(
        lines[0].ends_with(" (cut)"),
        "{}",
        &lines[0][lines[0].len() - 40..]
    );
    assert!(lines[0].len() < RECORD_BYTES_MAX + 100);
    assert!(!lines[1].ends_with("(cut)"));
}

#[test]
fn spans_are_bounded() {
    let text = printed(Logging::builder(), || {
        let mut entered = Vec::new();
        for depth in 0..=SPANS_MAX {
            let long = "y".repeat(SPAN_BYTES_MAX + 1);
            entered.push(tracing::info_span!("deep", depth, long).entered());
        }
        tracing::warn!("x");
        while entered.pop().is_some() {}
    });
    assert!(!text.contains("depth=0 "), "the outermost is left out");
    assert!(text.contains("depth=1 ") && text.contains("depth=16 "));
    let whole = "y".repeat(SPAN_BYTES_MAX);
    assert_eq!(text.matches(&whole).count(), SPANS_MAX);
    assert!(!text.contains(&format!("{whole}y")));
}

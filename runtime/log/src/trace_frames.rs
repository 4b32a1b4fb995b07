//! Backtraces without the frames of the logging itself.

use std::backtrace::Backtrace;

/// Beginnings of functions that stand between an error and what is known of it.
const OURS: &[&str] = &[
    "std::backtrace",
    "<std::backtrace",
    "playhouse_log::",
    "<playhouse_log::",
    "tracing::",
    "<tracing::",
    "tracing_core::",
    "<tracing_core::",
    "tracing_subscriber::",
    "<tracing_subscriber::",
    "std::thread::local::",
    "<std::thread::local::",
    "core::ops::function::",
    "<alloc::boxed::Box<",
    "std::panicking::",
    "std::sys::backtrace::__rust_end_short_backtrace",
    "__rustc::rust_begin_unwind",
    "rust_begin_unwind",
    "core::panicking::",
];

/// What std prints of it, from the frame on that is not ours to where std's own begin. Looks the symbols up, which takes milliseconds: on the
/// writer's thread alone.
pub(crate) fn frames(backtrace: &Backtrace) -> String {
    trimmed(&backtrace.to_string())
}

fn trimmed(text: &str) -> String {
    let mut lines = text.lines().peekable();
    let function = |line: &str| {
        let (number, function) = line.trim_start().split_once(": ")?;
        number.parse::<u32>().ok()?;
        Some(function.to_owned())
    };
    while let Some(line) = lines.peek() {
        let Some(name) = function(line) else { break };
        if !OURS.iter().any(|ours| name.starts_with(ours)) {
            break;
        }
        lines.next();
        // The place of the function.
        lines.next_if(|line| line.trim_start().starts_with("at "));
    }
    let is_end = |line: &&str| line.contains("__rust_begin_short_backtrace");
    let rest: Vec<&str> = lines.take_while(|line| !is_end(line)).collect();
    if rest.is_empty() {
        text.to_owned()
    } else {
        rest.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::trimmed;

    #[test]
    fn frames_of_the_logging_are_left_out() {
        let text = "   0: std::backtrace::Backtrace::create\n   1: playhouse_log::capture::x\n             at ./a.rs:1:2\n   \
                    2: game::trade\n             at ./b.rs:3:4\n   3: tracing::z\n   \
                    4: std::sys::backtrace::__rust_begin_short_backtrace\n   5: clone3";
        assert_eq!(
            trimmed(text),
            "   2: game::trade\n             at ./b.rs:3:4\n   3: tracing::z"
        );
    }

    #[test]
    fn what_is_ours_alone_stays() {
        assert_eq!(trimmed("   0: tracing::z"), "   0: tracing::z");
        assert_eq!(trimmed("disabled backtrace"), "disabled backtrace");
    }
}

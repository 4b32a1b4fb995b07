//! Panics as records: with their places, and the ids of what panicked.

use std::sync::Arc;
use std::time::Duration;

use crate::captured::PANIC;
use crate::logging::Shared;
use crate::writer::is_writer;

/// How long a panic waits at most until it is written: it may be the last thing that the process does.
const PANIC_FLUSH_MAX: Duration = Duration::from_millis(250);

/// From now on panics are logged. With a terminal that takes the place of what std prints.
pub(crate) fn install(shared: Arc<Shared>, has_terminal: bool) {
    let outer = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let wanted = tracing::enabled!(target: PANIC, tracing::Level::ERROR);
        if !has_terminal || !wanted || shared.queue.is_closed() {
            outer(info);
        }
        if shared.queue.is_closed() {
            return;
        }
        let payload = info.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(no message)");
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("(unnamed)");
        let (file, line, column) = info
            .location()
            .map_or(("", 0, 0), |it| (it.file(), it.line(), it.column()));
        tracing::error!(
            target: PANIC,
            { panic.file = file, panic.line = line, panic.column = column, thread = name },
            "panicked: {message}"
        );
        if !is_writer() {
            shared.flush(PANIC_FLUSH_MAX);
        }
    }));
}

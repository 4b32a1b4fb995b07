//! The thread that formats and writes.
//!
//! It works in rounds: it takes what was in the queue when the round began, writes it with one call to each place, and
//! pauses for [`LINGER`], in which lines gather and nobody need wake it. After [`QUIET_ROUNDS`] without a line it sleeps
//! until one comes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::Level;

use crate::captured::Captured;
use crate::clock::{Clock, now_us};
use crate::file::{Output, Trouble};
use crate::json;
use crate::logging::Shared;
use crate::record::Record;
use crate::redact::Denylist;
use crate::terminal::Screen;

/// For how long lines gather before they are written.
pub(crate) const LINGER: Duration = Duration::from_millis(5);

/// So many pauses without a line, and the writer sleeps until it is woken.
const QUIET_ROUNDS: u32 = 200;

/// How long it sleeps at most: then it looks after files whose time is over.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// How long it sleeps while lines wait for a disk.
const SLEEP_HELD: Duration = Duration::from_secs(1);

thread_local! {
    static IS_WRITER: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether this is the writer's own thread.
pub(crate) fn is_writer() -> bool {
    IS_WRITER.try_with(std::cell::Cell::get).unwrap_or(false)
}

/// A function that looks at records.
pub(crate) type Hook = Box<dyn FnMut(&Record<'_>) + Send>;

/// What was asked of the writer, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    numbers: Mutex<Numbers>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Numbers {
    asked: u64,
    done: u64,
    over: bool,
}

impl Progress {
    fn numbers(&self) -> std::sync::MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a round that begins from now on.
    pub(crate) fn ask(&self) -> u64 {
        let mut numbers = self.numbers();
        numbers.asked += 1;
        numbers.asked
    }

    fn asked(&self) -> u64 {
        self.numbers().asked
    }

    fn is_asked(&self) -> bool {
        let numbers = self.numbers();
        numbers.asked > numbers.done
    }

    fn done(&self, number: u64) {
        self.numbers().done = number;
        self.changed.notify_all();
    }

    fn over(&self) {
        self.numbers().over = true;
        self.changed.notify_all();
    }

    /// Waits until that round is done; false if it takes longer.
    pub(crate) fn wait(&self, number: u64, limit: Duration) -> bool {
        let waits = |numbers: &mut Numbers| numbers.done < number && !numbers.over;
        let numbers = self.numbers();
        let waited = self.changed.wait_timeout_while(numbers, limit, waits);
        let (numbers, _) = waited.unwrap_or_else(PoisonError::into_inner);
        numbers.done >= number
    }

    /// Waits until the writer has ended; false if it takes longer.
    pub(crate) fn wait_for_end(&self, limit: Duration) -> bool {
        let numbers = self.numbers();
        let waited = self
            .changed
            .wait_timeout_while(numbers, limit, |numbers| !numbers.over);
        let (numbers, _) = waited.unwrap_or_else(PoisonError::into_inner);
        numbers.over
    }
}

/// What the thread owns.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Clock,
    pub(crate) denylist: Denylist,
    pub(crate) screen: Option<Screen>,
    pub(crate) output: Option<Output>,
    pub(crate) hooks: Vec<(Level, Hook)>,
    pub(crate) line: String,
}

impl Writer {
    /// Runs until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        IS_WRITER.set(true);
        let shared = Arc::clone(&self.shared);
        let mut quiet = 0;
        loop {
            let closed = shared.queue.is_closed();
            let asked = shared.progress.asked();
            // A mistake of ours must not end the log for good; what it was is said by the panic hook.
            let round = catch_unwind(AssertUnwindSafe(|| self.round()));
            shared.progress.done(asked);
            if closed {
                self.finish();
                shared.progress.over();
                return;
            }
            shared.fall_back(Instant::now());
            quiet = match round {
                Ok(0) => quiet + 1,
                _ => 0,
            };
            if shared.progress.is_asked() {
                continue;
            }
            if quiet < QUIET_ROUNDS {
                std::thread::park_timeout(LINGER);
            } else {
                let time = match &self.output {
                    Some(output) if output.is_held() => SLEEP_HELD,
                    _ => SLEEP_MAX,
                };
                let time = shared
                    .raised_for(Instant::now())
                    .map_or(time, |left| left.min(time));
                shared.queue.sleep(time, || shared.progress.is_asked());
            }
        }
    }

    /// Writes what is in the queue now; how much that was.
    fn round(&mut self) -> usize {
        let count = self.shared.queue.len();
        for _ in 0..count {
            let Some(captured) = self.shared.queue.pop() else {
                break;
            };
            self.write(&captured);
            self.shared.queue.give_back(captured);
        }
        self.say_dropped();
        self.flush();
        count
    }

    fn write(&mut self, captured: &Captured) {
        let record = Record::new(captured, &self.denylist, self.clock);
        if let Some(screen) = &mut self.screen {
            screen.push(&record);
        }
        if let Some(output) = &mut self.output {
            self.line.clear();
            json::write(&mut self.line, &record);
            output.push(captured.time_us, &self.line);
        }
        if captured.from_writer {
            return;
        }
        let mut panicked = false;
        for (level, hook) in &mut self.hooks {
            if record.level() <= *level {
                panicked |= catch_unwind(AssertUnwindSafe(|| hook(&record))).is_err();
            }
        }
        if panicked {
            let what = "a hook for records panicked: it is called again for the next one";
            self.say(Level::ERROR, line!(), format_args!("{what}"));
        }
    }

    fn say_dropped(&mut self) {
        let (dropped, errors) = self.shared.queue.take_dropped();
        if dropped > 0 {
            self.say(
                Level::WARN,
                line!(),
                format_args!(
                    "dropped {dropped} records, of which {errors} errors: more came than could be written"
                ),
            );
        }
    }

    fn flush(&mut self) {
        if let Some(output) = &mut self.output {
            let now = now_us();
            output.flush(now);
            output.tidy(now);
            let troubles = output.take_troubles();
            for trouble in troubles {
                match trouble {
                    Trouble::Began(what) => {
                        self.say(Level::ERROR, line!(), format_args!("{what}"));
                        self.say_outside(&what);
                    }
                    Trouble::Over { lost } => self.say(
                        Level::WARN,
                        line!(),
                        format_args!(
                            "the log can be written again; {lost} lines were lost meanwhile"
                        ),
                    ),
                }
            }
        }
        if let Some(screen) = &mut self.screen {
            screen.flush();
        }
    }

    /// The last round is over.
    fn finish(&mut self) {
        let Some(output) = &mut self.output else {
            return;
        };
        output.finish(now_us());
        self.flush();
        let left = self.output.as_mut().map_or(0, |it| it.finish(now_us()));
        if left > 0 {
            self.say_outside(&format!("{left} bytes of the log could not be written"));
        }
    }

    /// A line of the writer's own.
    fn say(&mut self, level: Level, line: u32, what: std::fmt::Arguments<'_>) {
        let mut captured = Captured::new();
        captured.level = level;
        captured.target = "playhouse_log";
        captured.file = Some(file!());
        captured.line = Some(line);
        captured.time_us = now_us();
        captured.from_writer = true;
        captured.message = captured.write(what);
        self.write(&captured);
    }

    /// Where nobody looks at a terminal of ours: trouble with the files is seen on standard error or not at all.
    fn say_outside(&self, what: &str) {
        if self.screen.is_none() {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "{what}");
        }
    }
}

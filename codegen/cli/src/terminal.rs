//! Standard output and error: colours, the closing line, and a word when something takes long.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use playhouse_syntax::Style;

use crate::arguments::Color;

/// What takes longer than this says that it is still there.
const PATIENCE: Duration = Duration::from_secs(2);
/// Columns if nobody says how wide the terminal is.
const COLUMNS: usize = 140;

/// How to write to whoever reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// For standard error: what is said to people.
    pub(crate) style: Style,
    /// Whether a person reads standard error.
    interactive: bool,
    /// Whether standard output takes colours.
    out_coloured: bool,
}

impl Terminal {
    pub(crate) fn new(color: Color) -> Self {
        let interactive = io::stderr().is_terminal();
        let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let coloured = |interactive: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => interactive && !set("NO_COLOR"),
        };
        let columns = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        Self {
            style: Style {
                coloured: coloured(interactive),
                columns: columns.unwrap_or(COLUMNS),
            },
            interactive,
            out_coloured: coloured(io::stdout().is_terminal()),
        }
    }

    /// Writes what was asked for, to standard output. Nobody listening any more is no error.
    pub(crate) fn out(self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Makes room for a new picture, if a person looks at standard output.
    pub(crate) fn clear_out(self) {
        if io::stdout().is_terminal() {
            self.out("\x1b[2J\x1b[H");
        }
    }

    /// Says something to people, on standard error.
    pub(crate) fn say(self, text: &str) {
        let mut out = io::stderr().lock();
        let _ = out.write_all(text.as_bytes());
    }

    /// Says that the command could not run.
    pub(crate) fn fail(self, message: &str) {
        let head = self.paint("\x1b[1m\x1b[91m", "error");
        self.say(&format!("{head}: {message}\n"));
    }

    /// `text` for standard error, in a colour if it takes any.
    fn paint(self, escape: &str, text: &str) -> String {
        painted(self.style.coloured, escape, text)
    }

    /// `text` for standard output, in a colour if it takes any.
    pub(crate) fn paint_out(self, escape: &str, text: &str) -> String {
        painted(self.out_coloured, escape, text)
    }

    /// Says every now and then that `what` is being done, from the second second on, until the result is dropped.
    pub(crate) fn progress(self, what: String) -> Progress {
        let (done, wait) = mpsc::channel::<()>();
        let teller = thread::spawn(move || {
            let mut seconds = 0;
            while wait.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                seconds += PATIENCE.as_secs();
                // A log wants it once.
                if self.interactive || seconds == PATIENCE.as_secs() {
                    self.say(&format!("{what} ... ({seconds} s)\n"));
                }
            }
        });
        Progress {
            done: Some(done),
            teller: Some(teller),
        }
    }
}

/// See [`Terminal::progress`].
#[derive(Debug)]
pub(crate) struct Progress {
    done: Option<mpsc::Sender<()>>,
    teller: Option<JoinHandle<()>>,
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(teller) = self.teller.take() {
            // It can't panic; if it did, there would be nothing to do about it.
            let _ = teller.join();
        }
    }
}

fn painted(coloured: bool, escape: &str, text: &str) -> String {
    if coloured {
        format!("{escape}{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// `1 error`, `3 errors`.
pub(crate) fn count(number: usize, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ if word.ends_with('x') => format!("{number} {word}es"),
        _ => format!("{number} {word}s"),
    }
}

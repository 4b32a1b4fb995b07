//! The file that lines are appended to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use super::name::{FileName, Period};
use super::{Files, HELD_BYTES_MAX, retention};
use crate::clock::Clock;

/// How many bytes are written at once, unless lines had to be held.
const BATCH_BYTES: usize = 64 * 1024;

/// A line that is this much older than the newest is one of a clock that was set back, and no late one.
const LATE_US: i64 = 10_000_000;

/// How long after a failure the next attempt is made.
const RETRY_US: i64 = 1_000_000;

/// How often old files are looked for while none is begun.
const TIDY_EVERY_US: i64 = 60_000_000;

/// How often a file is opened anew if it is deleted under our hands.
const OPEN_ATTEMPTS: usize = 16;

/// What the writer says of a file that can't be written, once, and when it can be again.
#[derive(Debug)]
pub(crate) enum Trouble {
    Began(String),
    Over {
        /// Lines that were lost meanwhile.
        lost: u64,
    },
}

/// Lines on their way into files.
#[derive(Debug)]
pub(crate) struct Output {
    files: Files,
    clock: Clock,
    /// Of the lines in `lines`.
    period: Period,
    open: Option<Open>,
    lines: Vec<u8>,
    newest_us: i64,
    tidied_us: i64,
    failed_us: Option<i64>,
    lost: u64,
    troubles: Vec<Trouble>,
}

#[derive(Debug)]
struct Open {
    file: File,
    name: FileName,
    /// The last write did not end with the end of a line.
    torn: bool,
}

impl Output {
    /// Opens the file of this moment, so that a folder that can't be used is found at the start.
    pub(crate) fn new(files: Files, clock: Clock, now_us: i64) -> io::Result<Self> {
        let period = Period::of(files.rotation, clock.date(now_us));
        let mut output = Self {
            files,
            clock,
            period,
            open: None,
            lines: Vec::new(),
            newest_us: now_us,
            tidied_us: now_us,
            failed_us: None,
            lost: 0,
            troubles: Vec::new(),
        };
        output.room_for(0)?;
        Ok(output)
    }

    /// Takes a line, with its end.
    pub(crate) fn push(&mut self, time_us: i64, line: &str) {
        self.enter_period(time_us);
        if self.lines.len() + line.len() > BATCH_BYTES {
            self.flush(time_us);
        }
        if self.lines.len() + line.len() > HELD_BYTES_MAX {
            self.lost += 1;
            return;
        }
        self.lines.extend_from_slice(line.as_bytes());
    }

    /// Lines go into the file of their time. Threads that log at once hand their lines over a little out of order,
    /// which is no reason to open the last file again.
    fn enter_period(&mut self, time_us: i64) {
        let late = time_us < self.newest_us && self.newest_us - time_us < LATE_US;
        if late {
            return;
        }
        self.newest_us = time_us;
        let period = Period::of(self.files.rotation, self.clock.date(time_us));
        if period != self.period {
            self.flush(time_us);
            self.period = period;
            self.open = None;
        }
    }

    /// Writes what has come.
    pub(crate) fn flush(&mut self, now_us: i64) {
        if self.lines.is_empty() {
            return;
        }
        let waits = |failed: i64| (0..RETRY_US).contains(&now_us.saturating_sub(failed));
        if self.failed_us.is_some_and(waits) {
            return;
        }
        match self.write() {
            Ok(()) => {
                if self.failed_us.take().is_some() {
                    let lost = std::mem::take(&mut self.lost);
                    self.troubles.push(Trouble::Over { lost });
                }
            }
            Err(error) => {
                // The file may be gone, or its disk: the next attempt begins with opening it.
                if self.open.as_ref().is_some_and(|open| !open.torn) {
                    self.open = None;
                }
                if self.failed_us.replace(now_us).is_none() {
                    let folder = self.files.folder.display();
                    self.troubles.push(Trouble::Began(format!(
                        "the log can't be written in {folder}: {error}; lines are held until it can"
                    )));
                }
            }
        }
    }

    /// Writes what has come, for the last time; how many bytes of lines can't be written.
    pub(crate) fn finish(&mut self, now_us: i64) -> usize {
        if let Some(failed) = &mut self.failed_us {
            *failed = now_us.saturating_sub(RETRY_US);
        }
        self.flush(now_us);
        self.lines.len()
    }

    /// What there is to say of the files since the last time.
    pub(crate) fn take_troubles(&mut self) -> Vec<Trouble> {
        std::mem::take(&mut self.troubles)
    }

    /// Whether lines wait that could not be written.
    pub(crate) fn is_held(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Lets go of a file whose time is over, so that it may be deleted, and deletes what is too old.
    pub(crate) fn tidy(&mut self, now_us: i64) {
        if !self.is_held() {
            let period = Period::of(self.files.rotation, self.clock.date(now_us));
            if period != self.period {
                self.period = period;
                self.newest_us = now_us;
                self.open = None;
            }
        }
        if now_us.saturating_sub(self.tidied_us).unsigned_abs() >= TIDY_EVERY_US.unsigned_abs() {
            self.delete_old(now_us);
        }
    }

    fn delete_old(&mut self, now_us: i64) {
        self.tidied_us = now_us;
        let since = Duration::from_micros(u64::try_from(now_us).unwrap_or(0));
        let now = SystemTime::UNIX_EPOCH + since;
        // What can't be listed now is listed the next time.
        let _ = retention::tidy(&self.files, now);
    }

    /// One system call for all lines, if the system takes them all.
    fn write(&mut self) -> io::Result<()> {
        let bytes = self.lines.len() as u64;
        self.room_for(bytes)?;
        let Some(open) = &mut self.open else {
            return Err(io::ErrorKind::NotFound.into());
        };
        if open.torn {
            // What stands there of a line ends here, so that the next one is read.
            self.lines.insert(0, b'\n');
            open.torn = false;
        }
        let mut written = 0;
        let result = loop {
            match open.file.write(&self.lines[written..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            if written >= self.lines.len() {
                break Ok(());
            }
        };
        if result.is_err() && written > 0 {
            // Whole lines that went out are not written again; one that was torn is.
            let whole = self.lines[..written].iter().rposition(|it| *it == b'\n');
            let whole = whole.map_or(0, |at| at + 1);
            open.torn = whole < written;
            self.lines.drain(..whole);
        } else if result.is_ok() {
            self.lines.clear();
            self.lines.shrink_to(2 * BATCH_BYTES);
        }
        result
    }

    /// Sees to it that the open file is the one of the period, has a name, and room for this much.
    fn room_for(&mut self, bytes: u64) -> io::Result<()> {
        let mut lowest = 0;
        let mut opened = false;
        for _ in 0..OPEN_ATTEMPTS {
            if let Some(open) = &self.open
                && is_named(&open.file)?
            {
                let size = open.file.metadata()?.len();
                if size == 0 || size.saturating_add(bytes) <= self.files.bytes_max {
                    if opened {
                        self.delete_old(self.newest_us);
                    }
                    return Ok(());
                }
                lowest = open.name.index.saturating_add(1);
            }
            // Other processes may have gone further already.
            fs::create_dir_all(&self.files.folder)?;
            let newest = retention::newest(&self.files, &self.period)?;
            self.open = Some(self.open_file(newest.max(lowest))?);
            opened = true;
        }
        Err(io::Error::other(
            "each file that is begun is full or deleted at once",
        ))
    }

    fn open_file(&self, index: u32) -> io::Result<Open> {
        let name = FileName {
            period: self.period.clone(),
            index,
        };
        let path = self.files.folder.join(name.write(&self.files.name));
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        // Until it is closed nobody deletes it. Only whoever is about to delete it holds it against us, for a moment.
        if cfg!(unix) {
            for _ in 0..OPEN_ATTEMPTS {
                if !matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(Open {
            file,
            name,
            torn: false,
        })
    }
}

/// Whether a file can still be found: one that was deleted takes lines that nobody ever reads.
#[cfg(unix)]
fn is_named(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.nlink() > 0)
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "it has the signature that the other systems need"
)]
fn is_named(_: &File) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_bounded_and_what_is_lost_is_counted() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("logs");
        let mut output = Output::new(Files::in_folder(&folder), Clock::Utc, 0).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        fs::write(&folder, "").unwrap();
        let line = format!("\"{}\"\n", "x".repeat(1021));
        assert_eq!(line.len(), 1024);
        let fits = HELD_BYTES_MAX / line.len();
        for _ in 0..fits + 3 {
            output.push(0, &line);
        }
        output.flush(RETRY_US);
        assert!(output.is_held());
        assert_eq!((output.lines.len(), output.lost), (HELD_BYTES_MAX, 3));
        assert!(matches!(
            output.take_troubles().as_slice(),
            [Trouble::Began(_)]
        ));
        fs::remove_file(&folder).unwrap();
        assert_eq!(output.finish(RETRY_US + 1), 0);
        assert!(matches!(
            output.take_troubles().as_slice(),
            [Trouble::Over { lost: 3 }]
        ));
        let text = fs::read_to_string(folder.join("playhouse.1970-01-01.jsonl")).unwrap();
        assert_eq!(text.lines().count(), fits);
    }

    #[test]
    fn lines_go_where_their_time_is_unless_they_are_a_little_late() {
        const DAY_US: i64 = 86_400_000_000;
        let folder = tempfile::tempdir().unwrap();
        let mut output = Output::new(Files::in_folder(folder.path()), Clock::Utc, 0).unwrap();
        for (time_us, line) in [
            (DAY_US - 1, "1\n"),
            (DAY_US, "2\n"),
            (DAY_US - 1, "3\n"),
            (3 * DAY_US, "4\n"),
            // The clock is set back.
            (DAY_US + 5, "5\n"),
        ] {
            output.push(time_us, line);
        }
        output.flush(DAY_US + 6);
        let read = |day: &str| {
            let name = format!("playhouse.1970-01-{day}.jsonl");
            fs::read_to_string(folder.path().join(name)).unwrap()
        };
        assert_eq!(
            [read("01"), read("02"), read("04")],
            ["1\n", "2\n3\n5\n", "4\n"]
        );
    }
}

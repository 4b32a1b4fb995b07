//! Lines of JSON in a folder, which any number of processes may share.
//!
//! Files are named by what they hold: `arena.2026-11-22.jsonl`, then `arena.2026-11-22.1.jsonl` once that is full.
//! Whoever writes a line finds its file from the date and from what is in the folder, and nothing is ever renamed: so
//! processes agree without a word. Each write appends whole lines by one system call, which the system does not mix
//! with those of others. A file in use is locked (shared) by whoever writes it, and only one that nobody has locked is
//! deleted.

mod name;
mod output;
mod retention;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use name::is_base;
pub(crate) use output::{Output, Trouble};

/// How large a file gets, if nothing else is said.
pub const FILE_BYTES: u64 = 256 * 1024 * 1024;

/// How many files are kept, if nothing else is said.
pub const FILES_KEPT: usize = 30;

/// How many bytes of lines are held while they can't be written, as on a full disk. What comes then is dropped and
/// counted.
pub const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// When the next file is begun, whatever the size of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Rotation {
    /// With each day of the [`Clock`](crate::Clock).
    #[default]
    Daily,
    /// With each hour.
    Hourly,
    /// By size alone.
    Never,
}

/// Lines of JSON in files of a folder. Processes that share the folder and the name share the files, and should agree
/// about what is said here.
#[derive(Debug, Clone)]
pub struct Files {
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
    pub(crate) rotation: Rotation,
    pub(crate) bytes_max: u64,
    pub(crate) keep_files: usize,
    pub(crate) keep_for: Option<Duration>,
    pub(crate) keep_bytes: Option<u64>,
}

impl Files {
    /// In this folder, which is made if it isn't there: `playhouse.2026-11-22.jsonl`, a file a day, of at most
    /// [`FILE_BYTES`], the newest [`FILES_KEPT`] kept.
    #[must_use]
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            name: "playhouse".to_owned(),
            rotation: Rotation::Daily,
            bytes_max: FILE_BYTES,
            keep_files: FILES_KEPT,
            keep_for: None,
            keep_bytes: None,
        }
    }

    /// What the files' names begin with: letters, digits, `-` and `_`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// When the next file is begun.
    #[must_use]
    pub const fn rotate(mut self, rotation: Rotation) -> Self {
        self.rotation = rotation;
        self
    }

    /// How large a file may get before the next one is begun. Each process that shares it may overrun that by what it
    /// writes at once; a line that is longer stands alone.
    #[must_use]
    pub const fn bytes_max(mut self, bytes: u64) -> Self {
        self.bytes_max = bytes;
        self
    }

    /// How many files are kept, with those that are in use; at least one.
    #[must_use]
    pub const fn keep_files(mut self, count: usize) -> Self {
        self.keep_files = count;
        self
    }

    /// Files that were last written longer ago than this are deleted.
    #[must_use]
    pub const fn keep_for(mut self, time: Duration) -> Self {
        self.keep_for = Some(time);
        self
    }

    /// The oldest files are deleted while all together have more bytes than this.
    #[must_use]
    pub const fn keep_bytes(mut self, bytes: u64) -> Self {
        self.keep_bytes = Some(bytes);
        self
    }
}

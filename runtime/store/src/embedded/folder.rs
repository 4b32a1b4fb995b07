//! The folder of a store: whose it is, what is in it, and whether there is room.
//!
//! `lock` is locked by the process that has the store open, and says which that is. `format` says that this is a store and of
//! which format. `rows` is the file store's.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::problem::{OpenError, StoreError};

const LOCK: &str = "lock";
const FORMAT: &str = "format";
const FORMAT_DRAFT: &str = "format.new";
const ROWS: &str = "rows";
const FORMAT_BEGINS: &str = "playhouse store, format ";
/// The format that is written. It is raised with each change that earlier builds would misread.
const FORMAT_NUMBER: u32 = 1;

/// How often the lock is tried again, and how long after.
const LOCK_TRIES: u32 = 20;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// The folder of a store that this process has open, and nobody else.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    free_bytes_min: u64,
    /// Unlocked when it is closed.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, takes its lock, and looks whether it is a store that this build can read.
    pub(super) fn open(path: &Path, free_bytes_min: u64) -> Result<Self, OpenError> {
        std::fs::create_dir_all(path).map_err(|error| refused(path, "made", &error))?;
        let lock = lock(path)?;
        match std::fs::read_to_string(path.join(FORMAT)) {
            Ok(format) => check_format(path, &format)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                check_empty(path)?;
                write_format(path).map_err(|error| refused(path, "written", &error))?;
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => check_format(path, "")?,
            Err(error) => return Err(refused(path, "read", &error)),
        }
        Ok(Self {
            path: path.to_owned(),
            free_bytes_min,
            _lock: lock,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the file store keeps its files.
    pub(super) fn rows(&self) -> PathBuf {
        self.path.join(ROWS)
    }

    /// Refuses to write while the disk has less room than it should: where it runs full in the middle of a write nobody knows
    /// what was written.
    pub(super) fn has_room(&self) -> Result<(), StoreError> {
        let Some(free) = free_bytes(&self.path).filter(|free| *free < self.free_bytes_min) else {
            return Ok(());
        };
        Err(StoreError::Full(format!(
            "the disk of {} has {free} bytes free, and {} must stay so that what is under way can be finished: make room",
            self.path.display(),
            self.free_bytes_min
        )))
    }
}

/// Bytes that this process may still write there; nothing where the system can't tell.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_path: &Path) -> Option<u64> {
    None
}

/// An error about a folder that says what to do.
pub(super) fn problem(path: &Path, why: impl Into<String>) -> OpenError {
    OpenError {
        store: path.display().to_string(),
        why: why.into(),
    }
}

/// `doing`: what can't be done with the folder.
fn refused(path: &Path, doing: &str, error: &std::io::Error) -> OpenError {
    let advice = match error.kind() {
        ErrorKind::PermissionDenied => {
            "give this user the right to write there, or name another folder"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the disk is mounted to be read only: mount it for writing, or name another folder"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the disk is full: make room",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file stands in its way: name another folder"
        }
        _ => "look after the disk, or name another folder",
    };
    problem(path, format!("it can't be {doing} ({error}); {advice}"))
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let refused = |error: &std::io::Error| refused(path, "locked", error);
    let mut file = options
        .open(path.join(LOCK))
        .map_err(|error| refused(&error))?;
    let mut tries = 0;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(refused(&error)),
            // A process that is about to end, or one that another thread has just started and that has the file still.
            Err(TryLockError::WouldBlock) if tries < LOCK_TRIES => {
                tries += 1;
                std::thread::sleep(LOCK_WAIT);
            }
            Err(TryLockError::WouldBlock) => return Err(held(path, &mut file)),
        }
    }
    let holder = format!("process {}\n", std::process::id());
    file.set_len(0)
        .and_then(|()| file.write_all(holder.as_bytes()))
        .map_err(|error| refused(&error))?;
    Ok(file)
}

/// Somebody else has the lock, and has written into the file who that is.
fn held(path: &Path, lock: &mut File) -> OpenError {
    let mut holder = String::new();
    let named = lock.read_to_string(&mut holder).is_ok() && !holder.is_empty();
    let holder = if named {
        holder.trim()
    } else {
        "another process"
    };
    problem(
        path,
        format!("{holder} has it open; end that process, or name another folder for this one"),
    )
}

fn check_format(path: &Path, format: &str) -> Result<(), OpenError> {
    let number = format
        .strip_prefix(FORMAT_BEGINS)
        .and_then(|number| number.trim().parse::<u32>().ok());
    match number {
        Some(FORMAT_NUMBER) => Ok(()),
        Some(number) if number > FORMAT_NUMBER => Err(problem(
            path,
            format!(
                "it was written by a newer build, in format {number}, and this build reads up to {FORMAT_NUMBER}; \
                 start it with that build or a later one"
            ),
        )),
        _ => Err(problem(
            path,
            "its file `format` does not say which format it has; restore it from a backup, or name another folder",
        )),
    }
}

/// A folder without a format is a new store only if nothing else is in it.
fn check_empty(path: &Path) -> Result<(), OpenError> {
    let entries = std::fs::read_dir(path).map_err(|error| refused(path, "read", &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| refused(path, "read", &error))?;
        let name = entry.file_name();
        if name != LOCK && name != FORMAT_DRAFT {
            return Err(problem(
                path,
                format!(
                    "it is a folder of something else, with `{}` in it; name an empty folder, or one that is not there",
                    name.display()
                ),
            ));
        }
    }
    Ok(())
}

/// Writes it whole or not at all.
fn write_format(path: &Path) -> std::io::Result<()> {
    let draft = path.join(FORMAT_DRAFT);
    let mut file = File::create(&draft)?;
    file.write_all(format!("{FORMAT_BEGINS}{FORMAT_NUMBER}\n").as_bytes())?;
    file.sync_all()?;
    std::fs::rename(draft, path.join(FORMAT))?;
    sync_folder(path)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

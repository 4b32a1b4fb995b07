//! Which files go.

use std::fs::{self, File};
use std::io;
use std::time::SystemTime;

use super::Files;
use super::name::FileName;

/// A file of the folder.
#[derive(Debug)]
struct Found {
    name: FileName,
    bytes: u64,
    modified: SystemTime,
}

/// Files of this name in the folder, the oldest first.
fn list(files: &Files) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(&files.folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().and_then(|it| FileName::read(&files.name, it)) else {
            continue;
        };
        // One that another process has just deleted is gone.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_file() {
            found.push(Found {
                name,
                bytes: metadata.len(),
                modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The highest number of a period that there is a file of.
pub(super) fn newest(files: &Files, period: &super::name::Period) -> io::Result<u32> {
    let list = list(files)?;
    let of_period = list.iter().filter(|it| it.name.period == *period);
    Ok(of_period.map(|it| it.name.index).max().unwrap_or(0))
}

/// Deletes what is too many, too much or too old, and not in use.
pub(super) fn tidy(files: &Files, now: SystemTime) -> io::Result<()> {
    let list = list(files)?;
    let mut count = list.len();
    let mut bytes: u64 = list.iter().map(|it| it.bytes).sum();
    for found in &list {
        let old = |limit| {
            now.duration_since(found.modified)
                .is_ok_and(|age| age > limit)
        };
        let goes = count > files.keep_files.max(1)
            || files.keep_bytes.is_some_and(|max| bytes > max)
            || files.keep_for.is_some_and(old);
        if goes && remove(files, &found.name) {
            count -= 1;
            bytes = bytes.saturating_sub(found.bytes);
        }
    }
    Ok(())
}

/// Whether the file is gone: one that a process has open for its lines stays.
fn remove(files: &Files, name: &FileName) -> bool {
    let path = files.folder.join(name.write(&files.name));
    let Ok(file) = File::open(&path) else {
        return false;
    };
    // Held while the name goes: who opened the file meanwhile finds, once it has its own lock, that it has no name.
    if cfg!(unix) && file.try_lock().is_err() {
        return false;
    }
    fs::remove_file(&path).is_ok()
}

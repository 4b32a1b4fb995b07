//! What a developer's node makes at its first start and keeps to itself.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// The secret in a file of the node's folder: made now, if there is none, and readable by its owner alone.
///
/// # Errors
///
/// If it can't be made, written or read.
pub(super) fn kept(
    folder: &Path,
    file: &str,
    make: impl FnOnce() -> io::Result<String>,
) -> io::Result<String> {
    let path = folder.join(file);
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    fs::create_dir_all(folder)?;
    // Written elsewhere and linked, so that nobody reads half of it; a rename would replace what a node has made that was
    // faster.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let unfinished = folder.join(format!("{file}.{process}.{number}"));
    write(&unfinished, &make()?)?;
    let linked = fs::hard_link(&unfinished, &path);
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read_to_string(&path),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

//! The lock of a node's name on its machine: it proves that the process that had it before is gone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Most bytes of a lock file that are read: one number.
const NUMBER_BYTES_MAX: u64 = 32;

/// A locked file in the node's folder, with the number of the life that the node has. A process that is stopped keeps its
/// lock; one that is gone does not. So whoever gets the lock knows that the life written there is over.
#[derive(Debug)]
pub(crate) struct NameLock {
    file: File,
    /// The life that was written there.
    before: Option<u64>,
}

impl NameLock {
    /// Takes the lock of a node, in this folder, which is made if there is none.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if another process has it; else why the file can't be used.
    pub(crate) fn take(folder: &Path, node: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        // A name may have any characters, a file may not.
        let name: String = node
            .chars()
            .map(|it| {
                if it.is_alphanumeric() || it == '-' {
                    it
                } else {
                    '_'
                }
            })
            .collect();
        let path = folder.join(format!("{name}.lock"));
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut text = String::new();
        let read = (&mut file).take(NUMBER_BYTES_MAX).read_to_string(&mut text);
        // What is no number proves nothing.
        let before = read.ok().and_then(|_| text.trim().parse().ok());
        Ok(Self { file, before })
    }

    /// Whether it proves that this life of the node is over.
    pub(super) fn proves(&self, incarnation: u64) -> bool {
        self.before == Some(incarnation)
    }

    /// From now on it stands for this life.
    pub(super) fn stand_for(&mut self, incarnation: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.set_len(0)?;
        self.file.write_all(incarnation.to_string().as_bytes())?;
        self.file.sync_data()
    }
}

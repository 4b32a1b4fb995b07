//! Plan and disk: writing what differs, removing what is no longer generated, and telling the two apart.
//!
//! A file is ours if its first line says so ([`MARK`]). Nothing else is ever overwritten or removed, wherever it lies.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{MARK, Planned};
use crate::{path, project::files};

/// What [`write()`] did. Paths are relative to the manifest's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// New or changed files.
    pub written: Vec<String>,
    /// Files that are no longer generated.
    pub removed: Vec<String>,
    /// How many files were right already, and were not touched.
    pub unchanged: usize,
}

/// How the disk differs from the plan. Paths are relative to the manifest's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A file is not there.
    Missing {
        /// Which.
        path: String,
        /// What should be there.
        planned: String,
    },
    /// A file has another text.
    Changed {
        /// Which.
        path: String,
        /// What is there.
        found: String,
        /// What should be.
        planned: String,
    },
    /// A file is no longer generated.
    Stale {
        /// Which.
        path: String,
    },
}

/// Why outputs can't be written or compared.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutputError {
    /// A file that Playhouse did not write is where it wants to write.
    Occupied {
        /// Which.
        path: String,
    },
    /// The system refuses.
    Io {
        /// What was being done: `write`, `remove`, `read`.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// What it says.
        error: io::Error,
    },
}

impl Error for OutputError {}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied { path } => write!(
                f,
                "{path} is in the way: it was not written by playhouse; move it, or give the output another path in \
                 playhouse.toml"
            ),
            Self::Io {
                action,
                path,
                error,
            } => write!(f, "can't {action} {path}: {error}"),
        }
    }
}

/// Writes what differs and removes what is no longer generated. Files that are right are not touched.
///
/// # Errors
/// See [`OutputError`]. A file in the way is found before anything is written.
pub fn write(folder: &Path, outputs: &[Planned]) -> Result<Written, OutputError> {
    let mut done = Written::default();
    let differences = compare(folder, outputs)?;
    let total: usize = outputs.iter().map(|output| output.files.len()).sum();
    for difference in differences {
        match difference {
            Difference::Missing { path, planned } | Difference::Changed { path, planned, .. } => {
                put(folder, &path, &planned)?;
                done.written.push(path);
            }
            Difference::Stale { path } => {
                remove(folder, &path, outputs)?;
                done.removed.push(path);
            }
        }
    }
    done.unchanged = total - done.written.len();
    Ok(done)
}

/// How the disk differs from the plan, in order of path within each output.
///
/// # Errors
/// See [`OutputError`].
pub fn compare(folder: &Path, outputs: &[Planned]) -> Result<Vec<Difference>, OutputError> {
    let mut differences = Vec::new();
    let mut planned = BTreeSet::new();
    for output in outputs {
        for (path, text) in output.files.iter() {
            let path = under(folder, &output.folder, path);
            if let Some(difference) = compare_file(folder, &path, text)? {
                differences.push(difference);
            }
            planned.insert(path);
        }
    }
    for path in ours(folder, outputs)? {
        if !planned.contains(&path) {
            differences.push(Difference::Stale { path });
        }
    }
    Ok(differences)
}

fn compare_file(folder: &Path, path: &str, text: &str) -> Result<Option<Difference>, OutputError> {
    let found = match fs::read(folder.join(path)) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some(Difference::Missing {
                path: path.to_owned(),
                planned: text.to_owned(),
            }));
        }
        Err(error) => return Err(failed("read", path, error)),
    };
    if found == text.as_bytes() {
        return Ok(None);
    }
    if !is_ours(&found) {
        return Err(OutputError::Occupied {
            path: path.to_owned(),
        });
    }
    Ok(Some(Difference::Changed {
        path: path.to_owned(),
        found: String::from_utf8_lossy(&found).into_owned(),
        planned: text.to_owned(),
    }))
}

/// The files in the outputs' folders that Playhouse wrote, relative to `folder`, in order.
fn ours(folder: &Path, outputs: &[Planned]) -> Result<BTreeSet<String>, OutputError> {
    let mut ours = BTreeSet::new();
    for path in listing(folder, outputs.iter().map(|output| output.folder.as_str()))? {
        let mut head = Vec::with_capacity(HEAD);
        let read = fs::File::open(folder.join(&path))
            .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
        match read {
            Ok(_) if is_ours(&head) => {
                ours.insert(path);
            }
            Ok(_) => {}
            Err(error) => return Err(failed("read", &path, error)),
        }
    }
    Ok(ours)
}

/// All files in the folders `outputs`, relative to `folder`, in order. A folder that is not there has none.
///
/// # Errors
/// [`OutputError::Io`].
pub fn listing<'a>(
    folder: &Path,
    outputs: impl Iterator<Item = &'a str>,
) -> Result<BTreeSet<String>, OutputError> {
    let mut found = BTreeSet::new();
    for output in outputs {
        let start = path::normal(&folder.join(output));
        if !start.is_dir() {
            continue;
        }
        let mut add = |file: &Path| {
            found.insert(path::relative(folder, file));
        };
        files::walk(&start, 0, &mut add)
            .map_err(|(path, error)| failed("read", &path::relative(folder, &path), error))?;
    }
    Ok(found)
}

/// Bytes within which the first line says whose a file is.
const HEAD: usize = 256;

/// Whether the first line of `text` says that Playhouse wrote it.
fn is_ours(text: &[u8]) -> bool {
    let head = &text[..text.len().min(HEAD)];
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let words = line.trim_ascii_start();
    let signs = words
        .iter()
        .take_while(|byte| b"/*#!-<\" ".contains(byte))
        .count();
    words[signs..].starts_with(MARK.as_bytes())
}

/// The path of `file` in the output folder `output`, relative to `folder`: as [`listing`] has it.
#[must_use]
pub fn under(folder: &Path, output: &str, file: &str) -> String {
    path::relative(folder, &folder.join(output).join(file))
}

/// Writes a file beside its place and moves it there, so that nobody ever sees half of it.
fn put(folder: &Path, path: &str, text: &str) -> Result<(), OutputError> {
    let target = folder.join(path);
    let parent = target.parent().unwrap_or(folder);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = parent.join(format!(".{name}.new"));
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(&beside, text))
        .and_then(|()| fs::rename(&beside, &target))
        .map_err(|error| failed("write", path, error))
}

/// Removes a file, and the folders that it leaves empty up to its output's.
fn remove(folder: &Path, path: &str, outputs: &[Planned]) -> Result<(), OutputError> {
    let target = folder.join(path);
    fs::remove_file(&target).map_err(|error| failed("remove", path, error))?;
    let roots: Vec<PathBuf> = outputs
        .iter()
        .map(|output| path::normal(&folder.join(&output.folder)))
        .collect();
    let mut empty = target.parent();
    while let Some(parent) = empty
        && !roots.iter().any(|root| root == parent)
        // Fails if something is left in it, which is then to stay.
        && fs::remove_dir(parent).is_ok()
    {
        empty = parent.parent();
    }
    Ok(())
}

fn failed(action: &'static str, path: &str, error: io::Error) -> OutputError {
    OutputError::Io {
        action,
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_whose_a_file_is() {
        let cases = [
            ("// Generated by Playhouse from x; do not edit.\n", true),
            ("//! Generated by Playhouse from x\n", true),
            ("/* Generated by Playhouse */", true),
            ("# Generated by Playhouse", true),
            ("// by hand\n// Generated by Playhouse", false),
            ("fn generated_by_playhouse() {}", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_ours(text.as_bytes()), expected, "{text}");
        }
    }
}

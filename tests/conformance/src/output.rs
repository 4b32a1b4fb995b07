//! Files that a program writes and that are committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Holds the files in `folder` to `expected` (relative path to text), or writes them if `UPDATE=1` is set.
///
/// Files of the folder that are not expected are faults too, and removed.
///
/// # Errors
///
/// If something differs, with the command that mends it; if a file can't be read or written.
pub fn compare_folder(folder: &Path, expected: &BTreeMap<String, String>) -> Result<()> {
    let mut found = Vec::new();
    if folder.exists() {
        collect(folder, &mut found)?;
    }
    for path in found {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        if !expected.contains_key(&name) {
            if updates() {
                fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            } else {
                bail!("{} is not generated any more; {HELP}", path.display());
            }
        }
    }
    expected
        .iter()
        .try_for_each(|(name, text)| compare_file(&folder.join(name), text))
}

/// Holds the file at `path` to `expected`, or writes it if `UPDATE=1` is set.
///
/// # Errors
///
/// As [`compare_folder`].
pub fn compare_file(path: &Path, expected: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|text| text == expected) {
        return Ok(());
    }
    if !updates() {
        bail!("{} is not up to date; {HELP}", path.display());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(path, expected).with_context(|| format!("writing {}", path.display()))
}

/// Whether files are to be written.
#[must_use]
pub fn updates() -> bool {
    std::env::var("UPDATE").is_ok_and(|value| value == "1")
}

const HELP: &str = "run `cargo xtask codegen` and commit it";

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

//! Inputs to start from: files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::target::Target;

/// Folders that never hold seeds.
const SKIPPED: &[&str] = &["target", "node_modules", ".git"];
/// Bytes past which a file is left out: the engine cuts its inputs there.
const BYTES_MAX: usize = 16 * 1024;

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every schema in the repository: the game's, the fixtures, the broken ones.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn schemas() -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    collect(
        &root(),
        &mut |path| path.extension().is_some_and(|ending| ending == "idl"),
        &mut found,
    )?;
    Ok(found)
}

/// What a target starts from: its seeds, and everything that ever broke it.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn of(target: &Target) -> Result<Vec<Vec<u8>>> {
    let mut seeds = (target.seeds)()?;
    seeds.extend(below(
        &root().join("tests/fuzz/regressions").join(target.name),
    )?);
    Ok(seeds)
}

/// Every file below a folder; nothing if there is no such folder.
fn below(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, &mut |_| true, &mut found)?;
    }
    Ok(found)
}

fn collect(
    folder: &Path,
    chosen: &mut dyn FnMut(&Path) -> bool,
    found: &mut Vec<Vec<u8>>,
) -> Result<()> {
    let place = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(place)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let skipped = SKIPPED.iter().any(|name| path.ends_with(name)) || path.is_symlink();
        if path.is_dir() && !skipped {
            collect(&path, chosen, found)?;
        } else if path.is_file() && chosen(&path) {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if bytes.len() <= BYTES_MAX {
                found.push(bytes);
            }
        }
    }
    Ok(())
}

//! Looking for files and reading them.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use super::ProjectError;
use crate::path;

/// Nested folders past which nothing is looked for: what lies deeper is a loop of links.
const DEPTH_MAX: usize = 64;

/// Paths of all `*.idl` files beneath `roots`, relative to `folder`, in order, each once. Hidden folders are left out.
///
/// # Errors
/// [`ProjectError::NoRoot`], [`ProjectError::NoSchemas`], [`ProjectError::Unreadable`].
pub fn schemas(folder: &Path, roots: &[String]) -> Result<Vec<String>, ProjectError> {
    let mut found = BTreeSet::new();
    for root in roots {
        let start = path::normal(&folder.join(root));
        if !start.is_dir() {
            return Err(ProjectError::NoRoot {
                root: root.clone(),
                is_file: start.exists(),
            });
        }
        let mut add = |file: &Path| {
            if file.extension().is_some_and(|extension| extension == "idl") {
                found.insert(path::relative(folder, file));
            }
        };
        walk(&start, 0, &mut add).map_err(|(path, error)| unreadable(folder, &path, &error))?;
    }
    if found.is_empty() {
        return Err(ProjectError::NoSchemas {
            roots: roots.to_vec(),
        });
    }
    Ok(found.into_iter().collect())
}

/// Calls `found` for each file beneath `folder`, hidden ones and those in hidden folders left out.
///
/// # Errors
/// The file or folder that can't be looked at, and why.
pub fn walk(
    folder: &Path,
    depth: usize,
    found: &mut dyn FnMut(&Path),
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (folder.to_owned(), error);
    if depth > DEPTH_MAX {
        return Err(failed(io::Error::other(
            "nested too deep: is there a link to a folder above it?",
        )));
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| (path.clone(), error))?;
        let is_folder = kind.is_dir() || (kind.is_symlink() && path.is_dir());
        if is_folder {
            walk(&path, depth + 1, found)?;
        } else {
            found(&path);
        }
    }
    Ok(())
}

/// The text of the file `path`, relative to `folder`.
///
/// # Errors
/// [`ProjectError::Unreadable`], [`ProjectError::NotUtf8`].
pub fn read(folder: &Path, path: &str) -> Result<String, ProjectError> {
    let bytes = fs::read(folder.join(path)).map_err(|error| ProjectError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    text(path, bytes)
}

/// `bytes` of the file `path` as text, without a byte order mark.
///
/// # Errors
/// [`ProjectError::NotUtf8`].
pub fn text(path: &str, bytes: Vec<u8>) -> Result<String, ProjectError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(good);
        ProjectError::NotUtf8 {
            path: path.to_owned(),
            line: before.filter(|&&byte| byte == b'\n').count() + 1,
        }
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn unreadable(folder: &Path, path: &Path, error: &io::Error) -> ProjectError {
    ProjectError::Unreadable {
        path: path::relative(folder, path),
        reason: error.to_string(),
    }
}

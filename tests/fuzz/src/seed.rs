//! Inputs to start from: files of the repository.

use std::collections::BTreeMap;
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
    Ok(files(&root(), &is_schema)?
        .into_iter()
        .map(|(_, bytes)| bytes)
        .collect())
}

/// The files of each folder as one project, with a line `---` between them.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn projects() -> Result<Vec<Vec<u8>>> {
    let mut projects = BTreeMap::<PathBuf, Vec<u8>>::new();
    // The fixtures of compatibility declare everything twice.
    let chosen = |path: &Path| is_schema(path) && !path.ends_with("previous.idl");
    for (path, bytes) in files(&root(), &chosen)? {
        let folder = path.parent().unwrap_or(&path).to_owned();
        let project = projects.entry(folder).or_default();
        project.extend(b"\n---\n");
        project.extend(&bytes);
    }
    Ok(projects
        .into_values()
        .filter(|bytes| bytes.len() <= BYTES_MAX)
        .collect())
}

/// Every lock file in the repository.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn locks() -> Result<Vec<Vec<u8>>> {
    let found = files(&root(), &|path| path.ends_with("playhouse.lock"))?;
    Ok(found.into_iter().map(|(_, bytes)| bytes).collect())
}

/// The fixtures of compatibility: what was and what is, with a line `===` between them.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn pairs() -> Result<Vec<Vec<u8>>> {
    let schemas: BTreeMap<PathBuf, Vec<u8>> = files(&root(), &is_schema)?.into_iter().collect();
    let mut pairs = Vec::new();
    for (path, before) in schemas
        .iter()
        .filter(|(path, _)| path.ends_with("previous.idl"))
    {
        if let Some(after) = schemas.get(&path.with_file_name("current.idl")) {
            pairs.push([before.as_slice(), b"\n===\n", after].concat());
        }
    }
    Ok(pairs)
}

/// The conformance vectors, and some bytes whose lengths lie.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn values() -> Result<Vec<Vec<u8>>> {
    let mut values = vectors()?;
    values.extend(LIARS.iter().map(|bytes| bytes.to_vec()));
    Ok(values)
}

/// The values of [`values`], each behind some bytes that choose a type.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn typed_values() -> Result<Vec<Vec<u8>>> {
    let values = (0_u8..=255).cycle().step_by(7).zip(values()?);
    Ok(values
        .map(|(first, value)| [&[first], value.as_slice()].concat())
        .collect())
}

/// The conformance vectors of messages.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn messages() -> Result<Vec<Vec<u8>>> {
    vectors_in("tests/conformance/vectors/protocol")
}

/// The messages of [`messages`], each as a conversation of a link: once alone, and once on an open link.
///
/// # Errors
/// If a folder or file cannot be read.
pub fn conversations() -> Result<Vec<Vec<u8>>> {
    let mut conversations = Vec::new();
    for (index, message) in messages()?.into_iter().enumerate() {
        let Ok(length) = u8::try_from(message.len()) else {
            continue;
        };
        // Sides, schemas and roles in turn; a frame after an eighth of a second.
        let first = u8::try_from(index % 4).unwrap_or(0);
        for first in [first, first | 4, first | 12] {
            let head = [first, 1, 12, length];
            conversations.push([head.as_slice(), &message, &[40, 0, 120, 0]].concat());
        }
    }
    Ok(conversations)
}

/// Declared lengths that nothing follows, and nesting.
const LIARS: &[&[u8]] = &[
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdc\xff\xff\x00\x00\x00\x00",
    b"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91",
];

/// Every text of hexadecimal digits in the vectors' files; spaces may stand between them.
fn vectors() -> Result<Vec<Vec<u8>>> {
    vectors_in("tests/conformance/vectors")
}

fn vectors_in(folder: &str) -> Result<Vec<Vec<u8>>> {
    let folder = root().join(folder);
    let mut values = Vec::new();
    for (_, bytes) in files(&folder, &|_| true)? {
        let text = String::from_utf8(bytes).context("the vectors are text")?;
        values.extend(text.split('"').skip(1).step_by(2).filter_map(from_hex));
    }
    Ok(values)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text
        .chars()
        .filter(|letter| *letter != ' ')
        .map(|letter| letter.to_digit(16))
        .collect();
    let digits = digits.filter(|digits| !digits.is_empty() && digits.len() % 2 == 0)?;
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).ok();
    digits.chunks(2).map(byte).collect()
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
    let found = if folder.is_dir() {
        files(folder, &|_| true)?
    } else {
        Vec::new()
    };
    Ok(found.into_iter().map(|(_, bytes)| bytes).collect())
}

fn is_schema(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "idl")
}

/// The chosen files below a folder that are short enough, by path.
fn files(folder: &Path, chosen: &dyn Fn(&Path) -> bool) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    let place = || format!("cannot read {}", folder.display());
    let entries = fs::read_dir(folder).with_context(place)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let skipped = SKIPPED.iter().any(|name| path.ends_with(name)) || path.is_symlink();
        if path.is_dir() && !skipped {
            found.extend(files(&path, chosen)?);
        } else if path.is_file() && chosen(&path) {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if bytes.len() <= BYTES_MAX {
                found.push((path, bytes));
            }
        }
    }
    Ok(found)
}

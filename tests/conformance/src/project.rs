//! The schema of this folder, checked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use playhouse_schema::model::Model;
use playhouse_schema::{Sources, check};

/// The folder of this crate.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    folder().join("../..")
}

/// The model of the schema in `idl/`.
///
/// # Errors
///
/// If a file can't be read, or the schema has a fault.
pub fn model() -> Result<Model> {
    let folder = folder();
    let manifest = read(&folder.join("playhouse.toml"))?;
    let mut schemas = Vec::new();
    for entry in fs::read_dir(folder.join("idl")).context("reading the folder idl")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "idl") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            schemas.push((format!("idl/{name}"), read(&path)?));
        }
    }
    let checked = check(&Sources::new(
        ("playhouse.toml".to_owned(), manifest),
        schemas,
    ));
    let messages: Vec<String> = checked
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.message.clone())
        .collect();
    ensure!(
        !checked.has_errors(),
        "the schema has faults: {}",
        messages.join("; ")
    );
    Ok(checked.model)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

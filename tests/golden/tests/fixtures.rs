//! No fixture is left out.

#![allow(clippy::unwrap_used, reason = "a test that can't read its files fails")]

use std::{collections::BTreeSet, fs, path::Path};

/// The folders in `folder`.
fn folders(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_fixture_is_generated_and_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schemas = folders(&root.join("schemas"));
    assert!(schemas.len() > 20, "fixtures are missing: {schemas:?}");
    assert_eq!(schemas, folders(&root.join("rust")));
    assert_eq!(schemas, folders(&root.join("client")));
    assert_eq!(schemas, folders(&root.join("typescript")));
    let modules = |file: &str| -> BTreeSet<String> {
        fs::read_to_string(root.join(file))
            .unwrap()
            .lines()
            .filter_map(|line| line.strip_prefix("pub mod "))
            .map(|line| line.trim_end_matches(';').to_owned())
            .collect()
    };
    assert_eq!(schemas, modules("src/client.rs"));
    let mut compiled = modules("src/lib.rs");
    assert!(compiled.remove("client"));
    assert_eq!(schemas, compiled);
}

//! The schemas of the repository are clean.

#![allow(clippy::unwrap_used, reason = "a test that can't read its files fails")]

use std::{fs, path::Path};

use playhouse_schema::{Sources, check, lint};
use playhouse_syntax::diagnostic::render::{Style, render};

fn collect(folder: &Path, out: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "idl") {
            out.push((
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
}

fn report(manifest: &Path, root: &Path, lints: bool) -> String {
    let mut files = Vec::new();
    collect(root, &mut files);
    assert!(!files.is_empty(), "no schemas in {}", root.display());
    let text = fs::read_to_string(manifest).unwrap();
    let sources = Sources::new((manifest.display().to_string(), text), files);
    let checked = check(&sources);
    let mut diagnostics = checked.diagnostics.clone();
    if lints {
        diagnostics.extend(lint(&sources, &checked));
    }
    render(&diagnostics, &sources, Style::PLAIN)
}

#[test]
fn the_reference_game_is_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shown = report(&root.join("playhouse.toml"), &root.join("idl"), true);
    assert!(shown.is_empty(), "{shown}");
}

#[test]
fn the_golden_schemas_are_clean() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/schemas");
    let mut shown = String::new();
    for entry in fs::read_dir(&root).unwrap() {
        let folder = entry.unwrap().path();
        shown += &report(&folder.join("playhouse.toml"), &folder, false);
    }
    assert!(shown.is_empty(), "{shown}");
}

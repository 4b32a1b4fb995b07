//! The checker and the lints come back from any project, and names only places that exist.
//!
//! An input is a project: its files with a line `---` between them. The manifest is made up, with a number for every package
//! that a file declares.

use std::collections::BTreeSet;

use playhouse_schema::{Sources, check, lint};

pub(super) fn run(bytes: &[u8]) {
    let sources = project(super::text(bytes));
    let checked = check(&sources);
    let text = |file| sources.file(file).map_or("", |file| file.text.as_str());
    super::point_into(&checked.diagnostics, text);
    super::point_into(&lint(&sources, &checked), text);
}

/// The project of an input.
pub(super) fn project(text: &str) -> Sources {
    let texts: Vec<&str> = text.split("\n---\n").collect();
    let packages: BTreeSet<&str> = texts.iter().filter_map(|text| package(text)).collect();
    let mut manifest = "[schema]\nroots = [\"idl\"]\n\n[packages]\n".to_owned();
    for (name, number) in packages.iter().zip(1..) {
        manifest.push_str(&format!("\"{name}\" = {number}\n"));
    }
    let files = (0..)
        .zip(texts)
        .map(|(index, text): (u32, &str)| (format!("idl/file{index}.idl"), text.to_owned()));
    Sources::new(("playhouse.toml".to_owned(), manifest), files)
}

/// The dotted name behind the first `package`, if it is one.
fn package(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("package ")?;
    let (name, _) = rest.split_once(';')?;
    let named = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
    name.chars().all(named).then_some(name)
}

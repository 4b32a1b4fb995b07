//! Bad configurations, each with what is said of it beside it, in `tests/invalid/HAZARD/expected.txt`.
//!
//! `UPDATE=1 cargo test -p playhouse-config invalid` writes the outputs anew; read them before you commit them.
//! A folder may have `arguments.txt`: a line each, `--set a=b` or `NAME=value` for a variable; the prefix is `GAME`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use playhouse_config::{Invalid, Loader};

use crate::game::Game;

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    folders.sort();
    folders
}

fn said(folder: &Path) -> String {
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".json") {
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    // The first is the one that is read.
    files.sort_by_key(|(name, _)| (name != "main.json", name.clone()));
    let mut loader = Loader::memory(files).environment("GAME");
    let mut variables = Vec::new();
    let arguments = fs::read_to_string(folder.join("arguments.txt")).unwrap_or_default();
    for line in arguments.lines() {
        match line.strip_prefix("--set ") {
            Some(argument) => loader = loader.set(argument),
            None => variables.push(line.split_once('=').unwrap()),
        }
    }
    let loader = loader.variables(variables);
    let check = |game: &Game| {
        let mut invalid = Invalid::new();
        if game.port < 1024 {
            invalid.add(
                "port".parse().unwrap(),
                "ports below 1024 need root: take a higher one",
            );
        }
        if game.name.is_empty() {
            invalid.add("name".parse().unwrap(), "the name is empty: give it one");
        }
        invalid.into_result()
    };
    match playhouse_config::Config::load_checked(loader, check) {
        Ok(_) => "nothing is wrong\n".to_owned(),
        Err(report) => format!("{report}\n"),
    }
}

#[test]
fn every_bad_configuration_is_told_so_in_these_words() {
    let update = env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for folder in folders() {
        let path = folder.join("expected.txt");
        let found = said(&folder);
        if update {
            fs::write(path, found).unwrap();
            continue;
        }
        let expected = fs::read_to_string(path).unwrap_or_default();
        if found != expected {
            wrong += &format!("== {}\n{found}-- instead of\n{expected}", folder.display());
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong}\nif this is better, bless it with UPDATE=1"
    );
}

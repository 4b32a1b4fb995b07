//! `playhouse new`: a project that checks, generates and tests at once.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use playhouse_cli::{
    Project,
    output::{self, disk},
    path,
    project::MANIFEST,
};
use playhouse_schema::{Sources, check, evolution::Surface};

use super::{Place, lock::LockText, write};
use crate::{Outcome, arguments::New};

/// The name that the sample has until it gets its own.
const SAMPLE: &str = "mygame";
/// Files of a new project and their texts.
const FILES: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("README.md", include_str!("../../template/README.md.in")),
    (".gitignore", include_str!("../../template/gitignore.in")),
    (MANIFEST, include_str!("../../template/playhouse.toml")),
    (
        "idl/items.idl",
        include_str!("../../template/idl/items.idl"),
    ),
    (
        "idl/player.idl",
        include_str!("../../template/idl/player.idl"),
    ),
    ("src/lib.rs", include_str!("../../template/src/lib.rs")),
];
/// Longest name, in letters: what file systems and registries take.
const NAME_MAX: usize = 64;
/// Names of crates that a game's own can't have.
const TAKEN: [&str; 6] = ["playhouse", "core", "std", "alloc", "test", "proc_macro"];
/// Words of Rust, where the name becomes a module's.
const RUST_WORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false \
                          final fn for gen if impl in let loop macro match mod move mut override priv pub ref return \
                          self static struct super trait true try type typeof unsafe unsized use virtual where while \
                          yield";

pub(crate) fn run(place: &Place, options: &New) -> anyhow::Result<Outcome> {
    let folder = path::normal(&place.folder.join(&options.path));
    let name = options
        .path
        .file_name()
        .and_then(|name| name.to_str())
        .with_context(|| format!("{} has no name", options.path.display()))?;
    let package = package(name)?;
    ensure_empty(&folder, &options.path)?;
    let facade = facade(place, options.playhouse.as_deref())?;
    let files: Vec<(&str, String)> = FILES
        .iter()
        .map(|&(path, text)| {
            let text = text
                .replace("PLAYHOUSE", &facade.text)
                .replace("CRATE", name)
                .replace(SAMPLE, &package);
            (path, text)
        })
        .collect();
    checked(name, &files)?;
    for (path, text) in &files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)
                .with_context(|| format!("can't make {}", parent.display()))?;
        }
        write(&path, text)?;
    }
    generate(&folder)?;
    let shown = options.path.display();
    place.terminal.say(&format!(
        "made {shown}, which uses playhouse {}\n\n    cd {shown}\n    playhouse check\n    playhouse gen\n    cargo test\n",
        facade.shown
    ));
    Ok(Outcome::Fine)
}

/// The package of a project called `name`.
fn package(name: &str) -> anyhow::Result<String> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let shape = name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.ends_with(fits)
        && name
            .chars()
            .all(|letter| fits(letter) || "-_".contains(letter))
        && !["--", "__", "-_", "_-"]
            .iter()
            .any(|twice| name.contains(twice))
        && name.len() <= NAME_MAX;
    ensure!(
        shape,
        "`{name}` can't be the name: it is made of small letters, digits, and single `-` or `_` between them, begins with a \
         letter, and has at most {NAME_MAX}, as `my-game`"
    );
    let package = name.replace('-', "_");
    ensure!(
        !TAKEN.contains(&package.as_str()),
        "`{name}` can't be the name: a crate of this name exists already; choose another"
    );
    ensure!(
        !RUST_WORDS.split(' ').any(|word| word == package),
        "`{name}` can't be the name: it is a reserved word of Rust; choose another"
    );
    Ok(package)
}

fn ensure_empty(folder: &Path, shown: &Path) -> anyhow::Result<()> {
    let shown = shown.display();
    match fs::read_dir(folder) {
        Ok(mut entries) => ensure!(
            entries.next().is_none(),
            "{shown} is not empty: choose another name, or remove what is there"
        ),
        Err(_) if folder.exists() => bail!("{shown} exists already: choose another name"),
        Err(_) => {}
    }
    Ok(())
}

/// Refuses names that the language or a target can't take: nothing has been written yet.
fn checked(name: &str, files: &[(&str, String)]) -> anyhow::Result<()> {
    let text = |path: &str| files.iter().find(|(other, _)| *other == path);
    let manifest = text(MANIFEST).map(|(_, text)| text.clone());
    let schemas = files
        .iter()
        .filter(|(path, _)| path.ends_with(".idl"))
        .map(|(path, text)| ((*path).to_owned(), text.clone()));
    let sources = Sources::new((MANIFEST.to_owned(), manifest.unwrap_or_default()), schemas);
    if let Some(error) = check(&sources).diagnostics.first() {
        bail!(
            "`{name}` can't be the name: {}; choose another",
            error.message
        );
    }
    Ok(())
}

/// Writes outputs and lock of the new project.
fn generate(folder: &Path) -> anyhow::Result<()> {
    let project = Project::at(Path::new(MANIFEST), folder)?;
    let sources = project.read()?;
    let checked = check(&sources);
    let planned = output::plan(&sources, &checked.model, None);
    disk::write(folder, &planned)?;
    let mut lock = sources.lock.clone();
    lock.update(&Surface::of(&checked.model));
    LockText::of(&lock).write(&project, &sources)?;
    Ok(())
}

/// How the project depends on the crate `playhouse`.
struct Facade {
    /// As `Cargo.toml` has it.
    text: String,
    /// For people.
    shown: String,
}

/// The facade that was named, else that of the checkout that this binary was built from, else that of its version.
fn facade(place: &Place, named: Option<&Path>) -> anyhow::Result<Facade> {
    let folder = match named {
        Some(named) => {
            let folder = path::normal(&place.folder.join(named));
            let found = facade_in(&folder).with_context(|| {
                format!(
                    "{} holds no crate `playhouse`: name the folder of its Cargo.toml, or of a checkout of Playhouse",
                    named.display()
                )
            })?;
            Some(found)
        }
        None => checkout(),
    };
    let Some(folder) = folder else {
        let version = env!("CARGO_PKG_VERSION");
        return Ok(Facade {
            text: format!("\"{version}\""),
            shown: version.to_owned(),
        });
    };
    let text = path::text(&folder);
    let quoted = toml_string(&text);
    Ok(Facade {
        text: format!("{{ path = {quoted} }}"),
        shown: format!("from {text}"),
    })
}

/// The facade's folder: `folder` itself, or the place that it has in a checkout.
fn facade_in(folder: &Path) -> Option<PathBuf> {
    let is_facade = |folder: &PathBuf| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        // The first name is the package's.
        let mut names = manifest.lines().filter(|line| line.starts_with("name"));
        names.next() == Some("name = \"playhouse\"")
    };
    [folder.to_owned(), folder.join("runtime").join("playhouse")]
        .into_iter()
        .find(is_facade)
}

/// The facade of the checkout that this binary lies in or was built from, if that is still there.
fn checkout() -> Option<PathBuf> {
    let binary = env::current_exe().ok();
    let built = option_env!("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let starts = binary.into_iter().chain(built);
    starts
        .flat_map(|start| start.ancestors().map(Path::to_owned).collect::<Vec<_>>())
        .find_map(|folder| facade_in(&folder))
}

/// `text` as a string of TOML.
fn toml_string(text: &str) -> String {
    if text.contains('\'') {
        format!("{text:?}")
    } else {
        format!("'{text}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_packages_or_are_refused() {
        for (name, expected) in [("mygame", "mygame"), ("my-game-2", "my_game_2"), ("a", "a")] {
            assert_eq!(package(name).unwrap(), expected);
        }
        for name in [
            "",
            "2d",
            "My",
            "my--game",
            "my-",
            "playhouse",
            "über",
            "a b",
            "std",
        ] {
            assert!(package(name).is_err(), "{name}");
        }
        assert!(package(&"a".repeat(NAME_MAX + 1)).is_err());
    }
}

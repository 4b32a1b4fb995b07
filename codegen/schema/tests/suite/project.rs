//! Schemas for tests: from a folder or a page, with a manifest if they bring none.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use playhouse_schema::{SourceKind, Sources, check, lint};
use playhouse_syntax::{Diagnostic, FileId, Fix, Style, apply_fixes, render};

/// A manifest and schemas, not checked yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Project {
    /// The text of `playhouse.toml`; packages are numbered by name if there is none.
    pub(crate) manifest: Option<String>,
    /// The text of `playhouse.lock`, if there is one.
    pub(crate) lock: Option<String>,
    /// Paths and texts.
    pub(crate) schemas: Vec<(String, String)>,
}

impl Project {
    /// Adds a schema as it stands on a page: a first line `// file: NAME` names its file, and without a package line it
    /// belongs to `docs.example`.
    pub(crate) fn add(&mut self, text: &str) {
        let named = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("// file: "));
        let path = named.unwrap_or("world.idl").trim().to_owned();
        let packaged = text.lines().any(|line| line.starts_with("package ")) || named.is_some();
        let text = if packaged {
            text.to_owned()
        } else {
            format!("package docs.example;\n\n{text}")
        };
        self.schemas.push((path, text));
    }

    /// What lies in a folder and beneath: `*.idl`, perhaps `playhouse.toml` and `playhouse.lock`, and perhaps `times`, a number: then each schema is that
    /// many times its file.
    pub(crate) fn load(folder: &Path) -> Self {
        let mut project = Self::default();
        let times =
            fs::read_to_string(folder.join("times")).map_or(1, |text| text.trim().parse().unwrap());
        for path in files(folder) {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
            if name == "playhouse.toml" {
                project.manifest = Some(fs::read_to_string(&path).unwrap());
            } else if name == "playhouse.lock" {
                project.lock = Some(fs::read_to_string(&path).unwrap());
            } else if name.ends_with(".idl") {
                let text = fs::read_to_string(&path).unwrap().repeat(times);
                project.schemas.push((name.to_owned(), text));
            }
        }
        assert!(
            !project.schemas.is_empty(),
            "no schema in {}",
            folder.display()
        );
        project
    }

    pub(crate) fn sources(&self) -> Sources {
        let manifest = self
            .manifest
            .clone()
            .unwrap_or_else(|| numbered(&self.schemas));
        let sources = Sources::new(
            ("playhouse.toml".to_owned(), manifest),
            self.schemas.clone(),
        );
        match &self.lock {
            Some(lock) => sources.with_lock(("playhouse.lock".to_owned(), lock.clone())),
            None => sources,
        }
    }

    /// What `playhouse check` finds: errors, and lints where there are none.
    pub(crate) fn check(&self) -> Vec<Diagnostic> {
        let sources = self.sources();
        let checked = check(&sources);
        let mut found = checked.diagnostics.clone();
        if !checked.has_errors() {
            found.extend(lint(&sources, &checked));
        }
        found
    }

    /// What `playhouse check` prints.
    pub(crate) fn rendered(&self) -> String {
        render(&self.check(), &self.sources(), Style::PLAIN)
    }

    /// The codes of all that is found, in order.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        codes(&self.check())
    }

    /// The project with `fix` applied, safe or not.
    pub(crate) fn with(&self, fix: &Fix) -> Self {
        let sources = self.sources();
        let fix = Fix {
            safe: true,
            ..fix.clone()
        };
        let mut fixed = Self::default();
        for (index, file) in sources.files.iter().enumerate() {
            let id = FileId(u32::try_from(index).unwrap());
            let text = apply_fixes(id, &file.text, [&fix]);
            match file.kind {
                SourceKind::Schema => fixed.schemas.push((file.path.clone(), text)),
                SourceKind::Lock => fixed.lock = Some(text),
                SourceKind::Manifest => fixed.manifest = Some(text),
                SourceKind::Prelude => {
                    assert_eq!(text, file.text, "a fix of what nobody writes by hand");
                }
            }
        }
        fixed
    }
}

pub(crate) fn codes(diagnostics: &[Diagnostic]) -> Vec<&'static str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code.0)
        .collect()
}

/// A manifest that numbers the packages of `schemas`, in order of name.
fn numbered(schemas: &[(String, String)]) -> String {
    let packages: BTreeSet<&str> = schemas
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| line.strip_prefix("package ")?.split(';').next())
        .collect();
    let mut manifest = "[packages]\n".to_owned();
    for (index, package) in packages.iter().enumerate() {
        manifest += &format!("{package:?} = {}\n", index + 1);
    }
    manifest
}

/// The entries of a folder, by name.
pub(crate) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("can't read {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The files in and beneath a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let below = |path: PathBuf| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    };
    sorted(folder).into_iter().flat_map(below).collect()
}

/// A path from the root of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

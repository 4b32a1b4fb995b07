//! What the checker is given: the manifest and the files, as text.

use std::collections::BTreeMap;

use playhouse_syntax::{Diagnostic, FileId, diagnostic};

use crate::{
    evolution::lock::Lock,
    manifest::{self, Manifest},
};

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A schema of the project.
    Schema,
    /// A schema that the framework ships.
    Prelude,
    /// `playhouse.toml`
    Manifest,
    /// `playhouse.lock`
    Lock,
}

impl SourceKind {
    /// Whether it is written in the language.
    #[must_use]
    pub const fn is_schema(self) -> bool {
        matches!(self, Self::Schema | Self::Prelude)
    }
}

/// A text with its path.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As shown in messages, with `/` separators.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What it is.
    pub kind: SourceKind,
}

/// All texts of a project. [`FileId`]s index [`Sources::files`].
#[derive(Debug, Clone)]
pub struct Sources {
    /// The manifest's content.
    pub manifest: Manifest,
    /// Schemas in order of path, then the prelude, then the manifest, then the lock if there is one.
    pub files: Vec<SourceFile>,
    /// What is wrong with the manifest and the lock.
    pub diagnostics: Vec<Diagnostic>,
    /// What is remembered of earlier releases; empty if there is no lock.
    pub lock: Lock,
    /// By package: the greatest number of a component, entity or service that the lock knows, removed ones too.
    pub lock_numbers: BTreeMap<String, u16>,
}

/// The framework's own schemas.
const PRELUDE: &[(&str, &str)] = &[("playhouse/math.idl", include_str!("prelude/math.idl"))];

impl Sources {
    /// A project of the manifest `manifest` (path and text) and the schemas `schemas` (path and text, in any order).
    #[must_use]
    pub fn new(
        manifest: (String, String),
        schemas: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut files: Vec<SourceFile> = schemas
            .into_iter()
            .map(|(path, text)| SourceFile {
                path,
                text,
                kind: SourceKind::Schema,
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.extend(PRELUDE.iter().map(|&(path, text)| SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
            kind: SourceKind::Prelude,
        }));
        let id = FileId(u32::try_from(files.len()).unwrap_or(u32::MAX));
        let (parsed, diagnostics) = manifest::parse(id, &manifest.1);
        files.push(SourceFile {
            path: manifest.0,
            text: manifest.1,
            kind: SourceKind::Manifest,
        });
        Self {
            manifest: parsed,
            files,
            diagnostics,
            lock: Lock::default(),
            lock_numbers: BTreeMap::new(),
        }
    }

    /// With the lock of path and text `lock`.
    #[must_use]
    pub fn with_lock(mut self, lock: (String, String)) -> Self {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let (parsed, diagnostics) = Lock::parse(id, &lock.1);
        self.diagnostics.extend(diagnostics);
        self.lock_numbers = parsed.declaration_maxima();
        self.lock = parsed;
        self.files.push(SourceFile {
            path: lock.0,
            text: lock.1,
            kind: SourceKind::Lock,
        });
        self
    }

    /// The file `id`.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }
}

impl diagnostic::sources::Sources for Sources {
    fn source(&self, file: FileId) -> Option<diagnostic::sources::Source<'_>> {
        let file = self.file(file)?;
        Some(diagnostic::sources::Source {
            path: &file.path,
            text: &file.text,
        })
    }
}

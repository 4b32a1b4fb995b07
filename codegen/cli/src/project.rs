//! A project on disk: its manifest, found upwards from a folder, and the schemas beneath the manifest's roots.

use std::{
    fs,
    path::{Path, PathBuf},
};

use playhouse_schema::{Sources, manifest};
use playhouse_syntax::{FileId, Source, diagnostic};

use crate::path;

mod error;
pub mod files;

pub use error::ProjectError;

/// The name of the manifest.
pub const MANIFEST: &str = "playhouse.toml";

/// Where a project is.
#[derive(Debug, Clone)]
pub struct Project {
    /// The manifest's folder, absolute. Paths in the manifest are relative to it.
    pub folder: PathBuf,
    /// The manifest's file name.
    pub manifest: String,
}

impl Project {
    /// The project that `start`, an absolute folder, belongs to: that of the nearest manifest in it or above it.
    ///
    /// # Errors
    /// [`ProjectError::NoManifest`].
    pub fn find(start: &Path) -> Result<Self, ProjectError> {
        let found = start
            .ancestors()
            .find(|folder| folder.join(MANIFEST).is_file());
        match found {
            Some(folder) => Ok(Self {
                folder: folder.to_owned(),
                manifest: MANIFEST.to_owned(),
            }),
            None => Err(ProjectError::NoManifest {
                start: start.to_owned(),
            }),
        }
    }

    /// The project of the manifest `file`; a relative path is taken from the folder `from`.
    ///
    /// # Errors
    /// [`ProjectError::Unreadable`] if there is no such file.
    pub fn at(file: &Path, from: &Path) -> Result<Self, ProjectError> {
        let mut file = path::normal(&from.join(file));
        if file.is_dir() {
            file.push(MANIFEST);
        }
        let unreadable = |reason: String| ProjectError::Unreadable {
            path: path::relative(from, &file),
            reason,
        };
        fs::metadata(&file).map_err(|error| unreadable(error.to_string()))?;
        let name = file.file_name().and_then(|name| name.to_str());
        match (file.parent(), name) {
            (Some(folder), Some(name)) => Ok(Self {
                folder: folder.to_owned(),
                manifest: name.to_owned(),
            }),
            _ => Err(unreadable("not the path of a file".to_owned())),
        }
    }

    /// Reads the manifest, all schemas, and the lock if there is one.
    ///
    /// Mistakes in the manifest and the lock are no error here but diagnostics of the result.
    ///
    /// # Errors
    /// What stands in the way of reading: see [`ProjectError`].
    pub fn read(&self) -> Result<Sources, ProjectError> {
        let manifest_text = files::read(&self.folder, &self.manifest)?;
        let (parsed, mistakes) = manifest::parse(FileId(0), &manifest_text);
        let paths = match files::schemas(&self.folder, &parsed.roots) {
            Ok(paths) => paths,
            // What the manifest says of its roots can't be trusted: its mistakes come first.
            Err(_) if !mistakes.is_empty() => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut schemas = Vec::with_capacity(paths.len());
        for path in paths {
            let text = files::read(&self.folder, &path)?;
            schemas.push((path, text));
        }
        let sources = Sources::new((self.manifest.clone(), manifest_text), schemas);
        let lock = sources.manifest.lock.clone();
        if !self.join(&lock).is_file() {
            return Ok(sources);
        }
        let text = files::read(&self.folder, &lock)?;
        Ok(sources.with_lock((lock, text)))
    }

    /// The file or folder `path` of the manifest, as a path of the system.
    #[must_use]
    pub fn join(&self, path: &str) -> PathBuf {
        path::normal(&self.folder.join(path))
    }
}

/// Sources under the paths that lead to them from another folder than the manifest's.
#[derive(Debug)]
pub struct Shown<'a> {
    sources: &'a Sources,
    paths: Vec<String>,
}

impl<'a> Shown<'a> {
    /// `sources` of `project` as seen from the folder `from`. The framework's own keep their names.
    #[must_use]
    pub fn new(project: &Project, sources: &'a Sources, from: &Path) -> Self {
        let shown = |file: &playhouse_schema::SourceFile| match file.kind {
            playhouse_schema::SourceKind::Prelude => file.path.clone(),
            _ => path::relative(from, &project.join(&file.path)),
        };
        Self {
            sources,
            paths: sources.files.iter().map(shown).collect(),
        }
    }

    /// The path of `file`, empty if there is no such file.
    #[must_use]
    pub fn path(&self, file: FileId) -> &str {
        self.paths.get(file.0 as usize).map_or("", String::as_str)
    }
}

impl diagnostic::sources::Sources for Shown<'_> {
    fn source(&self, file: FileId) -> Option<Source<'_>> {
        let path = self.paths.get(file.0 as usize)?;
        let text = &self.sources.file(file)?.text;
        Some(Source { path, text })
    }
}

//! Generating from a `build.rs`.

use std::{
    env,
    error::Error,
    fmt,
    path::{Path, PathBuf},
};

use playhouse_schema::{SourceKind, Sources};
use playhouse_syntax::{Severity, Style, render};

use crate::{
    output::{self, disk},
    path,
    project::{MANIFEST, Project, ProjectError, Shown},
};

/// Does in a `build.rs` what `playhouse gen` does.
///
/// ```no_run
/// fn main() -> Result<(), playhouse_cli::BuildError> {
///     playhouse_cli::Build::new().manifest("playhouse.toml").generate()
/// }
/// ```
///
/// Cargo is told to run it again when the manifest or a schema changes. The outputs are those of the manifest; files that
/// are right already are not touched, so that nothing is compiled for their sake.
#[derive(Debug, Clone, Default)]
pub struct Build {
    manifest: Option<PathBuf>,
    target: Option<String>,
    out: Option<PathBuf>,
}

/// [`Build::generate`] with the manifest that is found upwards from the package's folder.
///
/// # Errors
/// See [`BuildError`].
pub fn build() -> Result<(), BuildError> {
    Build::new().generate()
}

impl Build {
    /// All outputs of the manifest that is found upwards from the package's folder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes this manifest; a relative path is taken from the package's folder.
    #[must_use]
    pub fn manifest(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = Some(path.into());
        self
    }

    /// Generates for this target alone: `rust`, `typescript`.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Writes into this folder instead of the output's own, typically one in `OUT_DIR`. Name the target too if the
    /// manifest has several outputs.
    #[must_use]
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out = Some(folder.into());
        self
    }

    /// Checks the schemas and writes what differs.
    ///
    /// # Errors
    /// See [`BuildError`]. It never panics.
    pub fn generate(&self) -> Result<(), BuildError> {
        let here = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(env::current_dir, |folder| Ok(PathBuf::from(folder)))
            .map_err(|error| ProjectError::Unreadable {
                path: ".".to_owned(),
                reason: error.to_string(),
            })?;
        let project = match &self.manifest {
            Some(manifest) => Project::at(manifest, &here)?,
            None => Project::find(&here)?,
        };
        self.generate_in(&project, &here, &mut |line| {
            // Cargo reads what a build script prints.
            use std::io::Write as _;
            let _ = writeln!(std::io::stdout(), "{line}");
        })
    }

    fn generate_in(
        &self,
        project: &Project,
        here: &Path,
        tell: &mut dyn FnMut(String),
    ) -> Result<(), BuildError> {
        let again = |path: &str| format!("cargo:rerun-if-changed={}", project.join(path).display());
        tell(again(&project.manifest));
        let sources = project.read()?;
        watch(project, &sources, &mut |path| tell(again(path)));
        let checked = playhouse_schema::check(&sources);
        let shown = Shown::new(project, &sources, here);
        let (errors, warnings): (Vec<_>, Vec<_>) = checked
            .diagnostics
            .into_iter()
            .partition(|diagnostic| diagnostic.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(BuildError::Schema(render(&errors, &shown, Style::PLAIN)));
        }
        for warning in warnings {
            let path = shown.path(warning.primary.span.file);
            tell(format!(
                "cargo:warning={path}: {} [{}]",
                warning.message, warning.code.0
            ));
        }
        let mut planned = output::plan(&sources, &checked.model, self.target.as_deref());
        if let Some(out) = &self.out {
            let [only] = planned.as_mut_slice() else {
                return Err(BuildError::Outputs(planned.len()));
            };
            only.folder = path::relative(&project.folder, &here.join(out));
        }
        if planned.is_empty() {
            return Err(BuildError::Outputs(0));
        }
        disk::write(&project.folder, &planned)?;
        Ok(())
    }
}

/// Names what cargo is to watch: the schemas, and the roots for new ones; but no root that holds an output, or what is
/// written now would be a reason to write it again.
fn watch(project: &Project, sources: &Sources, tell: &mut dyn FnMut(&str)) {
    for file in sources
        .files
        .iter()
        .filter(|file| file.kind == SourceKind::Schema)
    {
        tell(&file.path);
    }
    let outputs = || sources.manifest.outputs.iter();
    for root in &sources.manifest.roots {
        let folder = project.join(root);
        if !outputs().any(|output| project.join(&output.path).starts_with(&folder)) {
            tell(root);
        }
    }
}

/// Why nothing, or not everything, was generated.
///
/// Its `Debug` is its `Display`, so that a `main` that returns it shows the rendered diagnostics.
#[non_exhaustive]
pub enum BuildError {
    /// The project can't be read.
    Project(ProjectError),
    /// The schemas have errors: rendered as `playhouse check` shows them.
    Schema(String),
    /// Not one output is left by manifest and target where one is needed; how many are.
    Outputs(usize),
    /// The outputs can't be written.
    Write(disk::OutputError),
}

impl Error for BuildError {}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Project(error) => error.fmt(f),
            Self::Schema(rendered) => write!(f, "the schemas have errors\n\n{rendered}"),
            Self::Outputs(0) => write!(
                f,
                "there is nothing to generate: add an [[output]] with this target to {MANIFEST}"
            ),
            Self::Outputs(count) => write!(
                f,
                "{count} outputs can't share one folder: name the target too, `.target(\"rust\")`"
            ),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl From<ProjectError> for BuildError {
    fn from(error: ProjectError) -> Self {
        Self::Project(error)
    }
}

impl From<disk::OutputError> for BuildError {
    fn from(error: disk::OutputError) -> Self {
        Self::Write(error)
    }
}

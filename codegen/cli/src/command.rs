//! One module a command, and what they share: where they run, and how they report.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use playhouse_cli::{Project, project::Shown};
use playhouse_schema::Sources;
use playhouse_syntax::{
    Diagnostic, Severity,
    diagnostic::{fixes::choose_fixes, json},
    render,
};

use crate::terminal::{Terminal, count};

pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod compat;
pub(crate) mod ctl;
pub(crate) mod data;
pub(crate) mod describe;
pub(crate) mod explain;
pub(crate) mod format;
pub(crate) mod generate;
mod git;
pub(crate) mod keys;
pub(crate) mod lint;
mod lock;
pub(crate) mod new;
mod node;
pub(crate) mod release;
pub(crate) mod tables;
mod watch;

/// Where a command runs and to whom it speaks.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Option<PathBuf>,
    pub(crate) terminal: Terminal,
}

impl Place {
    pub(crate) fn new(manifest: Option<PathBuf>, terminal: Terminal) -> anyhow::Result<Self> {
        let folder = env::current_dir().context("the current folder can't be read")?;
        Ok(Self {
            folder,
            manifest,
            terminal,
        })
    }

    pub(crate) fn project(&self) -> anyhow::Result<Project> {
        Ok(match &self.manifest {
            Some(manifest) => Project::at(manifest, &self.folder)?,
            None => Project::find(&self.folder)?,
        })
    }

    /// `path` of the manifest as seen from here.
    pub(crate) fn shown(&self, project: &Project, path: &str) -> String {
        playhouse_cli::path::relative(&self.folder, &project.join(path))
    }

    /// Shows diagnostics: to people on standard error, to programs on standard output.
    pub(crate) fn report(
        &self,
        project: &Project,
        sources: &Sources,
        diagnostics: &[Diagnostic],
        as_json: bool,
    ) {
        let shown = Shown::new(project, sources, &self.folder);
        if as_json {
            self.terminal.out(&json::render(diagnostics, &shown));
        } else {
            self.terminal
                .say(&render(diagnostics, &shown, self.terminal.style));
        }
    }
}

/// `3 errors, 1 warning (2 can be fixed: playhouse check --fix)`; `None` if there are no problems.
pub(crate) fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors = of_severity(diagnostics, Severity::Error);
    let warnings = of_severity(diagnostics, Severity::Warning);
    let counts: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|&(number, _)| number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    if counts.is_empty() {
        return None;
    }
    let fixable = choose_fixes(
        diagnostics
            .iter()
            .filter_map(|diagnostic| diagnostic.fixes.iter().find(|fix| fix.safe)),
    )
    .len();
    let fixes = match fixable {
        0 => String::new(),
        _ => format!(" ({fixable} can be fixed: playhouse check --fix)"),
    };
    Some(format!("{}{fixes}", counts.join(", ")))
}

pub(crate) fn of_severity(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == severity)
        .count()
}

/// Writes a file beside its place and moves it there, so that nobody ever sees half of it.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.new"));
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("can't write {}", path.display()))
}

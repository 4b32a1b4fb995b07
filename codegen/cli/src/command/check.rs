//! `playhouse check`: every error and warning, and the fixes that keep the meaning.

use std::path::PathBuf;

use playhouse_cli::{Project, path};
use playhouse_schema::{Checked, SourceKind, Sources, check, lint};
use playhouse_syntax::{Diagnostic, FileId, Fix, Severity, apply_fixes};

use super::{Place, of_severity, summary, write};
use crate::{Outcome, arguments::Check, terminal::count};

/// Rounds of fixing: a fix may uncover the next mistake, but not for ever.
const ROUNDS_MAX: usize = 10;

pub(crate) fn run(place: &Place, options: &Check) -> anyhow::Result<Outcome> {
    let project = place.project()?;
    let sources = project.read()?;
    let _progress = place
        .terminal
        .progress(format!("checking {}", count(sources.files.len(), "file")));
    let (sources, found) = if options.fix {
        fix(place, &project, sources, options.json)?
    } else {
        let found = found_in(&sources);
        (sources, found)
    };
    let diagnostics = within(&project, &sources, found, place, &options.paths)?;
    place.report(&project, &sources, &diagnostics, options.json);
    let schemas = sources
        .files
        .iter()
        .filter(|file| file.kind == SourceKind::Schema);
    if !options.json {
        let line = summary(&diagnostics).unwrap_or_else(|| {
            format!("{} checked, no problems", count(schemas.count(), "schema"))
        });
        let gap = if diagnostics.is_empty() { "" } else { "\n" };
        place.terminal.say(&format!("{gap}{line}\n"));
    }
    let errors = of_severity(&diagnostics, Severity::Error);
    let failed = errors > 0 || (options.deny_warnings && !diagnostics.is_empty());
    Ok(if failed {
        Outcome::Problems
    } else {
        Outcome::Fine
    })
}

/// The checked schema, and all that is to be said of it: mistakes, and if there are none, lints.
pub(crate) fn checked_sources(sources: &Sources) -> (Checked, Vec<Diagnostic>) {
    let checked = check(sources);
    let mut found = checked.diagnostics.clone();
    if !checked.has_errors() {
        found.extend(lint(sources, &checked));
        found.sort_by_key(|diagnostic| {
            let span = diagnostic.primary.span;
            (span.file, span.range.start(), diagnostic.code)
        });
    }
    (checked, found)
}

/// All that is to be said of a schema.
fn found_in(sources: &Sources) -> Vec<Diagnostic> {
    let (checked, found) = checked_sources(sources);
    // The process ends soon: to free a large model piece by piece would take a tenth of all the time.
    std::mem::forget(checked);
    found
}

/// Applies safe fixes until there are none. Sources and result are those of the last round.
fn fix(
    place: &Place,
    project: &Project,
    mut sources: Sources,
    as_json: bool,
) -> anyhow::Result<(Sources, Vec<Diagnostic>)> {
    let mut found = found_in(&sources);
    let mut applied = 0;
    for _ in 0..ROUNDS_MAX {
        let fixes: Vec<&Fix> = found
            .iter()
            .filter_map(|diagnostic| diagnostic.fixes.iter().find(|fix| fix.safe))
            .collect();
        if fixes.is_empty() {
            break;
        }
        let mut changed = false;
        for (file, id) in sources.files.iter().zip(0..) {
            let text = apply_fixes(FileId(id), &file.text, fixes.iter().copied());
            if text != file.text && file.kind != SourceKind::Prelude {
                write(&project.join(&file.path), &text)?;
                changed = true;
            }
        }
        if !changed {
            break;
        }
        applied += playhouse_syntax::diagnostic::fixes::choose_fixes(fixes.iter().copied()).len();
        sources = project.read()?;
        found = found_in(&sources);
    }
    if applied > 0 && !as_json {
        place
            .terminal
            .say(&format!("{} applied\n\n", count(applied, "fix")));
    }
    Ok((sources, found))
}

/// Those of `diagnostics` that are in `paths`, or all if there are no paths.
fn within(
    project: &Project,
    sources: &Sources,
    diagnostics: Vec<Diagnostic>,
    place: &Place,
    paths: &[PathBuf],
) -> anyhow::Result<Vec<Diagnostic>> {
    if paths.is_empty() {
        return Ok(diagnostics);
    }
    let absolute: Vec<PathBuf> = paths
        .iter()
        .map(|path| path::normal(&place.folder.join(path)))
        .collect();
    for (given, path) in paths.iter().zip(&absolute) {
        let known = sources
            .files
            .iter()
            .any(|file| project.join(&file.path).starts_with(path));
        anyhow::ensure!(
            known,
            "{} is no schema of this project: its roots are {}",
            given.display(),
            sources.manifest.roots.join(", ")
        );
    }
    let chosen = |diagnostic: &Diagnostic| {
        let file = sources.file(diagnostic.primary.span.file);
        file.is_some_and(|file| {
            let file = project.join(&file.path);
            absolute.iter().any(|path| file.starts_with(path))
        })
    };
    Ok(diagnostics.into_iter().filter(chosen).collect())
}

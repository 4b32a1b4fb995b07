//! `playhouse compat`: what the changes since an earlier version of the schema do to whom.

use std::path::Path;

use anyhow::{Context as _, bail};
use playhouse_cli::Project;
use playhouse_schema::{
    Sources, check,
    evolution::{Class, Surface, Verdict, compare, verdict},
};
use playhouse_syntax::Severity;

use super::{Place, git, lock::LockText, of_severity, summary};
use crate::{Outcome, arguments::Compat, terminal::count};

pub(crate) fn run(place: &Place, options: &Compat) -> anyhow::Result<Outcome> {
    let project = place.project()?;
    let sources = project.read()?;
    let _progress = place
        .terminal
        .progress(format!("comparing {}", count(sources.files.len(), "file")));
    let checked = check(&sources);
    if checked.has_errors() {
        place.report(&project, &sources, &checked.diagnostics, options.json);
        if let (Some(summary), false) = (summary(&checked.diagnostics), options.json) {
            let line = format!("\n{summary}; nothing was compared\n");
            place.terminal.say(&line);
        }
        return Ok(Outcome::Problems);
    }
    let current = Surface::of(&checked.model);
    let previous = previous(place, &project, &sources, &options.against)?;
    let mut verdicts = compare(&previous, &current);
    sources.lock.apply(&mut verdicts, previous.release);
    if let Some(reason) = &options.accept {
        let mut lock = sources.lock.clone();
        let accepted = lock.accept(&verdicts, reason);
        lock.update(&current);
        lock.apply(&mut verdicts, previous.release);
        LockText::of(&lock).write(&project, &sources)?;
        if !options.json {
            let shown = place.shown(&project, &sources.manifest.lock);
            let line = format!("{} accepted in {shown}\n", count(accepted, "break"));
            place.terminal.say(&line);
        }
    }
    for verdict in &mut verdicts {
        if !verdict.path.is_empty() {
            verdict.path = place.shown(&project, &verdict.path);
        }
    }
    show(place, options, &verdicts);
    Ok(if verdicts.iter().any(Verdict::is_break) {
        Outcome::Problems
    } else {
        Outcome::Fine
    })
}

/// The surface to compare with.
fn previous(
    place: &Place,
    project: &Project,
    current: &Sources,
    against: &str,
) -> anyhow::Result<Surface> {
    if against == "lock" {
        if current.lock.releases.is_empty() {
            bail!(
                "nothing was released yet: `playhouse release` closes the first release; until then compare with a \
                 revision, `playhouse compat --against git:main`"
            );
        }
        return Ok(current.lock.surface());
    }
    let sources = match against.strip_prefix("git:") {
        Some(revision) => git::sources(project, revision)?,
        None => of_folder(place, current, Path::new(against))?,
    };
    let checked = check(&sources);
    let errors = of_severity(&checked.diagnostics, Severity::Error);
    if errors > 0 {
        let first = checked
            .diagnostics
            .iter()
            .find(|diagnostic| diagnostic.severity == Severity::Error);
        let first = first.map_or("", |diagnostic| &diagnostic.message);
        bail!(
            "the schema of {against} has {} itself, so that nothing can be compared with it; the first: {first}",
            count(errors, "error")
        );
    }
    let mut surface = Surface::of(&checked.model);
    // What was accepted up to its last release has been released with it.
    surface.release = match sources.lock.last_release() {
        0 => None,
        release => Some(release),
    };
    Ok(surface)
}

/// The project in `folder`; if it has no manifest, the schemas in it under the manifest of today.
fn of_folder(place: &Place, current: &Sources, folder: &Path) -> anyhow::Result<Sources> {
    let path = place.folder.join(folder);
    if !path.is_dir() {
        bail!(
            "there is no folder {}: compare with a folder, or with a revision as `git:main`",
            folder.display()
        );
    }
    if path.join(playhouse_cli::project::MANIFEST).is_file() {
        return Ok(Project::at(&path, &place.folder)?.read()?);
    }
    let manifest = current
        .file(current.manifest.file)
        .context("the project has a manifest")?;
    let mut schemas = Vec::new();
    for path in playhouse_cli::project::files::schemas(&path, &[".".to_owned()])? {
        let text = playhouse_cli::project::files::read(&place.folder.join(folder), &path)?;
        schemas.push((path, text));
    }
    Ok(Sources::new(
        (manifest.path.clone(), manifest.text.clone()),
        schemas,
    ))
}

fn show(place: &Place, options: &Compat, verdicts: &[Verdict]) {
    if options.json {
        place.terminal.out(&verdict::render_json(verdicts));
        return;
    }
    let shown: Vec<Verdict> = verdicts
        .iter()
        .filter(|verdict| options.all || verdict.is_break())
        .cloned()
        .collect();
    place.terminal.say(&verdict::render(&shown));
    let gap = if shown.is_empty() { "" } else { "\n" };
    let since = match options.against.as_str() {
        "lock" => "the last release",
        against => against,
    };
    place
        .terminal
        .say(&format!("{gap}{}\n", outcome(verdicts, since)));
}

/// `2 breaks (1 WIRE, 2 SOURCE), 1 accepted, 14 fine changes`
fn outcome(verdicts: &[Verdict], since: &str) -> String {
    if verdicts.is_empty() {
        return format!("nothing has changed since {since}");
    }
    let number = |wanted: &dyn Fn(&Verdict) -> bool| {
        verdicts.iter().filter(|verdict| wanted(verdict)).count()
    };
    let mut parts = Vec::new();
    let breaks = number(&Verdict::is_break);
    if breaks > 0 {
        let classes: Vec<String> = Class::ALL
            .into_iter()
            .map(|class| {
                let of_class =
                    |verdict: &Verdict| verdict.is_break() && verdict.classes.contains(&class);
                (class, number(&of_class))
            })
            .filter(|&(_, number)| number > 0)
            .map(|(class, number)| format!("{number} {}", class.name()))
            .collect();
        parts.push(format!(
            "{} ({})",
            count(breaks, "break"),
            classes.join(", ")
        ));
    }
    let accepted = number(&|verdict| !verdict.is_fine() && verdict.accepted.is_some());
    if accepted > 0 {
        parts.push(format!("{} accepted", count(accepted, "break")));
    }
    let fine = number(&Verdict::is_fine);
    if fine > 0 {
        parts.push(count(fine, "fine change"));
    }
    format!("{} since {since}", parts.join(", "))
}

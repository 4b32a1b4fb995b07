//! `playhouse gen`: writes the outputs, or says how they differ from what they should be.

use std::time::SystemTime;

use playhouse_cli::{
    Project,
    output::{
        self,
        disk::{self, Difference, Written},
        stamp::Stamp,
    },
};
use playhouse_schema::{Sources, check, evolution::Surface, manifest::Manifest};

use super::{Place, lock::LockText, summary, watch};
use crate::{Outcome, arguments::Generate, diff, terminal::count};

/// Files whose differences `gen --check` shows; the others it names.
const SHOWN_MAX: usize = 3;

pub(crate) fn run(place: &Place, options: &Generate) -> anyhow::Result<Outcome> {
    let project = place.project()?;
    if options.watch {
        watch::run(place, &project, options)
    } else {
        once(place, &project, options, Round::Only)
    }
}

/// Whether it is done once, or again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// Once, or for the first time: says so if there was nothing to do.
    Only,
    /// Once more: a change that changes nothing is not worth a word.
    Again,
}

/// Generates once.
pub(crate) fn once(
    place: &Place,
    project: &Project,
    options: &Generate,
    round: Round,
) -> anyhow::Result<Outcome> {
    // A stamp speaks of all outputs.
    let stamped = !options.check && options.target.is_none();
    if stamped && Stamp::load(project).holds(project) {
        say_written(place, project, options, &Written::default(), round);
        return Ok(Outcome::Fine);
    }
    let read_at = SystemTime::now();
    let sources = project.read()?;
    let _progress = place.terminal.progress(format!(
        "generating from {}",
        count(sources.files.len(), "file")
    ));
    let Some((planned, lock)) = plan(place, project, &sources, options)? else {
        return Ok(Outcome::Problems);
    };
    if options.check {
        let mut differences: Vec<Difference> = lock.difference(&sources).into_iter().collect();
        differences.extend(disk::compare(&project.folder, &planned)?);
        return Ok(compared(place, project, options, &differences));
    }
    let mut written = disk::write(&project.folder, &planned)?;
    if lock.write(project, &sources)? {
        written.written.push(sources.manifest.lock.clone());
    }
    say_written(place, project, options, &written, round);
    if stamped && let Err(error) = Stamp::save(project, &sources, &planned, read_at) {
        place.terminal.say(&format!(
            "note: .playhouse/stamp can't be written, so nothing is remembered: {error}\n"
        ));
    }
    Ok(Outcome::Fine)
}

/// What is to be written; `None` if the schema has errors, which are then reported.
fn plan(
    place: &Place,
    project: &Project,
    sources: &Sources,
    options: &Generate,
) -> anyhow::Result<Option<(Vec<output::Planned>, LockText)>> {
    let checked = check(sources);
    if checked.has_errors() {
        place.report(project, sources, &checked.diagnostics, options.json);
        if let Some(summary) = summary(&checked.diagnostics)
            && !options.json
        {
            place
                .terminal
                .say(&format!("\n{summary}; nothing was generated\n"));
        }
        return Ok(None);
    }
    has_outputs(&sources.manifest, options.target.as_deref())?;
    let target = options.target.as_deref();
    let planned = output::plan(sources, &checked.model, target);
    let mut lock = sources.lock.clone();
    lock.update(&Surface::of(&checked.model));
    Ok(Some((planned, LockText::of(&lock))))
}

fn has_outputs(manifest: &Manifest, target: Option<&str>) -> anyhow::Result<()> {
    let targets: Vec<&str> = manifest
        .outputs
        .iter()
        .map(|output| output.target.as_str())
        .collect();
    match target {
        _ if targets.is_empty() => anyhow::bail!(
            "playhouse.toml names no output: add\n\n[[output]]\ntarget = \"rust\"\npath = \"src/generated\"\n"
        ),
        Some(target) if !targets.contains(&target) => anyhow::bail!(
            "playhouse.toml has no output for the target `{target}`, only for {}",
            targets.join(", ")
        ),
        _ => Ok(()),
    }
}

fn say_written(place: &Place, project: &Project, options: &Generate, done: &Written, round: Round) {
    let nothing = done.written.is_empty() && done.removed.is_empty();
    if nothing && round == Round::Again {
        return;
    }
    if options.json {
        let object = serde_json::json!({
            "written": shown(place, project, &done.written),
            "removed": shown(place, project, &done.removed),
        });
        place.terminal.out(&format!("{object}\n"));
        return;
    }
    if nothing {
        place.terminal.say("everything is up to date\n");
        return;
    }
    let mut parts = vec![format!("{} written", count(done.written.len(), "file"))];
    if !done.removed.is_empty() {
        parts.push(format!("{} removed", done.removed.len()));
    }
    if done.unchanged > 0 {
        parts.push(format!("{} up to date", done.unchanged));
    }
    place.terminal.say(&format!("{}\n", parts.join(", ")));
}

fn shown(place: &Place, project: &Project, paths: &[String]) -> Vec<String> {
    paths
        .iter()
        .map(|path| place.shown(project, path))
        .collect()
}

fn compared(
    place: &Place,
    project: &Project,
    options: &Generate,
    differences: &[Difference],
) -> Outcome {
    for (index, difference) in differences.iter().enumerate() {
        let (path, word, detail) = match difference {
            Difference::Missing { path, .. } => (path, "missing", String::new()),
            Difference::Stale { path } => (path, "stale", String::new()),
            Difference::Changed {
                path,
                found,
                planned,
            } => {
                let detail = if index < SHOWN_MAX {
                    diff::first(found, planned)
                } else {
                    String::new()
                };
                (path, "changed", detail)
            }
        };
        let path = place.shown(project, path);
        if options.json {
            let object = serde_json::json!({ "path": path, "difference": word });
            place.terminal.out(&format!("{object}\n"));
            continue;
        }
        let words = match word {
            "missing" => "is missing",
            "stale" => "is no longer generated",
            _ => "is not what the schemas say",
        };
        place.terminal.say(&format!("{path} {words}\n{detail}"));
    }
    if differences.is_empty() {
        if !options.json {
            place.terminal.say("everything is up to date\n");
        }
        return Outcome::Fine;
    }
    if !options.json {
        let command = match &options.target {
            Some(target) => format!("playhouse gen --target {target}"),
            None => "playhouse gen".to_owned(),
        };
        let files = count(differences.len(), "file");
        place.terminal.say(&format!(
            "\n{files} out of date: run `{command}` and commit the result\n"
        ));
    }
    Outcome::Problems
}

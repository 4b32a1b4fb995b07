//! `playhouse lint`: what is allowed and most likely a mistake.

use playhouse_schema::{
    lints::{self, LINTS},
    manifest::LintLevel,
};
use playhouse_syntax::{Severity, suggest};

use super::{Place, check::checked_sources, of_severity, summary};
use crate::{Outcome, arguments::Lint, terminal::count};

pub(crate) fn run(place: &Place, options: &Lint) -> anyhow::Result<Outcome> {
    if options.list {
        list(place, options.json);
        return Ok(Outcome::Fine);
    }
    for name in &options.names {
        if lints::find(name).is_none() {
            let near = suggest::nearest(name, LINTS.iter().map(|lint| lint.name));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`playhouse lint --list` lists them".to_owned(),
            };
            anyhow::bail!("no lint is called `{name}`: {help}");
        }
    }
    let project = place.project()?;
    let sources = project.read()?;
    let _progress = place
        .terminal
        .progress(format!("looking at {}", count(sources.files.len(), "file")));
    let (checked, mut found) = checked_sources(&sources);
    if checked.has_errors() {
        found.retain(|diagnostic| diagnostic.severity == Severity::Error);
    } else if !options.names.is_empty() {
        found.retain(|diagnostic| options.names.iter().any(|name| name == diagnostic.code.0));
    } else {
        found.retain(|diagnostic| lints::find(diagnostic.code.0).is_some());
    }
    place.report(&project, &sources, &found, options.json);
    if !options.json {
        let line = match summary(&found) {
            Some(line) if checked.has_errors() => format!("\n{line}; lints need a schema without"),
            Some(line) => format!("\n{line}"),
            None => "nothing found".to_owned(),
        };
        place.terminal.say(&format!("{line}\n"));
    }
    let errors = of_severity(&found, Severity::Error);
    let failed = errors > 0 || (options.deny_warnings && !found.is_empty());
    Ok(if failed {
        Outcome::Problems
    } else {
        Outcome::Fine
    })
}

fn list(place: &Place, as_json: bool) {
    for lint in LINTS {
        let level = level(lint.level);
        let line = if as_json {
            let object =
                serde_json::json!({ "name": lint.name, "level": level, "title": lint.title });
            format!("{object}\n")
        } else {
            format!("{:<20} {level:<6} {}\n", lint.name, lint.title)
        };
        place.terminal.out(&line);
    }
}

/// As `[lints]` in the manifest has it.
const fn level(level: LintLevel) -> &'static str {
    match level {
        LintLevel::Allow => "allow",
        LintLevel::Warn => "warn",
        LintLevel::Deny => "deny",
    }
}

//! `playhouse fmt`: one way to write a schema, and numbers for what has none.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use playhouse_cli::{Project, path, project::files};
use playhouse_schema::manifest;
use playhouse_syntax::{
    Diagnostic, FileId,
    diagnostic::json,
    format::{TagScope, format_filled},
    render,
};

use super::{Place, lock::Known, summary, write};
use crate::{Outcome, arguments::Format, diff, terminal::count};

/// A text to format.
struct Input {
    /// As it is shown.
    shown: String,
    /// Where it is; `None` is standard input.
    path: Option<PathBuf>,
    text: String,
}

pub(crate) fn run(place: &Place, options: &Format) -> anyhow::Result<Outcome> {
    let project = match place.project() {
        Ok(project) => Some(project),
        // A file alone can be formatted without a project around it.
        Err(_) if !options.files.is_empty() && place.manifest.is_none() => None,
        Err(error) => return Err(error),
    };
    let inputs = inputs(place, project.as_ref(), &options.files)?;
    let _progress = place
        .terminal
        .progress(format!("formatting {}", count(inputs.len(), "file")));
    let known = project.as_ref().map(Known::of).transpose()?;
    let past_max = |scope: &TagScope<'_>| known.as_ref().and_then(|known| known.number_max(scope));
    let mut texts: Vec<(&str, &str)> = Vec::new();
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    let mut changed = Vec::new();
    for (input, id) in inputs.iter().zip(0..) {
        texts.push((&input.shown, &input.text));
        match format_filled(FileId(id), &input.text, &past_max) {
            Ok(text) => changed.push((input, text)),
            Err(errors) => mistakes.extend(errors),
        }
    }
    let piped = inputs.iter().any(|input| input.path.is_none());
    if options.json {
        place.terminal.out(&json::render(&mistakes, &texts));
    } else {
        place
            .terminal
            .say(&render(&mistakes, &texts, place.terminal.style));
    }
    let total = changed.len();
    if !piped || options.check {
        changed.retain(|(input, text)| *text != input.text);
    }
    for (input, text) in &changed {
        finish(place, options, input, text)?;
    }
    if !options.json && !piped {
        say_how_it_went(place, options, changed.len(), total, &mistakes);
    }
    let unformatted = options.check && !changed.is_empty();
    Ok(if unformatted || !mistakes.is_empty() {
        Outcome::Problems
    } else {
        Outcome::Fine
    })
}

/// Writes or shows a text that was formatted.
fn finish(place: &Place, options: &Format, input: &Input, text: &str) -> anyhow::Result<()> {
    match &input.path {
        _ if options.check && !options.json => {
            let difference = diff::first(&input.text, text);
            place
                .terminal
                .say(&format!("{} is not formatted\n{difference}", input.shown));
        }
        None if !options.check => place.terminal.out(text),
        Some(path) if !options.check => write(path, text)?,
        _ => {}
    }
    if options.json && (options.check || input.path.is_some()) {
        let object = serde_json::json!({ "formatted": input.shown, "written": !options.check });
        place.terminal.out(&format!("{object}\n"));
    }
    Ok(())
}

fn say_how_it_went(
    place: &Place,
    options: &Format,
    changed: usize,
    total: usize,
    mistakes: &[Diagnostic],
) {
    let mut parts = Vec::new();
    match (options.check, changed) {
        (true, 1..) => parts.push(format!(
            "{} to format: playhouse fmt",
            count(changed, "file")
        )),
        (false, 1..) => parts.push(format!("{} formatted", count(changed, "file"))),
        (_, 0) if total > 0 => parts.push(format!("{} formatted already", count(total, "file"))),
        _ => {}
    }
    if let Some(mistakes) = summary(mistakes) {
        parts.push(format!("{mistakes} in files that can't be formatted"));
    }
    let line = parts.join("; ");
    place.terminal.say(&format!("{line}\n"));
}

fn inputs(
    place: &Place,
    project: Option<&Project>,
    named: &[PathBuf],
) -> anyhow::Result<Vec<Input>> {
    if let ([], Some(project)) = (named, project) {
        return of_project(place, project);
    }
    let mut inputs = Vec::new();
    for name in named {
        if name == Path::new("-") {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .context("standard input can't be read")?;
            inputs.push(Input {
                shown: "standard input".to_owned(),
                path: None,
                text: files::text("standard input", bytes)?,
            });
            continue;
        }
        let path = place.folder.join(name);
        if path.is_dir() {
            let mut found = Vec::new();
            let mut add = |file: &Path| {
                if file.extension().is_some_and(|extension| extension == "idl") {
                    found.push(file.to_owned());
                }
            };
            files::walk(&path, 0, &mut add).map_err(|(path, error)| {
                anyhow::anyhow!("can't read {}: {error}", path.display())
            })?;
            found.sort();
            anyhow::ensure!(
                !found.is_empty(),
                "there is no *.idl file in {}",
                name.display()
            );
            for path in found {
                inputs.push(input(place, path)?);
            }
        } else {
            inputs.push(input(place, path)?);
        }
    }
    Ok(inputs)
}

fn of_project(place: &Place, project: &Project) -> anyhow::Result<Vec<Input>> {
    let text = files::read(&project.folder, &project.manifest)?;
    let roots = manifest::parse(FileId(0), &text).0.roots;
    files::schemas(&project.folder, &roots)?
        .into_iter()
        .map(|path| input(place, project.join(&path)))
        .collect()
}

fn input(place: &Place, path: PathBuf) -> anyhow::Result<Input> {
    let shown = path::relative(&place.folder, &path);
    let bytes = fs::read(&path).with_context(|| format!("{shown} can't be read"))?;
    let text = files::text(&shown, bytes)?;
    Ok(Input {
        shown,
        path: Some(path),
        text,
    })
}

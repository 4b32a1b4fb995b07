//! A project as it was at a git revision. The user's own `git` reads it; nothing is checked out.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Output, Stdio},
    thread,
};

use anyhow::{Context as _, bail};
use playhouse_cli::{Project, project::files};
use playhouse_schema::{Sources, manifest};
use playhouse_syntax::FileId;

/// The manifest, the schemas and the lock of `project` at `revision`.
pub(crate) fn sources(project: &Project, revision: &str) -> anyhow::Result<Sources> {
    // So that no revision is taken for an option.
    if revision.is_empty() || revision.starts_with('-') {
        bail!("`git:{revision}` names no revision: write `git:main`, `git:v1.2` or `git:HEAD~3`");
    }
    let commit = text(
        project,
        &["rev-parse", "--verify", &format!("{revision}^{{commit}}")],
    )
    .with_context(|| format!("git knows no revision `{revision}` here"))?;
    let commit = commit.trim();
    let manifest_text = text(
        project,
        &["show", &format!("{commit}:./{}", project.manifest)],
    )
    .with_context(|| format!("there is no {} at {revision}", project.manifest))?;
    let roots = manifest::parse(FileId(0), &manifest_text).0.roots;
    let mut list = vec!["ls-tree", "-r", "-z", "--name-only", commit, "--"];
    list.extend(roots.iter().map(String::as_str));
    let listed = text(project, &list)?;
    let paths: Vec<&str> = listed
        .split('\0')
        .filter(|path| path.ends_with(".idl"))
        .collect();
    if paths.is_empty() {
        bail!("there are no schemas in {} at {revision}", roots.join(", "));
    }
    let schemas = contents(project, commit, &paths)?;
    let sources = Sources::new((project.manifest.clone(), manifest_text), schemas);
    let lock = sources.manifest.lock.clone();
    Ok(
        match text(project, &["show", &format!("{commit}:./{lock}")]) {
            Ok(text) => sources.with_lock((lock, text)),
            // There was none yet.
            Err(_) => sources,
        },
    )
}

fn command(project: &Project) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(&project.folder);
    command
}

fn text(project: &Project, arguments: &[&str]) -> anyhow::Result<String> {
    let output = command(project)
        .args(arguments)
        .output()
        .context("git can't be started: is it installed?")?;
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        bail!("{}", said.trim().lines().next().unwrap_or("git refuses"));
    }
    String::from_utf8(stdout).context("git gives no UTF-8")
}

/// Paths with their texts, all from one process.
fn contents(
    project: &Project,
    commit: &str,
    paths: &[&str],
) -> anyhow::Result<Vec<(String, String)>> {
    let mut child = command(project)
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("git can't be started: is it installed?")?;
    let mut stdin = child.stdin.take().context("git takes no input")?;
    let mut out = BufReader::new(child.stdout.take().context("git gives no output")?);
    let names: String = paths
        .iter()
        .map(|path| format!("{commit}:./{path}\n"))
        .collect();
    // On a thread of its own: git answers while it is still being asked.
    let asking = thread::spawn(move || stdin.write_all(names.as_bytes()));
    let mut schemas = Vec::with_capacity(paths.len());
    for path in paths {
        let mut header = String::new();
        out.read_line(&mut header)?;
        let size: usize = header
            .trim_end()
            .rsplit_once(' ')
            .and_then(|(_, size)| size.parse().ok())
            .with_context(|| format!("git can't read {path}: {}", header.trim()))?;
        let mut bytes = vec![0; size + 1];
        out.read_exact(&mut bytes)?;
        // The line break that git writes behind each.
        bytes.pop();
        schemas.push(((*path).to_owned(), files::text(path, bytes)?));
    }
    match asking.join() {
        Ok(asked) => asked.context("git stopped listening")?,
        Err(_) => bail!("git can't be asked"),
    }
    child.wait()?;
    Ok(schemas)
}

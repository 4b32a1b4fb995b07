//! `playhouse gen --watch`: generates again whenever a schema, the manifest or the lock changes.
//!
//! Editors write a file in several steps, and a switch of branches changes hundreds: nothing is done before the folder
//! has been quiet for a moment. What goes wrong is said and forgotten; the next change is another chance.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use notify::{Event, RecursiveMode, Watcher as _};
use playhouse_cli::{Project, project::files};
use playhouse_schema::manifest;
use playhouse_syntax::FileId;

use super::{
    Place,
    generate::{self, Round},
};
use crate::{Outcome, arguments::Generate};

/// How long it must be quiet.
const QUIET: Duration = Duration::from_millis(50);
/// How long a storm of changes is waited for at most.
const STORM: Duration = Duration::from_secs(1);

/// Runs until it is killed, or the folders can no longer be watched.
pub(crate) fn run(place: &Place, project: &Project, options: &Generate) -> anyhow::Result<Outcome> {
    let (tell, changes) = mpsc::channel();
    let mut watcher =
        notify::recommended_watcher(tell).context("this system can't watch folders")?;
    let mut watched = BTreeSet::new();
    let mut round = Round::Only;
    loop {
        // Before generating, so that no change falls between.
        watch(&mut watcher, project, &mut watched)?;
        if let Err(error) = generate::once(place, project, options, round) {
            place.terminal.fail(&format!("{error:#}"));
        }
        if round == Round::Only && !options.json {
            place.terminal.say("watching for changes\n");
        }
        round = Round::Again;
        wait(&changes, project)?;
    }
}

/// Watches the manifest's folder, and the roots with all that is in them.
fn watch(
    watcher: &mut notify::RecommendedWatcher,
    project: &Project,
    watched: &mut BTreeSet<PathBuf>,
) -> anyhow::Result<()> {
    let text = files::read(&project.folder, &project.manifest).unwrap_or_default();
    let manifest = manifest::parse(FileId(0), &text).0;
    let roots = manifest.roots.iter().map(|root| project.join(root));
    let mut wanted: BTreeSet<PathBuf> = roots.filter(|root| root.is_dir()).collect();
    // A root that is the manifest's folder sees the manifest too.
    let outside = !wanted.contains(&project.folder);
    for gone in watched.difference(&wanted) {
        if *gone != project.folder {
            // It may be gone from the disk, too.
            let _ = watcher.unwatch(gone);
        }
    }
    for folder in wanted.difference(watched) {
        watcher
            .watch(folder, RecursiveMode::Recursive)
            .with_context(|| format!("can't watch {}", folder.display()))?;
    }
    if outside {
        if !watched.contains(&project.folder) {
            watcher
                .watch(&project.folder, RecursiveMode::NonRecursive)
                .with_context(|| format!("can't watch {}", project.folder.display()))?;
        }
        wanted.insert(project.folder.clone());
    }
    *watched = wanted;
    Ok(())
}

/// Returns when something has changed and it has been quiet since.
fn wait(changes: &Receiver<notify::Result<Event>>, project: &Project) -> anyhow::Result<()> {
    loop {
        let event = changes.recv().context("the watcher has ended")?;
        if matters(&event, project) {
            break;
        }
    }
    let until = Instant::now() + STORM;
    let mut quiet_until = Instant::now() + QUIET;
    loop {
        let now = Instant::now();
        if now >= quiet_until.min(until) {
            return Ok(());
        }
        match changes.recv_timeout(quiet_until.min(until) - now) {
            Ok(event) if matters(&event, project) => quiet_until = Instant::now() + QUIET,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the watcher has ended"),
        }
    }
}

/// Whether a change may change what is generated. What is itself generated never does.
fn matters(event: &notify::Result<Event>, project: &Project) -> bool {
    match event {
        Ok(event) if event.kind.is_access() => false,
        Ok(event) => event.need_rescan() || event.paths.iter().any(|path| is_input(path, project)),
        // Something was missed.
        Err(_) => true,
    }
}

fn is_input(path: &Path, project: &Project) -> bool {
    let name = path.file_name().unwrap_or_default();
    if name.as_encoded_bytes().starts_with(b".") {
        return false;
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension {
        Some("idl" | "lock") => true,
        // A folder that was moved in or away.
        None => path.starts_with(&project.folder) && !path.is_file(),
        Some(_) => path.ends_with(&project.manifest),
    }
}

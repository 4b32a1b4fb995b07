//! The game as a cluster: each node a process of its own, all bots in this one, the view on this thread.
//!
//! The nodes are this very program, told to run one of them. What they need besides, they have from each other; or, if that
//! is asked for, from an etcd and a MongoDB that run already or that are started here.

mod backing;
mod config;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use arena::up::{self, Program, Row, State, Supervisor, Told};
use arena_bots::meter::Meter;

use crate::arguments::Arguments;
use crate::live::spawn_bots;
use crate::summary::Summary;
use crate::view::View;
use backing::Backing;
pub(crate) use backing::{check_programs, is_installed};

/// How often the view looks at the counters.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// What a node is told before the arguments of `arena run`.
pub(crate) const NODE: &str = "node";

/// Plays, and says whether every bot got what it expected.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let temporary = tempfile::tempdir().context("there is no folder for the cluster")?;
    let folder = arguments.data.as_deref().unwrap_or(temporary.path());
    let backing = Backing::begin(arguments, folder)?;
    let file = temporary.path().join("cluster.json");
    std::fs::write(&file, config::text(arguments, folder, &backing)?)?;
    let nodes = arena::process::load(file.clone(), &[])?;
    let program = Program {
        path: std::env::current_exe()?,
        arguments: vec![NODE.to_owned()],
        config: file,
        set: Vec::new(),
        logs: folder.join("log"),
    };
    let mut supervisor = Supervisor::new(program, up::plan(&nodes, &[])?, true);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(play(arguments, folder, &mut supervisor));
    drop(backing);
    outcome.with_context(|| keep(arguments, temporary))
}

async fn play(arguments: &Arguments, folder: &Path, supervisor: &mut Supervisor) -> Result<bool> {
    let mut told = Told::new()?;
    let mut view = View::new(arguments);
    let names: Vec<String> = supervisor.names().map(str::to_owned).collect();
    view.begin_cluster(&names.join(", "), folder);
    let started = up::start(supervisor, &mut told, |rows| view.show_nodes(rows)).await;
    let mut good = false;
    if matches!(started, Ok(true)) {
        let lobbies = supervisor.rows().into_iter();
        let lobbies = lobbies.filter(|row| row.roles.iter().any(|role| role == "lobby"));
        let addresses: Vec<_> = lobbies.flat_map(|row| row.listens).collect();
        let meter = Arc::new(Meter::default());
        let begun = Instant::now();
        let playing = spawn_bots(arguments, addresses, &meter)?;
        while !playing.is_finished() {
            supervisor.look()?;
            view.show_nodes(&supervisor.rows());
            let reading = meter.read();
            view.show(begun.elapsed(), &reading, reading.calls);
            // The bots have their own ears for Ctrl-C, and finish what they do.
            tokio::time::sleep(LOOKS_EVERY).await;
        }
        playing
            .join()
            .map_err(|_| anyhow!("the bots' thread panicked"))??;
        view.end();
        let fallen = supervisor.rows().into_iter().find(is_fallen);
        if let Some(row) = fallen {
            let why = row.ended.unwrap_or_default();
            meter.expect(false, || {
                format!("expected node {} to run, came: {why}", row.name)
            });
        }
        let summary = Summary::new(begun.elapsed(), &meter, meter.read().calls);
        summary.print(arguments, None);
        good = summary.is_good();
    }
    // Whoever pressed Ctrl-C to end the game has not asked for more than that.
    let mut told = Told::new()?;
    let stopped = up::stop(supervisor, &mut told, |_| ()).await;
    started.and(stopped)?;
    Ok(good)
}

/// A node that has ended by itself, once at least.
fn is_fallen(row: &Row) -> bool {
    row.restarts > 0 || row.state == State::Failed
}

/// What the nodes have written helps whoever looks for what went wrong.
fn keep(arguments: &Arguments, temporary: tempfile::TempDir) -> String {
    let folder = match &arguments.data {
        Some(folder) => folder.clone(),
        None => temporary.keep(),
    };
    format!(
        "see what the nodes wrote in {}",
        folder.join("log").display()
    )
}

//! The game as a cluster: each node a process of its own, all bots in this one, the view on this thread.
//!
//! The nodes are this very program, told to run one of them. What they need besides, they have from each other; or, if that
//! is asked for, from an etcd and a MongoDB that run already or that are started here.

mod backing;
mod config;
mod havoc;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use arena::up::{self, Ports, Program, Supervisor, Told};
use arena_bots::meter::Meter;

use crate::arguments::Arguments;
use crate::doors::Doors;
use crate::live::{Ways, spawn_bots};
use crate::summary::Summary;
use crate::view::{self, View};
use backing::Backing;
pub(crate) use backing::{check_programs, is_installed};
use config::Layout;
use havoc::Havoc;

/// How often the view looks at the counters.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// What a node is told before the arguments of `arena run`.
pub(crate) const NODE: &str = "node";

/// Plays, and says whether every bot got what it expected.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let temporary = tempfile::tempdir().context("there is no folder for the cluster")?;
    let folder = arguments.data.as_deref().unwrap_or(temporary.path());
    let mut ports = Ports::take()?;
    let backing = Backing::begin(arguments, folder, &mut ports)?;
    let file = temporary.path().join("cluster.json");
    let doors = Doors::new(arguments, temporary.path())?;
    let layout = Layout::new(arguments, folder, &backing, &doors, &mut ports)?;
    std::fs::write(&file, &layout.text)?;
    let ways = Ways {
        doors,
        addresses: layout.gates,
        login_http: layout.login_http,
    };
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
    let outcome = runtime.block_on(play(arguments, folder, ways, &mut supervisor));
    drop(backing);
    match outcome {
        Ok(true) => Ok(true),
        Ok(false) => {
            view::complain(&keep(arguments, temporary));
            Ok(false)
        }
        Err(error) => Err(error.context(keep(arguments, temporary))),
    }
}

async fn play(
    arguments: &Arguments,
    folder: &Path,
    ways: Ways,
    supervisor: &mut Supervisor,
) -> Result<bool> {
    let mut told = Told::new()?;
    let mut view = View::new(arguments);
    let names: Vec<String> = supervisor.names().map(str::to_owned).collect();
    view.begin_cluster(&names.join(", "), folder);
    let started = up::start(supervisor, &mut told, |rows| view.show_nodes(rows)).await;
    let mut good = false;
    if matches!(started, Ok(true)) {
        let meter = Arc::new(Meter::default());
        let begun = Instant::now();
        let mut havoc = Havoc::new(arguments.seed);
        let playing = spawn_bots(arguments, ways, &meter)?;
        while !playing.is_finished() {
            supervisor.look()?;
            view.show_nodes(&supervisor.rows());
            let reading = meter.read();
            // A guest is over with its link: all are in before it begins.
            if arguments.chaos && reading.online > 0 {
                havoc.look(supervisor)?;
            }
            view.show(begun.elapsed(), &reading, reading.calls);
            // The bots have their own ears for Ctrl-C, and finish what they do.
            tokio::time::sleep(LOOKS_EVERY).await;
        }
        playing
            .join()
            .map_err(|_| anyhow!("the bots' thread panicked"))??;
        view.end();
        let rows = supervisor.rows();
        if let Some(row) = rows.into_iter().find(|row| havoc.is_fallen(row)) {
            let why = row.ended.unwrap_or_default();
            meter.expect(false, || {
                format!("expected node {} to run, came: {why}", row.name)
            });
        }
        let summary = Summary::new(begun.elapsed(), &meter, meter.read().calls);
        let summary = summary.with_havoc(havoc.kills(), havoc.drains());
        summary.print(arguments, None);
        good = summary.is_good();
    }
    // Whoever pressed Ctrl-C to end the game has not asked for more than that.
    let mut told = Told::new()?;
    let stopped = up::stop(supervisor, &mut told, |_| ()).await;
    started.and(stopped)?;
    Ok(good)
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

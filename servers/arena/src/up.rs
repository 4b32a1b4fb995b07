//! `arena up`: all nodes of a configuration on this machine, each as a process of its own.
//!
//! [`Supervisor`] starts, watches and stops them, for whoever wants a cluster: the command, the demo, and the tests that
//! kill its nodes. Nodes are started by rank ([`plan()`]): those that others need first, and the next ones as soon as
//! they listen.

mod child;
mod drawing;
mod plan;
mod ports;
mod supervisor;
mod table;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::process;

pub use rustix::process::Signal;

pub use drawing::Drawing;
pub use plan::{Planned, plan};
pub use ports::Ports;
pub use supervisor::{PAUSE_MAX, PAUSE_MIN, Program, Row, State, Supervisor};

pub use table::lines;

use table::Table;

/// How often the processes are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long nodes of one rank may take until they listen.
pub const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How much longer than its configuration allows a node may take to stop before it is killed.
pub const STOP_SLACK: Duration = Duration::from_secs(10);

/// Which cluster is run, and how.
#[derive(Debug, Clone, Args)]
pub struct Up {
    /// Describes the nodes
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,

    /// Runs these alone
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub only: Vec<String>,

    /// Says something else than the configuration does: every.save_every=1s
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Where the output of each node goes, as NAME.out
    #[arg(long, value_name = "FOLDER", default_value = "log")]
    pub logs: PathBuf,

    /// Leaves a node alone that has ended by itself
    #[arg(long)]
    pub no_restart: bool,

    /// Prints a JSON object, with all nodes, whenever one has changed
    #[arg(long)]
    pub json: bool,
}

/// Runs the nodes until Ctrl-C or SIGTERM, then stops them in order.
///
/// # Errors
///
/// If the configuration is wrong, a node can't be run, or one did not stop as it should.
pub fn run(up: &Up) -> Result<()> {
    let config = process::load(up.config.clone(), &up.set)?;
    let program = Program {
        path: std::env::current_exe()?,
        arguments: vec!["run".to_owned()],
        config: up.config.clone(),
        set: up.set.clone(),
        logs: up.logs.clone(),
    };
    let mut supervisor = Supervisor::new(program, plan(&config, &up.only)?, !up.no_restart);
    let mut table = Table::new(up.json);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut told = Told::new()?;
        let started = start(&mut supervisor, &mut told, |rows| table.show(rows)).await;
        while matches!(started, Ok(true)) && !supervisor.is_over() {
            if told.within(LOOK_EVERY).await {
                break;
            }
            supervisor.look()?;
            table.show(&supervisor.rows());
        }
        let stopped = stop(&mut supervisor, &mut told, |rows| table.show(rows)).await;
        started.and(stopped)
    })
}

/// Ctrl-C and SIGTERM, as what a cluster is told to stop by.
#[derive(Debug)]
pub struct Told {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Told {
    /// Listens from now on. Needs a tokio runtime with IO.
    ///
    /// # Errors
    ///
    /// If the system does not let it.
    pub fn new() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits this long; whether a signal came.
    pub async fn within(&mut self, time: Duration) -> bool {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => true,
            () = tokio::time::sleep(time) => false,
        }
    }
}

/// Starts all nodes, rank by rank. False if a signal came first.
///
/// # Errors
///
/// If a node can't be run, ends before it listens, or takes longer than [`START_TIMEOUT`].
pub async fn start(
    supervisor: &mut Supervisor,
    told: &mut Told,
    mut show: impl FnMut(&[Row]),
) -> Result<bool> {
    for rank in supervisor.ranks() {
        rank.iter().try_for_each(|name| supervisor.start(name))?;
        let until = Instant::now() + START_TIMEOUT;
        loop {
            supervisor.look()?;
            show(&supervisor.rows());
            let rows = supervisor.rows();
            let mut own = rows.iter().filter(|row| rank.contains(&row.name));
            if let Some(failed) = own.clone().find(|row| row.state == State::Failed) {
                let why = failed.ended.as_deref().unwrap_or("it says nothing");
                bail!("node `{}` does not start: {why}", failed.name);
            }
            match own.find(|row| row.state != State::Running) {
                None => break,
                Some(late) if Instant::now() >= until => bail!(
                    "node `{}` does not listen after {START_TIMEOUT:?}: see its output, or the log of what it waits for",
                    late.name
                ),
                Some(_) => {}
            }
            if told.within(LOOK_EVERY / 5).await {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Stops all nodes, rank by rank, last first. A second signal kills what is left.
///
/// # Errors
///
/// If a node did not end as it should.
pub async fn stop(
    supervisor: &mut Supervisor,
    told: &mut Told,
    mut show: impl FnMut(&[Row]),
) -> Result<()> {
    let mut killed = Vec::new();
    let mut at_once = false;
    for rank in supervisor.ranks().iter().rev() {
        rank.iter().try_for_each(|name| supervisor.stop(name))?;
        let until = Instant::now() + supervisor.stops_within(rank);
        loop {
            supervisor.look()?;
            show(&supervisor.rows());
            let rows = supervisor.rows();
            let left = rows
                .iter()
                .filter(|row| rank.contains(&row.name) && row.process.is_some());
            let left: Vec<_> = left.map(|row| row.name.clone()).collect();
            if left.is_empty() {
                break;
            }
            if at_once || Instant::now() >= until {
                for name in left {
                    supervisor.signal(&name, Signal::KILL)?;
                    supervisor.kill(&name)?;
                    killed.push(name);
                }
            } else {
                at_once = told.within(LOOK_EVERY / 5).await;
            }
        }
    }
    if !killed.is_empty() {
        bail!(
            "killed, since they did not stop in time: {}",
            killed.join(", ")
        );
    }
    let rows = supervisor.rows();
    let bad = rows.iter().find_map(|row| Some((row, row.ended.as_ref()?)));
    match bad {
        Some((row, why)) if row.restarts == 0 => {
            bail!("node `{}` did not stop as it should: {why}", row.name)
        }
        _ => Ok(()),
    }
}

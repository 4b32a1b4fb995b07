//! The game as a process: all of it, or one node of a cluster that a file describes.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use playhouse::config::{Loader, Time};
use playhouse::node::{ClusterConfig, NodeBuilder, RESTART_STATUS, RunError, StopError};
use playhouse::store::Embedded;
use rustix::process::{Signal, getpid, kill_process};
use serde::Deserialize;

use crate::app::{self, Arena, Rules};

/// Whether nodes can find each other by etcd: the feature `etcd`.
pub const HAS_ETCD: bool = cfg!(feature = "etcd");

/// Whether nodes can save to MongoDB: the feature `mongodb`.
pub const HAS_MONGODB: bool = cfg!(feature = "mongodb");

/// Whether nodes can listen for WebSocket and QUIC: the feature `transports`.
pub const HAS_TRANSPORTS: bool = cfg!(feature = "transports");

/// A configuration of the game's nodes.
pub type Config = ClusterConfig<GameConfig>;

/// Which node is run, and how.
#[derive(Debug, Default, Clone, Args)]
pub struct Run {
    /// Where clients connect, host:port; 127.0.0.1:7000 if nothing says otherwise
    #[arg(long)]
    pub listen: Option<String>,

    /// Where tools connect that speak plain MessagePack-RPC; loopback only
    #[arg(long, value_name = "ADDRESS")]
    pub msgpack_rpc: Option<String>,

    /// How many shards, each a thread; one for each core if nothing is said
    #[arg(long)]
    pub shards: Option<usize>,

    /// Keeps the players in this folder; without it they are gone when the node stops
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Describes the node, and others of its cluster
    #[arg(long, value_name = "FILE", requires = "node")]
    pub config: Option<PathBuf>,

    /// Which node of the configuration this is
    #[arg(long, value_name = "NAME", requires = "config")]
    pub node: Option<String>,

    /// Says something else than the configuration does: nodes.dev.shards=4
    #[arg(long, value_name = "KEY=VALUE", requires = "config")]
    pub set: Vec<String>,

    /// Says on its output where it listens once it does, and stops when its input ends: for whoever started it
    #[arg(long, hide = true)]
    pub attached: bool,
}

/// The game's own section of a configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GameConfig {
    /// How long a battle lasts.
    battle_time: Option<Time>,
    /// How long those who are there wait for those who aren't.
    gather_time: Option<Time>,
    /// The points with which a side has won.
    points: Option<u32>,
}

/// What a node that is attached says of itself: where it listens.
pub(crate) const LISTENS: &str = "listens ";

/// Runs a node until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// If the configuration is wrong, or the node can't start or does not stop as it should.
pub fn run(arguments: &Run) -> Result<()> {
    let (builder, log) = match (&arguments.config, &arguments.node) {
        (Some(config), Some(node)) => configured(&load(config.clone(), &arguments.set)?, node)?,
        _ => (app::node(Arena::new(Rules::default())), None),
    };
    let guard = match log {
        Some(log) => Some(log.install().context("the log can't begin")?),
        None => None,
    };
    let alone = arguments.config.is_none().then_some("127.0.0.1:7000");
    let mut builder = builder;
    if let Some(address) = arguments.listen.as_deref().or(alone) {
        builder = builder.listen(address);
    }
    if let Some(address) = &arguments.msgpack_rpc {
        builder = builder.msgpack_rpc(address);
    }
    if let Some(shards) = arguments.shards {
        builder = builder.shards(shards);
    }
    if let Some(folder) = &arguments.data {
        builder = builder.store(Embedded::at(folder));
    }
    let node = builder.build()?;
    if arguments.attached {
        let running = node.start()?;
        announce(&running.addresses())?;
        stop_with_input()?;
        running.run_until_signal()?;
    } else {
        node.run()?;
    }
    drop(guard);
    Ok(())
}

/// With what the process of a node that failed so ends: whoever started it knows by [`RESTART_STATUS`] that it is to be started
/// again. Anything else is told to people.
#[must_use]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    let stopped = match error.downcast_ref() {
        Some(RunError::Stop(stopped)) => Some(stopped),
        _ => error.downcast_ref(),
    };
    if stopped == Some(&StopError::Restart) {
        return ExitCode::from(RESTART_STATUS);
    }
    let _nobody_reads = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}

/// Reads a configuration; `set` and the environment (`ARENA_HOST` a macro, `ARENA__NODES__DEV__SHARDS` a key) override it.
///
/// # Errors
///
/// All that is wrong with it, each with its place.
pub fn load(file: PathBuf, set: &[String]) -> Result<Config> {
    let loader = set
        .iter()
        .fold(Loader::file(file).environment("ARENA"), Loader::set);
    match loader.load() {
        Ok(config) => Ok(config),
        // It has its own lines, with the places in the file.
        Err(report) => bail!("the configuration is wrong\n\n{report}"),
    }
}

/// The node of this name, as the file describes it, and its log.
fn configured(
    config: &Config,
    name: &str,
) -> Result<(NodeBuilder, Option<playhouse::log::Builder>)> {
    let node = config.node(name)?;
    let log = node.logging();
    let builder = app::node(arena(&config.game));
    Ok((builder.configure(&node)?, Some(log)))
}

fn arena(game: &GameConfig) -> Arena {
    let mut rules = Rules::default();
    let seconds = |time: Time| playhouse::Duration::from(time.0);
    rules = Rules {
        battle_time: game.battle_time.map_or(rules.battle_time, seconds),
        gather_time: game.gather_time.map_or(rules.gather_time, seconds),
        points: game.points.unwrap_or(rules.points),
        ..rules
    };
    // A configuration that names secrets has its own keys in place of these.
    Arena::new(rules)
}

fn announce(addresses: &[String]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{LISTENS}{}", addresses.join(" "))?;
    Ok(out.flush()?)
}

/// Whoever started this has the other end of its input: if they are gone, however they went, it stops.
fn stop_with_input() -> Result<()> {
    let watch = || {
        let mut nothing = [0; 64];
        while std::io::stdin()
            .read(&mut nothing)
            .is_ok_and(|read| read > 0)
        {}
        // The same way out as for whoever is told to stop.
        let _ended = kill_process(getpid(), Signal::TERM);
    };
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(watch)?;
    Ok(())
}

/// The arguments by which a process runs one node of a file for whoever started it.
pub(crate) fn attached(config: &std::path::Path, node: &str, set: &[String]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["--attached".into(), "--config".into(), config.into()].into();
    arguments.extend(["--node".into(), node.into()]);
    for set in set {
        arguments.extend(["--set".into(), set.into()]);
    }
    arguments
}

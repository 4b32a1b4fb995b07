//! Arena as a process: the whole game by itself, or one node of a cluster that a file describes.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use arena::app::{self, Arena, Rules};
use arena::seal::SealKey;
use clap::Parser;
use playhouse::config::{Loader, Secret, Time};
use playhouse::node::{ClusterConfig, NodeBuilder};
use playhouse::store::Embedded;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Runs Arena, the reference game of Playhouse, until Ctrl-C or SIGTERM.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
enum Arguments {
    /// Runs a node: all roles at once, or what a configuration says
    #[command(after_help = EXAMPLES)]
    Run(Run),
}

#[derive(Debug, Parser)]
struct Run {
    /// Where clients connect, host:port; 127.0.0.1:7000 if nothing says otherwise
    #[arg(long)]
    listen: Option<String>,

    /// Where tools connect that speak plain MessagePack-RPC; loopback only
    #[arg(long, value_name = "ADDRESS")]
    msgpack_rpc: Option<String>,

    /// How many shards, each a thread; one for each core if nothing is said
    #[arg(long)]
    shards: Option<usize>,

    /// Keeps the players in this folder; without it they are gone when the node stops
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// Describes the node, and others of its cluster
    #[arg(long, value_name = "FILE", requires = "node")]
    config: Option<PathBuf>,

    /// Which node of the configuration this is
    #[arg(long, value_name = "NAME", requires = "config")]
    node: Option<String>,

    /// Says something else than the configuration does: nodes.dev.shards=4
    #[arg(long, value_name = "KEY=VALUE", requires = "config")]
    set: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  arena run
  arena run --listen 127.0.0.1:7100 --data players
  arena run --config arena.json --node dev
  arena run --config arena.json --node dev --set nodes.dev.save_every=1s --set game.battle_time=60s
  playhouse describe 127.0.0.1:7000

Variables of the environment override the configuration, too: ARENA_HOST the macro HOST,
ARENA__NODES__DEV__SHARDS a key.";

/// The game's own section of a configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GameConfig {
    /// What tokens and tickets are sealed with: the same words on all nodes. A key that nobody knows if nothing is said.
    key: Option<Secret<String>>,
    /// How long a battle lasts.
    battle_time: Option<Time>,
    /// How long those who are there wait for those who aren't.
    gather_time: Option<Time>,
    /// The points with which a side has won.
    points: Option<u32>,
}

fn main() -> ExitCode {
    let Arguments::Run(arguments) = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _nobody_reads = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Run) -> Result<()> {
    let (builder, log) = match (&arguments.config, &arguments.node) {
        (Some(config), Some(node)) => configured(arguments, config.clone(), node)?,
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
    builder.build()?.run()?;
    drop(guard);
    Ok(())
}

/// The node of this name, as the file describes it, and its log.
fn configured(
    arguments: &Run,
    file: PathBuf,
    name: &str,
) -> Result<(NodeBuilder, Option<playhouse::log::Builder>)> {
    let loader = arguments
        .set
        .iter()
        .fold(Loader::file(file).environment("ARENA"), Loader::set);
    let config: ClusterConfig<GameConfig> = match loader.load() {
        Ok(config) => config,
        // It has its own lines, with the places in the file.
        Err(report) => bail!("the configuration is wrong\n\n{report}"),
    };
    let node = config.node(name)?;
    let log = node.logging();
    let is_db = node.roles.as_deref() == Some(&["db".to_owned()]);
    let builder = match is_db {
        true => app::db_node(),
        false => app::node(arena(&config.game)),
    };
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
    match &game.key {
        Some(words) => Arena {
            key: SealKey::new(Sha256::digest(words.reveal().as_bytes()).into()),
            rules,
        },
        None => Arena::new(rules),
    }
}

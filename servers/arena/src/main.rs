//! Arena as a program: `arena run` is one node, `arena up` a cluster on this machine.

use std::process::ExitCode;

use arena::process::{self, Run};
use arena::up::{self, Up};
use clap::Parser;

/// Arena, the reference game of Playhouse.
#[derive(Debug, Parser)]
#[command(version, after_help = RUN_EXAMPLES)]
enum Arguments {
    /// Runs a node until Ctrl-C or SIGTERM: all roles at once, or what a configuration says
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Runs all nodes of a configuration on this machine, each as a process, and shows how they are
    #[command(after_help = UP_EXAMPLES)]
    Up(Up),
}

const RUN_EXAMPLES: &str = "\
Examples:
  arena run
  arena run --listen 127.0.0.1:7100 --data players
  arena run --config arena.json --node dev
  arena run --config arena.json --node dev --set nodes.dev.save_every=1s --set game.battle_time=60s
  arena up --config cluster.json
  playhouse describe 127.0.0.1:7000

Variables of the environment override the configuration, too: ARENA_HOST the macro HOST,
ARENA__NODES__DEV__SHARDS a key.";

const UP_EXAMPLES: &str = "\
Examples:
  arena up --config cluster.json
  arena up --config cluster.json --only lobby-1,db
  arena up --config cluster.json --logs /var/log/arena --no-restart
  arena up --config cluster.json --json | jq .nodes

Ctrl-C stops the nodes in order; a second one ends them at once. What a node writes goes to NAME.out in the
folder of the logs. A node that ends by itself is started again after a pause that grows from 1 s to 30 s.";

fn main() -> ExitCode {
    let outcome = match Arguments::parse() {
        Arguments::Run(run) => process::run(&run),
        Arguments::Up(up) => up::run(&up),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => process::failed(&error),
    }
}

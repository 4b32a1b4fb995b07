//! `kill`: the soak, and the game that it kills.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use playhouse::store::durable::Rule;
use playhouse_kill_tests::{ClusterRounds, Rounds, Serve, Trouble, rule, serve};

/// Kills Arena at random moments while it is played, and checks that nothing is lost or doubled.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// How often it is killed
    #[arg(long, default_value_t = 60)]
    rounds: u32,

    /// How many play
    #[arg(long, default_value_t = 16)]
    players: u32,

    /// The longest time that a round is played, in milliseconds
    #[arg(long, default_value_t = 4_000)]
    play_ms: u64,

    /// Decides what players do
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// A rule of the durable protocol that is not kept, to see that the checker notices
    #[arg(long, value_parser = rule)]
    without: Option<Rule>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Breaks a cluster of processes on etcd and MongoDB's protocol while it is played on, and checks the same
    #[command(after_help = EXAMPLES)]
    Cluster(Cluster),
    /// Serves the game until it is killed
    #[command(hide = true)]
    Serve(Serve),
    /// Runs a node of a cluster until it is killed
    #[command(hide = true)]
    Node(arena::process::Run),
}

#[derive(Debug, clap::Args)]
struct Cluster {
    /// How often something goes wrong
    #[arg(long, default_value_t = 60)]
    rounds: u32,

    /// How many play
    #[arg(long, default_value_t = 12)]
    players: u32,

    /// The longest time that a round is played before something goes wrong, in milliseconds
    #[arg(long, default_value_t = 4_000)]
    play_ms: u64,

    /// Decides what players do and what goes wrong
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// What may go wrong; everything if nothing is said
    #[arg(long, value_enum, value_delimiter = ',')]
    trouble: Vec<Trouble>,
}

const EXAMPLES: &str = "\
Examples:
  cargo run --release -p playhouse-kill-tests --bin kill -- --rounds 60
  cargo run -p playhouse-kill-tests --bin kill -- --rounds 5 --seed 7
  cargo run -p playhouse-kill-tests --bin kill -- --rounds 20 --without RowInCommit
  cargo run --release -p playhouse-kill-tests --bin kill -- cluster --rounds 60
  cargo run -p playhouse-kill-tests --bin kill -- cluster --rounds 5 --trouble pause,store-cut";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => arena::process::failed(&error),
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let say = |line: &str| {
        let _ = writeln!(std::io::stdout(), "{line}");
    };
    match &arguments.command {
        Some(Command::Serve(options)) => return serve(options),
        Some(Command::Node(node)) => return arena::process::run(node),
        Some(Command::Cluster(cluster)) => {
            let rounds = ClusterRounds {
                program: std::env::current_exe()?,
                rounds: cluster.rounds,
                players: cluster.players,
                play_ms: cluster.play_ms,
                seed: cluster.seed,
                troubles: cluster.trouble.clone(),
            };
            say(&rounds.run(say)?.to_string());
            return Ok(());
        }
        None => {}
    }
    let rounds = Rounds {
        program: std::env::current_exe()?,
        rounds: arguments.rounds,
        players: arguments.players,
        play_ms: arguments.play_ms,
        seed: arguments.seed,
        without: arguments.without,
    };
    let report = rounds.run(say)?;
    say(&report.to_string());
    Ok(())
}

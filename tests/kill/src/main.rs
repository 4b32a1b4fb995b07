//! `kill`: the soak, and the game that it kills.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use playhouse::store::durable::Rule;
use playhouse_kill_tests::{Rounds, Serve, rule, serve};

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
    /// Serves the game until it is killed
    #[command(hide = true)]
    Serve(Serve),
}

const EXAMPLES: &str = "\
Examples:
  cargo run --release -p playhouse-kill-tests --bin kill -- --rounds 60
  cargo run -p playhouse-kill-tests --bin kill -- --rounds 5 --seed 7
  cargo run -p playhouse-kill-tests --bin kill -- --rounds 20 --without RowInCommit";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads errors, the exit code says it.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(Command::Serve(options)) = &arguments.command {
        return serve(options);
    }
    let rounds = Rounds {
        program: std::env::current_exe()?,
        rounds: arguments.rounds,
        players: arguments.players,
        play_ms: arguments.play_ms,
        seed: arguments.seed,
        without: arguments.without,
    };
    let say = |line: &str| {
        let _ = writeln!(std::io::stdout(), "{line}");
    };
    let report = rounds.run(say)?;
    say(&report.to_string());
    Ok(())
}

//! What the demo is asked to do.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::doors::Carrier;

/// Most bots that one process plays: each has up to two sockets, and most systems allow 1,024 to begin with.
const BOTS_MAX: i64 = 2_000;

/// Runs Arena, the reference game, with a crowd of bots that play it and check all they are told.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo", after_help = EXAMPLES, version)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Hidden>,

    /// How many bots play
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=BOTS_MAX))]
    pub(crate) bots: u32,

    /// Ends after so many seconds; without it, when Ctrl-C is pressed (a simulation: after 30)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: Option<u32>,

    /// Keeps the players in this folder, for the next time; without it, in a folder that is removed at the end
    #[arg(long, value_name = "FOLDER", conflicts_with = "sim")]
    pub(crate) data: Option<PathBuf>,

    /// Plays on a cluster: eight nodes, each a process of its own
    #[arg(long, conflicts_with = "sim")]
    pub(crate) cluster: bool,

    /// The nodes find each other by etcd: the one at these endpoints, or one that is started and stopped with the demo
    #[arg(long, value_name = "ENDPOINT,..", requires = "cluster", num_args = 0..=1)]
    pub(crate) etcd: Option<Option<String>>,

    /// The nodes save to MongoDB: the one of this URI, or one that is started and stopped with the demo
    #[arg(long, value_name = "URI", requires = "cluster", num_args = 0..=1)]
    pub(crate) mongodb: Option<Option<String>>,

    /// Breaks the bots' links at any byte and moves their sessions between transports, all the time; on a cluster it also kills gates and stops lobbies, whose players move. Nothing may be lost or doubled
    #[arg(long)]
    pub(crate) chaos: bool,

    /// By what bots come, in equal parts; the last three take a build of their own, with WebSocket, TLS and QUIC
    #[arg(
        long,
        value_name = "NAME,..",
        value_delimiter = ',',
        default_value = "tcp,kcp",
        conflicts_with = "sim"
    )]
    pub(crate) transports: Vec<Carrier>,

    /// Bots and nodes talk without encryption, but where the transport itself encrypts, as wss and quic do
    #[arg(long, conflicts_with = "sim")]
    pub(crate) plain: bool,

    /// How bots log in: each over its link, or over HTTP
    #[arg(
        long,
        value_name = "HOW",
        default_value = "link",
        conflicts_with = "sim"
    )]
    pub(crate) login: LoginBy,

    /// Prints one JSON object at the end, and nothing else, to standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// Plays on a simulated network and in virtual time, as fast as it can, and prints a hash of all that happened
    #[arg(long)]
    pub(crate) sim: bool,

    /// Decides what the bots do, and in a simulation everything else
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Simulates every seed from A to below B and prints a line for each that fails
    #[arg(long, value_name = "A..B", requires = "sim", value_parser = seeds)]
    pub(crate) seeds: Option<Range<u64>>,
}

/// How somebody logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LoginBy {
    Link,
    Http,
}

/// What the demo runs itself as.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Hidden {
    /// One node of the cluster
    #[command(hide = true)]
    Node(arena::process::Run),
}

const EXAMPLES: &str = "\
Examples:
  cargo demo                                 until Ctrl-C, with 50 bots
  cargo demo --seconds 30 --bots 200 --json  a summary for a program
  cargo demo --data players                  the same players again the next time
  cargo demo --chaos --seconds 60            links break and sessions move, and nobody notices
  cargo demo --transports tcp,ws,quic        bots come by these
  cargo demo --plain --transports tcp        what encryption costs here shows beside the same without --plain
  cargo demo --cluster --seconds 30          the same game on eight nodes, with nothing installed
  cargo demo --cluster --chaos --seconds 60  and its gates are killed all the while
  cargo demo --cluster --etcd --mongodb      and on real ones
  cargo demo --sim --seed 7                  the same game in virtual time: twice the same hash
  cargo demo --sim --seeds 0..1000 --bots 8 --seconds 10

Ends with 0 if every bot got what it expected, 1 if one didn't, 2 on wrong usage.";

impl Arguments {
    /// How long a simulation lasts, in virtual time.
    pub(crate) fn simulated_time(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(30).into())
    }
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (first, end) = text
        .split_once("..")
        .ok_or("two numbers are wanted, as in 0..1000")?;
    let number = |part: &str| {
        part.parse::<u64>()
            .map_err(|error| format!("`{part}`: {error}"))
    };
    let range = number(first)?..number(end)?;
    if range.is_empty() {
        return Err("there is no seed in it: the second number must be the larger one".to_owned());
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn seeds_are_a_range_that_is_not_empty() {
        assert_eq!(seeds("3..5"), Ok(3..5));
        for wrong in ["3", "5..3", "3..3", "a..b", "3..=5", ""] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}

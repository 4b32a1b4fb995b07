//! What can be written behind `playhouse ctl`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{KeyFile, duration};

/// Where a node is asked if nothing is said.
const AT: &str = "127.0.0.1:7000";

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl nodes --at 127.0.0.1:7000                  all nodes, as the one at this address sees them
  playhouse ctl nodes --watch                              again every two seconds
  playhouse ctl drain lobby-1 --at 127.0.0.1:7000          hands over what it runs, and stops
  playhouse ctl restart lobby-1 --at 127.0.0.1:7000        stops it gracefully and waits until it is back
  playhouse ctl log-level lobby-1 arena::battle=debug --for 10m
  playhouse ctl describe lobby-1                           what it runs
  playhouse ctl ban lobby-1 192.0.2.7 --for 60m            lets nobody in from there

Any node of a cluster answers for all: --at takes the address of one, by default 127.0.0.1:7000.

Exit codes: 0 done, 1 the node refused or did not do it in time, 2 wrong usage, or the node can't be reached")]
pub(crate) struct Ctl {
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(Debug, Args)]
pub(crate) struct At {
    /// Where a node of the cluster listens, host:port
    #[arg(long, value_name = "ADDR", default_value = AT)]
    pub(crate) at: String,
    /// How long an answer may take: 500ms, 2s, 1m
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) deadline: Duration,
    #[command(flatten)]
    pub(crate) key: KeyFile,
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Shows all nodes and how they are
    Nodes(Nodes),
    /// Has a node hand over what it runs, and stop
    Drain(Drain),
    /// Stops a node gracefully, so that its supervisor starts it again, and waits until it is back
    Restart(Restart),
    /// Shows or changes what a node logs
    LogLevel(LogLevel),
    /// Shows what a node is and what can be called on it
    Describe(DescribeNode),
    /// Closes what is connected to a node from an address or a network, and lets nobody in from there
    Ban(Ban),
    /// Takes a ban back
    Unban(Unban),
    /// Shows whom a node does not let in
    Bans(Bans),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl nodes                       a table
  playhouse ctl nodes --json | jq .nodes[]  one JSON object
  playhouse ctl nodes --watch               again every two seconds, until Ctrl-C")]
pub(crate) struct Nodes {
    #[command(flatten)]
    pub(crate) at: At,
    /// Show it again every two seconds
    #[arg(long)]
    pub(crate) watch: bool,
    /// Write one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl drain lobby-1                    waits until it is gone, two minutes at most
  playhouse ctl drain lobby-1 --timeout 10m      gives it longer

Its entities go to other nodes with their state; those that nobody else runs are saved. The process ends with the status 0.")]
pub(crate) struct Drain {
    /// The node's name
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) at: At,
    /// How long it may take: 30s, 5m
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl restart lobby-1                  waits until it is back, a minute at most
  playhouse ctl restart lobby-1 --timeout 5m     gives it longer

The process ends with the status 75; a supervisor starts it again (arena up; systemd with Restart=always).")]
pub(crate) struct Restart {
    /// The node's name
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) at: At,
    /// How long it may take to be back: 30s, 5m
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl log-level lobby-1                                      which hold
  playhouse ctl log-level lobby-1 warn,arena::battle=debug             from now on
  playhouse ctl log-level lobby-1 arena::battle=trace --for 10m        beside what holds otherwise, for ten minutes")]
pub(crate) struct LogLevel {
    /// The node's name
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    /// Levels by module: info,arena::battle=debug
    #[arg(value_name = "LEVELS")]
    pub(crate) levels: Option<String>,
    /// For how long: 10m
    #[arg(long = "for", value_name = "TIME", value_parser = duration, requires = "levels")]
    pub(crate) time: Option<Duration>,
    #[command(flatten)]
    pub(crate) at: At,
    /// Write one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl describe lobby-1          what the node runs
  playhouse ctl describe lobby-1 --all    what its schema has besides")]
pub(crate) struct DescribeNode {
    /// The node's name
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) at: At,
    /// Show services and entities of other roles too
    #[arg(long)]
    pub(crate) all: bool,
    /// Write one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl ban lobby-1 192.0.2.7                 for as long as the node runs
  playhouse ctl ban lobby-1 2001:db8::/64 --for 60m   for an hour

Who is to stay out of every node belongs into the file that `doors.ban_list` names. Where `trust_peers` says that tools come from, nobody is banned.")]
pub(crate) struct Ban {
    /// The node's name
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    /// Who: 192.0.2.7, 192.0.2.0/24, 2001:db8::/64
    #[arg(value_name = "NETWORK")]
    pub(crate) network: String,
    /// For how long: 30s, 60m
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl unban lobby-1 192.0.2.7    as `playhouse ctl bans` shows it")]
pub(crate) struct Unban {
    /// The node's name
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    /// Who: 192.0.2.7, 192.0.2.0/24, 2001:db8::/64
    #[arg(value_name = "NETWORK")]
    pub(crate) network: String,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse ctl bans lobby-1           one a line
  playhouse ctl bans lobby-1 --json    one JSON object")]
pub(crate) struct Bans {
    /// The node's name
    #[arg(value_name = "NODE")]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) at: At,
    /// Write one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

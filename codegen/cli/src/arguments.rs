//! What can be written behind `playhouse`.

mod ctl;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use ctl::{Ban, Bans, Ctl, DescribeNode, Drain, LogLevel, Nodes, Restart, Unban, What};

/// The toolchain of Playhouse schemas.
#[derive(Debug, Parser)]
#[command(
    name = "playhouse",
    version,
    about = "Checks Playhouse schemas and generates code from them",
    after_help = EXAMPLES,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    /// The manifest; else playhouse.toml in this folder or the nearest one above it
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) manifest: Option<PathBuf>,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  playhouse new mygame        make a project that works at once
  playhouse check             is the schema right? every mistake at once
  playhouse gen               write what playhouse.toml asks for
  playhouse describe ADDR     what can be called on a running node
  playhouse call ADDR Login.weather '{}'
  playhouse ctl nodes         which nodes there are, and how they are

Exit codes: 0 fine, 1 problems found in the schema, or a call that failed, 2 wrong usage, a file that can't be read or
written, or a node that can't be reached";

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// If a person looks at it
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a project that checks, generates and tests at once
    New(New),
    /// Reports every error and warning of the schema
    Check(Check),
    /// Formats schemas and numbers members that have no number yet
    Fmt(Format),
    /// Reports what is allowed and most likely a mistake
    Lint(Lint),
    /// Writes the outputs that playhouse.toml names
    Gen(Generate),
    /// Judges what has changed since an earlier version of the schema
    Compat(Compat),
    /// Closes a release: what it holds is what compat protects from now on
    Release(Release),
    /// Explains a code, a lint or an attribute, with examples
    Explain(Explain),
    /// Calls something on a running node, by name
    Call(Call),
    /// Shows what a running node is and what can be called on it
    Describe(Describe),
    /// Looks after the nodes of a cluster: which there are, restarts, levels of the log
    Ctl(Ctl),
    /// Makes keys, by which nodes, tools and clients know each other
    Keys(Keys),
    /// Looks at the documents of a store
    #[command(subcommand)]
    Data(Data),
    /// Rewrites the generated tables of the language reference
    #[command(hide = true)]
    DocsTables(Tables),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse new mygame                          in a new folder mygame
  playhouse new games/my-game                   in games/my-game; its package is my_game
  playhouse new mygame --playhouse ../playhouse with the crate of that checkout

Without --playhouse the project uses the crate of the checkout that this command was built from, or, if there is none,
that of the same version from the registry.")]
pub(crate) struct New {
    /// The folder to make; its last part is the project's name
    #[arg(value_name = "NAME")]
    pub(crate) path: PathBuf,
    /// The crate playhouse, or a checkout that holds it
    #[arg(long, value_name = "PATH")]
    pub(crate) playhouse: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse check                    the whole project
  playhouse check idl/world          what is wrong in this folder; the whole project is checked
  playhouse check --fix              apply the fixes that keep the meaning
  playhouse check --json | jq .code  one object a line")]
pub(crate) struct Check {
    /// Apply the fixes that keep the meaning
    #[arg(long)]
    pub(crate) fix: bool,
    /// Write one JSON object a line for each diagnostic
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail on warnings too
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Report only what is in these files and folders
    #[arg(value_name = "PATHS")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse fmt                      all schemas of the project
  playhouse fmt --check              fail and list what is not formatted
  playhouse fmt idl/world.idl        this file
  playhouse fmt - < a.idl > b.idl    standard input to standard output")]
pub(crate) struct Format {
    /// Write nothing; fail if something is not formatted
    #[arg(long)]
    pub(crate) check: bool,
    /// Write one JSON object a line for each file that is, or would be, changed, and for each syntax error
    #[arg(long)]
    pub(crate) json: bool,
    /// These files instead of all schemas of the project; - is standard input
    #[arg(value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse lint                     all of them
  playhouse lint unused_type         one
  playhouse lint --list              which there are; playhouse explain NAME says more")]
pub(crate) struct Lint {
    /// List the lints with their levels
    #[arg(long)]
    pub(crate) list: bool,
    /// Write one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail on warnings
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Only these lints
    #[arg(value_name = "NAMES")]
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse compat                          with the last release
  playhouse compat --against git:main       with a revision
  playhouse compat --against ../released    with a folder of schemas
  playhouse compat --all                    the harmless changes too
  playhouse compat --accept \"never used\"   answer for the breaks; the lock remembers it

Classes: WIRE old and new peers misread each other, DOCUMENT saved data is lost or misread,
SOURCE code stops compiling, EXPOSURE clients can do or see more")]
pub(crate) struct Compat {
    /// lock (the last release), git:REVISION, or a folder
    #[arg(long, value_name = "VERSION", default_value = "lock")]
    pub(crate) against: String,
    /// Write the breaks into the lock, with why they are accepted
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) accept: Option<String>,
    /// Show the harmless changes too
    #[arg(long)]
    pub(crate) all: bool,
    /// Write one JSON object a line for each change, the harmless ones too
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse release                  write the schema as it is into the lock; commit the lock
  playhouse compat                   what has changed since")]
pub(crate) struct Release {
    /// Write one JSON object with the number, or one a line for each thing in the way
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse explain                  all codes and lints
  playhouse explain E0301            one
  playhouse explain sparse_tags      a lint
  playhouse explain @sync            an attribute
  playhouse explain attributes       all attributes
  playhouse explain all | less       every page")]
pub(crate) struct Explain {
    /// A code, the name of a lint or an attribute, attributes, or all
    #[arg(value_name = "WORD")]
    pub(crate) word: Option<String>,
    /// Write one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse call 127.0.0.1:7000 Login.weather                                  no arguments
  playhouse call 127.0.0.1:7000 Login.weather '{\"region\": \"asia\"}'           by name
  playhouse call 127.0.0.1:7000 'Avatar(7).bag.has' '[12, 3]' --deadline 2s    by position; an entity, and a slot of it
  playhouse call 127.0.0.1:7000 arena.account.Login.weather --json | jq        one JSON object: returned, thrown or failed

Exit codes: 0 it returned, 1 it threw or failed, 2 wrong usage, or the node can't be reached")]
pub(crate) struct Call {
    /// Where the node listens, host:port
    #[arg(value_name = "ADDR")]
    pub(crate) address: String,
    /// Service.call, Entity(key).call or Entity(key).slot.call; packages in front where two have the name
    #[arg(value_name = "CALL")]
    pub(crate) target: String,
    /// The arguments as JSON, an object by name or an array by position; - reads them from standard input
    #[arg(value_name = "JSON", default_value = "{}")]
    pub(crate) arguments: String,
    /// How long it may take: 500ms, 2s, 1m
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) deadline: Duration,
    /// Write one JSON object, whatever becomes of the call
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) key: KeyFile,
}

#[derive(Debug, Args)]
pub(crate) struct KeyFile {
    /// A file with the cluster's key, if its nodes have one: only its owner should be able to read it
    #[arg(long, value_name = "PATH")]
    pub(crate) cluster_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse keys                            one of each kind, and what it is for
  playhouse keys --json | jq -r .server_key the secret alone
  playhouse keys --public-of server.key     what clients are given, of the secret in this file

Keep secrets out of version control: a configuration takes them from the environment, \"$env:SERVER_KEY$\".")]
pub(crate) struct Keys {
    /// Write the public key of the secret in this file, and make none
    #[arg(long, value_name = "PATH", conflicts_with = "json")]
    pub(crate) public_of: Option<PathBuf>,
    /// Write one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse describe 127.0.0.1:7000          what the node runs
  playhouse describe 127.0.0.1:7000 --all    what its schema has besides
  playhouse describe 127.0.0.1:7000 --json   all of it as one JSON object

Exit codes: 0 fine, 2 wrong usage, or the node can't be reached")]
pub(crate) struct Describe {
    /// Where the node listens, host:port
    #[arg(value_name = "ADDR")]
    pub(crate) address: String,
    /// Show services and entities of other roles too
    #[arg(long)]
    pub(crate) all: bool,
    /// How long it may take: 500ms, 2s, 1m
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) deadline: Duration,
    /// Write one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) key: KeyFile,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Says which documents do not fit the schema
    Check(DataCheck),
    /// Takes a document out of quarantine: its next use loads it again
    Release(DataRelease),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse data check --store /var/lib/arena              all documents, of a store that no node has open
  playhouse data check --store mongodb://db/arena          on a MongoDB server
  playhouse data check --store S --collection guild.Hero   those of one entity
  playhouse data check --store S --json | jq .document     one object a line for each misfit, then one of counts

Exit codes: 0 all fit, 1 some do not, 2 wrong usage, or a store that can't be opened")]
pub(crate) struct DataCheck {
    /// The folder of an embedded store, or the address of a MongoDB database
    #[arg(long, value_name = "STORE")]
    pub(crate) store: String,
    /// Only the documents of this entity, by its full name
    #[arg(long, value_name = "ENTITY")]
    pub(crate) collection: Option<String>,
    /// Take those that fit out of quarantine
    #[arg(long)]
    pub(crate) release: bool,
    /// Write one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse data release arena.world.Avatar/u42 --store /var/lib/arena")]
pub(crate) struct DataRelease {
    /// The document, as the log and `data check` name it
    #[arg(value_name = "DOCUMENT")]
    pub(crate) document: String,
    /// The folder of an embedded store, or the address of a MongoDB database
    #[arg(long, value_name = "STORE")]
    pub(crate) store: String,
}

/// `500ms`, `2s`, `1m`; more than nothing, at most a day.
fn duration(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let digits = text.len()
        - text
            .trim_start_matches(|letter: char| letter.is_ascii_digit())
            .len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number
        .parse()
        .map_err(|_| "write a number and a unit: 500ms, 2s, 1m".to_owned())?;
    let millis = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        _ => return Err("the unit is ms, s or m: 500ms, 2s, 1m".to_owned()),
    };
    millis
        .map(Duration::from_millis)
        .filter(|time| !time.is_zero() && *time <= DAY)
        .ok_or_else(|| "more than nothing and at most a day (1440m)".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// Write nothing; fail if they are not up to date
    #[arg(long)]
    pub(crate) check: bool,
    /// The reference
    #[arg(default_value = "docs/language.md")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  playhouse gen                      write what differs, remove what is no longer generated
  playhouse gen --check              fail if something is not up to date (for CI)
  playhouse gen --watch              generate whenever a schema changes
  playhouse gen --target rust        these outputs alone")]
pub(crate) struct Generate {
    /// Write nothing; fail if something is not up to date
    #[arg(long, conflicts_with = "watch")]
    pub(crate) check: bool,
    /// Generate again whenever a schema or playhouse.toml changes
    #[arg(long)]
    pub(crate) watch: bool,
    /// Write one JSON object that lists what was done
    #[arg(long)]
    pub(crate) json: bool,
    /// Only the outputs for this target
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
}

//! The `playhouse` command. Exit codes: 0 fine, 1 problems found, 2 wrong usage or a file that can't be read or written.

mod arguments;
mod command;
mod diff;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};
use terminal::Terminal;

/// How a command that ran to its end ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to complain about.
    Fine,
    /// It found problems and has said which.
    Problems,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(arguments.color);
    match dispatch(arguments, terminal) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Problems) => ExitCode::from(1),
        Err(error) => {
            terminal.fail(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: Arguments, terminal: Terminal) -> anyhow::Result<Outcome> {
    let place = command::Place::new(arguments.manifest, terminal)?;
    match arguments.command {
        Command::New(options) => command::new::run(&place, &options),
        Command::Check(options) => command::check::run(&place, &options),
        Command::Fmt(options) => command::format::run(&place, &options),
        Command::Lint(options) => command::lint::run(&place, &options),
        Command::Gen(options) => command::generate::run(&place, &options),
        Command::Compat(options) => command::compat::run(&place, &options),
        Command::Release(options) => command::release::run(&place, &options),
        Command::Explain(options) => command::explain::run(&place, &options),
        Command::Call(options) => command::call::run(&place, &options),
        Command::Describe(options) => command::describe::run(&place, &options),
        Command::Keys(options) => command::keys::run(&place, &options),
        Command::Ctl(options) => command::ctl::run(&place, &options),
        Command::Data(options) => command::data::run(&place, &options),
        Command::DocsTables(options) => command::tables::run(&place, &options),
    }
}

//! Automation in Rust: `cargo verify`, `cargo xtask codegen`, `cargo xtask tidy`, `cargo xtask fuzz`.
//!
//! It is built cold before everything else, so it has one small dependency and reads other programs' plain text
//! output instead of JSON. Read [`verify`] first: it is the one test command and calls all the rest.

#![allow(clippy::print_stdout, reason = "a shell: printing is its work")]

mod arguments;
mod codegen;
mod fuzz;
mod process;
mod repository;
mod tidy;
mod verify;

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::repository::Repository;

const USAGE: &str = "\
Automation of this repository.

usage: cargo xtask COMMAND [FLAGS]

  verify [--install] [--only STAGE,..] [--list]   everything that CI runs (also: cargo verify)
  codegen [--check] [--only NAME,..] [--list]     regenerate all that is generated and committed
  tidy [--list]                                   layer bans, file headers, house rules
  fuzz TARGET [--seconds N] | --list              fuzz one target, guided by coverage
  help                                            this text

examples:
  cargo verify --install              as CI does it: installs what is missing on Debian
  cargo verify --only fmt,clippy      two stages alone
  cargo xtask codegen                 after a change of the language, an emitter or a schema
  cargo xtask fuzz decoder --seconds 600
";

fn main() -> ExitCode {
    match dispatch(std::env::args().skip(1).collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; `false` means that it ran and found something wrong, and has said so.
fn dispatch(mut words: Vec<String>) -> Result<bool> {
    if words.is_empty() || words.iter().any(|word| word == "--help" || word == "-h") {
        print!("{USAGE}");
        return Ok(!words.is_empty());
    }
    let command = words.remove(0);
    let repository = Repository::find()?;
    match command.as_str() {
        "verify" => verify::command(&repository, Arguments::new(words)),
        "codegen" => codegen::command(&repository, Arguments::new(words)),
        "tidy" => tidy::command(&repository, Arguments::new(words)),
        "fuzz" => fuzz::command(&repository, Arguments::new(words)),
        "help" => {
            print!("{USAGE}");
            Ok(true)
        }
        unknown => {
            let known = ["verify", "codegen", "tidy", "fuzz", "help"];
            Err(arguments::unknown("command", unknown, &known))
        }
    }
}

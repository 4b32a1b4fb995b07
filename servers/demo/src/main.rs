//! `cargo demo`: Arena and a crowd of bots in one process, and a view of what they do.
//!
//! Ends with 0 if every bot got what it expected, with 1 if one didn't, and with 2 on wrong usage.

mod arguments;
mod chart;
mod live;
mod served;
mod simulated;
mod summary;
mod view;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match (&arguments.seeds, arguments.sim) {
        (Some(seeds), _) => simulated::many(&arguments, seeds.clone()),
        (None, true) => simulated::one(&arguments),
        (None, false) => live::run(&arguments),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            view::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

//! `cargo demo`: Arena in this process, in several, or in a simulation, a crowd of bots, and a view of what they do.
//!
//! Ends with 0 if every bot got what it expected, with 1 if one didn't, and with 2 on wrong usage.

mod arguments;
mod chart;
mod cluster;
mod doors;
mod features;
mod live;
mod served;
mod simulated;
mod summary;
mod view;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Hidden};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Hidden::Node(node)) = &arguments.command {
        return match arena::process::run(node) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => arena::process::failed(&error),
        };
    }
    let outcome = match &arguments.seeds {
        Some(seeds) => simulated::many(&arguments, seeds.clone()),
        None if arguments.sim => simulated::one(&arguments),
        None if features::are_missing(&arguments) => features::run_with_them(&arguments),
        None if arguments.cluster => cluster::run(&arguments),
        None => live::run(&arguments),
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

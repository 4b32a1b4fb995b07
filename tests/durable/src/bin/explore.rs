//! Explores the durable protocol: `explore --scenario gift --without AckAgain`.

#![allow(
    clippy::print_stdout,
    reason = "it is a command: its report goes there"
)]

use std::process::ExitCode;

use clap::Parser;
use playhouse_durable_tests::{Report, Scenario, Without, explore};

/// Explores the durable protocol through every order of events.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which scenario; all of them if it is left out.
    #[arg(long)]
    scenario: Option<String>,
    /// Which rule is dropped, as `AckAgain`.
    #[arg(long)]
    without: Option<String>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// At most so many states a scenario.
    #[arg(long, default_value_t = 20_000_000)]
    states_max: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scenarios = match &arguments.scenario {
        None => Scenario::ALL.to_vec(),
        Some(name) => match Scenario::named(name) {
            Some(scenario) => vec![scenario],
            None => {
                let known = Scenario::ALL.map(|scenario| scenario.name).join(", ");
                println!("there is no scenario {name}; there are {known}");
                return ExitCode::FAILURE;
            }
        },
    };
    let without = match &arguments.without {
        None => Without::Nothing,
        Some(name) => match Without::all().find(|(known, _)| known == name) {
            Some((_, without)) => without,
            None => {
                let known: Vec<String> = Without::all().map(|(known, _)| known).collect();
                println!("there is no rule {name}; there are {}", known.join(", "));
                return ExitCode::FAILURE;
            }
        },
    };
    let mut is_sound = true;
    for scenario in scenarios {
        let report = explore(&scenario, without, arguments.states_max);
        is_sound &= report.found.is_none();
        if arguments.json {
            println!("{}", json(&report));
        } else {
            println!("{report}");
        }
    }
    if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::json!({
        "scenario": report.scenario,
        "states": report.states,
        "depth": report.depth,
        "rests": report.rests,
        "seconds": report.time.as_secs_f64(),
        "complete": report.is_complete,
        "wrong": report.found.as_ref().map(|found| &found.what),
        "path": report.found.as_ref().map(|found| &found.path),
    })
}

//! Explores placement: `explore --scenario handoff --without Barrier`.

#![allow(
    clippy::print_stdout,
    reason = "it is a command: its report goes there"
)]

use std::process::ExitCode;

use clap::Parser;
use playhouse_placement_tests::{LeaseScenario, LeaseWorld, Scenario, Without, World, explore};

/// Explores placement through every order of events.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which scenario; all of them if it is left out.
    #[arg(long)]
    scenario: Option<String>,
    /// Which rule is dropped, as `Barrier`.
    #[arg(long)]
    without: Option<String>,
    /// At most so many states a scenario.
    #[arg(long, default_value_t = 5_000_000)]
    states_max: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
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
    let is_named = |of: &str| arguments.scenario.as_deref().is_none_or(|name| name == of);
    let mut is_sound = true;
    for scenario in Scenario::ALL {
        if !is_named(scenario.name) {
            continue;
        }
        let first = || World::new(scenario, without);
        let report = explore(
            scenario.name,
            first,
            scenario.rest_every,
            arguments.states_max,
        );
        is_sound &= report.found.is_none();
        println!("{report}");
    }
    for scenario in LeaseScenario::ALL {
        if !is_named(scenario.name) {
            continue;
        }
        let first = || LeaseWorld::new(scenario, without);
        let report = explore(scenario.name, first, u64::MAX, arguments.states_max);
        is_sound &= report.found.is_none();
        println!("{report}");
    }
    if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

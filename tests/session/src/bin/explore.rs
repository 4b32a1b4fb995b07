//! Explores sessions: `explore --scenario breaks --without Fence`.

#![allow(
    clippy::print_stdout,
    reason = "it is a command: its report goes there"
)]

use std::process::ExitCode;

use clap::Parser;
use playhouse_session_tests::{AsideWorld, LatestWorld, Scenario, World, explore};
use playhouse_wire::session::Rule;

/// Explores sessions through every order of events.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which scenario; all of them if it is left out.
    #[arg(long)]
    scenario: Option<String>,
    /// Which rule is dropped, as `Fence`.
    #[arg(long)]
    without: Option<String>,
    /// At most so many states a scenario.
    #[arg(long, default_value_t = 5_000_000)]
    states_max: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let named = |rule: &Rule| Some(format!("{rule:?}")) == arguments.without;
    let without = Rule::ALL.into_iter().find(named);
    if let (Some(name), None) = (&arguments.without, without) {
        println!("there is no rule {name}; there are {:?}", Rule::ALL);
        return ExitCode::FAILURE;
    }
    let is_named = |of: &str| arguments.scenario.as_deref().is_none_or(|name| name == of);
    let mut is_sound = true;
    for scenario in Scenario::ALL {
        if !is_named(scenario.name) {
            continue;
        }
        let first = || World::new(scenario, without);
        let (every, most) = (scenario.rest_every, arguments.states_max);
        let report = explore(scenario.name, first, every, most);
        is_sound &= report.found.is_none();
        println!("{report}");
    }
    if is_named("latest") {
        let first = || LatestWorld::new(without);
        let report = explore("latest", first, 1, arguments.states_max);
        is_sound &= report.found.is_none();
        println!("{report}");
    }
    if is_named("events") {
        let first = || LatestWorld::events(without);
        let report = explore("events", first, 1, arguments.states_max);
        is_sound &= report.found.is_none();
        println!("{report}");
    }
    if is_named("aside") {
        let first = || AsideWorld::new(without);
        let report = explore("aside", first, 1, arguments.states_max);
        is_sound &= report.found.is_none();
        println!("{report}");
    }
    if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

//! `cargo verify`: the one test command, a list of stages that stops at the first failure.
//!
//! The stages share the dev profile and one target folder, so that a dependency is built once for clippy and docs and
//! once for the tests; only the fuzz targets have builds of their own, since their flags differ.

mod requirement;
mod tally;

use std::time::Instant;

use anyhow::{Result, anyhow};

use crate::arguments::Arguments;
use crate::process::Step;
use crate::repository::Repository;
use crate::verify::tally::{Runner, Tally};
use crate::{codegen, fuzz, tidy};

/// Seconds that each fuzz target runs for.
const FUZZ_SECONDS: u32 = 5;

/// The variable by which `proptest` takes the seed of its random cases, and the seed here: a revision that has passed passes again.
/// Whoever looks for more sets the variable to another number, or runs the tests without `verify`.
const CASES: (&str, &str) = ("PROPTEST_RNG_SEED", "20");

/// What is simulated: two lanes side by side, and what is in one of them one after the other. The clusters are a thousand.
const SIMULATIONS: [&[&str]; 2] = [
    &[
        "cargo run --quiet --package playhouse-sim-tests --bin seeds -- fair 1 600 quiet",
        "cargo run --quiet --package playhouse-sim-tests --bin seeds -- sessions 1 80 quiet",
        "cargo run --quiet --package playhouse-sim-tests --bin seeds -- lost 1 60 quiet",
        "cargo run --quiet --package playhouse-sim-tests --bin seeds -- ends 1 60 quiet",
    ],
    &[
        "cargo run --quiet --package playhouse-sim-tests --bin seeds -- bazaar 1 400 quiet",
        "cargo run --quiet --package playhouse-sim-tests --bin seeds -- market 1 1000 quiet",
        "cargo run --quiet --package arena-demo -- --sim --seeds 0..1000 --bots 6 --seconds 6",
    ],
];

/// One stage: `run` says whether it passed, after it has printed why not.
struct Stage {
    name: &'static str,
    about: &'static str,
    run: fn(&mut Session<'_>) -> Result<bool>,
}

/// What the stages share.
struct Session<'a> {
    repository: &'a Repository,
    install: bool,
    tally: Tally,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "requirements",
        about: "programs and packages that the rest needs; --install gets them on Debian",
        run: |session| requirement::check(session.repository, session.install),
    },
    Stage {
        name: "fmt",
        about: "rustfmt has nothing to change",
        run: |session| session.run("cargo fmt --all -- --check"),
    },
    Stage {
        name: "clippy",
        about: "no lint in any crate, tests and benches too",
        run: |session| {
            session.run("cargo clippy --workspace --all-targets --keep-going -- -D warnings")
        },
    },
    Stage {
        name: "codegen",
        about: "what is generated is up to date",
        run: |session| codegen::check(session.repository),
    },
    Stage {
        name: "tidy",
        about: "layer bans, file headers, house rules",
        run: |session| tidy::check(session.repository),
    },
    Stage {
        name: "test",
        about: "all Rust tests, examples in documentation too",
        run: test,
    },
    Stage {
        name: "sim",
        about: "a thousand clusters, games and markets in simulation, each by another seed",
        run: |session| session.run_side_by_side(SIMULATIONS),
    },
    Stage {
        name: "node",
        about: "all tests of the packages for Node",
        run: node,
    },
    Stage {
        name: "doc",
        about: "documentation without a warning",
        run: |session| {
            let step = session
                .repository
                .step("cargo doc --workspace --no-deps --keep-going");
            step.variable("RUSTDOCFLAGS", "-D warnings").run(|_| ())
        },
    },
    Stage {
        name: "fuzz",
        about: "each fuzz target for a few seconds",
        run: |session| fuzz::every(session.repository, FUZZ_SECONDS),
    },
];

/// `cargo verify [--install] [--only STAGE,..] [--list]`
pub(crate) fn command(repository: &Repository, mut arguments: Arguments) -> Result<bool> {
    let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
    let install = arguments.flag("--install");
    let list = arguments.flag("--list");
    let only = arguments.list("--only", &names)?;
    arguments.finish()?;
    if list {
        for stage in STAGES {
            println!("{:<14} {}", stage.name, stage.about);
        }
        return Ok(true);
    }
    let chosen = |stage: &&Stage| {
        only.as_ref()
            .is_none_or(|only| only.iter().any(|item| item == stage.name))
    };
    let mut session = Session {
        repository,
        install,
        tally: Tally::default(),
    };
    let mut lines = Vec::new();
    let start = Instant::now();
    let mut failed = None;
    for stage in STAGES.iter().filter(chosen) {
        println!("== {}: {}", stage.name, stage.about);
        let stage_start = Instant::now();
        let passed = (stage.run)(&mut session).unwrap_or_else(|error| {
            println!("error: {error:#}");
            false
        });
        let verdict = if passed { "passed" } else { "FAILED" };
        let line = format!(
            "{:<14} {verdict} {:>8.1} s",
            stage.name,
            seconds(stage_start)
        );
        println!("-- {line}\n");
        lines.push(line);
        if !passed {
            failed = Some(stage.name);
            break;
        }
    }
    lines.iter().for_each(|line| println!("   {line}"));
    println!("   {:<14}        {:>8.1} s", "all", seconds(start));
    if let Some(name) = failed {
        println!("\nverify failed: run this stage alone with `cargo verify --only {name}`");
    }
    if session.tally != Tally::default() {
        println!("{}", session.tally);
    }
    Ok(failed.is_none())
}

impl Session<'_> {
    fn run(&self, line: &str) -> Result<bool> {
        self.repository.step(line).run(|_| ())
    }

    /// Runs lanes at once, each until something of it fails.
    fn run_side_by_side<const LANES: usize>(&self, lanes: [&[&str]; LANES]) -> Result<bool> {
        let repository = self.repository;
        std::thread::scope(|scope| {
            let lanes = lanes.map(|lane| {
                scope.spawn(move || -> Result<bool> {
                    for line in lane {
                        if !repository.step(line).run(|_| ())? {
                            return Ok(false);
                        }
                    }
                    Ok(true)
                })
            });
            let mut passed = true;
            for lane in lanes {
                let lane = lane.join().map_err(|_| anyhow!("a lane has panicked"))?;
                passed &= lane?;
            }
            Ok(passed)
        })
    }

    /// Runs a test command and counts what its closing lines say.
    fn run_tests(&mut self, runner: Runner, step: &Step) -> Result<bool> {
        let tally = &mut self.tally;
        step.run(|line| tally.read(runner, line))
    }
}

/// Nextest where it is installed: it runs each test in a process of its own and names the slow ones.
fn test(session: &mut Session<'_>) -> Result<bool> {
    let repository = session.repository;
    let step = |line| {
        let step = repository.step(line);
        match std::env::var_os(CASES.0) {
            Some(_) => step,
            None => step.variable(CASES.0, CASES.1),
        }
    };
    if repository.step("cargo nextest --version").output().is_err() {
        let all = step("cargo test --workspace --no-fail-fast");
        return session.run_tests(Runner::Cargo, &all);
    }
    let tests = "cargo nextest run --workspace --no-fail-fast --status-level slow";
    let examples = "cargo test --workspace --doc";
    Ok(session.run_tests(Runner::Nextest, &step(tests))?
        && session.run_tests(Runner::Cargo, &repository.step(examples))?)
}

/// Each folder with a lock file of npm: its `test` script.
fn node(session: &mut Session<'_>) -> Result<bool> {
    let repository = session.repository;
    for folder in requirement::node_packages(repository)? {
        let step = repository
            .step("npm test --prefix")
            .argument(folder.as_str())
            .quiet();
        if !session.run_tests(Runner::Node, &step)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn seconds(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

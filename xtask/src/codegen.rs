//! `cargo xtask codegen`: the table of everything in the repository that a program writes.
//!
//! Each generator writes, or only compares. Where the comparison is a test that the test stage runs anyway, `verify` leaves
//! it to that stage, so that the work is done once.

use std::fs;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::repository::Repository;
use crate::tidy;

/// One generator: what it writes and how.
struct Generator {
    name: &'static str,
    writes: &'static str,
    work: Work,
}

/// How a generator is run.
enum Work {
    /// The playhouse command, for each project of a [`Scope`]; `--check` makes it compare.
    Project(&'static str, Scope),
    /// Tests, which compare, and write where [`UPDATE`] is set.
    Tests(&'static str),
}

/// Which projects of the repository.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Those that people keep as they would their own.
    Own,
    /// Fixtures too, whose layout is a part of what they show.
    Fixtures,
}

/// Makes tests write what they would compare.
const UPDATE: &str = "UPDATE";
/// Fixtures with outputs.
const FIXTURES: &[&str] = &["tests/golden/schemas/", "tests/ui/"];

/// In order: a later one may compile what an earlier one wrote.
const GENERATORS: &[Generator] = &[
    Generator {
        name: "layout",
        writes: "the layout of the schemas",
        work: Work::Project("fmt", Scope::Own),
    },
    Generator {
        name: "schemas",
        writes: "the outputs that each playhouse.toml names",
        work: Work::Project("gen", Scope::Fixtures),
    },
    Generator {
        name: "conformance",
        writes: "what the conformance vectors and the runtimes' own schemas are read with",
        work: Work::Tests("cargo test --quiet --package playhouse-conformance --test outputs"),
    },
    Generator {
        name: "fixtures",
        writes: "rendered diagnostics, verdicts, and the tables of the documentation",
        work: Work::Tests("cargo test --quiet --workspace --exclude xtask --tests --no-fail-fast"),
    },
];

/// `cargo xtask codegen [--check] [--only NAME,..] [--list]`
pub(crate) fn command(repository: &Repository, mut arguments: Arguments) -> Result<bool> {
    let names: Vec<&str> = GENERATORS.iter().map(|generator| generator.name).collect();
    let check = arguments.flag("--check");
    let list = arguments.flag("--list");
    let only = arguments.list("--only", &names)?;
    arguments.finish()?;
    if list {
        for generator in GENERATORS {
            println!("{:<12} {}", generator.name, generator.writes);
        }
        return Ok(true);
    }
    let chosen = |name: &str| {
        only.as_ref()
            .is_none_or(|only| only.iter().any(|item| item == name))
    };
    for generator in GENERATORS.iter().filter(|generator| chosen(generator.name)) {
        if !generate(repository, generator, check)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The stage of `verify`: every check but those that the test stage makes.
pub(crate) fn check(repository: &Repository) -> Result<bool> {
    for generator in GENERATORS {
        if matches!(generator.work, Work::Project(..)) && !generate(repository, generator, true)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn generate(repository: &Repository, generator: &Generator, check: bool) -> Result<bool> {
    let mut passed = true;
    match generator.work {
        Work::Project(command, scope) => {
            let build = repository.step("cargo build --quiet --package playhouse-cli");
            if !build.run(|_| ())? {
                return Ok(false);
            }
            let program = repository.target().join("debug").join("playhouse");
            for manifest in projects(&repository.files()?, scope) {
                let text = fs::read_to_string(repository.root().join(manifest))?;
                // A project may have its outputs written by tests.
                if command == "gen" && !text.contains("[[output]]") {
                    continue;
                }
                let step = repository.step("").program(program.to_string_lossy());
                let step = step
                    .argument(command)
                    .argument("--manifest")
                    .argument(manifest);
                let step = if check {
                    step.argument("--check")
                } else {
                    step
                };
                passed &= step.quiet().run(|_| ())?;
            }
        }
        Work::Tests(line) => {
            let step = repository.step(line);
            let step = if check {
                step
            } else {
                step.variable(UPDATE, "1")
            };
            passed = step.run(|_| ())?;
        }
    }
    if !passed && check {
        println!(
            "not up to date: {}; run cargo xtask codegen and commit",
            generator.writes
        );
    }
    Ok(passed)
}

/// Manifests of the projects in a scope.
fn projects(files: &[String], scope: Scope) -> Vec<&str> {
    let manifests = files
        .iter()
        .map(String::as_str)
        .filter(|path| path.ends_with("playhouse.toml"));
    let fixture = |path: &str| {
        scope == Scope::Fixtures && FIXTURES.iter().any(|folder| path.starts_with(folder))
    };
    manifests
        .filter(|path| fixture(path) || !tidy::is_fixture(path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = GENERATORS.iter().map(|generator| generator.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), GENERATORS.len());
    }

    #[test]
    fn fixtures_with_outputs_are_generated_and_not_laid_out() {
        let files = [
            "playhouse.toml",
            "tests/golden/schemas/y/playhouse.toml",
            "tests/ui/playhouse.toml",
            "tests/invalid/playhouse.toml",
        ];
        let files = files.map(str::to_owned);
        assert_eq!(projects(&files, Scope::Own), ["playhouse.toml"]);
        assert_eq!(projects(&files, Scope::Fixtures), &files[..3]);
    }
}

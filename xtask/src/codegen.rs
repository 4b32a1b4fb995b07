//! `cargo xtask codegen`: the table of everything in the repository that a program writes.
//!
//! Each generator has a command that writes and one that only compares. Where the comparison is a test that the test
//! stage runs anyway, the check is left to it, so that `verify` does the work once.

use anyhow::Result;

use crate::arguments::Arguments;
use crate::repository::Repository;

/// One generator: what it writes and how.
struct Generator {
    name: &'static str,
    writes: &'static str,
    write: &'static str,
    check: Check,
}

/// How to find out whether what is committed is what would be written.
enum Check {
    /// By a command of its own, which fails on a difference.
    Command(&'static str),
    /// By the tests that `write` runs, which compare unless `UPDATE=1` is set.
    Tests,
}

/// In order: a later one may read what an earlier one wrote.
const GENERATORS: &[Generator] = &[
    Generator {
        name: "schemas",
        writes: "the outputs named in playhouse.toml",
        write: "cargo run --quiet --package playhouse-cli -- gen",
        check: Check::Command("cargo run --quiet --package playhouse-cli -- gen --check"),
    },
    Generator {
        name: "diagnostics",
        writes: "rendered diagnostics beside the invalid fixtures",
        write: "cargo test --quiet --package playhouse-syntax --package playhouse-schema",
        check: Check::Tests,
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

/// The stage of `verify`: every check that the tests don't make.
pub(crate) fn check(repository: &Repository) -> Result<bool> {
    for generator in GENERATORS {
        if matches!(generator.check, Check::Command(_)) && !generate(repository, generator, true)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn generate(repository: &Repository, generator: &Generator, check: bool) -> Result<bool> {
    let step = match (&generator.check, check) {
        (_, false) => repository.step(generator.write).variable("UPDATE", "1"),
        (Check::Command(line), true) => repository.step(line),
        (Check::Tests, true) => repository.step(generator.write),
    };
    let passed = step.run(|_| ())?;
    if !passed && check {
        println!(
            "{} is out of date: run cargo xtask codegen and commit it",
            generator.writes
        );
    }
    Ok(passed)
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
}

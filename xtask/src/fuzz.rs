//! `cargo xtask fuzz`: builds the fuzz targets with coverage counters and runs them.
//!
//! The engine is libFuzzer. Its coverage counters come from a pass that rustc runs on request, which works on the stable
//! toolchain through `RUSTFLAGS`; sanitizers would need a nightly one, and the targets have no `unsafe` to find with them.
//! The flags differ from those of every other build, so this has a target folder of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::arguments::{self, Arguments};
use crate::repository::Repository;

/// Counters on every edge, and comparisons reported so that the engine can solve them.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Most bytes of one input.
const INPUT_BYTES_MAX: u32 = 16 * 1024;
/// Seconds after which one input counts as a hang.
const HANG_SECONDS: u32 = 5;
/// Where the engine's chance starts in `verify`, so that a run there is much like the last one.
const VERIFY_SEED: u32 = 1;
/// Memory of the process, in MiB, past which the engine calls it a leak.
const MEMORY_MIB_MAX: u32 = 2048;

/// The built engine and the targets it knows.
struct Build {
    engine: PathBuf,
    targets: Vec<String>,
}

/// `cargo xtask fuzz TARGET [--seconds N] | --list`
pub(crate) fn command(repository: &Repository, mut arguments: Arguments) -> Result<bool> {
    let list = arguments.flag("--list");
    let seconds = arguments.value("--seconds")?;
    let target = arguments.word();
    arguments.finish()?;
    let seconds = seconds.as_deref().unwrap_or("60").parse::<u32>();
    let seconds = seconds.context("--seconds needs a whole number: write --seconds 60")?;
    let Some(build) = build(repository)? else {
        return Ok(false);
    };
    if list {
        build.targets.iter().for_each(|name| println!("{name}"));
        return Ok(true);
    }
    let target = target.context("which target? see cargo xtask fuzz --list")?;
    let known: Vec<&str> = build.targets.iter().map(String::as_str).collect();
    if !known.contains(&target.as_str()) {
        return Err(arguments::unknown("target", &target, &known));
    }
    run(repository, &build, &target, seconds, None)
}

/// The stage of `verify`: every target, one after another.
pub(crate) fn every(repository: &Repository, seconds: u32) -> Result<bool> {
    let Some(build) = build(repository)? else {
        return Ok(false);
    };
    for target in &build.targets {
        if !run(repository, &build, target, seconds, Some(VERIFY_SEED))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Builds engine and seeds; `None` if that failed.
fn build(repository: &Repository) -> Result<Option<Build>> {
    let host = repository.host()?;
    let folder = folder(repository);
    // Naming the target keeps the flags away from build scripts and macros.
    let step = repository
        .step(
            "cargo build --package playhouse-fuzz --features engine --bins --profile fuzz --target",
        )
        .argument(&host)
        .argument("--target-dir")
        .argument(folder.to_string_lossy())
        .variable("RUSTFLAGS", FLAGS);
    if !step.run(|_| ())? {
        return Ok(None);
    }
    let engine = folder.join(host).join("fuzz").join("engine");
    let seeds = repository.step("").program(engine.to_string_lossy());
    let names = seeds
        .variable("FUZZ_SEEDS", folder.join("seeds").to_string_lossy())
        .output()?;
    let targets = names.lines().map(str::to_owned).collect();
    Ok(Some(Build { engine, targets }))
}

fn run(
    repository: &Repository,
    build: &Build,
    target: &str,
    seconds: u32,
    seed: Option<u32>,
) -> Result<bool> {
    let folder = folder(repository);
    let corpus = folder.join("corpus").join(target);
    let artifacts = folder.join("artifacts").join(target);
    for path in [&corpus, &artifacts] {
        fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
    }
    let step = repository
        .step("")
        .program(build.engine.to_string_lossy())
        .variable("FUZZ_TARGET", target)
        .argument(format!("-max_total_time={seconds}"))
        .argument(format!("-max_len={INPUT_BYTES_MAX}"))
        .argument(format!("-timeout={HANG_SECONDS}"))
        .argument(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .argument(format!("-artifact_prefix={}/", artifacts.display()))
        .argument("-print_final_stats=1")
        // The engine takes 0 for a seed of its own choice.
        .argument(format!("-seed={}", seed.unwrap_or(0)))
        .argument(corpus.to_string_lossy())
        .argument(folder.join("seeds").join(target).to_string_lossy())
        .quiet();
    let mut figures = Figures::default();
    let passed = step.run(|line| figures.read(line))?;
    println!(
        "{target}: {} inputs, {} edges covered, at most {} MiB",
        figures.inputs, figures.edges, figures.memory_mib
    );
    if !passed {
        println!(
            "fuzz target {target} failed: the input is in {}",
            artifacts.display()
        );
        println!("keep it as tests/fuzz/regressions/{target}/NAME, and the tests replay it");
    }
    Ok(passed)
}

/// What the engine counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    inputs: u64,
    edges: u64,
    memory_mib: u64,
}

impl Figures {
    /// Takes what one of the engine's lines says: `#12 DONE cov: 34 ft: ..` or `stat::peak_rss_mb: 27`.
    fn read(&mut self, line: &str) {
        let number = |key: &str| {
            let (_, rest) = line.split_once(key)?;
            rest.split_whitespace().next()?.parse().ok()
        };
        self.inputs = number("stat::number_of_executed_units:").unwrap_or(self.inputs);
        self.memory_mib = number("stat::peak_rss_mb:").unwrap_or(self.memory_mib);
        self.edges = number(" cov: ").unwrap_or(self.edges);
    }
}

fn folder(repository: &Repository) -> PathBuf {
    repository.target().join("fuzz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_off_the_engines_lines() {
        let mut figures = Figures::default();
        figures.read("#44925323 DONE   cov: 12 ft: 12 corp: 5/37b lim: 4096 exec/s: 280 rss: 27Mb");
        figures.read("stat::number_of_executed_units: 44925323");
        figures.read("stat::peak_rss_mb:              27");
        let expected = Figures {
            inputs: 44_925_323,
            edges: 12,
            memory_mib: 27,
        };
        assert_eq!(figures, expected);
    }
}

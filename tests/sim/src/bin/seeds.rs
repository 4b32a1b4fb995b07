//! Plays seeds of a world and prints the hash of each: `seeds WORLD FIRST COUNT [reverse|quiet] [without RULE]`; `quiet` prints
//! those that fail, and goes on. In worlds across nodes, a rule of placement may be dropped: which seed misses it?

use std::process::ExitCode;

use playhouse_cluster::placement::Rule;
use playhouse_sim_tests::{ACROSS_NODES, WORLDS};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut dropped = None;
    if let [.., "without", name] = arguments.as_slice() {
        let found = Rule::ALL.into_iter().find(|it| format!("{it:?}") == *name);
        if found.is_none() {
            return usage();
        }
        dropped = found;
        arguments.truncate(arguments.len() - 2);
    }
    let (mut quiet, mut reverse) = (false, false);
    if let [_, _, _, how] = arguments.as_slice() {
        (quiet, reverse) = (*how == "quiet", *how == "reverse");
        arguments.truncate(if quiet || reverse { 3 } else { 4 });
    }
    let [world, first, count] = arguments.as_slice() else {
        return usage();
    };
    let across = ACROSS_NODES.iter().find(|(name, _)| name == world);
    let alone = WORLDS.iter().find(|(name, _)| name == world);
    let (Ok(first), Ok(count)) = (first.parse::<u64>(), count.parse::<u64>()) else {
        return usage();
    };
    let mut failed = 0_u64;
    for nth in 0..count {
        let seed = if reverse {
            first + count - 1 - nth
        } else {
            first + nth
        };
        let played = match (across, alone, dropped) {
            (Some((_, play)), _, dropped) => play(seed, dropped).map_err(Into::into),
            (_, Some((_, play)), None) => play(seed),
            _ => return usage(),
        };
        match played {
            Ok(_) if quiet => {}
            Ok(ended) => write(&format!("{seed} {:016x} {}", ended.hash, ended.events)),
            Err(error) => {
                let without = dropped.map_or(String::new(), |rule| format!(" without {rule:?}"));
                write(&format!(
                    "{error}\nreplay it with `cargo run -p playhouse-sim-tests --bin seeds -- {world} {seed} 1{without}`"
                ));
                failed += 1;
                if !quiet {
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    if quiet {
        write(&format!("{count} seeds of {world}, {failed} failed"));
    }
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn usage() -> ExitCode {
    let names = WORLDS.iter().map(|(name, _)| *name);
    let across = ACROSS_NODES.iter().map(|(name, _)| *name);
    let (names, across): (Vec<&str>, Vec<&str>) = (names.collect(), across.collect());
    let rules = Rule::ALL.map(|rule| format!("{rule:?}"));
    write(&format!(
        "usage: seeds {}|{} FIRST COUNT [reverse|quiet]\n       seeds {} FIRST COUNT [reverse|quiet] without {}",
        names.join("|"),
        across.join("|"),
        across.join("|"),
        rules.join("|")
    ));
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "a program whose output is read")]
fn write(line: &str) {
    println!("{line}");
}

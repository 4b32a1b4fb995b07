//! Plays seeds of a world and prints the hash of each: `seeds WORLD FIRST COUNT [reverse|quiet]`; `quiet` prints those that
//! fail, and goes on.

use std::process::ExitCode;

use playhouse_sim_tests::WORLDS;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let quiet = arguments.last() == Some(&"quiet");
    let (world, first, count, reverse) = match arguments.as_slice() {
        [world, first, count] | [world, first, count, "quiet"] => {
            (*world, first.parse::<u64>(), count.parse::<u64>(), false)
        }
        [world, first, count, "reverse"] => (*world, first.parse(), count.parse(), true),
        _ => return usage(),
    };
    let (Some((_, play)), Ok(first), Ok(count)) =
        (WORLDS.iter().find(|(name, _)| *name == world), first, count)
    else {
        return usage();
    };
    let mut failed = 0_u64;
    for nth in 0..count {
        let seed = if reverse {
            first + count - 1 - nth
        } else {
            first + nth
        };
        match play(seed) {
            Ok(_) if quiet => {}
            Ok(ended) => write(&format!("{seed} {:016x} {}", ended.hash, ended.events)),
            Err(error) => {
                write(&format!("{error}\nreplay it with `seeds {world} {seed} 1`"));
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
    let names: Vec<&str> = WORLDS.iter().map(|(name, _)| *name).collect();
    write(&format!(
        "usage: seeds {} FIRST COUNT [reverse|quiet]",
        names.join("|")
    ));
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "a program whose output is read")]
fn write(line: &str) {
    println!("{line}");
}

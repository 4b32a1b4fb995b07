//! Plays seeds of a world and prints the hash of each: `seeds WORLD FIRST COUNT [reverse|quiet|history] [without RULE]`; `quiet` prints
//! those that fail, and goes on; `history` prints what happened in those with clients. In worlds across nodes a rule of placement may be dropped, in those with clients one of
//! sessions: which seed misses it?

use std::error::Error;
use std::fmt::Debug;
use std::process::ExitCode;

use playhouse::sim::Ended;
use playhouse_cluster::placement;
use playhouse_sim_tests::{ACROSS_NODES, SESSIONS, WORLDS, parley};
use playhouse_wire::session;

/// Plays a seed of the world that was asked for.
type Play = Box<dyn Fn(u64) -> Result<Ended, Box<dyn Error>>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut dropped = None;
    if let [.., "without", name] = arguments.as_slice() {
        dropped = Some(*name);
        arguments.truncate(arguments.len() - 2);
    }
    let how = arguments.get(3).copied();
    let [quiet, reverse, history] = ["quiet", "reverse", "history"].map(|it| how == Some(it));
    if quiet || reverse || history {
        arguments.truncate(3);
    }
    let [world, first, count] = arguments.as_slice() else {
        return usage();
    };
    let (Ok(first), Ok(count), Some(play)) = (
        first.parse::<u64>(),
        count.parse::<u64>(),
        play(world, dropped),
    ) else {
        return usage();
    };
    let mut failed = 0_u64;
    for nth in 0..count {
        let seed = if reverse {
            first + count - 1 - nth
        } else {
            first + nth
        };
        let played = play(seed);
        if history {
            parley::history().iter().for_each(|line| write(line));
        }
        match played {
            Ok(_) if quiet => {}
            Ok(ended) => write(&format!("{seed} {:016x} {}", ended.hash, ended.events)),
            Err(error) => {
                let without = dropped.map_or(String::new(), |rule| format!(" without {rule}"));
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

/// A world of this name, without the rule of this name; nothing if there is no such world, or no such rule of it.
fn play(world: &str, dropped: Option<&str>) -> Option<Play> {
    if let Some((_, play)) = ACROSS_NODES.iter().find(|(name, _)| *name == world) {
        let dropped = rule(&placement::Rule::ALL, dropped)?;
        return Some(Box::new(move |seed| Ok(play(seed, dropped)?)));
    }
    if let Some((_, play)) = SESSIONS.iter().find(|(name, _)| *name == world) {
        let dropped = rule(&session::Rule::ALL, dropped)?;
        return Some(Box::new(move |seed| Ok(play(seed, dropped)?)));
    }
    let (_, play) = WORLDS.iter().find(|(name, _)| *name == world)?;
    dropped.is_none().then(|| Box::new(*play) as Play)
}

/// The rule of this name, if there is a name; nothing if no rule has it.
fn rule<R: Copy + Debug>(all: &[R], name: Option<&str>) -> Option<Option<R>> {
    let Some(name) = name else {
        return Some(None);
    };
    let found = all.iter().find(|rule| format!("{rule:?}") == name);
    found.map(|rule| Some(*rule))
}

fn usage() -> ExitCode {
    fn names<P>(worlds: &[(&'static str, P)]) -> String {
        let names: Vec<&str> = worlds.iter().map(|(name, _)| *name).collect();
        names.join("|")
    }
    fn rules<R: Debug>(all: &[R]) -> String {
        let all: Vec<String> = all.iter().map(|rule| format!("{rule:?}")).collect();
        all.join("|")
    }
    let (worlds, across, sessions) = (names(WORLDS), names(ACROSS_NODES), names(SESSIONS));
    write(&format!(
        "usage: seeds {worlds}|{across}|{sessions} FIRST COUNT [reverse|quiet|history]\n       \
         seeds {across} FIRST COUNT [reverse|quiet] without {}\n       \
         seeds {sessions} FIRST COUNT [reverse|quiet] without {}",
        rules(&placement::Rule::ALL),
        rules(&session::Rule::ALL),
    ));
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "a program whose output is read")]
fn write(line: &str) {
    println!("{line}");
}

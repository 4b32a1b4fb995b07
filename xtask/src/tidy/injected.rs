//! Time, chance and threads come to the runtime from outside, so that the simulation runs the same code.

use crate::tidy::Violation;
use crate::tidy::layers::contains_word;
use crate::tidy::tree::{File, Tree};

/// Folders of the code that runs in the simulation too.
const SIMULATED: &[&str] = &[
    "runtime/cluster/src/",
    "runtime/net/src/",
    "runtime/playhouse/src/",
];

/// A word that code in the simulation must not contain, why, and the files that are the way around it.
struct Ambient {
    word: &'static str,
    reason: &'static str,
    except: &'static [&'static str],
}

const AMBIENT: &[Ambient] = &[
    Ambient {
        word: "SystemTime",
        reason: "the date comes from the shard's environment",
        except: &[
            "runtime/playhouse/src/node/environment.rs",
            "runtime/cluster/src/etcd/node.rs",
        ],
    },
    Ambient {
        word: "std::time::Instant",
        reason: "the clock is tokio's, which the simulation stops and moves",
        except: &[],
    },
    Ambient {
        word: "thread_rng",
        reason: "chance comes from the shard's environment",
        except: &[],
    },
    Ambient {
        word: "RandomState",
        reason: "a hash that differs from run to run orders things differently",
        except: &["runtime/playhouse/src/node/environment.rs"],
    },
    Ambient {
        word: "spawn_blocking",
        reason: "a thread's end is not the simulation's to order",
        except: &[],
    },
    Ambient {
        word: "tokio::spawn",
        reason: "such a task survives its node: use `spawn_local`",
        except: &["runtime/playhouse/src/node/threads.rs"],
    },
    Ambient {
        word: "thread::spawn",
        reason: "threads are made in one place",
        except: &["runtime/playhouse/src/node/threads.rs"],
    },
];

/// Code that runs in the simulation names nothing ambient, and selects in a fixed order.
pub(crate) fn ambient(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let simulated = |file: &&File| SIMULATED.iter().any(|folder| file.path.starts_with(folder));
    for file in tree.sources().filter(simulated) {
        if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
            continue;
        }
        // Tests stand last in a file.
        let code = file.code.split("#[cfg(test)]").next().unwrap_or_default();
        let lines: Vec<&str> = code.lines().collect();
        for (index, text) in lines.iter().enumerate() {
            for found in AMBIENT {
                let excepted = found.except.contains(&file.path.as_str());
                if !excepted && contains_word(text, found.word) {
                    let message = format!("names {}: {}", found.word, found.reason);
                    violations.push(Violation::new(&file.path, index + 1, message));
                }
            }
            if text.contains("tokio::sync") && contains_word(text, "watch") {
                let message = "names tokio's watch, which wakes in an order of chance: use `playhouse_cluster::watch`";
                violations.push(Violation::new(&file.path, index + 1, message));
            }
            let biased = || {
                let after = lines[index..].iter().take(3);
                after.into_iter().any(|line| line.contains("biased;"))
            };
            if contains_word(text, "select!") && !biased() {
                let message = "selects at random: begin the arms with `biased;`";
                violations.push(Violation::new(&file.path, index + 1, message));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        ambient(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn simulated_code_names_nothing_ambient() {
        let path = "runtime/net/src/x.rs";
        assert_eq!(count(path, "let at = tokio::time::Instant::now();"), 0);
        assert_eq!(count(path, "let at = std::time::Instant::now();"), 1);
        assert_eq!(count(path, "let at = SystemTime::now();"), 1);
        assert_eq!(
            count("servers/x/src/x.rs", "let at = SystemTime::now();"),
            0
        );
        assert_eq!(
            count(path, "#[cfg(test)]\nmod t { use std::time::SystemTime; }"),
            0
        );
    }

    #[test]
    fn who_watches_wakes_in_order() {
        let path = "runtime/net/src/x.rs";
        assert_eq!(count(path, "use playhouse_cluster::watch;"), 0);
        assert_eq!(count(path, "use tokio::sync::watch;"), 1);
        assert_eq!(count(path, "use tokio::sync::{mpsc, watch};"), 1);
    }

    #[test]
    fn select_takes_its_arms_in_order() {
        let path = "runtime/net/src/x.rs";
        assert_eq!(
            count(path, "tokio::select! {\n    biased;\n    a = b => {}\n}"),
            0
        );
        assert_eq!(count(path, "tokio::select! {\n    a = b => {}\n}"), 1);
    }
}

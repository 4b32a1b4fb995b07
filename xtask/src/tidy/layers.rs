//! Which crate may see which, what the pure crates may not touch, and what generated code may name.

use crate::tidy::Violation;
use crate::tidy::tree::{File, Tree};

/// `from` must not be built from any of `to`, directly or through others; a name ending in `*` is a prefix.
struct Ban {
    from: &'static [&'static str],
    to: &'static [&'static str],
    reason: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        from: &["playhouse-syntax"],
        to: &["playhouse*"],
        reason: "the tree of a text means nothing yet: syntax is the lowest layer",
    },
    Ban {
        from: &["playhouse-schema"],
        to: &[
            "playhouse",
            "playhouse-wire",
            "playhouse-emit",
            "playhouse-cli",
        ],
        reason: "the model is the same whatever is made from it: schema sees syntax alone",
    },
    Ban {
        from: &["playhouse-emit"],
        to: &["playhouse", "playhouse-wire", "playhouse-cli"],
        reason: "an emitter turns the model into text: it neither runs what it writes nor reads files",
    },
    Ban {
        from: &[
            "playhouse",
            "playhouse-wire",
            "playhouse-net",
            "playhouse-cluster",
            "playhouse-store",
        ],
        to: &[
            "playhouse-syntax",
            "playhouse-schema",
            "playhouse-emit",
            "playhouse-cli",
        ],
        reason: "a running game carries no compiler: runtime crates never see codegen",
    },
    Ban {
        from: &["playhouse-wire"],
        to: &[
            "playhouse*",
            "tokio*",
            "mio",
            "futures*",
            "async-*",
            "rand*",
            "getrandom",
            "chrono",
            "jiff",
            "time",
        ],
        reason: "wire is sans-IO: bytes, time and chance come from its caller",
    },
    Ban {
        from: &["playhouse-syntax", "playhouse-schema", "playhouse-emit"],
        to: &[
            "tokio*",
            "mio",
            "notify",
            "clap",
            "rand*",
            "getrandom",
            "chrono",
            "jiff",
            "time",
        ],
        reason: "the compiler's core is pure: the command reads, writes and watches",
    },
    Ban {
        from: &["playhouse-net"],
        to: &[
            "playhouse",
            "playhouse-macros",
            "playhouse-cluster",
            "playhouse-store",
        ],
        reason: "links carry messages, whoever sends them: net sees wire alone",
    },
    Ban {
        from: &["playhouse-store"],
        to: &[
            "playhouse",
            "playhouse-macros",
            "playhouse-net",
            "playhouse-cluster",
        ],
        reason: "the store keeps documents, whatever they are of: it sees wire alone",
    },
    Ban {
        from: &["playhouse-cluster"],
        to: &["playhouse", "playhouse-macros", "playhouse-net"],
        reason: "the cluster knows who is there, whatever they call: it sees wire and store alone",
    },
    Ban {
        from: &["playhouse-config", "playhouse-log"],
        to: &["playhouse*"],
        reason: "tools and tests configure and log without a runtime: these two stand by themselves",
    },
    Ban {
        from: &["playhouse-macros"],
        to: &[
            "playhouse",
            "playhouse-wire",
            "playhouse-net",
            "playhouse-schema",
        ],
        reason: "the macros are told about the schema by the schema's own macros",
    },
    Ban {
        from: &["xtask"],
        to: &["playhouse*"],
        reason: "automation is built before everything else, and works when nothing else compiles",
    },
];

/// Direct edges that the closures can't show, because the layer below leads there too.
const DIRECT_BANS: &[Ban] = &[
    Ban {
        from: &["playhouse-emit"],
        to: &["playhouse-syntax"],
        reason: "backends see only the model",
    },
    Ban {
        from: &["arena", "arena-demo", "arena-bots"],
        to: &["playhouse-wire", "playhouse-net", "playhouse-macros"],
        reason: "the reference game is written as users write theirs: on the public facade and SDK alone",
    },
];

/// Folders of the crates that do no IO.
const PURE: &[&str] = &[
    "codegen/syntax/src/",
    "codegen/schema/src/",
    "codegen/emit/src/",
    "runtime/wire/src/",
];
/// The lint that finds calls which this rule's words miss.
const PURE_LINT: &str = "clippy::disallowed_methods";
/// Modules of the standard library that they must not name.
const IMPURE_MODULES: &[&str] = &["env", "fs", "net", "os", "process", "thread"];
/// Words that they must not contain.
const IMPURE_WORDS: &[&str] = &[
    "Instant",
    "SystemTime",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
    "stdin",
    "stdout",
    "stderr",
    "include_dir!",
];
/// First segments of absolute paths in generated Rust.
const GENERATED_ROOTS: &[&str] = &["core", "std", "alloc", "playhouse", "playhouse_client"];

/// No package is built from one that its layer must not see.
pub(crate) fn bans(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for manifest in tree.manifests() {
        let Some(name) = package(manifest) else {
            continue;
        };
        let Some(closure) = tree.closures.get(name) else {
            continue;
        };
        for ban in BANS.iter().filter(|ban| ban.from.contains(&name)) {
            for seen in closure
                .iter()
                .filter(|seen| seen.as_str() != name && banned(ban, seen))
            {
                let message = format!("{name} is built from {seen}: {}", ban.reason);
                violations.push(Violation::new(&manifest.path, 0, message));
            }
        }
        for ban in DIRECT_BANS.iter().filter(|ban| ban.from.contains(&name)) {
            for (line, text) in (1..).zip(manifest.text.lines()) {
                let entry = text.split(['.', ' ', '=']).next().unwrap_or_default();
                if banned(ban, entry) {
                    let message = format!("{name} depends on {entry}: {}", ban.reason);
                    violations.push(Violation::new(&manifest.path, line, message));
                }
            }
        }
    }
    violations
}

fn package(manifest: &File) -> Option<&str> {
    manifest
        .text
        .lines()
        .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

fn banned(ban: &Ban, name: &str) -> bool {
    ban.to
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *pattern,
        })
}

/// Pure crates name nothing that does IO, reads a clock or prints, outside of their tests.
pub(crate) fn pure(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let is_pure = |file: &&File| PURE.iter().any(|folder| file.path.starts_with(folder));
    for file in tree.sources().filter(is_pure) {
        if file.path.ends_with("src/lib.rs") && !file.code.contains(PURE_LINT) {
            let message = format!("add `#![deny({PURE_LINT})]`: the list stands in clippy.toml");
            violations.push(Violation::new(&file.path, 0, message));
        }
        if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
            continue;
        }
        // Tests stand last in a file.
        let code = file.code.split("#[cfg(test)]").next().unwrap_or_default();
        for (line, text) in (1..).zip(code.lines()) {
            for found in std_modules(text)
                .into_iter()
                .filter(|name| IMPURE_MODULES.contains(name))
            {
                let message = format!("uses std::{found}: take what it gives as an argument");
                violations.push(Violation::new(&file.path, line, message));
            }
            for word in IMPURE_WORDS.iter().filter(|word| contains_word(text, word)) {
                let message = format!("uses {word}: let the caller do it");
                violations.push(Violation::new(&file.path, line, message));
            }
        }
    }
    violations
}

/// Modules named behind `std::` in a line, in a group too.
fn std_modules(line: &str) -> Vec<&str> {
    let mut modules = Vec::new();
    for (index, _) in line.match_indices("std::") {
        let rest = &line[index + "std::".len()..];
        let group = rest.strip_prefix('{').map_or(rest, |group| {
            group.split_once("};").map_or(group, |(inside, _)| inside)
        });
        let names = if rest.starts_with('{') {
            group.split(',').collect()
        } else {
            vec![rest]
        };
        modules.extend(names.into_iter().map(|name| {
            let name = name.trim();
            name.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
                .unwrap_or(name)
        }));
    }
    modules
}

/// Whether `word` stands in `line` with nothing of a name before or behind it.
pub(crate) fn contains_word(line: &str, word: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|it| it.is_alphanumeric() || it == '_');
    line.match_indices(word).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        let behind = line[index + word.len()..].chars().next();
        !part(before) && (word.ends_with('!') || !part(behind))
    })
}

/// Generated Rust starts each absolute path at the standard library or the facade.
pub(crate) fn generated_names(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    let generated = |file: &&File| file.path.ends_with(".rs") && file.is_generated();
    for file in tree.files.iter().filter(generated) {
        for (line, text) in file.code_lines() {
            for root in absolute_roots(text) {
                if !GENERATED_ROOTS.contains(&root) {
                    let message = format!("names ::{root}: re-export it from the facade");
                    violations.push(Violation::new(&file.path, line, message));
                }
            }
        }
    }
    violations
}

/// First segments of the paths in a line that start with `::`.
fn absolute_roots(line: &str) -> Vec<&str> {
    let mut roots = Vec::new();
    for (index, _) in line.match_indices("::") {
        let before = line[..index].chars().next_back();
        let rest = &line[index + 2..];
        let relative = before.is_some_and(|it| it.is_alphanumeric() || "_>:)]}".contains(it));
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let root = &rest[..end.unwrap_or(rest.len())];
        if !relative && !root.is_empty() {
            roots.push(root);
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_closure(name: &str, manifest: &str, closure: &[&str]) -> Vec<Violation> {
        let mut tree = Tree::of(&[("x/Cargo.toml", manifest)]);
        let closure = closure.iter().map(|name| (*name).to_owned()).collect();
        tree.closures.insert(name.to_owned(), closure);
        bans(&tree)
    }

    #[test]
    fn a_layer_sees_only_what_is_below() {
        let wire = "[package]\nname = \"playhouse-wire\"\n";
        assert_eq!(with_closure("playhouse-wire", wire, &["rmp", "serde"]), []);
        assert_eq!(
            with_closure("playhouse-wire", wire, &["rmp", "tokio-util"]).len(),
            1
        );
        assert_eq!(
            with_closure("playhouse-wire", wire, &["playhouse-schema"]).len(),
            2
        );
    }

    #[test]
    fn configuration_and_log_stand_by_themselves() {
        for name in ["playhouse-config", "playhouse-log"] {
            let manifest = format!("[package]\nname = \"{name}\"\n");
            assert_eq!(
                with_closure(name, &manifest, &[name, "serde", "tracing"]),
                []
            );
            assert_eq!(with_closure(name, &manifest, &["playhouse-wire"]).len(), 1);
        }
    }

    #[test]
    fn backends_see_only_the_model() {
        let good = "[package]\nname = \"playhouse-emit\"\n[dependencies]\nplayhouse-schema.workspace = true\n";
        assert_eq!(
            with_closure(
                "playhouse-emit",
                good,
                &["playhouse-schema", "playhouse-syntax"]
            ),
            []
        );
        let bad = format!("{good}playhouse-syntax.workspace = true\n");
        assert_eq!(
            with_closure("playhouse-emit", &bad, &["playhouse-syntax"])[0].line,
            5
        );
    }

    #[test]
    fn pure_crates_do_no_io_outside_of_tests() {
        let check = |text: &str| pure(&Tree::of(&[("runtime/wire/src/x.rs", text)])).len();
        assert_eq!(
            check("//! X.\nuse std::fmt;\n// std::fs\n#[cfg(test)]\nmod t { use std::fs; }"),
            0
        );
        assert_eq!(check("use std::fs;"), 1);
        assert_eq!(check("use std::{fmt, fs::File};"), 1);
        assert_eq!(check("let now = Instant::now();"), 1);
        let lib = |text: &str| pure(&Tree::of(&[("runtime/wire/src/lib.rs", text)])).len();
        assert_eq!(lib("#![deny(clippy::disallowed_methods)]"), 0);
        assert_eq!(lib("//! #![deny(clippy::disallowed_methods)]"), 1);
        assert_eq!(check("println!(\"x\");"), 1);
        assert_eq!(
            pure(&Tree::of(&[("codegen/cli/src/x.rs", "use std::fs;")])).len(),
            0
        );
    }

    #[test]
    fn generated_code_names_only_the_facade() {
        let check = |text: &str| {
            let text = format!("// @generated\n{text}");
            generated_names(&Tree::of(&[("idl/src/x.rs", &text)])).len()
        };
        assert_eq!(
            check("let a: ::core::option::Option<::playhouse::v1::X> = Vec::<u8>::new();"),
            0
        );
        assert_eq!(check("impl ::serde::Serialize for X {}"), 1);
    }
}

//! `cargo xtask tidy`: the house rules that no compiler checks, one function a rule.
//!
//! Rules see a [`Tree`], which is plain data, so that each is tested on a small tree in memory.

mod dependencies;
mod injected;
mod layers;
mod manifests;
mod mask;
mod sources;
mod texts;
mod tree;

use anyhow::Result;

use crate::arguments::Arguments;
use crate::repository::Repository;
use crate::tidy::tree::Tree;
pub(crate) use crate::tidy::tree::is_fixture;

/// A rule: what it demands, why, and what breaks it in a tree.
struct Rule {
    name: &'static str,
    why: &'static str,
    check: fn(&Tree) -> Vec<Violation>,
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    path: String,
    /// One-based; 0 where the file as a whole is meant.
    line: usize,
    message: String,
}

impl Violation {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

const RULES: &[Rule] = &[
    Rule {
        name: "layers",
        why: "dependencies point one way, so that a layer can be read and tested without those above it",
        check: layers::bans,
    },
    Rule {
        name: "pure",
        why: "syntax, schema, emit and wire do no IO and read no clock: a shell does, so that tests need neither",
        check: layers::pure,
    },
    Rule {
        name: "generated-names",
        why: "generated code names only the facade, so that a user's crate needs one dependency",
        check: layers::generated_names,
    },
    Rule {
        name: "ambient",
        why: "what takes its time and its chance from outside runs the same twice in the simulation",
        check: injected::ambient,
    },
    Rule {
        name: "file-header",
        why: "whoever opens a file learns what it is for before anything else",
        check: sources::header,
    },
    Rule {
        name: "file-length",
        why: "past 500 lines a file hides something; a flat list or one state machine may earn it by saying so",
        check: sources::length,
    },
    Rule {
        name: "no-mod-rs",
        why: "`foo.rs` beside `foo/` is found by its name in any editor",
        check: sources::no_mod_rs,
    },
    Rule {
        name: "file-names",
        why: "a name that says nothing collects everything",
        check: sources::names,
    },
    Rule {
        name: "no-stubs",
        why: "what is committed works, and every test runs",
        check: sources::no_stubs,
    },
    Rule {
        name: "allow-reasons",
        why: "an exception without its reason becomes the rule",
        check: sources::allow_reasons,
    },
    Rule {
        name: "workspace-versions",
        why: "a version stands once, in the workspace table",
        check: manifests::versions,
    },
    Rule {
        name: "workspace-lints",
        why: "the same lints hold in every crate",
        check: manifests::lints,
    },
    Rule {
        name: "machine-paths",
        why: "a path of one machine is wrong on every other",
        check: texts::machine_paths,
    },
    Rule {
        name: "registry-hosts",
        why: "packages come from wherever the machine's own client is set up to get them",
        check: texts::registry_hosts,
    },
    Rule {
        name: "links",
        why: "a link that leads nowhere costs every reader",
        check: texts::links,
    },
    Rule {
        name: "licences",
        why: "users ship what we link: only licences that deny.toml allows",
        check: dependencies::licences,
    },
    Rule {
        name: "one-version",
        why: "two versions of a crate are built twice and their types don't fit; exceptions stand in deny.toml",
        check: dependencies::one_version,
    },
];

/// `cargo xtask tidy [--list]`
pub(crate) fn command(repository: &Repository, mut arguments: Arguments) -> Result<bool> {
    let list = arguments.flag("--list");
    arguments.finish()?;
    if list {
        RULES
            .iter()
            .for_each(|rule| println!("{:<18} {}", rule.name, rule.why));
        return Ok(true);
    }
    check(repository)
}

/// Holds every rule against the repository and prints what breaks them.
pub(crate) fn check(repository: &Repository) -> Result<bool> {
    let tree = Tree::read(repository)?;
    let mut count = 0;
    for rule in RULES {
        let violations = (rule.check)(&tree);
        for Violation {
            path,
            line,
            message,
        } in &violations
        {
            println!("{path}:{line}: {message} [{}]", rule.name);
        }
        if !violations.is_empty() {
            println!("  {} is a rule because {}", rule.name, rule.why);
        }
        count += violations.len();
    }
    println!(
        "tidy: {} rules, {} files, {count} violations",
        RULES.len(),
        tree.files.len()
    );
    Ok(count == 0)
}

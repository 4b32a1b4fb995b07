//! What has to be on the machine: how to find out, why it is needed, and how to get it.

use anyhow::{Result, bail};

use crate::process::Step;
use crate::repository::Repository;

/// The oldest rustc that compiles the workspace, as in the workspace manifest.
const RUST: (u32, u32) = (1, 95);
/// The oldest Node that the TypeScript runtime and its tests work on.
const NODE: (u32, u32) = (18, 0);

/// The oldest etcd that the tests were run against.
const ETCD: (u32, u32) = (3, 4);

/// A program that must be there.
struct Program {
    name: &'static str,
    why: &'static str,
    /// Prints a version, or fails where it is missing.
    probe: &'static str,
    /// Least version, where there is one.
    least: Option<(u32, u32)>,
    /// What a person does to get it.
    how: &'static str,
    /// What `--install` runs on Debian; empty where only a person can decide.
    install: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "rustc",
        why: "compiles everything",
        probe: "rustc --version",
        least: Some(RUST),
        how: "install Rust 1.95 or newer with rustup: rustup update stable",
        install: &[],
    },
    Program {
        name: "rustfmt",
        why: "stage fmt, and generated Rust is formatted in tests",
        probe: "cargo fmt --version",
        least: None,
        how: "rustup component add rustfmt",
        install: &["rustup component add rustfmt"],
    },
    Program {
        name: "clippy",
        why: "stage clippy",
        probe: "cargo clippy --version",
        least: None,
        how: "rustup component add clippy",
        install: &["rustup component add clippy"],
    },
    Program {
        name: "git",
        why: "tells which files belong to the repository; compat compares against its refs",
        probe: "git --version",
        least: None,
        how: "apt-get install git",
        install: &["apt-get install -y git"],
    },
    Program {
        name: "cc",
        why: "links every program",
        probe: "cc --version",
        least: None,
        how: "apt-get install gcc libc6-dev",
        install: &["apt-get install -y gcc libc6-dev"],
    },
    Program {
        name: "c++",
        why: "builds the fuzzing engine",
        probe: "c++ --version",
        least: None,
        how: "apt-get install g++",
        install: &["apt-get install -y g++"],
    },
    Program {
        name: "node",
        why: "runs the tests of the TypeScript runtime and of generated TypeScript",
        probe: "node --version",
        least: Some(NODE),
        how: "apt-get install nodejs npm",
        install: &["apt-get install -y nodejs npm"],
    },
    Program {
        name: "npm",
        why: "installs the TypeScript compiler",
        probe: "npm --version",
        least: None,
        how: "apt-get install npm",
        install: &["apt-get install -y npm"],
    },
    Program {
        name: "msgpack",
        why: "the interop port is called from Python, with a MessagePack library that is not ours",
        // Debian's interpreter, since that is the one which sees Debian's packages.
        probe: "/usr/bin/python3 -c print(__import__('msgpack').version)",
        least: None,
        how: "apt-get install python3 python3-msgpack",
        install: &["apt-get install -y python3 python3-msgpack"],
    },
    Program {
        name: "mongo",
        why: "speaks MongoDB's protocol in the tests of that store; a process of its own, linked by nothing",
        probe: "target/secantus/bin/python -c print(__import__('importlib.metadata').metadata.version('secantusdb'))",
        least: None,
        how: "python3 -m venv target/secantus && target/secantus/bin/pip install secantusdb==0.7.0b3",
        install: &[
            "apt-get install -y python3 python3-venv",
            "/usr/bin/python3 -m venv --clear target/secantus",
            "target/secantus/bin/pip install --quiet secantusdb==0.7.0b3",
        ],
    },
    Program {
        name: "etcd",
        why: "is what the tests of membership over etcd talk to; each starts its own",
        probe: "etcd --version",
        least: Some(ETCD),
        how: "apt-get install etcd-server",
        install: &["apt-get install -y etcd-server"],
    },
    Program {
        name: "protoc",
        why: "makes etcd's client code when the feature `etcd` is built; nothing else needs it",
        probe: "protoc --version",
        least: None,
        how: "apt-get install protobuf-compiler",
        install: &["apt-get install -y protobuf-compiler"],
    },
];

/// Finds what is missing, installs it if asked to, and says how to get the rest.
pub(crate) fn check(repository: &Repository, install: bool) -> Result<bool> {
    let mut complete = true;
    let mut updated = false;
    for program in PROGRAMS {
        let mut found = probe(repository, program);
        if let (Err(lack), true, false) = (&found, install, program.install.is_empty()) {
            println!("{}: {lack}, installing", program.name);
            if !updated && program.install[0].starts_with("apt-get") {
                repository.step("apt-get update").run(|_| ())?;
                updated = true;
            }
            for line in program.install {
                repository
                    .step(line)
                    .variable("DEBIAN_FRONTEND", "noninteractive")
                    .run(|_| ())?;
            }
            found = probe(repository, program);
        }
        match found {
            Ok(version) => println!("{:<8} {version}", program.name),
            Err(lack) => {
                complete = false;
                println!("{:<8} {lack}: it {}", program.name, program.why);
                println!("{:<8} get it with: {}", "", program.how);
                if !program.install.is_empty() {
                    println!("{:<8} or on Debian: cargo verify --install", "");
                }
            }
        }
    }
    // Without Node there is nothing to look into packages with.
    Ok(complete && node_modules(repository, install)?)
}

/// The version found, or what is lacking.
fn probe(repository: &Repository, program: &Program) -> Result<String, String> {
    let text = repository
        .step(program.probe)
        .output()
        .map_err(|_| "missing".to_owned())?;
    let line = text.lines().next().unwrap_or_default();
    let Some(least) = program.least else {
        return Ok(line.to_owned());
    };
    match version(line) {
        Some(found) if found >= least => Ok(line.to_owned()),
        _ => Err(format!(
            "{line} is too old, {}.{} is the least",
            least.0, least.1
        )),
    }
}

/// The first `major.minor` in a line.
fn version(line: &str) -> Option<(u32, u32)> {
    line.split_whitespace().find_map(|word| {
        let mut parts = word.trim_start_matches('v').split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    })
}

/// Folders that have a lock file of npm, as text relative to the root.
pub(crate) fn node_packages(repository: &Repository) -> Result<Vec<String>> {
    let files = repository.files()?;
    let locks = files
        .iter()
        .filter_map(|path| path.strip_suffix("/package-lock.json"));
    Ok(locks.map(str::to_owned).collect())
}

/// Whether every Node package has the modules that its lock file names.
fn node_modules(repository: &Repository, install: bool) -> Result<bool> {
    let mut complete = true;
    for folder in node_packages(repository)? {
        let path = repository.root().join(&folder);
        let complete_here = || Step::new(&path, "npm ls --all").output().is_ok();
        let mut found = complete_here();
        if !found && install {
            let step = Step::new(&path, "npm ci --no-audit --no-fund");
            if !step.run(|_| ())? {
                bail!("npm ci failed in {folder}: see its message above");
            }
            found = complete_here();
        }
        if found {
            println!("{:<8} packages of {folder}", "npm");
        } else {
            complete = false;
            println!(
                "{:<8} packages of {folder} are missing or not those of its lock file",
                "npm"
            );
            println!(
                "{:<8} get them with: cd {folder} && npm ci, or cargo verify --install",
                ""
            );
        }
    }
    Ok(complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_off_any_form() {
        assert_eq!(
            version("rustc 1.95.0 (59807616e 2026-04-14)"),
            Some((1, 95))
        );
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("none"), None);
    }

    #[test]
    fn the_least_rust_is_the_workspace_manifests() {
        let manifest = include_str!("../../../Cargo.toml");
        assert!(manifest.contains(&format!("rust-version = \"{}.{}\"", RUST.0, RUST.1)));
    }
}

//! What this program was built without: `cargo demo` builds it anew, with what is asked for.

use std::process::Command;

use anyhow::{Context, Result, bail};
use arena::process::{HAS_ETCD, HAS_MONGODB};

use crate::arguments::Arguments;
use crate::cluster::{check_programs, is_installed};

/// Whether something is asked for that this program was built without.
pub(crate) fn are_missing(arguments: &Arguments) -> bool {
    let etcd = arguments.etcd.is_some() && !HAS_ETCD;
    let mongodb = arguments.mongodb.is_some() && !HAS_MONGODB;
    etcd || mongodb || transports_are_missing(arguments)
}

fn transports_are_missing(arguments: &Arguments) -> bool {
    arguments.transports.iter().any(|it| !it.is_built_in())
}

/// Builds this program with what is asked for, and runs that instead, with the same arguments.
pub(crate) fn run_with_them(arguments: &Arguments) -> Result<bool> {
    // A build takes minutes: what would be missing afterwards is said before.
    check_programs(arguments)?;
    if arguments.etcd.is_some() && !is_installed("protoc") {
        bail!(
            "etcd's client is built with protoc: install it (Debian, Ubuntu: `apt-get install protobuf-compiler`)"
        );
    }
    let wanted = [
        arguments.etcd.as_ref().map(|_| "etcd"),
        arguments.mongodb.as_ref().map(|_| "mongodb"),
        transports_are_missing(arguments).then_some("transports"),
    ];
    let features = wanted.into_iter().flatten().collect::<Vec<_>>().join(",");
    // Cargo names itself to what it runs.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["run", "--package", "arena-demo", "--features", &features]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let status = command
        .arg("--")
        .args(std::env::args_os().skip(1))
        .status()
        .with_context(|| format!("cargo can't be run: build with `--features {features}`"))?;
    Ok(status.success())
}

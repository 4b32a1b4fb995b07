//! What this program was built without: `cargo demo` builds it anew, with what is asked for.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;

/// Whether something is asked for that this program was built without.
pub(crate) const fn are_missing(arguments: &Arguments) -> bool {
    let etcd = arguments.etcd.is_some() && !cfg!(feature = "etcd");
    let mongodb = arguments.mongodb.is_some() && !cfg!(feature = "mongodb");
    etcd || mongodb
}

/// Builds this program with everything, and runs that instead, with the same arguments.
pub(crate) fn run_with_them() -> Result<bool> {
    let has_protoc = Command::new("protoc").arg("--version").output().is_ok();
    if !has_protoc {
        bail!(
            "etcd's client is built with protoc: install it (Debian, Ubuntu: `apt-get install protobuf-compiler`)"
        );
    }
    // Cargo names itself to what it runs.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--release", "--package", "arena-demo"])
        .args(["--features", "etcd,mongodb", "--"])
        .args(std::env::args_os().skip(1))
        .status()
        .context("cargo can't be run: build with `--features etcd,mongodb`")?;
    Ok(status.success())
}

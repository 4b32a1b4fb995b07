//! The engine: libFuzzer around the target that `FUZZ_TARGET` names. `cargo xtask fuzz` builds and starts it.
//!
//! With `FUZZ_SEEDS` naming a folder it only writes the seeds of every target there and prints the targets' names: a
//! program of its own could not be linked, since all code here calls into the engine to count what it covers.

#![no_main]
#![allow(
    missing_docs,
    clippy::exit,
    clippy::print_stdout,
    reason = "the engine's macro makes the entry points; this is a shell around the targets"
)]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::Result;
use playhouse_fuzz::{TARGETS, Target, find, seed};

/// Looked up once: targets run a hundred thousand times a second.
static TARGET: LazyLock<Option<Target>> = LazyLock::new(|| {
    std::env::var("FUZZ_TARGET")
        .ok()
        .and_then(|name| find(&name))
});

libfuzzer_sys::fuzz_target!(
    init: {
        if let Ok(folder) = std::env::var("FUZZ_SEEDS") {
            write_seeds(Path::new(&folder)).expect("the folder of the seeds can be written");
            std::process::exit(0);
        }
    },
    |bytes: &[u8]| {
        let target = TARGET.expect("FUZZ_TARGET names a target: start it with cargo xtask fuzz");
        (target.run)(bytes);
    }
);

fn write_seeds(folder: &Path) -> Result<()> {
    for target in TARGETS {
        let place = folder.join(target.name);
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        for (index, bytes) in seed::of(target)?.iter().enumerate() {
            fs::write(place.join(format!("{index:04}")), bytes)?;
        }
        println!("{}", target.name);
    }
    Ok(())
}

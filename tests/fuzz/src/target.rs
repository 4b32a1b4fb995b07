//! The table of targets.

mod lexer;
mod parser;
mod wire;

use crate::seed;

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name on the command line and of its folder of regressions.
    pub name: &'static str,
    /// Takes any bytes; panics if what the target promises does not hold.
    pub run: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> anyhow::Result<Vec<Vec<u8>>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "lexer",
        run: lexer::run,
        seeds: seed::schemas,
    },
    Target {
        name: "parser",
        run: parser::run,
        seeds: seed::schemas,
    },
    Target {
        name: "wire",
        run: wire::run,
        seeds: seed::values,
    },
];

/// The target of a name.
#[must_use]
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

/// What of the bytes is text, from their start: so an input that is broken late still says something.
fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

//! The table of targets.

mod decoder;
mod emit;
mod evolution;
mod format;
pub(crate) mod handshake;
mod kcp;
mod lexer;
mod link;
mod lock;
mod message;
mod parser;
mod schema;
mod session;
mod wire;

use playhouse_syntax::{Diagnostic, FileId};

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
        name: "format",
        run: format::run,
        seeds: seed::schemas,
    },
    Target {
        name: "schema",
        run: schema::run,
        seeds: seed::projects,
    },
    Target {
        name: "evolution",
        run: evolution::run,
        seeds: seed::pairs,
    },
    Target {
        name: "lock",
        run: lock::run,
        seeds: seed::locks,
    },
    Target {
        name: "emit",
        run: emit::run,
        seeds: seed::projects,
    },
    Target {
        name: "wire",
        run: wire::run,
        seeds: seed::values,
    },
    Target {
        name: "decoder",
        run: decoder::run,
        seeds: seed::typed_values,
    },
    Target {
        name: "message",
        run: message::run,
        seeds: seed::messages,
    },
    Target {
        name: "link",
        run: link::run,
        seeds: seed::conversations,
    },
    Target {
        name: "handshake",
        run: handshake::run,
        seeds: seed::handshakes,
    },
    Target {
        name: "kcp",
        run: kcp::run,
        seeds: seed::segments,
    },
    Target {
        name: "session_client",
        run: session::client,
        seeds: seed::sessions,
    },
    Target {
        name: "session_gate",
        run: session::gate,
        seeds: seed::sessions,
    },
    Target {
        name: "session_home",
        run: session::home,
        seeds: seed::sessions,
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

/// Every place that a diagnostic names is in its file's text, and its edits cut no character apart.
fn point_into<'a>(diagnostics: &[Diagnostic], text: impl Fn(FileId) -> &'a str) {
    for diagnostic in diagnostics {
        let first = std::iter::once(diagnostic.primary.span);
        let labels = first.chain(diagnostic.secondary.iter().map(|label| label.span));
        let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits);
        for span in labels.chain(edits.map(|edit| edit.span)) {
            let text = text(span.file);
            let (start, end) = (
                usize::from(span.range.start()),
                usize::from(span.range.end()),
            );
            let inside = start <= end && text.is_char_boundary(start) && text.is_char_boundary(end);
            assert!(
                inside,
                "{start}..{end} is no place in the text: {diagnostic:?}"
            );
        }
    }
}

//! The syntax of the Playhouse IDL: text to a lossless tree, and the tree back to text, formatted.
//!
//! This crate knows grammar and nothing of meaning: whether a name exists or a type fits is `playhouse-schema`'s
//! business. It reads no files and prints nothing. Read [`parse`] first, then [`ast`], which the checker works on,
//! and [`format`](mod@format), which works on the tree.

#![deny(clippy::disallowed_methods)]

pub mod ast;
pub mod codes;
pub mod diagnostic;
pub mod format;
mod kind;
pub mod lexer;
mod parser;
pub mod suggest;

pub use diagnostic::{
    Code, Diagnostic, Edit, FileId, Fix, Label, Severity, Span,
    fixes::apply_fixes,
    render::{Style, render},
    sources::{Source, Sources},
};
pub use kind::{Idl, SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
pub use parser::{ERRORS_MAX, NESTING_MAX, Parse, parse};
pub use rowan::{TextRange, TextSize};

//! The meaning of the Playhouse IDL: texts in, one validated [`model::Model`] and all diagnostics out.
//!
//! This crate resolves names, computes bounds and defaults, monomorphises generics and applies every rule of the
//! language. It reads no files and generates nothing. Read [`check`] first, then [`model`], which is what backends,
//! compatibility and tools see.

#![deny(clippy::disallowed_methods)]

pub mod attributes;
mod checker;
pub mod codes;
pub mod evolution;
pub mod lints;
pub mod manifest;
pub mod model;
pub mod pages;
mod rules;
mod sources;

pub use checker::{Checked, check};
pub use lints::lint;
pub use sources::{SourceFile, SourceKind, Sources};

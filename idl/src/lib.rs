//! The schema of Arena, the reference game of Playhouse, as Rust: what `playhouse gen` makes of the `.idl` files beside it.
//!
//! One module a package: `world` has the avatar and its components, `battle` the battles, `mail`, `match_making` and
//! `account` what their names say, and `common` what they share. [`SCHEMA`] describes all of it at run time.

/// As generated, by package.
pub mod generated;

pub use generated::{SCHEMA, arena::*};

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

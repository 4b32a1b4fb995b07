//! The shell of the toolchain: finds and reads a project, checks it, writes what is generated from it.
//!
//! All that reads, writes or prints stands in this crate; what it calls is pure. The `playhouse` command is built on
//! [`Project`] and [`output`]; a `build.rs` needs [`Build`] alone, without the feature `command`. The command's own
//! code is in `main.rs` and `command/`.

mod build;
pub mod output;
pub mod path;
pub mod project;

pub use build::{Build, BuildError, build};
pub use project::{Project, ProjectError};

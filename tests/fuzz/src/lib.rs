//! Fuzz targets: functions from bytes that must come back, whatever the bytes are.
//!
//! A target panics when what it promises does not hold. The same functions run under the engine, guided by coverage
//! (`cargo xtask fuzz TARGET`), and in plain tests over their seeds and everything that ever broke them
//! (`regressions/TARGET/`). Read [`TARGETS`] first.

pub mod allocation;
pub mod seed;
mod target;

pub use target::{TARGETS, Target, find};

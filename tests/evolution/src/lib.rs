//! Random schemas, changed at random: what `compat` says of a change, held against what values do.
//!
//! A [`Draft`] is a small schema whose every part has an identity that outlives names and tags. [`change`] changes one;
//! both versions are printed, checked and compared as any schema is, and values go from one to the other through the
//! descriptors of the runtime, so that nothing is compiled. [`meaning`] says whether two versions read the same thing.
//! The properties themselves stand in `tests/`.

pub mod change;
pub mod descriptor;
pub mod dice;
pub mod draft;
pub mod meaning;
pub mod print;
pub mod trial;
pub mod value;

pub use dice::Dice;
pub use draft::Draft;
pub use trial::{Trial, Version};

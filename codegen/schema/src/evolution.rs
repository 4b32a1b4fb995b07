//! Evolution: what a change to the schema does to whom, and what is remembered of past releases.
//!
//! A schema becomes a [`Surface`]; two of them are [`compare`](compare())d into [`Verdict`]s by the [`table`]; the
//! [`lock`] keeps the surface of the last release, so that it can be compared with; [`digest`] says in 64 bits what
//! peers must agree on.

pub mod compare;
pub mod digest;
pub mod docs;
pub mod form;
pub mod key;
pub mod lock;
pub mod surface;
pub mod table;
pub mod verdict;

pub use compare::compare;
pub use key::Key;
pub use lock::Lock;
pub use surface::{Element, Fact, Kind, Surface};
pub use verdict::{Change, Class, Verdict};

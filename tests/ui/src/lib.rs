//! The schema of a small town, and implementations of it that are right: what the mistakes in `tests/wrong` differ from.
//!
//! Each file there makes one mistake, which its name tells; beside it stands what the compiler says. After a change,
//! `TRYBUILD=overwrite cargo test -p playhouse-ui-tests` writes them anew, for review.

/// As generated.
pub mod generated;
pub mod logic;

pub use generated::town;

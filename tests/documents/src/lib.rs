//! The schema of the tests, as it is after two releases; and the code of the documentation's page on documents.

#[path = "generated/mod.rs"]
mod generated;

pub use generated::*;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/documents.md")]
mod documents_page {}

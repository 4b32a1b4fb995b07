//! Playhouse's persistence: where documents are kept, and the protocol by which nothing doubles and nothing vanishes.
//!
//! A persistent entity is one [`Document`]. Whoever runs the entity *claims* its document, which raises its epoch, and then
//! *commits* changes to it, each of which names the epoch and the revision that it follows on. A commit that comes too late
//! finds another epoch or another revision and does nothing, so that at most one activation's effects ever last. The rules
//! are those of `docs/durable.md`.
//!
//! - [`Backend`] opens a store for a node, [`Store`] is what its shards ask. They are implemented by backends.
//! - [`Value`] and [`Path`] are what documents are made of, [`Update`] is what a commit changes.
//!
//! This crate knows neither entities nor schemas: documents come to it in named form already.

mod document;
pub mod durable;
mod embedded;
mod key;
mod memory;
#[cfg(feature = "mongodb")]
pub mod mongo;
mod problem;
mod request;
pub mod sim;
mod store;
mod value;

pub use document::{Document, DocumentId, Header, Owner};
pub use embedded::Embedded;
pub use key::{key_from_text, key_to_text};
pub use memory::Documents;
#[cfg(feature = "mongodb")]
pub use mongo::Mongo;
pub use problem::{Misfit, OpenError, StoreError};
pub use request::{Claim, Claimed, Commit, Committed, End, Find, Quarantine, Sweep, Take};
pub use store::{Answer, Backend, Collection, Index, LEASES, Store};
pub use value::{Change, Path, Table, Update, Value};

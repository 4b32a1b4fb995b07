//! The conformance project: one schema with every kind of type, and vectors of its values in bytes.
//!
//! `idl/` is the schema, `vectors/` are the vectors: small ones by hand, one for each line of `docs/wire.md`, and many
//! that are written by [`random`]; `vectors/protocol/` has those of messages ([`protocol`]). Each language reads and writes all of them in tests of its own: Rust here, TypeScript
//! in `clients/typescript/test/conformance`. Read [`vectors`] first.
//!
//! What a program writes (generated code, `types.json`, random vectors) is compared by tests, and written by them where
//! the environment says `UPDATE=1`.

pub mod output;
pub mod project;
pub mod protocol;
pub mod random;
pub mod types;
pub mod vectors;

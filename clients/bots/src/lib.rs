//! Bots that play Arena as its clients: on the generated Rust SDK, over real links, checking all that they are told.
//!
//! - [`crowd::play`] runs many of them and checks at the end that nothing was lost or doubled; start there.
//! - [`bot::Bot`] is one of them: it logs in as a guest, talks, deals, does quests and fights.
//! - [`mirror`] is what a bot knows from the server's events, [`meter`] what is counted and measured.
//!
//! A bot's choices follow from a seed alone. What it expects is counted; what it doesn't get is kept word for word.
//!
//! [`SCHEMA`] is what a [`Client`](playhouse_client::Client) connects with; the packages of the schema that a client
//! needs stand beside it.

/// As generated, by package.
pub mod generated;

pub mod bot;
mod chaos;
pub mod crowd;
mod http;
pub mod meter;
pub mod mirror;
pub mod networks;
mod wire;

pub use generated::{SCHEMA, arena::*};

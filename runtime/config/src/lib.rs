//! Playhouse's configuration: JSON with comments, macros and includes, into typed structs, and anew when files change.
//!
//! ```json
//! {
//!     "$INCLUDE$": ["base.json"],                     // relative to this file; what stands here wins
//!     "$MACRO$": { "IP": "10.0.0.7", "PORTS": [7000, 7001] },
//!     "url": "http://$IP$/x",                         /* spliced into text */
//!     "ports": "$PORTS$",                             // or a whole value, of any type
//!     "password": "$env:DB_PASSWORD$",
//! }
//! ```
//!
//! - [`Loader`] says where a configuration comes from; [`Loader::load`] makes any `T: Deserialize` of it.
//! - [`Config`] holds one and loads it anew: checked first, swapped as a whole, subscribers told what changed.
//! - [`Report`] is what is wrong: all mistakes in one go, each with file, line, column, the keys that lead there and
//!   what is known there. [`Secret`]s are shown nowhere.
//! - [`Limits`] are the bounds; [`Time`] and [`Size`] read `"8s"` and `"64MiB"`.
//!
//! Forms and order of precedence stand in `docs/config.md`. This crate knows nothing of the rest of Playhouse, reads
//! files and the environment, and runs one thread where [`Config::watch`] is called.

mod expand;
mod files;
mod invalid;
mod key_path;
mod limits;
mod live;
mod loader;
mod masking;
mod mistake;
mod nearest;
mod overriding;
mod parse;
mod pieces;
mod secret;
mod source;
mod tree;
mod typed;
mod units;

pub use invalid::Invalid;
pub use key_path::{KeyPath, PathProblem, Step};
pub use limits::Limits;
pub use live::{Change, Config, Subscription, WatchError, Watching};
pub use loader::Loader;
pub use mistake::{Kind, Mistake, Place, Report, Style};
pub use secret::Secret;
pub use units::{Size, Time};

//! What a node tells whoever watches it: numbers for Prometheus, and whether it lives and is ready.
//!
//! ```no_run
//! # use playhouse::descriptor::Schema;
//! # static SCHEMA: Schema = Schema { digest: 0, release: 0, readable_since: 0, past: &[], packages: &[] };
//! let node = playhouse::Node::builder()
//!     .schema(&SCHEMA)
//!     .metrics("127.0.0.1:9100")
//!     .build()?;
//! # Ok::<(), playhouse::node::BuildError>(())
//! ```
//!
//! serves `/metrics` (Prometheus' text), `/health` (the process lives) and `/ready` (it takes part in the game, or why
//! not). [`FAMILIES`] lists what there is; what to do about it stands in `docs/operations.md`.
//!
//! Shards count in cells of their own, without locks or atomics. Whoever asks has each shard copy its numbers; one that
//! does not answer within [`PATIENCE`] is counted as silent, and its last numbers stand for it. A page is made at
//! most once in [`FRESH_FOR`], however many ask.
//!
//! Limits: [`CONNECTIONS_MAX`] connections at once, each for [`CONNECTION_TIME`] and one request of at most
//! [`REQUEST_BYTES_MAX`] bytes of head.

mod family;
mod gates;
mod page;
mod serving;
mod snapshot;
mod strangers;
mod tally;

pub use family::{FAMILIES, Family, FamilyKind};
pub use serving::{CONNECTION_TIME, CONNECTIONS_MAX, REQUEST_BYTES_MAX};
pub use tally::TIMED_EVERY;

pub(crate) use gates::{CARRIERS, GateTally, GateTurn, SessionTurn, carrier};
pub(crate) use page::{Members, Page};
#[cfg(feature = "opentelemetry")]
pub(crate) use serving::Whole;
pub(crate) use serving::{Pages, Reply, serve};
pub(crate) use snapshot::{Method, Snapshot, StoreCounts, Sum};
pub(crate) use strangers::StrangerTally;
pub(crate) use tally::{CallTally, Counter, Parked, Tally};

use tokio::time::Duration;

/// How long a shard may take to say its numbers.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// For how long a page is shown again instead of being made anew.
pub const FRESH_FOR: Duration = Duration::from_millis(250);

//! A node: one process (or, in the simulation, one of many) that runs entities and services, and its links to others.
//!
//! [`Node::builder`] says what it runs, [`Node::run`] runs it until it is told to stop. Inside there are shards, each a
//! thread with a single-threaded tokio runtime, on which everything of the game lives, and one runtime for the
//! system's own work (accepting, signals, the watchdog), so that a busy shard stops none of it. Read `shard.rs` first,
//! then `serving.rs` for what comes in and `egress.rs` for what goes out.
//!
//! ```no_run
//! # use playhouse::descriptor::Schema;
//! # static SCHEMA: Schema = Schema { digest: 0, release: 0, readable_since: 0, past: &[], packages: &[] };
//! use playhouse::node::Node;
//!
//! let node = Node::builder()
//!     .name("dev")
//!     .schema(&SCHEMA)
//!     .listen("127.0.0.1:7000")
//!     .build()?;
//! node.run()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Limits: [`SHARDS_MAX`] shards; on each, [`LINKS_MAX`] links and [`INTEROP_MAX`] connections of tools, of which each
//! runs [`INTEROP_RUNNING_MAX`] calls at once; [`HANDSHAKE_TIMEOUT`] to encrypt a link; [`OPEN_TIMEOUT`] to open a session, at [`OPEN_RATE`]; guests of one
//! address count as [`GUESTS_PER_ADDRESS`], of whose calls [`GUEST_CALLS_MAX`] are remembered; [`STOP_TIMEOUT`] to stop;
//! in a cluster [`JOIN_TIMEOUT`] to join it, [`DRAIN_TIMEOUT`] to hand over what it runs, and [`LEAVE_TIMEOUT`] to leave it.

mod accepting;
mod admission;
mod builder;
mod clocks;
mod config;
mod control;
#[cfg(feature = "login-http")]
mod desk;
mod doors;
mod draining;
mod egress;
mod environment;
#[cfg(feature = "opentelemetry")]
mod exporting;
mod gate;
mod guests;
mod home;
mod interop;
mod judging;
mod lanes;
mod member;
mod observing;
mod parts;
mod problem;
mod running;
mod secrets;
mod serving;
mod shard;
mod shared;
mod strangers;
mod system;
mod threads;
mod tool;

use std::fmt;
use std::sync::Arc;

use tokio::time::Duration;

#[cfg(feature = "tls")]
pub use accepting::CERTIFICATE_EVERY;
pub use admission::{Admission, Shown};
pub use builder::NodeBuilder;
pub use clocks::CLOCK_DIFFERENCE_MAX;
pub use config::{
    ClusterConfig, ColoursConfig, ConfigureError, DoorsConfig, EtcdConfig, LogConfig,
    LogFilesConfig, LoginHttpConfig, MembershipConfig, Mode, Network, NodeConfig, NoiseConfig,
    RotationConfig, StoreConfig, TlsConfig,
};
pub(crate) use doors::DoorCounts;
pub use doors::{
    AUTH_FAILURES, BAN_LIST_EVERY, BAN_TIME, BANS_MAX, CLIENT_BYTES, CLIENT_FRAMES,
    CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS, DoorLimits, HANDSHAKES_MAX, HANDSHAKES_PER_ADDRESS,
    PROXY_BYTES_MAX, PROXY_WAIT,
};
pub use draining::{DRAIN_TIMEOUT, FAREWELLS_AT_ONCE, FAREWELLS_EVERY};
pub use egress::{HOP_BYTES_HIGH, RETRIES_MAX, RETRY_PAUSE, SEARCHES_MAX};
pub use gate::{OPEN_RATE, OPEN_TIMEOUT};
pub(crate) use guests::Place;
pub use guests::{GUEST_CALLS_MAX, GUESTS_PER_ADDRESS};
pub use home::{ASKED_MAX, RUNNING_MAX};
pub use interop::RUNNING_MAX as INTEROP_RUNNING_MAX;
pub use playhouse_net::noise::{ClusterKey, HANDSHAKE_TIMEOUT, KeyError, PublicKey, ServerKey};
#[cfg(feature = "tls")]
pub use playhouse_net::tls::{Fingerprint, FingerprintError};
pub use problem::{BuildError, StartError};
pub use running::{RESTART_STATUS, RunError, Running, Spawned, StopError};
pub use system::LEAVE_TIMEOUT;

pub use crate::standing::NoStanding;

/// Most shards of a node: more threads than that don't share memory well.
pub const SHARDS_MAX: usize = 64;

/// Most links of one shard that others dialled, if nothing else is said.
pub const LINKS_MAX: usize = 16_384;

/// Most connections of one shard to the interop port.
pub const INTEROP_MAX: usize = 256;

/// How long handlers that run may take to end once the node stops, and what they leave to be saved. Twice as long as a call
/// that says nothing else: whatever a handler waits for has ended before it is cut off.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a node waits at its start for its place in the cluster.
pub const JOIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Pause after an accept that failed, as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A node that has not started yet.
pub struct Node {
    shared: Arc<shared::Shared>,
}

impl Node {
    /// Begins to say what a node runs.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::new()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.about.name
    }

    /// How many shards it has.
    #[must_use]
    pub fn shard_count(&self) -> usize {
        self.shared.about.shards
    }

    /// Starts it on threads of its own.
    ///
    /// # Errors
    ///
    /// If an address can't be listened on, or a thread can't be had; then nothing runs.
    pub fn start(self) -> Result<Running, StartError> {
        crate::log::begins(self.name());
        let running = threads::start(&self.shared)?;
        tracing::info!(
            node = running.name(),
            addresses = running.addresses().join(", "),
            "the node runs"
        );
        Ok(running)
    }

    /// Starts it, and blocks until Ctrl-C or SIGTERM; then stops it: nothing new is taken in, handlers that run may end
    /// within [`STOP_TIMEOUT`], persistent entities are saved, the others hear `destroyed`. What is logged goes to standard error if the program has not
    /// said [where](crate::log) else; `RUST_LOG` says which levels.
    ///
    /// # Errors
    ///
    /// As [`Self::start`]; or if handlers were cut off.
    pub fn run(self) -> Result<(), RunError> {
        let _log = crate::log::unless_installed();
        let running = self.start().map_err(RunError::Start)?;
        running.run_until_signal().map_err(RunError::Stop)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

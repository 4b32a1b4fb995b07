//! What a link holds at most, and how long it waits.

use std::time::Duration;

/// Most bytes that wait to be sent on a link, [`QueueLimits::output_bytes_max`].
pub const OUTPUT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes that wait to be sent above which a link takes nothing in, [`QueueLimits::output_bytes_high`].
pub const OUTPUT_BYTES_HIGH: usize = 1024 * 1024;

/// What control messages and the ends of calls may add to [`OUTPUT_BYTES_MAX`] before the link is closed.
pub const OUTPUT_BYTES_RESERVE: usize = 1024 * 1024;

/// Most requests of a link that wait for a response, [`QueueLimits::pending_max`].
pub const PENDING_MAX: usize = 65_536;

/// How long a peer may read nothing of what waits for it, [`QueueLimits::write_stall`].
pub const WRITE_STALL: Duration = Duration::from_secs(10);

/// How long dialling may take, [`QueueLimits::connect_timeout`].
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a closed link goes on writing what is left for its peer.
pub const LINGER: Duration = Duration::from_secs(1);

/// Bounds of a link's queues; those of its protocol are [`playhouse_wire::link::LinkLimits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Most bytes that wait to be sent: 8 MiB. A request that doesn't fit is refused. One alone may be longer.
    pub output_bytes_max: usize,
    /// Bytes that wait to be sent above which an accepted link stops reading and a dialled one refuses requests: 1 MiB.
    pub output_bytes_high: usize,
    /// Most requests that wait for a response: 65,536. More are refused.
    pub pending_max: usize,
    /// The link is closed if the peer reads nothing for this long while bytes wait for it: 10 s.
    pub write_stall: Duration,
    /// How long dialling may take: 3 s.
    pub connect_timeout: Duration,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            output_bytes_max: OUTPUT_BYTES_MAX,
            output_bytes_high: OUTPUT_BYTES_HIGH,
            pending_max: PENDING_MAX,
            write_stall: WRITE_STALL,
            connect_timeout: CONNECT_TIMEOUT,
        }
    }
}

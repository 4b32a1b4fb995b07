//! What a link allows its peer, and how long it waits.

use crate::frame::{FRAME_BYTES_MAX, PACK_FROM};
use crate::message::REQUESTS_MAX;

/// Bounds of one side of a link. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkLimits {
    /// Time until the hellos must have been exchanged: 5 s.
    pub hello_us: u64,
    /// Silence of the peer after which it is asked whether it is there: 5 s. It is asked again after as long.
    pub ping_after_us: u64,
    /// Silence of the peer after which it counts as gone: 15 s.
    pub dead_after_us: u64,
    /// Time that a peer has to acknowledge a goaway: 10 s.
    pub go_away_us: u64,
    /// The longest message before the hellos were exchanged, in bytes: 256 KiB.
    pub hello_bytes_max: u32,
    /// The longest message afterwards, in bytes: 16 MiB. The peer is told.
    pub frame_bytes_max: u32,
    /// Most requests that the peer may have unanswered: 65,536. The peer is told; who keeps the calls holds it to that.
    pub requests_max: u32,
    /// Messages of at least so many bytes are compressed, if both sides want that and it saves something: 1 KiB. 0: none
    /// are, and the peer sends none.
    pub pack_from: u32,
    /// The oldest release of a client's schema that is taken: 0, all are.
    pub client_release_min: u32,
}

impl LinkLimits {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        hello_us: 5_000_000,
        ping_after_us: 5_000_000,
        dead_after_us: 15_000_000,
        go_away_us: 10_000_000,
        hello_bytes_max: 256 * 1024,
        frame_bytes_max: 16 * 1024 * 1024,
        requests_max: REQUESTS_MAX,
        pack_from: PACK_FROM,
        client_release_min: 0,
    };
}

const _: () = assert!(LinkLimits::DEFAULT.frame_bytes_max as usize == FRAME_BYTES_MAX);

impl Default for LinkLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

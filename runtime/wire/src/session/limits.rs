//! What a session may hold, and how long it waits.

use super::rules::Rules;
use crate::message::Terms;

/// Bounds of a session. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionLimits {
    /// Most messages of a client that may be unacknowledged: 256. The client is told. Its answers to client rpcs may be as many
    /// again. The home acknowledges nothing more while it has as many that have not begun.
    pub window: u32,
    /// Most bytes of them: 128 KiB. No message of a client is longer.
    pub window_bytes: u32,
    /// Most messages that the home keeps until the client acknowledges them: 1,024. Responses that are to come count.
    pub buffer: u32,
    /// Most bytes of them: 256 KiB. No message of the home is longer. Responses and cancels may take as many again.
    pub buffer_bytes: u32,
    /// Time that a session outlives its last link: 60 s. The client is told.
    pub grace_us: u64,
    /// Time after which a client without a session's answer gives up: 90 s.
    pub give_up_us: u64,
    /// Time for which the home remembers how a session ended: 5 min.
    pub tombstone_us: u64,
    /// Time after which what was taken is acknowledged at the latest: 50 ms. The client is told.
    pub ack_us: u64,
    /// Messages after which it is acknowledged at once: 16. A quarter of `window_bytes` has the same effect.
    pub ack_messages: u32,
    /// Time that an `Open` may go unanswered before its link counts as useless: 10 s.
    pub open_us: u64,
    /// Most entities whose newest state a session follows: 1,024. Past them the one that began first is followed no more, until it begins
    /// anew. A client's is to be no less than the home's.
    pub views: u32,
    /// Which rules hold: all of them.
    #[doc(hidden)]
    pub rules: Rules,
}

impl SessionLimits {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        window: Terms::DEFAULT.window,
        window_bytes: Terms::DEFAULT.window_bytes,
        buffer: 1024,
        buffer_bytes: 256 * 1024,
        grace_us: Terms::DEFAULT.grace_us,
        give_up_us: 90_000_000,
        tombstone_us: 300_000_000,
        ack_us: Terms::DEFAULT.ack_us,
        ack_messages: 16,
        open_us: 10_000_000,
        views: 1024,
        rules: Rules::ALL,
    };

    /// What the client is told of them.
    #[must_use]
    pub const fn terms(&self) -> Terms {
        Terms {
            window: self.window,
            window_bytes: self.window_bytes,
            grace_us: self.grace_us,
            ack_us: self.ack_us,
        }
    }
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

//! What a connection may be told: how eagerly it sends again, and how much it holds.

use super::{packet::DATA_OVERHEAD_BYTES, segment::SEGMENT_HEADER_BYTES};

/// How a connection sends. Each side has its own; they need not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How long acknowledgements wait for something that goes the same way, in milliseconds; also the least allowance
    /// for jitter in the time after which a segment counts as lost.
    pub interval_ms: u32,
    /// The least time after which a segment counts as lost, in milliseconds.
    pub resend_ms_min: u32,
    /// A segment that counted as lost again and again waits by this much longer each time, in percent.
    pub backoff_percent: u32,
    /// A segment is sent again at once when so many later ones were acknowledged before it; 0 is never.
    pub fast_resend: u32,
    /// What is under way goes along with other datagrams, up to twice, as long as it is no more bytes than this: so a lost
    /// segment comes with the next, sooner than it could count as lost. That makes datagrams longer, and no more of them.
    pub repeat_bytes_max: u32,
    /// Sends less for a while when segments are lost, so that others on the path have their share.
    pub congestion_control: bool,
    /// Most bytes that are sent and not acknowledged; as many more may wait to be sent.
    pub send_window_bytes: u32,
    /// Most bytes that have come and were not read. Out of order as many more may have come.
    pub receive_window_bytes: u32,
    /// Most bytes of a datagram, without the headers of UDP and IP; see [`Options::DATAGRAM_BYTES`].
    pub datagram_bytes_max: usize,
}

impl Options {
    /// What a datagram may have for nearly every path to carry it whole: 1,400 with the headers of UDP and IPv6, which
    /// leaves room for tunnels.
    pub const DATAGRAM_BYTES: usize = 1_350;
    /// The least for a datagram: what every path of IPv6 carries, less the headers.
    pub const DATAGRAM_BYTES_MIN: usize = 576;
    /// The most for a datagram: what one has room for on Ethernet, less the headers.
    pub const DATAGRAM_BYTES_MAX: usize = 1_452;
    /// The greatest window that the protocol's header has room for at the smallest segment.
    pub const WINDOW_BYTES_MAX: u32 = 16 * 1024 * 1024;

    /// For the exchange of a game: a lost segment is sent again after one and a half times a quiet path's round trip, and
    /// loss never slows the sender down.
    ///
    /// The windows let 1 MiB/s over a round trip of 100 ms go on while a segment is sent again: 100 KiB are under way
    /// then, and it takes about two and a half round trips from a segment's first sending to the acknowledgement of its
    /// second.
    pub const FAST: Self = Self {
        interval_ms: 10,
        resend_ms_min: 30,
        backoff_percent: 50,
        fast_resend: 2,
        repeat_bytes_max: 1024,
        congestion_control: false,
        send_window_bytes: 256 * 1024,
        receive_window_bytes: 256 * 1024,
        datagram_bytes_max: Self::DATAGRAM_BYTES,
    };

    /// For much data, and for paths that others share: about as eager as TCP.
    pub const DEFAULT: Self = Self {
        interval_ms: 20,
        resend_ms_min: 100,
        backoff_percent: 100,
        fast_resend: 2,
        repeat_bytes_max: 512,
        congestion_control: true,
        ..Self::FAST
    };

    /// Within what the protocol can say.
    pub(super) fn checked(mut self) -> Self {
        let bytes = self.datagram_bytes_max;
        self.datagram_bytes_max = bytes.clamp(Self::DATAGRAM_BYTES_MIN, Self::DATAGRAM_BYTES_MAX);
        let least = u32::try_from(self.datagram_bytes_max).unwrap_or(u32::MAX);
        for window in [&mut self.send_window_bytes, &mut self.receive_window_bytes] {
            *window = (*window).clamp(least.saturating_mul(4), Self::WINDOW_BYTES_MAX);
        }
        self.interval_ms = self.interval_ms.clamp(1, 1_000);
        self.resend_ms_min = self.resend_ms_min.clamp(1, 10_000);
        self.backoff_percent = self.backoff_percent.min(1_000);
        self
    }

    /// Most bytes of the stream in one segment.
    pub(super) fn segment_bytes_max(&self) -> usize {
        self.datagram_bytes_max - DATA_OVERHEAD_BYTES - SEGMENT_HEADER_BYTES
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::DEFAULT
    }
}

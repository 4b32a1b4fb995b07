//! Messages that may be lost: in datagrams beside the stream, or on it while little waits there.

use playhouse_wire::Writer;

use super::{Link, shared::Phase};

/// Bytes that wait on a link's stream from which on nothing is put there that may as well be lost: 32 KiB.
pub const PASSING_QUEUED_MAX: usize = 32 * 1024;

/// What became of a message that may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// It went in a datagram.
    Datagram,
    /// It went on the stream: what carries the link has no datagrams, or none that long.
    Stream,
    /// It went nowhere, since too much waits on the stream, or the link is not open.
    Dropped,
    /// It came in a datagram.
    Received,
}

impl Way {
    /// As metrics have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Datagram => "datagram",
            Self::Stream => "stream",
            Self::Dropped => "dropped",
            Self::Received => "received",
        }
    }
}

impl Link {
    /// Sends a message that may be lost, doubled and overtaken, and is worth something only now. It never waits behind
    /// what must come: it goes in a datagram if what carries the link has them and it fits, else on the stream, unless
    /// [`PASSING_QUEUED_MAX`] bytes wait there.
    pub fn pass(&self, write: impl FnOnce(&mut Writer)) -> Way {
        let way = self.pass_by(write);
        if let Some(transport) = self.transport() {
            self.shared.options.traffic.pass(transport, way);
        }
        way
    }

    fn pass_by(&self, write: impl FnOnce(&mut Writer)) -> Way {
        if !matches!(self.shared.phase.get(), Phase::Open | Phase::Leaving) {
            return Way::Dropped;
        }
        let mut w = Writer::new();
        write(&mut w);
        if self.send_datagram(w.as_bytes()) {
            return Way::Datagram;
        }
        if self.queued_bytes() < PASSING_QUEUED_MAX
            && self.send(|out| out.raw(w.as_bytes())).is_ok()
        {
            return Way::Stream;
        }
        Way::Dropped
    }
}

//! The protocol beneath a stream: numbers, acknowledgements, and what is sent again.

mod receiving;
mod sending;

use self::{receiving::Receiving, sending::Sending};
use super::{
    options::Options,
    packet::DATA_OVERHEAD_BYTES,
    segment::{Command, SEGMENT_HEADER_BYTES, Segment, take},
};

/// Acknowledgements that wait for company go out once there are so many.
const ACKNOWLEDGEMENTS_AT_ONCE: usize = 8;

/// One side of a reliable stream of bytes over datagrams that get lost, doubled and overtaken: KCP in its stream mode.
///
/// Pure: it does no IO and is told the time, as milliseconds that never go back. Call [`handle`](Self::handle) for each
/// payload that comes, [`write`](Self::write) and [`read`](Self::read) as the stream's owner likes, and
/// [`flush`](Self::flush) whenever [`poll_timeout`](Self::poll_timeout) gives a time that has come: it may change with
/// every other call. Nothing a peer sends panics, and what is kept for him is at most twice the receive window.
///
/// The protocol is that of <https://github.com/skywind3000/kcp>, with these additions, none of which its other
/// implementations mind: what is written goes out at the next flush, not at the next tick of a clock; only an
/// acknowledgement of something sent later counts towards a fast resend; a segment without bytes is the end of the stream.
#[derive(Debug)]
pub struct Conversation {
    number: u32,
    options: Options,
    sending: Sending,
    receiving: Receiving,
    /// The peer is to be asked for his window; also how a client shows that it has heard the server.
    ask: bool,
}

impl Conversation {
    /// A conversation of this number, which both sides must agree on.
    #[must_use]
    pub fn new(number: u32, options: Options) -> Self {
        Self::starting_at(number, options, 0)
    }

    /// One whose segments are numbered from `first`: so that tests see the numbers go round.
    #[doc(hidden)]
    #[must_use]
    pub fn starting_at(number: u32, options: Options, first: u32) -> Self {
        let options = options.checked();
        Self {
            number,
            options,
            sending: Sending::new(options, first),
            receiving: Receiving::new(options, first),
            ask: false,
        }
    }

    /// Takes a datagram's payload. What is left of it after a segment that is none, or not of this conversation, is dropped.
    pub fn handle(&mut self, now_ms: u64, mut bytes: &[u8]) {
        let mut acknowledged = false;
        while let Some(segment) = take(&mut bytes) {
            if segment.conversation != self.number {
                break;
            }
            acknowledged |= self.sending.handle(now_ms, &segment);
            match segment.command {
                Command::Push => {
                    let within_ms = u64::from(self.options.interval_ms);
                    self.receiving.push(&segment, now_ms + within_ms);
                }
                Command::AskWindow => self.receiving.tell = true,
                Command::Acknowledge | Command::TellWindow => {}
            }
        }
        if acknowledged {
            self.sending.count_overtaken();
        }
    }

    /// Takes as much of `bytes` as there is room for, to be sent; nothing after [`finish`](Self::finish).
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        self.sending.write(bytes)
    }

    /// Ends what this side says, behind what was written.
    pub fn finish(&mut self) {
        self.sending.finish();
    }

    /// [`finish`](Self::finish) was called.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.sending.is_finished()
    }

    /// Moves bytes that have come into `buffer`, as many as there are; 0 if none are there now.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.receiving.read(buffer)
    }

    /// The peer has ended what it says, and all of it was read.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.receiving.is_ended()
    }

    /// Nothing is there to be read, and the end isn't either.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        self.receiving.is_dry()
    }

    /// Room for bytes to be written.
    #[must_use]
    pub fn room(&self) -> usize {
        self.sending.room()
    }

    /// All that was written has come to the peer, and its end if it was said.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.sending.is_delivered()
    }

    /// Asks the peer for his window, which makes him answer.
    pub fn ask(&mut self) {
        self.ask = true;
    }

    /// Until when [`flush`](Self::flush) has nothing to do; a time that has passed is at once, none is for ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        let at_once = self.ask
            || self.receiving.tell
            || self.receiving.acknowledgements.len() >= ACKNOWLEDGEMENTS_AT_ONCE
            || self.sending.is_eager();
        if at_once {
            return Some(0);
        }
        let times = [self.receiving.acknowledge_at_ms, self.sending.timeout_ms()];
        times.into_iter().flatten().min()
    }

    /// Gives all payloads that are to be sent now, each at most as long as the options say.
    pub fn flush(&mut self, now_ms: u64, mut emit: impl FnMut(&[u8])) {
        let mut datagram = Vec::new();
        let capacity = self.options.datagram_bytes_max - DATA_OVERHEAD_BYTES;
        let mut put = |segment: Segment<'_>| {
            if datagram.len() + SEGMENT_HEADER_BYTES + segment.payload.len() > capacity {
                emit(&datagram);
                datagram.clear();
            }
            segment.put(&mut datagram);
        };
        let blank = Segment {
            conversation: self.number,
            command: Command::Acknowledge,
            window: self.receiving.tell_window(),
            time: now_ms as u32,
            sequence: 0,
            unacknowledged: self.receiving.expected(),
            payload: &[],
        };
        let speaks = !self.receiving.acknowledgements.is_empty();
        for (sequence, time) in self.receiving.acknowledgements.drain(..) {
            put(Segment {
                sequence,
                time,
                ..blank
            });
        }
        self.receiving.acknowledge_at_ms = None;
        self.sending.probe(now_ms, &mut self.ask);
        for (asked, command) in [
            (&mut self.ask, Command::AskWindow),
            (&mut self.receiving.tell, Command::TellWindow),
        ] {
            if std::mem::take(asked) {
                put(Segment { command, ..blank });
            }
        }
        let blank = Segment {
            command: Command::Push,
            ..blank
        };
        self.sending.send_again(now_ms, |sequence, payload| {
            put(Segment {
                sequence,
                payload,
                ..blank
            });
        });
        if speaks || self.sending.is_eager() {
            self.sending.repeat(now_ms, |sequence, payload| {
                put(Segment {
                    sequence,
                    payload,
                    ..blank
                });
            });
        }
        self.sending.send_new(now_ms, |sequence, payload| {
            put(Segment {
                sequence,
                payload,
                ..blank
            });
        });
        if !datagram.is_empty() {
            emit(&datagram);
        }
    }
}

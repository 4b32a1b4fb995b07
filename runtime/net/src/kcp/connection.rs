//! A connection: a conversation and single datagrams, sealed, with a peer whose address may change.

use std::{collections::VecDeque, net::SocketAddr};

use super::{
    conversation::Conversation,
    options::Options,
    packet::{DATA_OVERHEAD_BYTES, Packet, put_data_header},
    seal::{Seal, Verdict},
};

/// A peer that owes an acknowledgement and was not heard for so long is gone, in milliseconds. Links notice sooner, by
/// their heartbeat; this is for what is left when nobody holds the stream any more.
pub const SILENCE_MS_MAX: u64 = 30_000;
/// Single datagrams that wait to be read; past them the oldest goes.
pub const DATAGRAMS_UNREAD_MAX: usize = 64;
/// Single datagrams that wait to be sent; past them new ones are dropped.
const DATAGRAMS_UNSENT_MAX: usize = 64;
/// How often a client shows that it has the server's acceptance, until it hears him.
const CONFIRM_EVERY_MS: u64 = 200;

const INNER_SEGMENTS: u8 = 0;
const INNER_DATAGRAM: u8 = 1;
const INNER_CLOSE: u8 = 2;

/// How it is with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Bytes go both ways.
    Live,
    /// The peer has closed it: what has come can still be read.
    Closed,
    /// The peer was silent for [`SILENCE_MS_MAX`].
    Silent,
}

/// One side of a connection. Pure, as its [`Conversation`] is: the same calls, and the same rules of time.
///
/// The peer's address is where the newest authentic datagram came from, so a client behind a NAT that forgets keeps his
/// connection. Who only sees datagrams, and is quicker than they are, can turn the answers elsewhere until the client's next
/// one; he can't read them. A connection that isn't encrypted knows nothing authentic and stays with its first address.
#[derive(Debug)]
pub struct Connection {
    id: u64,
    seal: Seal,
    conversation: Conversation,
    datagram_bytes_max: usize,
    path: SocketAddr,
    state: State,
    closing: bool,
    heard_ms: u64,
    /// Since when something is on its way to the peer.
    waiting_ms: Option<u64>,
    confirm_ms: Option<u64>,
    unread: VecDeque<Vec<u8>>,
    unsent: VecDeque<Vec<u8>>,
}

impl Connection {
    pub(super) fn new(id: u64, seal: Seal, options: Options, path: SocketAddr) -> Self {
        let options = options.checked();
        Self {
            id,
            seal,
            // The published protocol's number has 32 bits.
            conversation: Conversation::new(id as u32, options),
            datagram_bytes_max: options.datagram_bytes_max,
            path,
            state: State::Live,
            closing: false,
            heard_ms: 0,
            waiting_ms: None,
            confirm_ms: None,
            unread: VecDeque::new(),
            unsent: VecDeque::new(),
        }
    }

    /// The side that dialled: it lets the server know that it has its answer.
    pub(super) fn confirming(mut self) -> Self {
        self.confirm_ms = Some(0);
        self
    }

    /// A connection that isn't encrypted, which nobody has agreed on: so that its input can be tried.
    #[doc(hidden)]
    #[must_use]
    pub fn plain(id: u64, options: Options, path: SocketAddr) -> Self {
        Self::new(id, Seal::Plain, options, path)
    }

    /// Its number, which the server chose at random.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }

    /// Where the peer is now.
    #[must_use]
    pub const fn path(&self) -> SocketAddr {
        self.path
    }

    /// How it is with the connection; see [`State`].
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The bytes that go both ways.
    pub const fn conversation(&mut self) -> &mut Conversation {
        &mut self.conversation
    }

    /// Takes a whole datagram from the network; false if it was not the peer's, or came before.
    pub fn handle_packet(&mut self, now_ms: u64, from: SocketAddr, bytes: &[u8]) -> bool {
        match Packet::read(bytes) {
            Some(Packet::Data { id, sealed }) if id == self.id => self.handle(now_ms, from, sealed),
            _ => false,
        }
    }

    fn handle(&mut self, now_ms: u64, from: SocketAddr, sealed: &[u8]) -> bool {
        // Buffers are as old as the call: thousands of connections are idle at a time.
        let mut opened = Vec::with_capacity(sealed.len());
        let at_home = from == self.path;
        let verdict = self.seal.open(sealed, at_home, &mut opened);
        if let Some((&kind, inner)) = opened.split_first()
            && verdict != Verdict::Foul
        {
            if verdict == Verdict::Newest {
                self.path = from;
            }
            self.heard_ms = now_ms;
            self.confirm_ms = None;
            match kind {
                INNER_SEGMENTS => self.conversation.handle(now_ms, inner),
                INNER_DATAGRAM => {
                    if self.unread.len() >= DATAGRAMS_UNREAD_MAX {
                        self.unread.pop_front();
                    }
                    self.unread.push_back(inner.to_vec());
                }
                INNER_CLOSE => self.state = State::Closed,
                // A later version's.
                _ => {}
            }
        }
        verdict != Verdict::Foul
    }

    /// What only the two sides of this connection know; none without encryption.
    #[must_use]
    pub fn binding(&self) -> Option<[u8; 32]> {
        self.seal.binding()
    }

    /// A single datagram is there to be received.
    #[must_use]
    pub fn has_datagram(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Nothing can come or go any more.
    pub(super) const fn abandon(&mut self) {
        self.state = State::Closed;
    }

    /// Most bytes of a single datagram.
    #[must_use]
    pub const fn datagram_bytes_max(&self) -> usize {
        self.datagram_bytes_max - DATA_OVERHEAD_BYTES
    }

    /// Sends a single datagram with the next flush; one that is too long or for which there is no room is dropped.
    pub fn send_datagram(&mut self, bytes: &[u8]) {
        let fits = bytes.len() <= self.datagram_bytes_max();
        if fits && self.unsent.len() < DATAGRAMS_UNSENT_MAX {
            self.unsent.push_back(bytes.to_vec());
        }
    }

    /// The next single datagram that has come.
    pub fn receive_datagram(&mut self) -> Option<Vec<u8>> {
        self.unread.pop_front()
    }

    /// Tells the peer, once, that this side has forgotten the connection.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Until when [`flush`](Self::flush) has nothing to do; a time that has passed is at once, none is for ever.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        if self.state != State::Live {
            return None;
        }
        if self.closing || !self.unsent.is_empty() {
            return Some(0);
        }
        let times = [self.conversation.poll_timeout(), self.confirm_ms];
        times.into_iter().flatten().min()
    }

    /// Gives all datagrams that are to be sent now, and where to.
    pub fn flush(&mut self, now_ms: u64, mut emit: impl FnMut(SocketAddr, &[u8])) {
        if self.state != State::Live {
            return;
        }
        self.look_for_silence(now_ms);
        if self.confirm_ms.is_some_and(|at| now_ms >= at) {
            self.conversation.ask();
            self.confirm_ms = Some(now_ms + CONFIRM_EVERY_MS);
        }
        let Self { id, seal, path, .. } = self;
        let (mut inner, mut sealed) = (Vec::new(), Vec::new());
        let mut put = |kind: u8, bytes: &[u8]| {
            inner.clear();
            inner.push(kind);
            inner.extend_from_slice(bytes);
            put_data_header(*id, &mut sealed);
            if seal.seal(&inner, &mut sealed) {
                emit(*path, &sealed);
            }
        };
        self.conversation
            .flush(now_ms, |bytes| put(INNER_SEGMENTS, bytes));
        for bytes in self.unsent.drain(..) {
            put(INNER_DATAGRAM, &bytes);
        }
        if std::mem::take(&mut self.closing) {
            put(INNER_CLOSE, &[]);
        }
    }

    fn look_for_silence(&mut self, now_ms: u64) {
        if self.conversation.is_delivered() {
            self.waiting_ms = None;
            return;
        }
        let since = *self.waiting_ms.get_or_insert(now_ms);
        if now_ms.saturating_sub(since.max(self.heard_ms)) >= SILENCE_MS_MAX {
            self.state = State::Silent;
        }
    }
}

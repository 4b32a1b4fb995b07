//! The life of a link, sans-IO: hellos, heartbeat, going away. It neither reads a clock nor owns calls.
//!
//! Long because it is one state machine: what it takes, in which order, stands in one place.

mod close;
mod identity;
mod limits;
mod outbox;

pub use close::CloseReason;
pub use identity::{ClockAhead, Identity, Peer};
pub use limits::LinkLimits;

use identity::agree;
use outbox::Outbox;

use crate::Writer;
use crate::frame::{TooLong, UnpackError};
use crate::message::{self, Digests, GoAway, GoAwayReason, Hello, Message, Role};

/// One end of one connection.
///
/// # Call order
///
/// After [`Link::new`], and after every call of a `handle_` method, [`Link::go_away`] or [`Link::close`], the driver
/// calls [`Link::poll_transmit`] and sends what it writes behind what was sent before. It calls
/// [`Link::handle_frame`] for each frame, in order, and [`Link::handle_timeout`] once the time [`Link::poll_timeout`]
/// names has come. Asking for that time again only when it has come is enough: it never moves closer except by
/// [`Link::go_away`] and by what `handle_frame` returns as an [`Event`] other than [`Event::Message`].
///
/// After [`Event::Closed`] the driver sends what `poll_transmit` still writes, closes the connection and is done.
///
/// # Time
///
/// `now_us` counts microseconds from any start, the same for all calls, and does not go back. Any byte from the peer
/// proves it alive.
///
/// The idea of the shape comes from quinn-proto's `Connection`.
#[derive(Debug)]
pub struct Link {
    identity: Identity,
    limits: LinkLimits,
    state: State,
    /// When anything was last heard of the peer; before that, when the link began.
    heard_us: u64,
    /// When the peer was last asked, if nothing was heard since.
    asked_us: Option<u64>,
    /// The nonce of the last ping, and when it was sent, until its pong comes.
    ping: Option<(u64, u64)>,
    nonce: u64,
    round_trip_us: Option<u64>,
    /// When the link began.
    began_us: u64,
    /// The date at the time 0 of this link, in microseconds since 1970, if it is known.
    date_of_zero_us: Option<i64>,
    /// Until when the peer has to acknowledge this side's goaway.
    leaving: Leaving,
    /// Whether the peer goes away.
    peer_leaves: bool,
    out: Outbox,
}

#[derive(Debug)]
enum State {
    /// Accepted: the peer's hello is to come, until then.
    AwaitHello(u64),
    /// Dialled: the reply is to come, until then.
    AwaitReply(u64),
    /// Accepted, and the roots differ: the peer's digests are to come, until then.
    AwaitDigests(u64, Box<Peer>),
    Open(Box<Peer>),
    Closed(CloseReason),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// A goaway was sent; the acknowledgement is to come, until then.
    Asked(u64),
    /// The peer sends nothing new any more.
    Acknowledged,
}

/// Which end of a connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end that made the connection: it says hello first.
    Dialled,
    /// The end that took it.
    Accepted,
}

/// What a frame or the passing of time came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Event<'a> {
    /// Nothing that concerns the driver.
    Nothing,
    /// The hellos were exchanged: [`Link::peer`] says who is there. Messages may be sent, if the caller judges that the
    /// peer may be there and that the schemas fit; else it calls [`Link::close`].
    Opened,
    /// A message for the driver: everything but hellos, pings and goaways.
    Message(Message<'a>),
    /// The peer goes away: nothing new may be sent, [`Link::may_begin`] is false from now on. It is acknowledged behind
    /// what the driver has queued by then.
    PeerGoesAway(GoAway<'a>),
    /// The peer has read this side's goaway, and sends nothing new. When all is answered, close the connection.
    Drained,
    /// The link is over. Returned again for whatever comes afterwards.
    Closed(CloseReason),
}

impl Link {
    /// A link that begins now. Limits are raised to what every peer may count on: messages of
    /// [`message::FRAME_BYTES_LEAST`].
    #[must_use]
    pub fn new(side: Side, identity: Identity, limits: LinkLimits, now_us: u64) -> Self {
        let limits = LinkLimits {
            frame_bytes_max: limits.frame_bytes_max.max(message::FRAME_BYTES_LEAST),
            ..limits
        };
        let until = now_us.saturating_add(limits.hello_us);
        Self {
            identity,
            limits,
            state: match side {
                Side::Dialled => State::AwaitReply(until),
                Side::Accepted => State::AwaitHello(until),
            },
            heard_us: now_us,
            asked_us: None,
            ping: None,
            nonce: 0,
            round_trip_us: None,
            began_us: now_us,
            date_of_zero_us: None,
            leaving: Leaving::No,
            peer_leaves: false,
            out: Outbox {
                hello: side == Side::Dialled,
                ..Outbox::default()
            },
        }
    }

    /// The same, where it is known what the date was when the link began, in microseconds since 1970: the hello tells it, and
    /// who has dialled knows how far the other clock is ahead ([`Peer::clock`]).
    #[must_use]
    pub fn with_date(mut self, date_us: i64) -> Self {
        self.date_of_zero_us = Some(date_us.saturating_sub(signed(self.began_us)));
        self
    }

    /// The date at this time; 0 if it is not known.
    fn date_us(&self, now_us: u64) -> i64 {
        let zero = self.date_of_zero_us;
        zero.map_or(0, |zero| zero.saturating_add(signed(now_us)))
    }

    /// Compares the clocks: the other side wrote its date at some time since this link began.
    fn compared(&self, date_us: i64) -> Option<ClockAhead> {
        self.date_of_zero_us.filter(|_| date_us != 0)?;
        let within_us = self.heard_us.saturating_sub(self.began_us) / 2;
        let middle_us = self.began_us.saturating_add(within_us);
        Some(ClockAhead {
            ahead_us: date_us.saturating_sub(self.date_us(middle_us)),
            within_us,
        })
    }

    /// Who is at the other end, once the link is open.
    #[must_use]
    pub const fn peer(&self) -> Option<&Peer> {
        match &self.state {
            State::Open(peer) => Some(peer),
            _ => None,
        }
    }

    /// Why the link is over, once it is.
    #[must_use]
    pub const fn closed(&self) -> Option<&CloseReason> {
        match &self.state {
            State::Closed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether requests and notifications may be sent: the link is open, and the peer doesn't go away.
    #[must_use]
    pub const fn may_begin(&self) -> bool {
        matches!(self.state, State::Open(_)) && !self.peer_leaves
    }

    /// The longest message to take from the peer now, in bytes: for [`Frames`](crate::frame::Frames).
    #[must_use]
    pub const fn receive_bytes_max(&self) -> usize {
        match self.state {
            State::Open(_) => self.limits.frame_bytes_max as usize,
            _ => self.limits.hello_bytes_max as usize,
        }
    }

    /// From what length on messages are compressed, in bytes, if they are: then frames of the peer may be
    /// [packed](crate::frame::Frames::or_packed) too.
    #[must_use]
    pub fn packs_from(&self) -> Option<usize> {
        match &self.state {
            State::Open(peer) if peer.packs => Some(self.limits.pack_from as usize),
            _ => None,
        }
    }

    /// The longest message that the peer takes, in bytes: for [`end`](crate::frame::end).
    #[must_use]
    pub fn send_bytes_max(&self) -> usize {
        match &self.state {
            State::Open(peer) => peer.frame_bytes_max as usize,
            _ => self.limits.hello_bytes_max as usize,
        }
    }

    /// How long the last ping took to come back, in microseconds.
    #[must_use]
    pub const fn round_trip_us(&self) -> Option<u64> {
        self.round_trip_us
    }

    /// When anything was last heard of the peer; before that, when the link began. A peer that is silent for longer than
    /// [`LinkLimits::ping_after_us`] was asked.
    #[must_use]
    pub const fn heard_us(&self) -> u64 {
        self.heard_us
    }

    /// Bytes came that make no whole frame yet: they prove the peer alive too.
    pub fn handle_bytes(&mut self, now_us: u64) {
        self.heard_us = now_us;
        self.asked_us = None;
    }

    /// The next frame came.
    pub fn handle_frame<'a>(&mut self, now_us: u64, bytes: &'a [u8]) -> Event<'a> {
        self.handle_bytes(now_us);
        if let State::Closed(reason) = &self.state {
            return Event::Closed(reason.clone());
        }
        let message = match Message::decode(bytes) {
            Ok(message) => message,
            Err(error) => return self.broken(&error.to_string()),
        };
        match (&mut self.state, message) {
            (State::Open(_), message) => self.handle_message(now_us, message),
            (State::AwaitHello(until), Message::Hello(hello)) => {
                let until = *until;
                self.handle_hello(&hello, until)
            }
            (State::AwaitReply(_), Message::HelloReply(hello, digests)) => {
                self.handle_reply(&hello, digests)
            }
            (State::AwaitDigests(_, peer), Message::Digests(digests)) => {
                peer.digests = Some(digests.iter().collect());
                self.open_awaited()
            }
            (_, Message::GoAway(GoAway { reason, text })) => self.end(CloseReason::Refused {
                reason,
                text: text.into(),
            }),
            _ => self.broken("another message stands where a hello belongs"),
        }
    }

    fn handle_hello(&mut self, hello: &Hello<'_>, until: u64) -> Event<'static> {
        let version = match agree(hello, &self.limits) {
            Ok(version) => version,
            Err(reason) => return self.end(reason),
        };
        let mut peer = Box::new(Peer::new(hello, version, None));
        peer.packs &= self.limits.pack_from > 0;
        self.out.asked = hello.packing;
        let differs = self.identity.differs_from(hello.root);
        self.out.reply = Some(differs);
        if differs {
            self.state = State::AwaitDigests(until, peer);
            Event::Nothing
        } else {
            self.state = State::Open(peer);
            Event::Opened
        }
    }

    fn handle_reply(&mut self, hello: &Hello<'_>, digests: Option<Digests<'_>>) -> Event<'static> {
        let version = match agree(hello, &self.limits) {
            Ok(version) => version,
            Err(reason) => return self.end(reason),
        };
        if digests.is_some() != self.identity.differs_from(hello.root) {
            return self.broken("a reply has digests if the roots differ, and only then");
        }
        self.out.digests = digests.is_some();
        let mut peer = Box::new(Peer::new(hello, version, digests));
        peer.packs &= self.limits.pack_from > 0;
        peer.clock = self.compared(hello.date_us);
        self.state = State::Open(peer);
        Event::Opened
    }

    fn open_awaited(&mut self) -> Event<'static> {
        let state = std::mem::replace(&mut self.state, State::Closed(CloseReason::Disconnected));
        match state {
            State::AwaitDigests(_, peer) => {
                self.state = State::Open(peer);
                Event::Opened
            }
            other => {
                self.state = other;
                Event::Nothing
            }
        }
    }

    /// A message on an open link.
    fn handle_message<'a>(&mut self, now_us: u64, message: Message<'a>) -> Event<'a> {
        match message {
            Message::Ping(nonce) => {
                self.out.pong = Some(nonce);
                Event::Nothing
            }
            Message::Pong(nonce) => {
                if let Some((_, sent_us)) = self.ping.take_if(|(sent, _)| *sent == nonce) {
                    self.round_trip_us = Some(now_us.saturating_sub(sent_us));
                }
                Event::Nothing
            }
            Message::GoAway(go_away) => {
                self.peer_leaves = true;
                self.out.go_away_ack = true;
                Event::PeerGoesAway(go_away)
            }
            Message::GoAwayAck => match self.leaving {
                Leaving::Asked(_) => {
                    self.leaving = Leaving::Acknowledged;
                    Event::Drained
                }
                _ => self.broken("a goaway was acknowledged that wasn't sent"),
            },
            Message::Hello(_) | Message::HelloReply(..) | Message::Digests(_) => {
                self.broken("a second hello")
            }
            Message::Request(_) | Message::Notify(_) if self.leaving == Leaving::Acknowledged => {
                self.broken("something new was sent after a goaway was acknowledged")
            }
            Message::Ignored(_) => Event::Nothing,
            message if message.is_of_nodes() && !self.peer_is_node() => {
                self.broken("only nodes may send this")
            }
            Message::Open(_) if self.peer_is_node() => self
                .broken("only clients open sessions: a gate sends it on inside of its own message"),
            message => Event::Message(message),
        }
    }

    fn peer_is_node(&self) -> bool {
        self.peer().is_some_and(|peer| peer.role == Role::Node)
    }

    /// A frame began that is longer than [`Link::receive_bytes_max`].
    pub fn handle_too_long(&mut self, error: &TooLong) -> Event<'static> {
        self.broken(&error.to_string())
    }

    /// A compressed frame came that can't be read.
    pub fn handle_unpacked(&mut self, error: &UnpackError) -> Event<'static> {
        self.broken(&error.to_string())
    }

    /// The connection broke, or the peer closed it.
    pub fn handle_disconnect(&mut self) -> Event<'static> {
        self.end(CloseReason::Disconnected)
    }

    /// The time that [`Link::poll_timeout`] named has come; harmless at any other.
    pub fn handle_timeout(&mut self, now_us: u64) -> Event<'static> {
        match &self.state {
            State::AwaitHello(until) | State::AwaitReply(until) | State::AwaitDigests(until, _) => {
                if now_us >= *until {
                    return self.end(CloseReason::HelloTimeout);
                }
            }
            State::Open(_) => {
                if now_us >= self.dead_us() {
                    return self.end(CloseReason::Silent);
                }
                if matches!(self.leaving, Leaving::Asked(until) if now_us >= until) {
                    return self.end(CloseReason::GoAwayTimeout);
                }
                if now_us >= self.ping_us() {
                    self.nonce = self.nonce.wrapping_add(1);
                    self.asked_us = Some(now_us);
                    self.ping = Some((self.nonce, now_us));
                    self.out.ping = Some(self.nonce);
                }
            }
            State::Closed(reason) => return Event::Closed(reason.clone()),
        }
        Event::Nothing
    }

    /// When [`Link::handle_timeout`] is to be called; none once the link is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<u64> {
        match &self.state {
            State::AwaitHello(until) | State::AwaitReply(until) | State::AwaitDigests(until, _) => {
                Some(*until)
            }
            State::Open(_) => {
                let next = self.dead_us().min(self.ping_us());
                Some(match self.leaving {
                    Leaving::Asked(until) => next.min(until),
                    _ => next,
                })
            }
            State::Closed(_) => None,
        }
    }

    fn dead_us(&self) -> u64 {
        self.heard_us.saturating_add(self.limits.dead_after_us)
    }

    fn ping_us(&self) -> u64 {
        let since = self.asked_us.unwrap_or(self.heard_us);
        since.saturating_add(self.limits.ping_after_us)
    }

    /// Tells the peer that this side takes nothing new and closes when all is answered: [`Event::Drained`] says when the
    /// last new thing has come. Before the link is open, it is over at once.
    pub fn go_away(&mut self, now_us: u64, reason: GoAwayReason, text: &str) -> Event<'static> {
        match self.state {
            State::Open(_) => {
                if self.leaving == Leaving::No {
                    self.leaving = Leaving::Asked(now_us.saturating_add(self.limits.go_away_us));
                    self.out.go_away = Some((reason, text.into()));
                }
                Event::Nothing
            }
            _ => self.close(reason, text),
        }
    }

    /// Ends the link at once. The peer is told why, as far as it still reads.
    pub fn close(&mut self, reason: GoAwayReason, text: &str) -> Event<'static> {
        self.end_saying(CloseReason::Local(reason), text)
    }

    /// The peer broke the protocol.
    #[cold]
    fn broken(&mut self, how: &str) -> Event<'static> {
        self.end_saying(CloseReason::Protocol(how.into()), how)
    }

    #[cold]
    fn end(&mut self, reason: CloseReason) -> Event<'static> {
        match reason {
            // Whoever is to update hears so; of the others the number says enough.
            CloseReason::Outdated { .. } => {
                let text = reason.to_string();
                self.end_saying(reason, &text)
            }
            _ => self.end_saying(reason, ""),
        }
    }

    #[cold]
    fn end_saying(&mut self, reason: CloseReason, text: &str) -> Event<'static> {
        if let State::Closed(first) = &self.state {
            return Event::Closed(first.clone());
        }
        self.out = Outbox {
            // A peer that was promised a reply learns the reason from the goaway alone.
            go_away: reason.told().map(|told| (told, text.into())),
            ..Outbox::default()
        };
        self.state = State::Closed(reason.clone());
        Event::Closed(reason)
    }

    /// Appends the frames that must stand before all others: the hello, the reply and the digests; whether there were any. A
    /// driver that has queued messages of its own while the link opened sends these first. [`Link::poll_transmit`] has them too.
    pub fn poll_hello(&mut self, w: &mut Writer) -> bool {
        let before = w.len();
        // They are written as soon as the link begins, or has heard one.
        let date_us = self.date_us(self.heard_us);
        self.out
            .put_hellos(w, &self.identity, &self.limits, date_us);
        w.len() > before
    }

    /// Appends the frames that the link itself has to send; whether there were any.
    pub fn poll_transmit(&mut self, w: &mut Writer) -> bool {
        let before = w.len();
        self.poll_hello(w);
        std::mem::take(&mut self.out).put_rest(w);
        w.len() > before
    }
}

/// A time as a difference of dates.
fn signed(us: u64) -> i64 {
    i64::try_from(us).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    reason = "a test that is wrong about its own bytes must fail"
)]
mod tests;

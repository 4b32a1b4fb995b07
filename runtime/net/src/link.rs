//! Links: one connection to a peer, its calls, and the task that drives it.
//!
//! A [`Link`] is a cheap handle; writing to it appends to the link's output and wakes its task, which writes everything
//! at once when it runs: what many tasks add before that goes out as one. What handlers answer while a batch is read
//! goes out with the end of the batch. So a lone call is written at once, and calls under load share their writes.

mod carrier;
mod driver;
mod ends;
mod events;
mod handler;
mod input;
mod limits;
mod options;
mod output;
mod pace;
mod passing;
mod pending;
mod shared;
mod traffic;

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    rc::Rc,
    task::Poll,
    time::Duration,
};

use playhouse_wire::{
    Writer,
    link::{Peer, Side},
    message::{self, Executed, GoAwayReason, Header, Method, Moved, WireFailure},
};
use tokio::time::Instant;

use self::{
    carrier::Carrier,
    ends::Source,
    pace::Paced,
    shared::{Phase, Shared, too_many_pending},
};
use crate::network::{Network, Stream, Transport};

pub use self::handler::{CloseReason, LinkHandler, Refused, ReplyOutcome, ReplySink};
pub use self::limits::{
    CONNECT_TIMEOUT, LINGER, OUTPUT_BYTES_HIGH, OUTPUT_BYTES_MAX, OUTPUT_BYTES_RESERVE,
    PENDING_MAX, QueueLimits, WRITE_STALL,
};
pub use self::options::{Date, LinkOptions};
pub use self::pace::Pace;
pub use self::passing::{PASSING_QUEUED_MAX, Way};
pub use self::traffic::Traffic;

/// A request that waits, on the link that gave the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(u32);

impl CallId {
    /// As a number, for who keeps ids of many links in one word.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The id of this number.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }
}

/// One connection to a peer. Clones are the same link.
///
/// A link that dials can be used at once: what is sent goes out in order when the hellos were exchanged, and fails as
/// not executed if they never are. All messages of a link arrive in the order in which they were sent.
#[derive(Clone)]
pub struct Link {
    shared: Rc<Shared>,
}

impl Link {
    /// A link over a stream that a listener accepted, driven by a new task of the current `LocalSet`.
    #[must_use]
    pub fn accept(
        stream: Box<dyn Stream>,
        options: LinkOptions,
        handler: Rc<dyn LinkHandler>,
    ) -> Self {
        let address = Rc::from(stream.peer_address());
        Self::start(
            Side::Accepted,
            address,
            Source::Stream(stream),
            options,
            handler,
        )
    }

    /// A link to `address`, which is dialled now by a new task of the current `LocalSet`. Can be used at once.
    #[must_use]
    pub fn dial(
        network: Rc<dyn Network>,
        address: &str,
        options: LinkOptions,
        handler: Rc<dyn LinkHandler>,
    ) -> Self {
        let source = Source::Network(network);
        Self::start(Side::Dialled, Rc::from(address), source, options, handler)
    }

    fn start(
        side: Side,
        address: Rc<str>,
        source: Source,
        options: LinkOptions,
        handler: Rc<dyn LinkHandler>,
    ) -> Self {
        let frame_bytes_max = options.limits.frame_bytes_max as usize;
        let link = Self {
            shared: Rc::new(Shared {
                side,
                address,
                carrier: RefCell::default(),
                began: Instant::now(),
                phase: Cell::new(Phase::Opening),
                protocol: RefCell::new(options.protocol(side, 0)),
                timeout_moved: Cell::new(false),
                peer: RefCell::default(),
                send_bytes_max: Cell::new(frame_bytes_max),
                packs: Cell::new(false),
                pending_max: Cell::new(options.queues.pending_max),
                output: RefCell::default(),
                pending: RefCell::default(),
                unanswered: Cell::new(0),
                drained: Cell::new(false),
                opened_at: Cell::default(),
                end: RefCell::default(),
                driver: RefCell::default(),
                finished: Cell::new(false),
                awake: Cell::new(true),
                held: Cell::new(false),
                paced: Cell::default(),
                watchers: RefCell::default(),
                options,
            }),
        };
        tokio::task::spawn_local(driver::drive(link.clone(), source, handler));
        link
    }

    /// Sends a request and has `sink` told how it ends. `args` writes the arguments straight into the output; it must
    /// not use the link.
    ///
    /// # Errors
    ///
    /// If the link takes nothing (any more), too many requests wait, too many bytes do, or the request is too long. Then
    /// the sink is not told.
    #[inline]
    pub fn request(
        &self,
        method: Method,
        header: &Header<'_>,
        sink: Rc<dyn ReplySink>,
        args: impl FnOnce(&mut Writer),
    ) -> Result<CallId, Refused> {
        let shared = &*self.shared;
        shared.may_begin()?;
        let id = {
            let mut pending = shared.pending.borrow_mut();
            if pending.len() >= shared.pending_max.get() {
                return Err(too_many_pending());
            }
            pending.free_id()
        };
        let end = shared.put(|w| message::put_request(w, id, method, header, args))?;
        shared.pending.borrow_mut().add(id, end, sink);
        shared.wake();
        Ok(CallId(id))
    }

    /// Gives a request up: its sink is dropped, and the peer is told that nobody waits any more.
    pub fn cancel(&self, id: CallId) {
        let shared = &*self.shared;
        let sink = shared.pending.borrow_mut().take(id.0);
        if sink.is_some() && shared.phase.get() != Phase::Closed {
            // A cancel that doesn't fit is left out: the response comes and is ignored.
            if shared.put(|w| message::put_cancel(w, id.0)).is_ok() {
                shared.wake();
            }
        }
    }

    /// Sends a call that isn't answered. `args` writes the arguments; it must not use the link.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    #[inline]
    pub fn notify(
        &self,
        method: Method,
        header: &Header<'_>,
        args: impl FnOnce(&mut Writer),
    ) -> Result<(), Refused> {
        self.shared.may_begin()?;
        self.send(|w| message::put_notify(w, method, header, args))
    }

    /// Sends any other message, whose array `write` writes.
    ///
    /// # Errors
    ///
    /// If the link is over, too many bytes wait, or the message is too long.
    pub fn send(&self, write: impl FnOnce(&mut Writer)) -> Result<(), Refused> {
        let shared = &*self.shared;
        if shared.phase.get() == Phase::Closed {
            return Err(shared.refusal());
        }
        shared.put(write)?;
        shared.wake();
        Ok(())
    }

    /// Answers a request with what `result` writes; nil for no value. Ignored once the link is over.
    ///
    /// A result that doesn't fit is answered as a failure instead.
    #[inline]
    pub fn respond(&self, id: u32, result: impl FnOnce(&mut Writer)) {
        self.answer(id, |w| message::put_response_ok(w, id, result));
    }

    /// Answers a request with the error union that `body` writes.
    pub fn respond_thrown(&self, id: u32, body: impl FnOnce(&mut Writer)) {
        self.answer(id, |w| message::put_response_thrown(w, id, body));
    }

    /// Answers a request with a failure.
    pub fn respond_failure(&self, id: u32, failure: &WireFailure<'_>) {
        self.answer(id, |w| message::put_response_failure(w, id, failure));
    }

    /// Answers a request whose epoch is over here: it was not executed.
    pub fn respond_moved(&self, moved: &Moved<'_>) {
        self.answer(moved.id, |w| moved.put(w));
    }

    #[inline]
    fn answer(&self, id: u32, write: impl FnOnce(&mut Writer)) {
        let shared = &*self.shared;
        let unanswered = shared.unanswered.get();
        shared.unanswered.set(unanswered.saturating_sub(1));
        if shared.phase.get() == Phase::Closed {
            return;
        }
        if let Err(refused) = shared.put(write) {
            self.answer_instead(id, &refused);
        }
        shared.wake();
    }

    /// The response is too long, or nobody reads the ones before it.
    #[cold]
    fn answer_instead(&self, id: u32, refused: &Refused) {
        let failure = WireFailure {
            text: &refused.text,
            ..WireFailure::new(refused.kind, Executed::Unknown)
        };
        if !self
            .shared
            .put_reserved(|w| message::put_response_failure(w, id, &failure))
        {
            self.shared.finish_later(CloseReason::OutputFull);
        }
    }

    /// Ends the link: what was sent so far still goes out, then the peer is told why. Requests that wait fail, soon.
    pub fn close(&self, reason: GoAwayReason, text: &str) {
        let shared = &*self.shared;
        if shared.phase.replace(Phase::Closed) == Phase::Closed {
            return;
        }
        shared.protocol.borrow_mut().close(reason, text);
        let local = playhouse_wire::link::CloseReason::Local(reason);
        shared.finish_later(CloseReason::Protocol(local));
    }

    /// Tells the peer that this side takes nothing new; [`LinkHandler::drained`] says when the last new thing has come.
    /// A link that isn't open yet is closed.
    pub fn go_away(&self, reason: GoAwayReason, text: &str) {
        let shared = &*self.shared;
        if !matches!(shared.phase.get(), Phase::Open | Phase::Leaving) {
            return self.close(reason, text);
        }
        let now = shared.now_us();
        shared.protocol.borrow_mut().go_away(now, reason, text);
        shared.timeout_moved.set(true);
        shared.wake();
    }

    /// Takes nothing of the peer from now on, until [`take_on`](Self::take_on): what was read and not handed over stays, and
    /// the peer soon can't write any more. Not for long: nobody hears the peer's heartbeat meanwhile.
    pub fn hold(&self) {
        self.shared.held.set(true);
    }

    /// Takes messages of the peer again, from where [`hold`](Self::hold) stopped.
    pub fn take_on(&self) {
        if self.shared.held.replace(false) {
            self.shared.wake();
        }
    }

    /// Takes no more than this of the peer from now on: what comes faster waits to be read, so that the peer can't write
    /// for a while. Datagrams beside the link that come faster are dropped. [`Traffic::slowed`] counts both.
    pub fn set_pace(&self, pace: Pace) {
        self.shared.paced.set(Some(Paced::new(pace)));
    }

    /// Whether requests are taken, and not so much waits that they had better wait.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        let shared = &*self.shared;
        matches!(shared.phase.get(), Phase::Opening | Phase::Open)
            && shared.output.borrow().queued() < shared.options.queues.output_bytes_high
            && shared.pending.borrow().len() < shared.pending_max.get()
    }

    /// Whether requests are taken at all: the link is open or will be.
    #[must_use]
    pub fn takes_requests(&self) -> bool {
        matches!(self.shared.phase.get(), Phase::Opening | Phase::Open)
    }

    /// Whether the peer has read this side's goaway, so that nothing new comes from it.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.shared.drained.get()
    }

    /// Whether the link is over, or about to be.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.phase.get() == Phase::Closed
    }

    /// Why the link is over, once it is.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        let end = self.shared.end.borrow();
        end.as_ref().map(|(_, reason)| reason.clone())
    }

    /// Waits until the link is over.
    pub async fn closed(&self) -> CloseReason {
        poll_fn(|cx| match self.close_reason() {
            Some(reason) => Poll::Ready(reason),
            None => {
                let mut watchers = self.shared.watchers.borrow_mut();
                if !watchers.iter().any(|waker| waker.will_wake(cx.waker())) {
                    watchers.push(cx.waker().clone());
                }
                Poll::Pending
            }
        })
        .await
    }

    /// Who is at the other end, once the hellos were exchanged.
    #[must_use]
    pub fn peer(&self) -> Option<Rc<Peer>> {
        self.shared.peer.borrow().clone()
    }

    /// The address that was dialled, or that the stream was accepted from.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.shared.address
    }

    /// What carries it; none before it is connected.
    #[must_use]
    pub fn transport(&self) -> Option<Transport> {
        self.carrier(|carrier| carrier.transport)
    }

    /// What only the two ends of this connection know, see [`Stream::binding`]: there from
    /// [`LinkHandler::opened`] on, if the stream is encrypted.
    #[must_use]
    pub fn binding(&self) -> Option<Rc<[u8]>> {
        self.carrier(|carrier| carrier.binding.clone()).flatten()
    }

    /// Most bytes of a datagram now; none if what carries the link has none, or the link isn't open yet.
    #[must_use]
    pub fn datagram_bytes_max(&self) -> Option<usize> {
        self.carrier(|carrier| carrier.datagrams.clone())
            .flatten()
            .map(|datagrams| datagrams.bytes_max())
    }

    /// Sends bytes beside the link's messages, which may be lost, doubled and overtaken; false, and nothing is sent, if
    /// what carries the link has no datagrams, or none that long, or the link isn't open.
    pub fn send_datagram(&self, bytes: &[u8]) -> bool {
        if self.shared.phase.get() == Phase::Closed {
            return false;
        }
        let datagrams = self.carrier(|carrier| carrier.datagrams.clone()).flatten();
        let Some(datagrams) = datagrams.filter(|it| bytes.len() <= it.bytes_max()) else {
            return false;
        };
        datagrams.send(bytes);
        true
    }

    fn carrier<T>(&self, look: impl FnOnce(&Carrier) -> T) -> Option<T> {
        self.shared.carrier.borrow().as_ref().map(look)
    }

    /// Which end this is.
    #[must_use]
    pub fn side(&self) -> Side {
        self.shared.side
    }

    /// How long the last heartbeat took to come back, in microseconds.
    #[must_use]
    pub fn round_trip_us(&self) -> Option<u64> {
        self.shared.protocol.borrow().round_trip_us()
    }

    /// When anything was last heard of the peer; before that, when the connection was there. A peer that was silent for longer
    /// than [`ping_after_us`](playhouse_wire::link::LinkLimits::ping_after_us) was asked, and owes an answer.
    #[must_use]
    pub fn heard_at(&self) -> Instant {
        let heard_us = self.shared.protocol.borrow().heard_us();
        self.shared.began + Duration::from_micros(heard_us)
    }

    /// Bytes that wait to be sent.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.shared.output.borrow().queued()
    }

    /// Requests of this side that wait for a response.
    #[must_use]
    pub fn pending_requests(&self) -> usize {
        self.shared.pending.borrow().len()
    }

    /// Requests of the peer that were not answered yet.
    #[must_use]
    pub fn unanswered_requests(&self) -> usize {
        self.shared.unanswered.get()
    }

    /// When the hellos were exchanged, if they were.
    pub(crate) fn opened_at(&self) -> Option<Instant> {
        self.shared.opened_at.get()
    }

    /// When and why the link ended.
    pub(crate) fn end(&self) -> Option<(Instant, CloseReason)> {
        self.shared.end.borrow().clone()
    }

    /// Whether both are handles of the same link.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("side", &self.shared.side)
            .field("address", &self.shared.address)
            .field("phase", &self.shared.phase.get())
            .finish_non_exhaustive()
    }
}

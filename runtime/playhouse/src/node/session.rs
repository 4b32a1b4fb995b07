//! Sessions of clients, for as long as their links live: opened with a token, bound to one entity.
//!
//! `Open` brings a token, the node's authenticator turns it into an entity, the entity is bound to the session, and
//! `Opened` names it. A second login to the same entity takes it over and the first client is told so. A session ends
//! with its link: resuming one on another link is refused as `Lost`, so that clients log in anew.

mod opening;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use playhouse_net::link::{CallId, Link, ReplySink};
use playhouse_wire::message::{End, GoAwayReason, Header, Method, SessionReason};
use playhouse_wire::{Encode, EntityKey, EntityRef, Uuid, Writer};
use rustc_hash::FxHashMap;

use super::gate::Rates;
use super::guests::Place;
use super::shard::ShardNode;
use crate::call::{Failure, FailureKind};
use crate::host::{EgressId, SessionId, SessionPort};
use crate::rate::Rate;

pub use opening::{OPEN_RATE, OPEN_TIMEOUT};

/// Most events that an entity's hook `attached` may send before its client hears that it has a session. They come
/// after it.
pub const HELD_MAX: usize = 1024;

/// The sessions whose links are of one shard.
#[derive(Debug)]
pub(super) struct Sessions {
    next: Cell<u64>,
    open: RefCell<FxHashMap<u64, Rc<Session>>>,
}

/// A session: a client that is bound to an entity.
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) entity: EntityRef,
    /// What the client calls it.
    name: Uuid,
    attempt: u64,
    /// The opening that made it.
    opening: u64,
    link: Link,
    client: Rc<Client>,
    /// Events that wait for the client to be told of the session.
    held: RefCell<Option<Vec<Held>>>,
}

/// An event that waits.
struct Held {
    method: Method,
    target: Option<EntityKey>,
    local: Option<u32>,
    args: Vec<u8>,
}

/// What is known of a client on its link.
#[derive(Default)]
pub(super) struct Client {
    rates: RefCell<Rates>,
    /// Where it is, if what it does as a guest is counted with others of its address.
    place: Option<Place>,
    phase: RefCell<Phase>,
    openings: Cell<u64>,
}

#[derive(Default)]
enum Phase {
    /// Guest calls alone.
    #[default]
    Guest,
    /// A token is being looked at: the number of the opening, and the client's attempt.
    Opening(u64, u64),
    /// As `Opening`, but the client has ended it already. No other begins before this one is over: whoever opens and
    /// ends in turn would have the authenticator run as often as it likes.
    GivenUp(u64),
    Bound(Rc<Session>),
}

impl Sessions {
    pub(super) fn new(shard: usize) -> Self {
        Self {
            next: Cell::new((shard as u64) << SessionId::COUNT_BITS),
            open: RefCell::default(),
        }
    }

    /// The session with this number, if its link is of this shard.
    pub(super) fn get(&self, id: SessionId) -> Option<Rc<Session>> {
        self.open.borrow().get(&id.0).cloned()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.open.borrow().len()
    }

    fn add(&self, session: &Rc<Session>) {
        let mut open = self.open.borrow_mut();
        open.insert(session.id.0, Rc::clone(session));
    }

    fn remove(&self, id: SessionId) -> Option<Rc<Session>> {
        self.open.borrow_mut().remove(&id.0)
    }

    fn next(&self) -> SessionId {
        let id = self.next.get() + 1;
        self.next.set(id);
        SessionId(id)
    }
}

impl Client {
    /// Of an address that nothing is known of.
    pub(super) fn of(address: &str) -> Self {
        Self {
            place: Place::of(address),
            ..Self::default()
        }
    }

    /// The session, once it is open.
    pub(super) fn session(&self) -> Option<Rc<Session>> {
        match &*self.phase.borrow() {
            Phase::Bound(session) => Some(Rc::clone(session)),
            Phase::Guest | Phase::Opening(..) | Phase::GivenUp(_) => None,
        }
    }

    fn is_given_up(&self, opening: u64) -> bool {
        matches!(&*self.phase.borrow(), Phase::GivenUp(number) if *number == opening)
    }

    /// This opening came to no session, or its session is over; another may have begun since.
    fn is_over(&self, opening: u64) {
        let mut phase = self.phase.borrow_mut();
        let number = match &*phase {
            Phase::Guest => return,
            Phase::Opening(number, _) | Phase::GivenUp(number) => *number,
            Phase::Bound(session) => session.opening,
        };
        if number == opening {
            *phase = Phase::Guest;
        }
    }
}

impl ShardNode {
    /// Counts one more call of a client.
    pub(super) fn count(
        &self,
        client: &Client,
        guest: bool,
        method: Method,
        rate: Rate,
    ) -> Result<(), Failure> {
        let now_us = self.now_us();
        client.rates.borrow_mut().take(method, rate, now_us)?;
        let Some(place) = client.place.filter(|_| guest) else {
            return Ok(());
        };
        if !self
            .shared
            .guests
            .take(place, method.pack(), rate, self.now())
        {
            return Err(Failure::not_executed(FailureKind::RateLimited)
                .because("guests of this address have called too often: try again later"));
        }
        Ok(())
    }

    /// The client's link is gone.
    pub(super) fn client_gone(self: &Rc<Self>, client: &Client) {
        self.leave(client, |_| true, |_| true);
    }

    /// The client ends its session, or the opening of one: not another than it means, since its word may have been
    /// underway while the node ended that one.
    pub(super) fn ended_by_client(self: &Rc<Self>, client: &Client, end: &End<'_>) {
        let this = |session: &Session| session.name == end.session;
        self.leave(client, this, |attempt| attempt == end.attempt);
    }

    fn leave(
        self: &Rc<Self>,
        client: &Client,
        session: impl FnOnce(&Session) -> bool,
        attempt: impl FnOnce(u64) -> bool,
    ) {
        let mut phase = client.phase.borrow_mut();
        let (left, next) = match &*phase {
            Phase::Opening(number, of) if attempt(*of) => (None, Phase::GivenUp(*number)),
            Phase::Bound(bound) if session(bound) => (Some(Rc::clone(bound)), Phase::Guest),
            _ => return,
        };
        *phase = next;
        drop(phase);
        if let Some(session) = left {
            self.sessions.remove(session.id);
            self.host().lost(&session.entity, session.id);
        }
    }

    /// Ends a session for good and tells its client why. Its link stays, for another login.
    pub(super) fn end_session(&self, id: SessionId, reason: SessionReason, text: &str) {
        self.sessions.end(id, reason, text);
    }

    /// As [`Self::end_session`], on whichever shard has its link.
    pub(super) fn end_anywhere(&self, id: SessionId, reason: SessionReason, text: &'static str) {
        let shard = id.shard() as usize;
        if shard == self.index {
            self.end_session(id, reason, text);
        } else if let Some(mailbox) = self.shared.mailbox(shard) {
            mailbox.post(move |node| node.end_session(id, reason, text));
        }
    }
}

impl Session {
    /// Sends the events that waited.
    fn release(&self) {
        for held in self.held.borrow_mut().take().unwrap_or_default() {
            let header = Header {
                target: held.target,
                local: held.local,
                ..Header::EMPTY
            };
            self.send(held.method, &header, |w| w.raw(&held.args));
        }
    }

    fn send(&self, method: Method, header: &Header<'_>, args: impl FnOnce(&mut Writer)) {
        if let Err(refused) = self.link.notify(method, header, args) {
            // What doesn't fit is refused, not dropped in silence: the client would miss it without knowing.
            if !self.link.is_closed() && refused.kind == FailureKind::Overloaded {
                let text = "too many events wait to be read";
                self.link.close(GoAwayReason::Overloaded, text);
            }
        }
    }
}

impl SessionPort for Sessions {
    fn notify(&self, session: SessionId, method: Method, header: &Header<'_>, args: &dyn Encode) {
        let Some(session) = self.get(session) else {
            return;
        };
        let mut held = session.held.borrow_mut();
        let Some(waiting) = &mut *held else {
            drop(held);
            return session.send(method, header, |w| w.put(args));
        };
        if waiting.len() >= HELD_MAX {
            let text = "too many events before the session was open";
            return session.link.close(GoAwayReason::Overloaded, text);
        }
        let mut w = Writer::new();
        w.put(args);
        waiting.push(Held {
            method,
            target: header.target.clone(),
            local: header.local,
            args: w.into_bytes(),
        });
    }

    fn request(
        &self,
        session: SessionId,
        method: Method,
        header: &Header<'_>,
        args: &dyn Encode,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure> {
        let session = self.get(session).ok_or_else(|| {
            Failure::not_executed(FailureKind::Unreachable).because("the client is gone")
        })?;
        let id = session
            .link
            .request(method, header, sink, |w| w.put(args))
            .map_err(|refused| Failure::from(refused.failure()))?;
        Ok(EgressId(id.number().into()))
    }

    fn end(&self, session: SessionId, reason: SessionReason, text: &str) {
        let Some(session) = self.remove(session) else {
            return;
        };
        session.client.is_over(session.opening);
        let end = End {
            session: session.name,
            attempt: session.attempt,
            reason,
            ran: None,
            text,
        };
        let _ = session.link.send(|w| end.put(w));
    }

    fn cancel(&self, session: SessionId, id: EgressId) {
        if let (Some(session), Ok(id)) = (self.get(session), u32::try_from(id.0)) {
            session.link.cancel(CallId::from_number(id));
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({} of {:?})", self.id.0, self.entity)
    }
}

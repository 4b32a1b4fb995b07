//! Sessions of clients, for as long as their links live: opened with a token, bound to one entity.
//!
//! `Open` brings a token, the node's authenticator turns it into an entity, the entity is bound to the session, and
//! `Opened` names it. A second login to the same entity takes it over and the first client is told so. A session ends
//! with its link: resuming one on another link is refused as `Lost`, so that clients log in anew.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use playhouse_net::link::{CallId, Link, ReplySink};
use playhouse_wire::message::{
    ElementBuffer, End, FailureKind as WireKind, GoAwayReason, Header, Method, Open, Opened,
    Refused, SessionReason, Terms,
};
use playhouse_wire::{Bytes, Encode, EntityKey, EntityRef, Uuid, Writer};
use rustc_hash::FxHashMap;
use tokio::time::Duration;

use super::gate::Rates;
use super::shard::ShardNode;
use crate::call::{Failure, FailureKind};
use crate::host::{EgressId, SessionId, SessionPort};

/// How long the authenticator and the entity's own beginning may take together.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

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
    pub(super) rates: RefCell<Rates>,
    phase: RefCell<Phase>,
}

#[derive(Default)]
enum Phase {
    /// Guest calls alone.
    #[default]
    Guest,
    /// A token is being looked at.
    Opening,
    Bound(Rc<Session>),
}

/// An `Open` that has left the read buffer.
struct Opening {
    token: Bytes,
    attempt: u64,
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
    /// The session, once it is open.
    pub(super) fn session(&self) -> Option<Rc<Session>> {
        match &*self.phase.borrow() {
            Phase::Bound(session) => Some(Rc::clone(session)),
            Phase::Guest | Phase::Opening => None,
        }
    }
}

impl ShardNode {
    /// A client shows its token.
    pub(super) fn open(self: &Rc<Self>, client: &Rc<Client>, link: &Link, open: &Open<'_>) {
        let refuse = |reason, text: &str| refuse(link, open.session, open.attempt, reason, text);
        if !matches!(*client.phase.borrow(), Phase::Guest) {
            let text = "the link has a session already: one at a time";
            return refuse(SessionReason::Protocol, text);
        }
        if open.session.is_some() {
            let text = "sessions end with their links: log in anew";
            return refuse(SessionReason::Lost, text);
        }
        if self.shared.policy.authenticator.is_none() {
            let text = "the node takes no sessions: it has no `.authenticate(..)`";
            return refuse(SessionReason::Unavailable, text);
        }
        *client.phase.borrow_mut() = Phase::Opening;
        let opening = Opening {
            token: Bytes(open.token.to_vec()),
            attempt: open.attempt,
        };
        let (node, client, link) = (Rc::clone(self), Rc::clone(client), link.clone());
        self.host().spawn(async move {
            let attempt = opening.attempt;
            if let Err(failure) = node.attach(&client, &link, opening).await {
                *client.phase.borrow_mut() = Phase::Guest;
                refuse_for(&link, attempt, &failure);
            }
        });
    }

    async fn attach(
        self: &Rc<Self>,
        client: &Rc<Client>,
        link: &Link,
        opening: Opening,
    ) -> Result<(), Failure> {
        let Opening { token, attempt } = opening;
        let shared = Rc::clone(self);
        let entity = self
            .host()
            .attend(OPEN_TIMEOUT, async move |cx| {
                let Some(authenticator) = &shared.shared.policy.authenticator else {
                    return Err(Failure::not_executed(FailureKind::Denied));
                };
                authenticator.authenticate(cx, token).await
            })
            .await??;
        let id = self.sessions.next();
        let session = Rc::new(Session {
            id,
            entity: entity.clone(),
            name: Uuid(random_16(|| self.random())),
            attempt,
            link: link.clone(),
            client: Rc::clone(client),
            held: RefCell::new(Some(Vec::new())),
        });
        // Known before it is bound: the entity may speak as soon as it hears of it.
        self.sessions.add(&session);
        let replaced = match self.host().bind(&entity, id).await {
            Ok(replaced) => replaced,
            Err(failure) => {
                self.sessions.remove(id);
                return Err(failure);
            }
        };
        if let Some(replaced) = replaced {
            let text = "the account logged in elsewhere";
            self.end_anywhere(replaced, SessionReason::Replaced, text);
        }
        if link.is_closed() {
            // Whoever showed the token is gone by now.
            self.sessions.remove(id);
            self.host().lost(&entity, id);
            return Ok(());
        }
        if self.sessions.get(id).is_none() {
            // A third login was faster: its client has the entity, and this one was told of its end.
            return Ok(());
        }
        *client.phase.borrow_mut() = Phase::Bound(Rc::clone(&session));
        let mut entities = ElementBuffer::new();
        if !entities.push(&entity) {
            return Err(Failure::unknown(FailureKind::Internal));
        }
        let opened = Opened {
            session: session.name,
            attempt,
            rx: 0,
            terms: Terms::DEFAULT,
            entities: entities.elements(),
        };
        // If it doesn't go out the link is closing, which ends the session.
        let _ = link.send(|w| opened.put(w));
        session.release();
        Ok(())
    }

    /// The client's link is gone.
    pub(super) fn client_gone(self: &Rc<Self>, client: &Client) {
        let phase = std::mem::take(&mut *client.phase.borrow_mut());
        if let Phase::Bound(session) = phase {
            self.sessions.remove(session.id);
            self.host().lost(&session.entity, session.id);
        }
    }

    /// Ends a session for good and tells its client why. Its link stays, for another login.
    pub(super) fn end_session(&self, id: SessionId, reason: SessionReason, text: &str) {
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        *session.client.phase.borrow_mut() = Phase::Guest;
        let end = End {
            session: session.name,
            attempt: session.attempt,
            reason,
            ran: None,
            text,
        };
        let _ = session.link.send(|w| end.put(w));
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
            if !self.link.is_closed() && refused.kind == WireKind::Overloaded {
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

    fn cancel(&self, session: SessionId, id: EgressId) {
        if let (Some(session), Ok(id)) = (self.get(session), u32::try_from(id.0)) {
            session.link.cancel(CallId::from_number(id));
        }
    }
}

/// Tells a client why it gets no session.
fn refuse_for(link: &Link, attempt: u64, failure: &Failure) {
    let reason = match failure.kind() {
        FailureKind::Timeout
        | FailureKind::Unreachable
        | FailureKind::Overloaded
        | FailureKind::RateLimited
        | FailureKind::Cancelled => SessionReason::Unavailable,
        FailureKind::Incompatible => SessionReason::Incompatible,
        _ => SessionReason::Denied,
    };
    let text = match failure.text() {
        "" => failure.kind().as_str(),
        text => text,
    };
    refuse(link, None, attempt, reason, text);
}

fn refuse(link: &Link, session: Option<Uuid>, attempt: u64, reason: SessionReason, text: &str) {
    let refused = Refused {
        session,
        attempt,
        reason,
        ran: None,
        text,
    };
    let _ = link.send(|w| refused.put(w));
}

fn random_16(random: impl Fn() -> u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&random().to_be_bytes());
    bytes[8..].copy_from_slice(&random().to_be_bytes());
    bytes
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({} of {:?})", self.id.0, self.entity)
    }
}

//! Towards clients: sessions that are bound to entities, events, and calls that clients answer.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use playhouse_net::link::ReplySink;
use playhouse_wire::message::{Header, Method, SessionReason, put_notify};
use playhouse_wire::{Encode, EntityKey, EntityRef, Writer};

use super::away::{Away, Route};
use super::due::Due;
use super::durable::Held;
use super::egress::{EgressId, Sink, check};
use super::interceptor::{CallOutcome, Direction, Seen};
use super::lease::leased;
use super::park::{Manner, Outcome, Reply, Waiting};
use super::rare::Observer;
use super::shard::Shard;
use super::{Cx, SessionId};
use crate::call::{Arguments, Failure, FailureKind, Rpc};
use crate::descriptor::Audience;

mod binding;
mod observers;
mod sending;

pub use observers::OBSERVERS_MAX;
pub use sending::{EVENT_SLICE, EVENTS_WAITING_MAX};

pub(super) use observers::Observers;
pub(super) use sending::Events;

use sending::{Encoded, Sender};

/// The sessions that are bound to entities of this shard. The node sets it: [`Shard::set_session_port`].
pub trait SessionPort: Any {
    /// Sends an event, a message as it goes to each of these sessions; nothing to one that is over.
    fn notify(&self, sessions: &[SessionId], body: &Arc<[u8]>);

    /// Whether a session will never be heard of again.
    fn is_over(&self, session: SessionId) -> bool {
        let _ = session;
        false
    }

    /// Sends an event of this entity that may be lost, and that waits for none before it.
    fn pass(&self, sessions: &[SessionId], from: &EntityRef, body: &Arc<[u8]>) {
        let _ = from;
        self.notify(sessions, body);
    }

    /// Sends a request. `sink` is told its outcome exactly once, unless it is cancelled or this fails; never before
    /// this has returned.
    ///
    /// # Errors
    ///
    /// If it can't be sent.
    fn request(
        &self,
        session: SessionId,
        method: Method,
        header: &Header<'_>,
        args: &dyn Encode,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure>;

    /// Gives a request up.
    fn cancel(&self, session: SessionId, id: EgressId);

    /// An entity is about to move: nothing of its client's begins any more. What runs goes on, and may ask the client.
    fn settle(&self, entity: &EntityRef) {
        let _ = entity;
    }

    /// Whether nothing runs that the client of an entity asked for. If something does, [`Shard::client_settled`] says when it ends.
    fn is_settled(&self, entity: &EntityRef) -> bool {
        let _ = entity;
        true
    }

    /// It moves now: its client is let go, and nothing is taken.
    fn freeze(&self, entity: &EntityRef) {
        let _ = entity;
    }

    /// It stays.
    fn unfreeze(&self, entity: &EntityRef) {
        let _ = entity;
    }

    /// What a frozen entity has of its client, for [`SessionPort::adopt`]; nothing if it never had one.
    fn snapshot(&self, entity: &EntityRef) -> Option<Vec<u8>> {
        let _ = entity;
        None
    }

    /// It has moved to that node, with its client.
    fn moved(&self, entity: &EntityRef, node: &str) {
        let _ = (entity, node);
    }

    /// An entity has come, with this of its client. The session that it has.
    fn adopt(&self, entity: &EntityRef, snapshot: &[u8]) -> Option<SessionId> {
        let _ = (entity, snapshot);
        None
    }

    /// A time has come that `Shard::wake_session` was asked for.
    fn due(&self, session: SessionId) {
        let _ = session;
    }

    /// Ends a session for good and tells its client why.
    fn end(&self, session: SessionId, reason: SessionReason, text: &str) {
        let _ = (session, reason, text);
    }
}

impl SessionId {
    /// Bits of the number that count; those above say on which shard the session is.
    pub const COUNT_BITS: u32 = 48;

    /// The shard that the session is on: that of the entity that it is bound to.
    #[must_use]
    pub const fn shard(self) -> u32 {
        (self.0 >> Self::COUNT_BITS) as u32
    }
}

/// Sends an event to whom the schema says. Generated code calls it.
pub fn event<A: Arguments>(cx: &mut Cx, args: A) {
    cx.send_event(&args);
}

/// Asks the client whose session is bound to the entity. Generated code calls it.
pub fn ask<A: Rpc>(cx: &mut Cx, args: A) -> Asking<A> {
    Asking(cx.ask(&args).map_err(Some))
}

impl Cx {
    /// Who among owner and observers an event goes to.
    fn receivers<A: Arguments>(&self) -> Vec<Observer> {
        let Some(cell) = self.cell() else {
            return Vec::new();
        };
        let to = A::call().to;
        let owner = to.is_empty()
            || to
                .iter()
                .any(|to| matches!(to, Audience::Owner | Audience::All | Audience::Near));
        let sees = |label: &str| {
            to.iter().any(|to| match to {
                Audience::Owner => false,
                Audience::All | Audience::Others => true,
                Audience::Near | Audience::Named(_) => to.name() == label,
            })
        };
        let me = self.shard().entity_with(leased(&cell).header());
        let all = leased(&cell).header().rare(|rare| {
            let session = rare.session.filter(|_| owner).map(Observer::Session);
            // Nobody hears it twice.
            let is_owner = |who: &Observer| match who {
                Observer::Session(_) => session.as_ref() == Some(who),
                Observer::Entity(entity) => owner && *entity == me,
            };
            let observers = rare.observers.seeing(sees);
            let observers = observers.filter(|who| !is_owner(who)).cloned();
            session.clone().into_iter().chain(observers).collect()
        });
        all.unwrap_or_default()
    }

    fn send_event<A: Arguments>(&self, args: &A) {
        let receivers = self.receivers::<A>();
        let (Some(cell), false) = (self.cell(), receivers.is_empty()) else {
            return;
        };
        if let Err(failure) = check(args) {
            tracing::warn!(event = A::call().name, from = ?self, %failure, "event left out");
            return;
        }
        let header = cell.header();
        let descriptor = self.shard().kind(header.kind).descriptor;
        let method = Method {
            package: descriptor.package,
            number: descriptor.number,
            slot: self.slot(),
            tag: A::TAG,
        };
        let local = (header.local != 0).then_some(header.local);
        let header = Header {
            local,
            ..Header::to(self.me().key.clone())
        };
        let mut writer = Writer::new();
        put_notify(&mut writer, method, &header, |w| args.encode(w));
        let event = Encoded {
            body: writer.into_bytes().into(),
            unreliable: A::call().unreliable,
        };
        self.shard().tally.events.add(1);
        let container = cell.header().rare(|rare| rare.container.clone());
        let container = container.flatten().and_then(|it| it.upgrade());
        let home = container.as_ref().map_or(cell.header(), |it| it.header());
        let from = Sender {
            entity: self.shard().entity_with(home),
            local: cell.header().local,
        };
        if !self.shard().is_held() {
            return self.shard().send_event(from, receivers, event);
        }
        let send: Held = Box::new(move |shard| shard.send_event(from, receivers, event));
        if let Err(failure) = self.shard().keep_back(send) {
            tracing::warn!(event = A::call().name, from = ?self, %failure, "event left out");
        }
    }

    fn ask<A: Rpc>(&self, args: &A) -> Result<Waiting<Outcome<A>>, Failure> {
        check(args)?;
        let session = self
            .cell()
            .and_then(|cell| leased(&cell).header().rare(|rare| rare.session).flatten());
        let session = session.ok_or_else(|| {
            Failure::not_executed(FailureKind::NotFound).because("no client is bound to the entity")
        })?;
        let shard = self.shard();
        let me = self.me();
        let seen = Seen {
            owner: shard.owner_name(me.package, me.number),
            call: A::call(),
        };
        let outbound = shard.outbound::<A>(None, seen)?;
        let method = Method {
            package: me.package,
            number: me.number,
            slot: me.slot,
            tag: A::TAG,
        };
        let reply: Reply<Outcome<A>> = Rc::default();
        let key = me.key.clone();
        let away = Rc::new(Away::default());
        let call = shard.enter_away(&away, method, outbound.left_us);
        let sink = Rc::new(Sink::<A> {
            shard: Rc::clone(shard),
            call,
            reply: Rc::clone(&reply),
        });
        let asked = shard.request_client(session, (method, key, outbound.left_us), args, sink);
        match asked {
            Ok(id) => away.route.set(Route::Session(session, id)),
            Err(failure) => {
                shard.ended(call);
                let outcome = || CallOutcome::Failed(failure.kind());
                shard.after(Direction::Out, || seen, outcome);
                return Err(failure);
            }
        }
        shard.await_call(call);
        Ok(Waiting::new(shard, call, reply, Manner::of(seen)))
    }

    /// The client that is bound to the entity.
    #[must_use]
    pub fn bound(&self) -> Option<SessionId> {
        let cell = self.cell()?;
        leased(&cell).header().rare(|rare| rare.session).flatten()
    }
}

impl Shard {
    /// Reaches clients through this from now on.
    pub fn set_session_port(&self, port: Rc<dyn SessionPort>) {
        *self.port.borrow_mut() = Some(port);
    }

    pub(crate) fn session_port(&self) -> Option<Rc<dyn SessionPort>> {
        self.port.borrow().clone()
    }

    /// Has [`SessionPort::due`] called for a session at this time of the shard's clock, in microseconds.
    pub(crate) fn wake_session(&self, session: SessionId, at_us: u64) {
        self.set_timer(at_us, Due::Session(session));
    }

    fn request_client(
        &self,
        session: SessionId,
        (method, key, left_us): (Method, EntityKey, Option<u64>),
        args: &dyn Encode,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure> {
        let port = self.session_port().ok_or_else(|| {
            Failure::not_executed(FailureKind::Unreachable).because("the client is gone")
        })?;
        let header = Header {
            deadline_us: left_us,
            ..Header::to(key)
        };
        port.request(session, method, &header, args, sink)
    }
}

/// A client rpc on its way. It begins when it is made, so that `cx` is free while it is awaited.
#[must_use = "a client rpc whose answer nobody awaits is given up"]
pub struct Asking<A: Rpc>(Result<Waiting<Outcome<A>>, Option<Failure>>);

// Nothing in it is pinned.
impl<A: Rpc> Unpin for Asking<A> {}

impl<A: Rpc> Future for Asking<A> {
    type Output = Result<A::Output, A::Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Ok(waiting) => waiting.poll(cx),
            Err(failure) => match failure.take() {
                Some(failure) => Poll::Ready(Err(failure.into())),
                None => Poll::Pending,
            },
        }
    }
}

impl<A: Rpc> fmt::Debug for Asking<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asking({})", A::call().name)
    }
}

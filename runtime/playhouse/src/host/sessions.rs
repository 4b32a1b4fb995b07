//! Towards clients: sessions that are bound to entities, events, and calls that clients answer.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::message::{Header, Method, SessionReason};
use playhouse_wire::{Encode, EntityKey, EntityRef, Writer};

use super::away::{Away, Route};
use super::calls::CallId;
use super::dispatch::no_such_target;
use super::durable::Held;
use super::egress::{EgressId, Sink, check};
use super::forward::Raw;
use super::interceptor::{CallOutcome, Direction, Seen};
use super::lease::leased;
use super::park::{Manner, Outcome, Reply, Waiting};
use super::rare::Observer;
use super::route::Home;
use super::shard::Shard;
use super::{Cx, SessionId};
use crate::call::{Arguments, Failure, FailureKind, Rpc, Target};
use crate::descriptor::Audience;
use crate::logic::Hook;

/// Most observers of one entity.
pub const OBSERVERS_MAX: usize = 4096;

/// Reaches the clients whose links are of this shard. The node sets it: [`Shard::set_session_port`].
pub trait SessionPort {
    /// Sends an event; nothing if the session is over.
    fn notify(&self, session: SessionId, method: Method, header: &Header<'_>, args: &dyn Encode);

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

    /// Ends a session for good and tells its client why.
    fn end(&self, session: SessionId, reason: SessionReason, text: &str) {
        let _ = (session, reason, text);
    }
}

impl SessionId {
    /// Bits of the number that count; those above say which shard has the session's link.
    pub const COUNT_BITS: u32 = 48;

    /// The shard that has the session's link.
    #[must_use]
    pub const fn shard(self) -> u32 {
        (self.0 >> Self::COUNT_BITS) as u32
    }
}

/// An event on its way to clients.
#[derive(Clone)]
struct Event {
    method: Method,
    key: EntityKey,
    local: Option<u32>,
    args: Arc<[u8]>,
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
        let all = leased(&cell).header().rare(|rare| {
            let mut all = Vec::new();
            if owner {
                all.extend(rare.session.map(Observer::Session));
            }
            for (observer, label) in &rare.observers {
                // One who observes in two ways hears it once.
                if sees(label) && !all.contains(observer) {
                    all.push(observer.clone());
                }
            }
            all
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
        let mut writer = Writer::new();
        args.encode(&mut writer);
        let header = cell.header();
        let descriptor = self.shard().kind(header.kind).descriptor;
        let event = Event {
            method: Method {
                package: descriptor.package,
                number: descriptor.number,
                slot: self.slot(),
                tag: A::TAG,
            },
            key: self.me().key.clone(),
            local: (header.local != 0).then_some(header.local),
            args: writer.into_bytes().into(),
        };
        for receiver in receivers {
            let event = event.clone();
            if self.shard().is_held() {
                let send: Held = Box::new(move |shard| shard.send_event(receiver, event));
                if let Err(failure) = self.shard().keep_back(send) {
                    tracing::warn!(event = A::call().name, from = ?self, %failure, "event left out");
                    return;
                }
                continue;
            }
            self.shard().send_event(receiver, event);
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
        if session.shard() == shard.index {
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
            return Ok(Waiting::new(shard, call, reply, Manner::of(seen)));
        }
        let laid = Rc::new(FarSink::<A>(Rc::clone(&reply)));
        let away = Rc::new(Away {
            sink: Some(laid),
            ..Away::default()
        });
        let call = shard.enter_away(&away, method, outbound.left_us);
        let (home, left_us) = (shard.index, outbound.left_us);
        let mut writer = Writer::new();
        args.encode(&mut writer);
        let args = writer.into_bytes();
        shard.do_on(session.shard(), move |shard| {
            let sink = Rc::new(Relay {
                shard: Rc::downgrade(shard),
                home,
                call,
            });
            let relayed = Rc::clone(&sink);
            let asked = shard.request_client(session, (method, key, left_us), &Raw(&args), sink);
            if let Err(failure) = asked {
                relayed.complete(ReplyOutcome::Failed((&failure).into()));
            }
        });
        shard.await_call(call);
        Ok(Waiting::new(shard, call, reply, Manner::of(seen)))
    }

    /// Lets somebody else see events of this entity: those `to all` and `to others`, and those to what `label` names,
    /// `near` or an audience that the schema declares. Somebody may observe in several ways.
    ///
    /// # Errors
    ///
    /// `Overloaded` if the entity has [`OBSERVERS_MAX`] observers.
    pub fn observe(
        &mut self,
        who: impl Into<Observer>,
        label: &'static str,
    ) -> Result<(), Failure> {
        let Some(cell) = self.cell() else {
            return Err(no_such_target());
        };
        let entry = (who.into(), label);
        leased(&cell).header().rare_mut(|rare| {
            if rare.observers.contains(&entry) {
                return Ok(());
            }
            if rare.observers.len() >= OBSERVERS_MAX {
                return Err(Failure::not_executed(FailureKind::Overloaded)
                    .because("the entity has too many observers"));
            }
            rare.observers.push(entry);
            Ok(())
        })
    }

    /// Takes back every [`Cx::observe`] of somebody; whether there was one.
    pub fn unobserve(&mut self, who: impl Into<Observer>) -> bool {
        let who = who.into();
        self.cell().is_some_and(|cell| {
            let whole = leased(&cell);
            let mut rare = whole.header().rare.borrow_mut();
            let Some(rare) = rare.as_mut() else {
                return false;
            };
            let before = rare.observers.len();
            rare.observers.retain(|(observer, _)| *observer != who);
            rare.observers.len() < before
        })
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

    pub(super) fn session_port(&self) -> Option<Rc<dyn SessionPort>> {
        self.port.borrow().clone()
    }

    fn send_event(self: &Rc<Self>, to: Observer, event: Event) {
        match to {
            Observer::Session(session) => self.do_on(session.shard(), move |shard| {
                if let Some(port) = shard.session_port() {
                    let header = Header {
                        local: event.local,
                        ..Header::to(event.key)
                    };
                    port.notify(session, event.method, &header, &Raw(&event.args));
                }
            }),
            Observer::Entity(address) => {
                let home = match self.home(&Target::Entity(address.clone())) {
                    Ok(Home::Here) => self.index,
                    Ok(Home::Shard(shard)) => shard,
                    Err(_) => return,
                };
                self.do_on(home, move |shard| {
                    if let Some(session) = shard.bound(&address) {
                        shard.send_event(Observer::Session(session), event);
                    }
                });
            }
        }
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

    /// The session that is bound to an entity of this shard.
    #[must_use]
    pub fn bound(&self, entity: &EntityRef) -> Option<SessionId> {
        let kind = self.find_kind(entity.package, entity.number)?;
        let cell = kind.find(&entity.key)?;
        cell.header().rare(|rare| rare.session).flatten()
    }

    /// Binds a session to an entity, on whichever shard it lives; a keyed one is made if need be. Its hooks `replaced`,
    /// if it had a session, and `attached` have run when this returns. Returns the session that it had.
    ///
    /// # Errors
    ///
    /// If there is no such entity.
    pub async fn bind(
        self: &Rc<Self>,
        entity: &EntityRef,
        session: SessionId,
    ) -> Result<Option<SessionId>, Failure> {
        let home = match self.home(&Target::Entity(entity.clone()))? {
            Home::Here => self.index,
            Home::Shard(shard) => shard,
        };
        let entity = entity.clone();
        let bound = self.ask(home, move |shard| {
            Box::pin(async move { shard.bind_here(&entity, session).await })
        });
        bound.await?
    }

    async fn bind_here(
        self: &Rc<Self>,
        entity: &EntityRef,
        session: SessionId,
    ) -> Result<Option<SessionId>, Failure> {
        let kind = self
            .find_kind(entity.package, entity.number)
            .ok_or_else(no_such_target)?;
        self.pull(entity).await?;
        let cell = self.live(kind, &entity.key)?;
        let replaced = cell.header().rare_mut(|rare| rare.session.replace(session));
        let hooks: &'static [Hook] = match replaced {
            Some(_) => &[Hook::Replaced, Hook::Attached],
            None => &[Hook::Attached],
        };
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.run_hooks(&cell, hooks, move |_| {
            let _ = sender.send(());
        });
        // If the hooks were dropped instead, the entity is bound all the same.
        let _ = receiver.await;
        let failure = cell.header().persisted();
        match failure.and_then(|persisted| persisted.failure.borrow().clone()) {
            Some(failure) => Err(failure),
            None => Ok(replaced),
        }
    }

    /// The link of a session is gone: its entity's hook `lost` runs, unless another session has taken it over.
    pub fn lost(self: &Rc<Self>, entity: &EntityRef, session: SessionId) {
        let home = match self.home(&Target::Entity(entity.clone())) {
            Ok(Home::Here) => self.index,
            Ok(Home::Shard(shard)) => shard,
            Err(_) => return,
        };
        let entity = entity.clone();
        self.do_on(home, move |shard| {
            let Some(kind) = shard.find_kind(entity.package, entity.number) else {
                return;
            };
            let Some(cell) = kind.find(&entity.key) else {
                return shard.forget_client(kind.index, &entity.key, session);
            };
            let was_bound = cell.header().rare_mut(|rare| {
                let bound = rare.session == Some(session);
                if bound {
                    rare.session = None;
                }
                bound
            });
            if was_bound {
                let lost = Rc::clone(&cell);
                shard.run_hooks(&cell, &[Hook::Lost], move |shard| shard.commit_soon(&lost));
            }
        });
    }
}

/// Takes a client's answer on the shard that has its link, for one that has the entity.
struct Relay {
    shard: std::rc::Weak<Shard>,
    home: u32,
    call: CallId,
}

impl ReplySink for Relay {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let Some(shard) = self.shard.upgrade() else {
            return;
        };
        let call = self.call;
        let outcome: Result<(Vec<u8>, bool), Failure> = match outcome.into_result() {
            Ok(Ok(bytes)) => Ok((bytes.to_vec(), false)),
            Ok(Err(bytes)) => Ok((bytes.to_vec(), true)),
            Err(failure) => Err(failure.into()),
        };
        shard.do_on(self.home, move |shard| {
            let sink = shard.away(call).and_then(|away| away.sink.clone());
            if let Some(sink) = sink {
                sink.complete(match &outcome {
                    Ok((bytes, false)) => ReplyOutcome::Ok(bytes),
                    Ok((bytes, true)) => ReplyOutcome::Thrown(bytes),
                    Err(failure) => ReplyOutcome::Failed(failure.into()),
                });
            }
            shard.handler_done(call);
        });
    }
}

/// Lays an answer down that came through another shard.
struct FarSink<A: Rpc>(Rc<RefCell<Option<Outcome<A>>>>);

impl<A: Rpc> ReplySink for FarSink<A> {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let outcome = super::egress::decode_outcome::<A>(outcome);
        *self.0.borrow_mut() = Some(outcome);
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

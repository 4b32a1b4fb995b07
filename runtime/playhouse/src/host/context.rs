//! What a handler knows about its call, its entity and its shard.

use std::any::{Any, TypeId, type_name};
use std::cell::OnceCell;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use playhouse_wire::{EntityKey, EntityRef, Ref, Timestamp};
use tokio::time::Instant;

use super::calls::{CallId, Place};
use super::cell::Hosted;
use super::kind::Visit;
use super::shard::{NEVER, Shard};
use super::trace::TraceContext;
use crate::call::{Failure, FailureKind};
use crate::logic::{Entity, EntitySchema};

/// Most futures that handlers of one shard have going beside their calls.
pub const BACKGROUND_MAX: usize = 1024;

/// A client's session, by its number on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// Who made a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// An entity, or one of its components.
    Entity(EntityRef),
    /// A service, by package and number.
    Service(u16, u16),
    /// A client, by its session.
    Client(SessionId),
}

/// The context of a handler: which call it serves, on whom, and what the shard can do for it.
///
/// While it lives the entity is the handler's own: the next call begins when it is dropped.
pub struct Cx {
    shard: Rc<Shard>,
    place: Place,
    call: CallId,
    /// Of a hook or a timer; else the call says it.
    slot: Option<u8>,
    me: OnceCell<EntityRef>,
}

impl Cx {
    #[inline]
    pub(super) fn new(shard: &Rc<Shard>, place: Place, call: CallId) -> Self {
        if let Place::Service(service) = &place {
            service.running.set(service.running.get() + 1);
        }
        Self {
            shard: Rc::clone(shard),
            place,
            call,
            slot: None,
            me: OnceCell::new(),
        }
    }

    pub(super) const fn shard(&self) -> &Rc<Shard> {
        &self.shard
    }

    pub(super) const fn call(&self) -> CallId {
        self.call
    }

    pub(super) fn cell(&self) -> Option<Rc<dyn Hosted>> {
        match &self.place {
            Place::Entity(cell) => Some(Rc::clone(cell)),
            Place::Service(_) | Place::Away(_) => None,
        }
    }

    /// The handler that comes next is one of this slot of this part of the entity: itself, or one that lives in it.
    pub(super) fn become_part(&mut self, cell: Rc<dyn Hosted>, slot: u8) {
        self.place = Place::Entity(cell);
        self.enter_slot(slot);
    }

    /// The handler that comes next is one of this slot.
    pub(super) fn enter_slot(&mut self, slot: u8) {
        self.slot = Some(slot);
        self.me = OnceCell::new();
        // What it sends says which part has sent it.
        if let Some(call) = self.shard.calls.borrow_mut().get_mut(self.call) {
            call.slot = slot;
        }
    }

    /// The entity whose handler runs, in the slot in which it does. Of a service: its number, without a key.
    #[must_use]
    pub fn me(&self) -> &EntityRef {
        self.me.get_or_init(|| match &self.place {
            Place::Entity(cell) => {
                let cell = super::lease::leased(cell);
                let header = cell.header();
                let descriptor = self.shard.kind(header.kind).descriptor;
                EntityRef {
                    package: descriptor.package,
                    number: descriptor.number,
                    slot: self.slot(),
                    key: header.key.clone(),
                }
            }
            Place::Service(service) => EntityRef {
                package: service.descriptor.package,
                number: service.descriptor.number,
                slot: 0,
                key: EntityKey::default(),
            },
            Place::Away(_) => EntityRef {
                package: 0,
                number: 0,
                slot: 0,
                key: EntityKey::default(),
            },
        })
    }

    /// The tag of the slot whose handler runs; 0 is the entity itself.
    #[must_use]
    pub fn slot(&self) -> u8 {
        self.slot.unwrap_or_else(|| {
            let calls = self.shard.calls.borrow();
            calls.get(self.call).map_or(0, |call| call.slot)
        })
    }

    /// The key of the entity, if it is an `E`.
    #[must_use]
    pub fn key<E: EntitySchema>(&self) -> Option<E::Key> {
        let descriptor = E::descriptor();
        let me = self.me();
        if (descriptor.package, descriptor.number) != (me.package, me.number) {
            return None;
        }
        E::key(&me.key)
    }

    /// The clock. In the simulation it is the simulation's.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shard.instant(self.shard.refresh())
    }

    /// The date.
    #[must_use]
    pub fn utc(&self) -> Timestamp {
        self.shard.env.utc()
    }

    /// When the caller stops waiting; none if nobody waits, or for ever.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let deadline_us = self.shard.calls.borrow().get(self.call)?.deadline_us;
        (deadline_us != NEVER).then(|| self.shard.instant(deadline_us))
    }

    /// What is left until the caller stops waiting.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let deadline = self.deadline()?;
        Some(deadline.saturating_duration_since(self.now()))
    }

    /// Whether nobody waits for the outcome any more: the caller gave up, or its deadline passed.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        let calls = self.shard.calls.borrow();
        calls.get(self.call).is_none_or(|call| call.cancelled)
    }

    /// The trace that the call belongs to, if it belongs to one: those of clients and of tools do, and what they cause, on
    /// whatever node. For what is asked of systems that are no nodes.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        self.shard.trace_of(self.call)
    }

    /// Who made the call; none for timers, hooks, and calls of nobody in particular.
    #[must_use]
    pub fn caller(&self) -> Option<Caller> {
        let calls = self.shard.calls.borrow();
        let call = calls.get(self.call)?;
        match &call.from {
            Some(from) => from.caller.clone(),
            None => self.shard.caller_of(calls.get(call.parent)?),
        }
    }

    /// The client's session that made the call; none if it was not a client.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        let calls = self.shard.calls.borrow();
        calls.get(self.call)?.from.as_ref()?.session
    }

    /// Whether a client's session is bound to this entity. Its client may be away: in the hook `lost` this tells a broken link,
    /// after which `resumed` may follow, from a session that is over.
    #[must_use]
    pub fn has_session(&self) -> bool {
        let cell = self.cell();
        cell.is_some_and(|cell| cell.header().rare(|rare| rare.session).flatten().is_some())
    }

    /// Shows `f` another part of the same entity: a user's struct (`|wallet: &mut WalletLogic| ..`) or its properties
    /// (`|wallet: &mut Wallet| ..`). Of several parts of that type, the one in the lowest slot.
    ///
    /// # Panics
    ///
    /// If the entity has no such part, or if it is the one whose handler runs: that one is `self`.
    pub fn with<T: 'static, R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        self.show(None, f)
    }

    /// As [`Cx::with`], of the part in this slot.
    ///
    /// # Panics
    ///
    /// As [`Cx::with`].
    pub fn with_slot<T: 'static, R>(&self, slot: u8, f: impl FnOnce(&mut T) -> R) -> R {
        self.show(Some(slot), f)
    }

    fn show<T: 'static, R>(&self, slot: Option<u8>, f: impl FnOnce(&mut T) -> R) -> R {
        let mut f = Some(f);
        let mut result = None;
        let visit = match &self.place {
            Place::Entity(cell) => {
                let kind = self.shard.kind(cell.header().kind);
                kind.visit(
                    &**cell,
                    TypeId::of::<T>(),
                    slot,
                    &mut |part: &mut dyn Any| {
                        if let (Some(part), Some(f)) = (part.downcast_mut(), f.take()) {
                            result = Some(f(part));
                        }
                    },
                )
            }
            Place::Service(_) | Place::Away(_) => Visit::Absent,
        };
        match (result, visit) {
            (Some(result), _) => result,
            (None, Visit::Busy) => {
                panic!("`{}` is at work itself: use `self`", type_name::<T>())
            }
            (None, _) => panic!("the entity has no `{}`", type_name::<T>()),
        }
    }

    /// Makes an entity of kind `instance`, on this shard.
    ///
    /// # Errors
    ///
    /// If the node doesn't run the type, or if it is of another kind.
    pub fn create<L: Entity>(&mut self, logic: L) -> Result<Ref<L::Schema>, Failure>
    where
        L::Schema: playhouse_wire::value::Target,
    {
        let key = self.shard.create(logic)?;
        let descriptor = <L::Schema as EntitySchema>::descriptor();
        let address = EntityRef {
            package: descriptor.package,
            number: descriptor.number,
            slot: 0,
            key,
        };
        Ref::new(address).map_err(|error| {
            Failure::not_executed(FailureKind::Internal).because(error.to_string())
        })
    }

    /// Ends the entity as soon as this handler has ended, and deletes its document. Calls that wait for it find that there
    /// is none, or the next of its key. What it sent durably still arrives.
    pub fn destroy(&mut self) {
        if let Place::Entity(cell) = &self.place {
            self.shard.destroy(&super::lease::leased(cell));
        }
    }

    /// Runs a future beside the entity's calls. It may call, but it doesn't own the entity: what it finds out it tells
    /// the entity by a call. If it panics, the log says who began it, and where.
    ///
    /// # Errors
    ///
    /// `Overloaded` if [`BACKGROUND_MAX`] of them run on the shard already.
    #[track_caller]
    pub fn spawn(&mut self, future: impl Future<Output = ()> + 'static) -> Result<(), Failure> {
        let running = self.shard.background.get();
        if running >= BACKGROUND_MAX {
            return Err(Failure::not_executed(FailureKind::Overloaded)
                .because("too much background work on this shard"));
        }
        self.shard.background.set(running + 1);
        let shard = Rc::clone(&self.shard);
        let give = move |()| {
            shard
                .background
                .set(shard.background.get().saturating_sub(1))
        };
        let from = std::panic::Location::caller();
        let future = super::background::of_call(&self.shard, self.call, &self.place, from, future);
        self.shard.park(CallId::NONE, future, |_| (), give);
        Ok(())
    }
}

impl Drop for Cx {
    #[inline]
    fn drop(&mut self) {
        match &self.place {
            Place::Entity(cell) => {
                if std::thread::panicking() {
                    self.shard.crashed(cell);
                }
                self.shard.release(cell, self.call);
            }
            Place::Service(service) => {
                service.running.set(service.running.get().saturating_sub(1));
            }
            Place::Away(_) => {}
        }
    }
}

impl fmt::Debug for Cx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cx({})", self.shard.call_path(self.call))
    }
}

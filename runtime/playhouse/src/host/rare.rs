//! What only some entities have: allocated when it is first needed.

use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use playhouse_wire::EntityRef;

use super::SessionId;
use super::cell::Hosted;
use super::durable::EntityDurable;
use super::persisted::Persisted;
use super::sessions::Observers;
use super::timers::EntityTimers;

/// What only some entities have.
#[derive(Default)]
pub(super) struct Rare {
    /// The entity that a local one lives in.
    pub(super) container: Option<Weak<dyn Hosted>>,
    /// The client that is bound to it.
    pub(super) session: Option<SessionId>,
    /// Who else receives events, and as what.
    pub(super) observers: Observers,
    pub(super) timers: Option<Box<EntityTimers>>,
    /// Entities that live in it, by number.
    pub(super) locals: BTreeMap<u32, Rc<dyn Hosted>>,
    /// The greatest number that a local entity had.
    pub(super) last_local: u32,
    /// Where it stands in the store, if it is persistent.
    pub(super) persisted: Option<Rc<Persisted>>,
    pub(super) durable: Option<Box<EntityDurable>>,
}

/// Who receives events of an entity beside its own client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Observer {
    /// A client, by its session.
    Session(SessionId),
    /// The client that is bound to this entity at the time.
    Entity(EntityRef),
}

impl From<SessionId> for Observer {
    fn from(session: SessionId) -> Self {
        Self::Session(session)
    }
}

impl From<EntityRef> for Observer {
    fn from(mut entity: EntityRef) -> Self {
        entity.slot = 0;
        Self::Entity(entity)
    }
}

impl From<&EntityRef> for Observer {
    fn from(entity: &EntityRef) -> Self {
        entity.clone().into()
    }
}

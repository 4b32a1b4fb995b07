//! What a handler knows about its call, its entity and its shard.

use playhouse_wire::EntityRef;

use super::Waiting;
use crate::call::{Arguments, Failure, FailureKind, Rpc};

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

/// The context of a handler.
#[derive(Debug)]
pub struct Cx {
    me: EntityRef,
}

impl Cx {
    /// The entity whose handler runs, in the slot in which it does.
    #[must_use]
    pub const fn me(&self) -> &EntityRef {
        &self.me
    }

    pub(super) fn event<A: Arguments>(&mut self, _args: A) {
        tracing::debug!(event = A::call().name, "nobody is there to see the event");
    }

    pub(super) fn ask<A: Rpc>(&mut self, _args: A) -> Result<Waiting<A>, Option<Failure>> {
        Err(Some(
            Failure::not_executed(FailureKind::NotFound)
                .because("no client is bound to the entity"),
        ))
    }
}

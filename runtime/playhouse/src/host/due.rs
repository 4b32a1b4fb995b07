//! What a shard waits for: its wheel holds these until their times have come.

use std::rc::{Rc, Weak};

use playhouse_wire::EntityKey;

use super::SessionId;
use super::calls::CallId;
use super::cell::Hosted;
use super::placement::Entry;
use crate::timer::TimerHandle;

/// What a shard does when a time has come.
pub(super) enum Due {
    /// Rows that nobody has acknowledged are sent again.
    Resend,
    /// The deadline of a call that is waited for.
    Deadline(CallId),
    /// A timer of an entity.
    Timer(Weak<dyn Hosted>, TimerHandle),
    /// The step of an entity.
    Tick(Weak<dyn Hosted>),
    /// An entity has changes that are to be saved.
    Save(Weak<dyn Hosted>),
    /// An entity may have been idle for too long.
    Idle(Weak<dyn Hosted>),
    /// The calls of an entity elsewhere have waited long enough to ask for it again.
    Ask(Rc<Entry>, u64),
    /// Something of a client's session.
    Session(SessionId),
    /// An entity is to be run though nobody calls: by type and key.
    Begin(u32, EntityKey),
}

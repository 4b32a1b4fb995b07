//! What only some entities have: allocated when it is first needed.

use std::rc::Weak;

use super::SessionId;
use super::cell::Hosted;
use super::timers::EntityTimers;

/// What only some entities have.
#[derive(Default)]
pub(super) struct Rare {
    /// The entity that a local one lives in.
    pub(super) container: Option<Weak<dyn Hosted>>,
    /// The client that is bound to it.
    pub(super) session: Option<SessionId>,
    /// Its timers and its fixed step.
    pub(super) timers: Option<Box<EntityTimers>>,
}

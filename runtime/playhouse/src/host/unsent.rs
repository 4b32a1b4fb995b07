//! Where durable oneways and timers meet the store: there are none yet, so nothing is to be done.

use std::rc::Rc;

use playhouse_store::{Update, Value};

use super::cell::Hosted;
use super::shard::Shard;

#[expect(clippy::unused_self, reason = "nothing is to be done yet")]
impl Shard {
    /// The properties of an entity are filled; its timers come next.
    pub(super) fn restore_timers(self: &Rc<Self>, _cell: &Rc<dyn Hosted>, _root: &Value) {}

    /// Adds what changed of an entity's timers to what is committed.
    pub(super) const fn save_timers(&self, _cell: &Rc<dyn Hosted>, _update: &mut Update) {}

    /// When an entity wants to be run though nobody calls.
    pub(super) const fn wake_us(&self, _cell: &Rc<dyn Hosted>) -> Option<i64> {
        None
    }
}

//! Passivation: a persistent entity that nothing has used for a while gives its memory back.
//!
//! It ends as at the stop of its node: the hook `before_save` runs, its last changes and the release of its document are
//! one commit, and calls that come meanwhile wait and have it loaded anew. What the schema does not mark `@persist` is
//! forgotten. An entity stays that holds something which only memory holds: a client, observers, local entities, a step,
//! timers that are not durable. So do singletons, entities of a node, and whatever is not persistent.

use std::rc::Rc;

use super::cell::{Hosted, Life};
use super::keeper::Keeper;
use super::shard::{Due, Shard};
use crate::descriptor::EntityKind;
use crate::persist;

/// Durable timers that are due within this time keep their entity: in microseconds. What is found by its time is found
/// every few seconds.
const DUE_SOON_US: i64 = 60_000_000;

impl Shard {
    /// An entity was loaded: from now on it is looked at once it may have been idle for too long.
    pub(super) fn watch_idle(&self, keeper: &Keeper, cell: &Rc<dyn Hosted>) {
        let header = cell.header();
        let kind = self.kind(header.kind).descriptor;
        let lasts = matches!(kind.kind, EntityKind::Keyed(_) | EntityKind::Instance);
        let (Some(idle_us), Some(persisted)) = (keeper.idle_us, header.persisted()) else {
            return;
        };
        if lasts && persist::is_persistent(kind) && header.life.get() == Life::Live {
            let now_us = self.now_us();
            persisted.used_us.set(now_us);
            let due = Due::Idle(Rc::downgrade(cell));
            let timer = self.set_timer(now_us.saturating_add(idle_us), due);
            persisted.idle.set(Some(timer));
        }
    }

    /// An entity may have been idle for too long.
    pub(super) fn fire_idle(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let (Some(keeper), Some(persisted)) = (self.keeper(), cell.header().persisted()) else {
            return;
        };
        persisted.idle.set(None);
        let Some(idle_us) = keeper.idle_us else {
            return;
        };
        if cell.header().life.get() != Life::Live {
            return;
        }
        let now_us = self.now_us();
        let mut look_us = persisted.used_us.get().saturating_add(idle_us);
        if look_us <= now_us {
            if self.is_idle(cell) {
                return self.passivate(cell);
            }
            look_us = now_us.saturating_add(idle_us);
        }
        let timer = self.set_timer(look_us, Due::Idle(Rc::downgrade(cell)));
        persisted.idle.set(Some(timer));
    }

    /// Whether an entity does nothing, and holds nothing that would be lost or would have to be fetched back at once.
    fn is_idle(&self, cell: &Rc<dyn Hosted>) -> bool {
        let header = cell.header();
        let Some(persisted) = header.persisted() else {
            return false;
        };
        let waits = !header.holder.get().is_none()
            || header.waiters.borrow().is_some()
            || persisted.is_in_flight()
            || !persisted.withheld.borrow().is_empty();
        let sends = self.activation(cell, |activation| activation.has_rows()) != Some(false);
        if waits || sends {
            return false;
        }
        let holds = header.rare(|rare| {
            let timers = rare.timers.as_ref();
            rare.session.is_some()
                || !rare.observers.is_empty()
                || !rare.locals.is_empty()
                || timers.is_some_and(|it| it.ticker.is_some() || it.has_fleeting())
        });
        let soon_us = self.env.utc().as_micros().saturating_add(DUE_SOON_US);
        holds != Some(true) && self.wake_us(cell).is_none_or(|wake_us| wake_us > soon_us)
    }

    /// Releases an entity whose document another activation may claim then.
    pub(super) fn passivate(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        if let Some(keeper) = self.keeper() {
            keeper.passivated.set(keeper.passivated.get() + 1);
        }
        self.release_soon(cell);
    }

    /// How many entities were released because nothing used them.
    #[must_use]
    pub fn passivated(&self) -> u64 {
        self.keeper().map_or(0, |keeper| keeper.passivated.get())
    }
}

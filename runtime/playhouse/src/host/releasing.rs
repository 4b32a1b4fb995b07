//! Ends persistent entities: their last hooks run, then their documents are given back, or deleted.

use std::rc::Rc;

use playhouse_store::End;

use super::calls::{CallId, Place};
use super::cell::Hosted;
use super::persisted::{Ending, Persisted};
use super::saving::wait_for_others;
use super::shard::{NEVER, Shard};
use crate::descriptor::EntityKind;
use crate::host::Cx;
use crate::logic::Hook;
use crate::persist::{COMMITS_MAX, SaveError};

impl Shard {
    /// A persistent entity ends: its last hooks run, then its document is given back, or deleted.
    pub(super) fn end_persisted(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Rc<Persisted>) {
        let Some(keeper) = self.keeper() else {
            return;
        };
        if persisted.is_moving() {
            return persisted.stir();
        }
        let header = cell.header();
        match persisted.ending.get() {
            Ending::No => {
                persisted.tenure.borrow_mut().releasing();
                persisted.ending.set(Ending::Hooks);
                keeper.closing.set(keeper.closing.get() + 1);
                let kind = self.kind(header.kind);
                let last = match persisted.end.get() {
                    End::Stays | End::Released if kind.is_persistent() => Hook::BeforeSave,
                    End::Deleted | End::Stays | End::Released => Hook::Destroyed,
                };
                if kind.hooks.has(last) {
                    return self.last_hook(cell, last);
                }
            }
            Ending::Hooks => {}
            Ending::Commit => return,
        }
        if persisted.is_in_flight() || keeper.closed.get() {
            return;
        }
        if keeper.in_flight.get() >= COMMITS_MAX {
            return wait_for_others(keeper, cell, persisted);
        }
        let end = match persisted.end.get() {
            End::Deleted => End::Deleted,
            End::Stays | End::Released if self.leaves_nothing(cell, persisted) => End::Deleted,
            End::Stays | End::Released => End::Released,
        };
        if let Some(commit) = self.snapshot(cell, persisted, None, end) {
            persisted.ending.set(Ending::Commit);
            self.send_commit(cell, persisted, commit);
        }
    }

    /// Whether an entity that is given back needs no document any more.
    fn leaves_nothing(&self, cell: &Rc<dyn Hosted>, persisted: &Persisted) -> bool {
        let kind = self.kind(cell.header().kind);
        if self.is_placed(kind) {
            // Epochs must rise over all of an entity's activations. Nobody finds a fleeting instance again.
            let fleeting = !kind.is_persistent();
            return fleeting && matches!(kind.descriptor.kind, EntityKind::Instance);
        }
        // One that was only looked at leaves no document behind.
        self.is_untouched(cell, persisted)
    }

    /// Whether nothing of an entity was ever saved, or is to be.
    fn is_untouched(&self, cell: &Rc<dyn Hosted>, persisted: &Persisted) -> bool {
        let saved = self.kind(cell.header().kind).saved.as_ref();
        let changed = saved.and_then(|saved| saved.wait_us(&**cell, 0));
        let activation = persisted.activation.borrow();
        let new = activation
            .as_ref()
            .is_some_and(|it| it.is_fresh() && !it.is_dirty());
        new && changed.is_none()
            && persisted.back.borrow().is_empty()
            && self.wake_us(cell).is_none()
    }

    /// Runs a hook of an entity that takes no more calls.
    pub(super) fn last_hook(self: &Rc<Self>, cell: &Rc<dyn Hosted>, hook: Hook) {
        let place = Place::Entity(Rc::clone(cell));
        let call = self
            .calls
            .borrow_mut()
            .insert(place.clone(), 0, 0, CallId::NONE, NEVER, None);
        self.caller_done(call);
        cell.header().holder.set(call);
        let mut cx = Cx::new(self, place, call);
        let shard = Rc::clone(self);
        let future = Box::pin(async move {
            shard.run_hook(&mut cx, hook, 0).await;
        });
        self.run_detached(call, future, || ());
    }

    /// An activation is over, whatever it was doing: nothing of it is saved any more.
    pub(super) fn part_from_store(&self, cell: &Rc<dyn Hosted>, persisted: &Persisted) {
        let header = cell.header();
        let session = header.rare(|rare| rare.session).flatten();
        if let (Some(session), Some(keeper), true) =
            (session, self.keeper(), persisted.end.get() != End::Deleted)
        {
            // The next activation has the client, too.
            let mut clients = keeper.clients.borrow_mut();
            clients.insert((header.kind, header.key.clone()), session);
        }
        let timer = persisted.timer.take().map(|(timer, _)| timer);
        for timer in [timer, persisted.idle.take()].into_iter().flatten() {
            self.wheel.borrow_mut().cancel(timer);
        }
        self.mark_unsaved(persisted, false);
        let was_closing = persisted.ending.replace(Ending::No) != Ending::No;
        if (was_closing || persisted.is_moving())
            && let Some(keeper) = self.keeper()
        {
            keeper.closing.set(keeper.closing.get().saturating_sub(1));
        }
        persisted.tell_savers(&Err(SaveError::Lost));
        persisted.tenure.borrow_mut().end();
        persisted.activation.take();
        persisted.stir();
    }

    /// The document of an entity is given back when it ends, or deleted.
    pub(super) fn ends_as(&self, cell: &Rc<dyn Hosted>, end: End) {
        if let Some(persisted) = cell.header().persisted() {
            persisted.end.set(end);
        }
    }
}

//! Saves entities: what changed is taken between two handlers, sent to the store, and sent again until it is answered.
//!
//! An entity has one commit on its way at a time. What its handlers change meanwhile goes with the next one.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::durable::{Activation, After, More};
use playhouse_store::{Commit, Committed, End, StoreError, Update};
use tokio::sync::oneshot;

use super::cell::{Hosted, Life};
use super::keeper::{Keeper, pause};
use super::lease::leased;
use super::persisted::{Ending, HookState, Persisted};
use super::shard::{Due, Shard};
use crate::host::Cx;
use crate::logic::{Hook, Hooks};
use crate::persist::{self, COMMITS_MAX, SAVE_PATIENCE, SaveError};

/// When a commit is made anew that the store did not do, in microseconds.
const UNDONE_PAUSE_US: u64 = 1_000_000;

/// When a save is tried again that the mailbox has no room for, in microseconds.
const TRY_AGAIN_US: u64 = 10_000;

impl Shard {
    pub(super) fn keeper(&self) -> Option<&Rc<Keeper>> {
        self.keeper.get()
    }

    /// Looks at where a persistent entity stands in the store; nothing if it is not persistent, or not loaded yet.
    pub(super) fn activation<R>(
        &self,
        cell: &Rc<dyn Hosted>,
        f: impl FnOnce(&mut Activation) -> R,
    ) -> Option<R> {
        let persisted = leased(cell).header().persisted()?;
        let mut activation = persisted.activation.borrow_mut();
        activation.as_mut().map(f)
    }

    /// A handler of a persistent entity has ended, or the entity is idle: it is saved now if that is due, or later if
    /// something changed.
    pub(super) fn rested(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Rc<Persisted>) {
        let header = cell.header();
        if header.life.get() == Life::Ending {
            return self.end_persisted(cell, persisted);
        }
        let Some(keeper) = self.keeper() else {
            return;
        };
        let (urgent, dirty, in_flight) = match &*persisted.activation.borrow() {
            Some(activation) => (
                activation.is_urgent(),
                activation.is_dirty(),
                activation.is_in_flight(),
            ),
            None => return,
        };
        if urgent || persisted.soon.get() {
            return self.save_now(cell, persisted);
        }
        if in_flight {
            // What changed since is looked at when the answer comes.
            return;
        }
        let saved = self.kind(header.kind).saved.as_ref();
        if persisted.timer.get().is_some() && saved.is_some_and(|saved| saved.one_interval) {
            // Nothing that changed since is due sooner.
            return;
        }
        let wait_us = saved.and_then(|saved| saved.wait_us(&**cell, keeper.every_us));
        let more = dirty || !persisted.back.borrow().is_empty();
        let again = more.then_some(keeper.every_us);
        if let Some(wait_us) = [wait_us, again].into_iter().flatten().min() {
            self.save_within(cell, persisted, wait_us);
        }
    }

    /// The entity is saved after so long, unless it is sooner.
    fn save_within(&self, cell: &Rc<dyn Hosted>, persisted: &Persisted, wait_us: u64) {
        self.mark_unsaved(persisted, true);
        let at_us = self.now_us().saturating_add(wait_us);
        match persisted.timer.get() {
            Some((_, due_us)) if due_us <= at_us => return,
            Some((timer, _)) => {
                self.wheel.borrow_mut().cancel(timer);
            }
            None => {}
        }
        let timer = self.set_timer(at_us, Due::Save(Rc::downgrade(cell)));
        persisted.timer.set(Some((timer, at_us)));
    }

    pub(super) fn mark_unsaved(&self, persisted: &Persisted, unsaved: bool) {
        if persisted.unsaved.replace(unsaved) != unsaved
            && let Some(keeper) = self.keeper()
        {
            keeper.count_unsaved(unsaved);
        }
    }

    /// The time has come to save an entity.
    pub(super) fn fire_save(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        if let Some(persisted) = cell.header().persisted() {
            persisted.timer.set(None);
            self.commit_soon(cell);
        }
    }

    /// Saves an entity as soon as no handler of it runs and no commit is on its way.
    pub(super) fn commit_soon(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let cell = leased(cell);
        let header = cell.header();
        let Some(persisted) = header.persisted() else {
            return;
        };
        persisted.soon.set(true);
        if header.holder.get().is_none() && header.life.get() != Life::Over {
            self.rested(&cell, &persisted);
        }
    }

    /// Saves an entity within its interval: something waits that has time.
    pub(super) fn save_later(&self, cell: &Rc<dyn Hosted>) {
        let cell = leased(cell);
        if let (Some(persisted), Some(keeper)) = (cell.header().persisted(), self.keeper()) {
            self.save_within(&cell, &persisted, keeper.every_us);
        }
    }

    /// Waits until everything of an entity is committed that is not yet at the moment of the call. Whoever calls this has
    /// no handler of the entity running; it may have the lease.
    pub(super) async fn saved(self: &Rc<Self>, cell: &Rc<dyn Hosted>) -> Result<(), SaveError> {
        let cell = leased(cell);
        let header = cell.header();
        let Some(persisted) = header.persisted() else {
            return Ok(());
        };
        let holder = header.holder.get();
        loop {
            if header.life.get() == Life::Over || !persisted.is_loaded() {
                return Err(SaveError::Lost);
            }
            let (give, take) = oneshot::channel();
            let flies = persisted.is_in_flight();
            // While this waited, another handler may have begun. It would be saved by half.
            let begun = header.holder.get() != holder && !header.holder.get().is_none();
            let saved = self.kind(header.kind).saved.as_ref();
            let busy = begun || saved.is_some_and(|saved| saved.is_busy(&*cell));
            let ours = !flies && !busy;
            if !flies && busy {
                // As soon as that handler has ended.
                persisted.soon.set(true);
            }
            if ours {
                let Some(commit) = self.snapshot(&cell, &persisted, None, End::Stays) else {
                    return Ok(());
                };
                persisted.savers.borrow_mut().push(give);
                self.send_commit(&cell, &persisted, commit);
            } else {
                persisted.savers.borrow_mut().push(give);
            }
            match take.await.unwrap_or(Err(SaveError::Lost)) {
                Err(SaveError::Taken { .. } | SaveError::Undone) | Ok(()) if !ours => {}
                answer => return answer,
            }
        }
    }

    /// Saves an entity that no handler has, unless a commit is on its way.
    fn save_now(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Rc<Persisted>) {
        let Some(keeper) = self.keeper() else {
            return;
        };
        persisted.soon.set(true);
        if keeper.closed.get() || persisted.is_in_flight() {
            return;
        }
        if keeper.in_flight.get() >= COMMITS_MAX {
            self.mark_unsaved(persisted, true);
            return wait_for_others(keeper, cell, persisted);
        }
        let kind = self.kind(cell.header().kind);
        if kind.hooks.has(Hook::BeforeSave) && cell.header().life.get() == Life::Live {
            match persisted.hook.get() {
                HookState::Idle => return self.before_save(cell, persisted),
                HookState::Waits => return,
                HookState::Ran => persisted.hook.set(HookState::Idle),
            }
        }
        persisted.soon.set(false);
        if let Some(commit) = self.snapshot(cell, persisted, None, End::Stays) {
            self.send_commit(cell, persisted, commit);
        } else {
            self.mark_unsaved(persisted, false);
            // Everything is committed already.
            persisted.tell_savers(&Ok(()));
        }
    }

    /// Runs the hook `before_save` in its turn. The entity is saved when it has ended.
    fn before_save(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Rc<Persisted>) {
        self.mark_unsaved(persisted, true);
        persisted.hook.set(HookState::Waits);
        let (shard, waits) = (Rc::clone(self), Rc::clone(persisted));
        let full = |shard: &Self| {
            // The mailbox has no room: a moment later it may have.
            persisted.hook.set(HookState::Idle);
            persisted.soon.set(false);
            shard.save_within(cell, persisted, TRY_AGAIN_US);
        };
        self.take_turn(cell, 0, 0, full, async move |mut cx: Cx| {
            shard.run_hook(&mut cx, Hook::BeforeSave, 0).await;
            waits.hook.set(HookState::Ran);
        });
    }

    /// What changed, as a commit; nothing if nothing did and the entity goes on.
    pub(super) fn snapshot(
        &self,
        cell: &Rc<dyn Hosted>,
        persisted: &Persisted,
        held: Option<(u8, &mut dyn Any)>,
        end: End,
    ) -> Option<Arc<Commit>> {
        let saved = self.kind(cell.header().kind).saved.as_ref()?;
        let asked = held.is_some();
        let mut taken = saved.take(&**cell, held);
        self.save_timers(cell, &mut taken);
        if let Some((timer, _)) = persisted.timer.take() {
            self.wheel.borrow_mut().cancel(timer);
        }
        // What was set anew is no longer what another entity holds.
        let withheld = persist::without(persisted.withheld.take(), &taken);
        let mut update = persist::merge(persisted.back.take(), taken);
        if asked {
            update = persist::merge(withheld, update);
        } else {
            *persisted.withheld.borrow_mut() = withheld;
        }
        let mut activation = persisted.activation.borrow_mut();
        let activation = activation.as_mut()?;
        debug_assert!(!activation.is_in_flight(), "one commit at a time");
        if update.is_empty() && !activation.is_dirty() && end == End::Stays {
            return None;
        }
        let more = More {
            schema: self.keeper()?.release,
            wake_us: self.wake_us(cell),
            end,
        };
        let commit = activation.snapshot(update, more)?;
        self.mark_unsaved(persisted, true);
        Some(commit)
    }

    /// Sends a commit, again and again until it is answered.
    pub(super) fn send_commit(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        persisted: &Rc<Persisted>,
        commit: Arc<Commit>,
    ) {
        let Some(keeper) = self.keeper().cloned() else {
            return;
        };
        keeper.in_flight.set(keeper.in_flight.get() + 1);
        let mut answer = keeper.store.commit(vec![commit]);
        let (shard, cell, persisted) = (Rc::clone(self), Rc::clone(cell), Rc::clone(persisted));
        self.spawn(async move {
            let began_us = shard.now_us();
            let mut failures = 0;
            loop {
                let answered = answer.await.map(|outcomes| outcomes.into_iter().next());
                let answered = match answered {
                    Ok(Some(outcome)) => {
                        keeper.note_done();
                        Ok(outcome)
                    }
                    // No store answers so; what it did is not known.
                    Ok(None) => Err(StoreError::Unknown("no outcome came".to_owned())),
                    Err(error) => Err(error),
                };
                if let Err(error) = &answered {
                    failures += 1;
                    let now_us = shard.refresh();
                    keeper.note_failure(error, now_us);
                    let waited_us = u128::from(now_us.saturating_sub(began_us));
                    let passes =
                        matches!(error, StoreError::Unavailable(_) | StoreError::Unknown(_));
                    if !passes || waited_us >= SAVE_PATIENCE.as_micros() {
                        persisted.tell_savers(&Err(SaveError::Store(error.clone())));
                    }
                }
                let Some(commit) = shard.commit_answered(&cell, &persisted, answered) else {
                    break;
                };
                tokio::time::sleep(pause(failures)).await;
                answer = keeper.store.commit(vec![commit]);
            }
            keeper
                .in_flight
                .set(keeper.in_flight.get().saturating_sub(1));
            shard.save_waiting(&keeper);
        });
    }

    /// There is room for commits of entities that wait.
    fn save_waiting(self: &Rc<Self>, keeper: &Keeper) {
        while keeper.in_flight.get() < COMMITS_MAX {
            let next = keeper.waiting.borrow_mut().pop_front();
            match next {
                Some(cell) => {
                    if let Some(cell) = cell.upgrade() {
                        if let Some(persisted) = cell.header().persisted() {
                            persisted.waits.set(false);
                        }
                        self.commit_soon(&cell);
                    }
                }
                None => return,
            }
        }
    }

    /// A commit was answered. Returns the same if it is to be sent again.
    pub(super) fn commit_answered(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        persisted: &Rc<Persisted>,
        answer: Result<Committed, StoreError>,
    ) -> Option<Arc<Commit>> {
        let keeper = self.keeper()?;
        let after = persisted.activation.borrow_mut().as_mut()?.answered(answer);
        match after {
            After::Again(commit) => return Some(commit),
            After::Done { deliveries, acks } => {
                keeper.saves.set(keeper.saves.get() + 1);
                self.mark_unsaved(persisted, false);
                persisted.tell_savers(&Ok(()));
                self.committed(cell, deliveries, acks);
                if persisted.ending.get() == Ending::Commit {
                    self.leave(cell);
                    return None;
                }
            }
            After::Taken(path, update) if persist::touches(&update, &path) => {
                self.taken(cell, persisted, &path, update);
            }
            // Of something that was not said: at once it would be no other.
            After::Taken(_, update) => return self.undone(cell, persisted, update, None),
            After::Undone(update, error) => return self.undone(cell, persisted, update, error),
            After::Over => {
                self.overtaken(cell, persisted);
                return None;
            }
        }
        if persisted.ending.get() == Ending::Commit {
            persisted.ending.set(Ending::Hooks);
        }
        if cell.header().holder.get().is_none() && cell.header().life.get() != Life::Over {
            self.rested(cell, persisted);
        }
        None
    }

    /// Another activation has the document. What runs ends where it stands, as after the loss of a lease.
    pub(super) fn overtaken(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Persisted) {
        self.mark_unsaved(persisted, false);
        persisted.tell_savers(&Err(SaveError::Lost));
        if cell.header().life.get() != Life::Over {
            let entity = self.kind(cell.header().kind).descriptor.head.name;
            let key = &cell.header().key;
            tracing::error!(
                entity,
                ?key,
                "another activation has the document: what was not saved is discarded"
            );
        }
        persisted.discarded.set(true);
        self.leave(cell);
        self.wake_holder(cell);
    }

    /// Another entity holds a value: everything else is saved, this once the entity saves it itself.
    fn taken(
        &self,
        cell: &Rc<dyn Hosted>,
        persisted: &Persisted,
        path: &playhouse_store::Path,
        update: Update,
    ) {
        let descriptor = self.kind(cell.header().kind).descriptor;
        let property = persist::property_at(descriptor, path);
        if persisted.savers.borrow().is_empty() {
            tracing::error!(
                entity = descriptor.head.name,
                key = ?cell.header().key,
                property,
                "another entity has this value, so that it is not saved: save what is unique at once, with `cx.save(self)`"
            );
        }
        persisted.tell_savers(&Err(SaveError::Taken { property }));
        let (rest, apart) = persist::split(update, path);
        let newer = persisted.back.take();
        *persisted.back.borrow_mut() = persist::merge(rest, newer);
        let withheld = persisted.withheld.take();
        *persisted.withheld.borrow_mut() = persist::merge(withheld, apart);
        persisted.soon.set(true);
    }

    /// Nothing was done, and at once would be too soon to try again.
    fn undone(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        persisted: &Rc<Persisted>,
        update: Update,
        error: Option<StoreError>,
    ) -> Option<Arc<Commit>> {
        let newer = persisted.back.take();
        *persisted.back.borrow_mut() = persist::merge(update, newer);
        let error = error.map_or(SaveError::Undone, SaveError::Store);
        persisted.tell_savers(&Err(error));
        if persisted.ending.get() == Ending::Commit {
            persisted.ending.set(Ending::Hooks);
        }
        self.save_within(cell, persisted, UNDONE_PAUSE_US);
        None
    }
}

/// Too many commits of the shard are on their way: the entity's is made when one of them is answered.
pub(super) fn wait_for_others(keeper: &Keeper, cell: &Rc<dyn Hosted>, persisted: &Persisted) {
    if !persisted.waits.replace(true) {
        keeper.waiting.borrow_mut().push_back(Rc::downgrade(cell));
    }
}

impl Cx {
    /// Saves the entity now, and waits until that lasts: through a crash of the node and of the machine. `part` is the
    /// part whose handler this is: `cx.save(self).await`. The other parts, and local state of the protocol, go with it.
    ///
    /// The hook `before_save` does not run: the handler brings its own state into order. In the handler of a durable
    /// oneway the save is put off to its end, since its effect and the mark that it was done are one; this returns at
    /// once. On a node without a store, and for an entity that isn't persistent, there is nothing to save.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]. The changes stay in memory, whatever it is.
    pub async fn save<L: Hooks>(&mut self, part: &mut L) -> Result<(), SaveError> {
        let Some(cell) = self.cell().map(|cell| leased(&cell)) else {
            return Ok(());
        };
        let shard = Rc::clone(self.shard());
        let Some(persisted) = cell.header().persisted() else {
            return Ok(());
        };
        if persisted.deferred.get() {
            persisted.soon.set(true);
            return Ok(());
        }
        let slot = self.slot();
        loop {
            if cell.header().life.get() == Life::Over || !persisted.is_loaded() {
                return Err(SaveError::Lost);
            }
            let (give, take) = oneshot::channel();
            let ours = !persisted.is_in_flight();
            if ours {
                let saved = shard.kind(cell.header().kind).saved.as_ref();
                if !saved.is_some_and(|saved| saved.holds(slot, part)) {
                    return Err(SaveError::NotMine);
                }
                let held: (u8, &mut dyn Any) = (slot, part);
                let Some(commit) = shard.snapshot(&cell, &persisted, Some(held), End::Stays) else {
                    shard.mark_unsaved(&persisted, false);
                    return Ok(());
                };
                persisted.savers.borrow_mut().push(give);
                shard.send_commit(&cell, &persisted, commit);
            } else {
                persisted.savers.borrow_mut().push(give);
            }
            let answer = take.await.unwrap_or(Err(SaveError::Lost));
            match answer {
                Err(SaveError::Taken { .. } | SaveError::Undone) | Ok(()) if !ours => {}
                answer => return answer,
            }
        }
    }
}

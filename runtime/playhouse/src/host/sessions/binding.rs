//! What becomes of an entity while a client's session is bound to it: it is there, its hooks run, it moves.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::EntityRef;
use playhouse_wire::message::SessionReason;

use super::super::SessionId;
use super::super::cell::{Hosted, Life};
use super::super::dispatch::no_such_target;
use super::super::shard::Shard;
use crate::call::{Failure, FailureKind, Target};
use crate::logic::Hook;
use crate::persist::SaveError;

impl Shard {
    /// Waits until an entity of this shard is live, loaded and not about to move; a keyed one is made if need be.
    ///
    /// # Errors
    ///
    /// If there is no such entity, or if it can't begin here.
    pub async fn ready(self: &Rc<Self>, entity: &EntityRef) -> Result<(), Failure> {
        let kind = self
            .find_kind(entity.package, entity.number)
            .ok_or_else(no_such_target)?;
        let cell = self.live(kind, &entity.key)?;
        let header = cell.header();
        let begins = header.persisted().is_some_and(|it| !it.begun.get());
        if !begins && header.life.get() == Life::Live {
            return Ok(());
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.run_hooks(&cell, &[], move |_| {
            // Whoever asked may have given up.
            let _ = sender.send(());
        });
        // If its place in the mailbox was dropped instead, what follows tells why.
        let _ = receiver.await;
        let failure = header.persisted();
        if let Some(failure) = failure.and_then(|it| it.failure.borrow().clone()) {
            return Err(failure);
        }
        match header.life.get() {
            Life::Live => Ok(()),
            Life::Ending | Life::Over => Err(Failure::not_executed(FailureKind::Unreachable)
                .because("the entity ended or moved meanwhile: try again")),
        }
    }

    /// The number of the last login of an entity's client, as its document has it: 0 if there was none, if nothing of the
    /// entity is stored, or if it is not loaded.
    pub(crate) fn last_login(&self, entity: &EntityRef) -> u64 {
        let cell = self.bound_cell(entity);
        cell.and_then(|cell| self.activation(&cell, |it| it.login_no()))
            .unwrap_or(0)
    }

    /// Stores the number of a login, if anything of the entity is stored: whoever runs it later knows that earlier logins
    /// count no more.
    ///
    /// # Errors
    ///
    /// If the store did not do it, or another node runs the entity by now.
    pub(crate) async fn store_login(
        self: &Rc<Self>,
        entity: &EntityRef,
        login_no: u64,
    ) -> Result<(), SaveError> {
        let Some(cell) = self.bound_cell(entity) else {
            return Err(SaveError::Lost);
        };
        self.activation(&cell, |it| it.log_in(login_no));
        self.saved(&cell).await
    }

    /// Whether another node of the cluster may run an entity: this shard does not.
    pub(crate) fn may_be_elsewhere(&self, entity: &EntityRef) -> bool {
        self.is_elsewhere(&Target::Entity(entity.clone())) && self.bound_cell(entity).is_none()
    }

    /// Whether an entity is on its way to this shard from another node.
    pub(crate) fn is_arriving(&self, entity: &EntityRef) -> bool {
        let persisted = self
            .bound_cell(entity)
            .and_then(|cell| cell.header().persisted());
        persisted.is_some_and(|it| it.arriving.borrow().is_some())
    }

    /// Binds a session to an entity of this shard that is live. Its hooks `replaced`, if another session had it, and
    /// `attached` come next on it.
    pub fn attach(self: &Rc<Self>, entity: &EntityRef, session: SessionId, replaced: bool) {
        let Some(cell) = self.bound_cell(entity) else {
            return;
        };
        cell.header().rare_mut(|rare| rare.session = Some(session));
        let hooks: &'static [Hook] = match replaced {
            true => &[Hook::Replaced, Hook::Attached],
            false => &[Hook::Attached],
        };
        self.run_hooks(&cell, hooks, |_| ());
    }

    /// The client of a session is away: its entity's hook `lost` runs, and what it changed is saved. The session stays.
    pub fn lost(self: &Rc<Self>, entity: &EntityRef, session: SessionId) {
        if let Some(cell) = self.cell_of(entity, session) {
            self.run_lost(&cell);
        }
    }

    /// The client of a session is back: its entity's hook `resumed` runs.
    pub fn resumed(self: &Rc<Self>, entity: &EntityRef, session: SessionId) {
        if let Some(cell) = self.cell_of(entity, session) {
            self.run_hooks(&cell, &[Hook::Resumed], |_| ());
        }
    }

    /// A session is over. If its client was there until now, the entity's hook `lost` runs.
    pub fn left(self: &Rc<Self>, entity: &EntityRef, session: SessionId, was_there: bool) {
        if let Some(cell) = self.cell_of(entity, session) {
            cell.header().rare_mut(|rare| rare.session = None);
            if was_there {
                self.run_lost(&cell);
            }
        } else if let Some(kind) = self.find_kind(entity.package, entity.number) {
            self.forget_client(kind.index, &entity.key, session);
        }
    }

    /// What the client of an entity asked for has ended, and the entity is about to move.
    pub fn client_settled(&self, entity: &EntityRef) {
        let cell = self.bound_cell(entity);
        if let Some(persisted) = cell.and_then(|cell| cell.header().persisted()) {
            persisted.stir();
        }
    }

    fn run_lost(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let lost = Rc::clone(cell);
        self.run_hooks(cell, &[Hook::Lost], move |shard| shard.commit_soon(&lost));
    }

    pub(super) fn bound_cell(&self, entity: &EntityRef) -> Option<Rc<dyn Hosted>> {
        self.find_kind(entity.package, entity.number)?
            .find(&entity.key)
    }

    fn cell_of(&self, entity: &EntityRef, session: SessionId) -> Option<Rc<dyn Hosted>> {
        let cell = self.bound_cell(entity)?;
        let bound = cell.header().rare(|rare| rare.session).flatten();
        (bound == Some(session)).then_some(cell)
    }

    /// The session that is bound to an entity of this shard.
    #[must_use]
    pub fn bound(&self, entity: &EntityRef) -> Option<SessionId> {
        let cell = self.bound_cell(entity)?;
        cell.header().rare(|rare| rare.session).flatten()
    }

    /// The client of an entity is told that its session is over, and why.
    pub(in crate::host) fn end_client(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        reason: SessionReason,
        text: impl Into<Arc<str>>,
    ) {
        let header = cell.header();
        let Some(session) = header.rare(|rare| rare.session).flatten() else {
            return;
        };
        // It is not the next activation's here.
        header.rare_mut(|rare| rare.session = None);
        self.end_session(session, reason, text);
    }

    /// A client is told that its session is over, and why.
    pub(in crate::host) fn end_session(
        self: &Rc<Self>,
        session: SessionId,
        reason: SessionReason,
        text: impl Into<Arc<str>>,
    ) {
        let text = text.into();
        self.do_on(session.shard(), move |shard| {
            if let Some(port) = shard.session_port() {
                port.end(session, reason, &text);
            }
        });
    }
}

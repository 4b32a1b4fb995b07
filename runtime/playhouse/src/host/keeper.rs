//! What a shard knows of its store: the way there, whether it answers, and how much waits for it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use playhouse_store::durable::Rules;
use playhouse_store::{DocumentId, Owner, Store, StoreError};
use playhouse_wire::EntityKey;
use rustc_hash::FxHashMap;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::SessionId;
use super::cell::Hosted;
use super::gone::Gone;
use super::kind::Kind;
use super::shard::Shard;
use crate::call::{Failure, FailureKind};
use crate::persist::{CLAIMING_MAX, IDLE_AFTER, SAVE_EVERY, UNSAVED_MAX};

/// The shortest pause before something is asked of the store again, in microseconds.
const PAUSE_MIN_US: u64 = 50_000;

/// The longest.
const PAUSE_MAX_US: u64 = 5_000_000;

/// For how long nothing is claimed after a claim that failed.
const CLAIM_PAUSE_US: u64 = 500_000;

/// How often at most the log hears that the store does not do what it is asked, in microseconds.
const COMPLAIN_EVERY_US: u64 = 5_000_000;

/// A store, and how a shard uses it.
pub struct Keeping {
    /// The store, for this shard.
    pub store: Rc<dyn Store>,
    /// As whom the node runs its entities: its name, and which of its lives this is.
    pub owner: Owner,
    /// Whether nobody else can have the store open: what another owner has is that of the dead.
    pub exclusive: bool,
    /// The release of the schema.
    pub release: u32,
    /// The rules of the durable protocol: all of them, but where a test plants a bug.
    #[doc(hidden)]
    pub rules: Rules,
    /// How long a change waits to be saved.
    pub every: Duration,
    /// Most entities that wait to be saved while the store does not answer.
    pub unsaved_max: usize,
    /// For how long nothing uses an entity before it is released; none: it stays.
    pub idle_after: Option<Duration>,
}

impl Keeping {
    /// With a store, by this owner, and everything else as it is by default.
    #[must_use]
    pub fn new(store: Rc<dyn Store>, owner: Owner) -> Self {
        Self {
            store,
            owner,
            exclusive: false,
            release: 0,
            rules: Rules::default(),
            every: SAVE_EVERY,
            unsaved_max: UNSAVED_MAX,
            idle_after: Some(IDLE_AFTER),
        }
    }
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping")
            .field("owner", &self.owner)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

/// What a shard that has a store knows of it.
pub(super) struct Keeper {
    pub(super) store: Rc<dyn Store>,
    /// Another one from the loss of a lease on.
    pub(super) owner: RefCell<Owner>,
    pub(super) exclusive: bool,
    pub(super) release: u32,
    pub(super) rules: Rules,
    pub(super) every_us: u64,
    unsaved_max: usize,
    pub(super) idle_us: Option<u64>,
    /// Commits that are on their way.
    pub(super) in_flight: Cell<usize>,
    /// Entities whose commits wait for those on their way.
    pub(super) waiting: RefCell<VecDeque<Weak<dyn Hosted>>>,
    /// Places for claims that are on their way.
    claiming: Semaphore,
    /// Entities with changes that were not acknowledged.
    unsaved: Cell<usize>,
    /// Entities whose last commit, which gives the document back or deletes it, was not acknowledged.
    pub(super) closing: Cell<usize>,
    /// What went wrong in a row.
    failures: Cell<u32>,
    /// Until when nothing new is claimed.
    away_until_us: Cell<u64>,
    complained_us: Cell<Option<u64>>,
    /// Too much waits for a store that does not answer.
    full: Cell<bool>,
    pub(super) stopping: Cell<bool>,
    /// The node hands over what it runs.
    pub(super) draining: Cell<bool>,
    /// The shard has ended: nothing is asked any more.
    pub(super) closed: Cell<bool>,
    /// Clients that were bound to activations that are over, by type and key.
    pub(super) clients: RefCell<FxHashMap<(u32, EntityKey), SessionId>>,
    /// Documents of entities that are no more whose messages are sent.
    pub(super) gone: RefCell<FxHashMap<DocumentId, Gone>>,
    pub(super) saves: Cell<u64>,
    pub(super) loads: Cell<u64>,
    /// How often the store did not do what it was asked.
    pub(super) failed: Cell<u64>,
    pub(super) passivated: Cell<u64>,
}

impl Keeper {
    pub(super) fn new(keeping: Keeping) -> Self {
        Self {
            store: keeping.store,
            owner: RefCell::new(keeping.owner),
            exclusive: keeping.exclusive,
            release: keeping.release,
            rules: keeping.rules,
            every_us: u64::try_from(keeping.every.as_micros()).unwrap_or(u64::MAX),
            unsaved_max: keeping.unsaved_max,
            idle_us: keeping
                .idle_after
                .map(|it| u64::try_from(it.as_micros()).unwrap_or(u64::MAX)),
            in_flight: Cell::new(0),
            waiting: RefCell::default(),
            claiming: Semaphore::new(CLAIMING_MAX),
            unsaved: Cell::new(0),
            closing: Cell::new(0),
            failures: Cell::new(0),
            away_until_us: Cell::new(0),
            complained_us: Cell::new(None),
            full: Cell::new(false),
            stopping: Cell::new(false),
            draining: Cell::new(false),
            closed: Cell::new(false),
            clients: RefCell::default(),
            gone: RefCell::default(),
            saves: Cell::new(0),
            loads: Cell::new(0),
            failed: Cell::new(0),
            passivated: Cell::new(0),
        }
    }

    /// As whom the node runs its entities now.
    pub(super) fn owner(&self) -> Owner {
        self.owner.borrow().clone()
    }

    /// One more entity has changes that were not acknowledged, or one less.
    pub(super) fn count_unsaved(&self, more: bool) {
        let unsaved = self.unsaved.get();
        self.unsaved.set(if more {
            unsaved + 1
        } else {
            unsaved.saturating_sub(1)
        });
        self.judge();
    }

    fn judge(&self) {
        let away = self.failures.get() > 0;
        self.full
            .set(away && self.unsaved.get() >= self.unsaved_max);
    }

    /// Whether the store did not do what it was asked last.
    pub(super) const fn is_away(&self) -> bool {
        self.failures.get() > 0
    }

    /// Calls of persistent entities are refused while too much waits for a store that does not answer.
    #[inline]
    pub(super) fn admits(&self) -> Result<(), Failure> {
        if self.full.get() {
            return Err(self.too_much());
        }
        Ok(())
    }

    #[cold]
    fn too_much(&self) -> Failure {
        Failure::not_executed(FailureKind::Overloaded).because(format!(
            "the store does not answer, and {} entities wait to be saved: the most that may",
            self.unsaved.get()
        ))
    }

    /// Whether something may be claimed now.
    pub(super) fn may_claim(&self, now_us: u64) -> Result<(), Failure> {
        if self.stopping.get() {
            return Err(
                Failure::not_executed(FailureKind::Unreachable).because("the node is stopping")
            );
        }
        if now_us < self.away_until_us.get() {
            return Err(Failure::not_executed(FailureKind::Unreachable)
                .because("the store does not answer; it is asked again soon"));
        }
        self.admits()
    }

    /// Waits until few enough other entities of the shard are being claimed. So what many ask for at once comes to the store
    /// no faster than it answers, and nobody is refused for it.
    ///
    /// # Errors
    ///
    /// Nothing may be claimed by then, as [`Keeper::may_claim`] says.
    pub(super) async fn turn_to_claim(
        &self,
        now_us: impl FnOnce() -> u64,
    ) -> Result<SemaphorePermit<'_>, Failure> {
        if let Ok(turn) = self.claiming.try_acquire() {
            return Ok(turn);
        }
        let turn = self.claiming.acquire().await;
        self.may_claim(now_us())?;
        // Nothing closes it.
        turn.map_err(|_| Failure::not_executed(FailureKind::Internal))
    }

    /// The store did what it was asked.
    pub(super) fn note_done(&self) {
        if self.failures.replace(0) > 0 {
            self.away_until_us.set(0);
            self.complained_us.set(None);
            self.judge();
            tracing::info!("the store answers again");
        }
    }

    /// The store did not do what it was asked.
    pub(super) fn note_failure(&self, error: &StoreError, now_us: u64) {
        self.failures.set(self.failures.get().saturating_add(1));
        self.failed.set(self.failed.get().saturating_add(1));
        self.judge();
        let since = self.complained_us.get();
        if since.is_none_or(|since| now_us.saturating_sub(since) >= COMPLAIN_EVERY_US) {
            self.complained_us.set(Some(now_us));
            let unsaved = self.unsaved.get();
            tracing::error!(
                unsaved,
                "{error}; nothing is given up, and it is asked again"
            );
        }
    }

    /// A claim failed: for a moment nothing else is claimed.
    pub(super) fn note_away(&self, error: &StoreError, now_us: u64) {
        self.note_failure(error, now_us);
        self.away_until_us
            .set(now_us.saturating_add(CLAIM_PAUSE_US));
    }
}

/// The pause before the same is asked again that failed so often.
pub(super) fn pause(failures: u32) -> Duration {
    let us = PAUSE_MIN_US << failures.saturating_sub(1).min(10);
    Duration::from_micros(us.min(PAUSE_MAX_US))
}

impl Shard {
    /// Saves persistent entities to this store from now on. To be called before the shard starts; a second call does
    /// nothing.
    pub fn set_store(&self, keeping: Keeping) {
        let _ = self.keeper.set(Rc::new(Keeper::new(keeping)));
    }

    /// The shard's store, if entities of this type have documents in it.
    #[inline]
    pub(super) fn keeper_of(&self, kind: &Kind) -> Option<&Rc<Keeper>> {
        let saved = kind.saved.as_deref()?;
        let keeper = self.keeper.get()?;
        (saved.persistent || self.clustered().is_some()).then_some(keeper)
    }

    /// The shard's store, if its node has one.
    pub(crate) fn store(&self) -> Option<Rc<dyn Store>> {
        Some(Rc::clone(&self.keeper.get()?.store))
    }

    /// A client is gone that was bound to an activation that is over.
    pub(super) fn forget_client(&self, kind: u32, key: &EntityKey, session: SessionId) {
        if let Some(keeper) = self.keeper.get() {
            let mut clients = keeper.clients.borrow_mut();
            let known = (kind, key.clone());
            if clients.get(&known) == Some(&session) {
                clients.remove(&known);
            }
        }
    }

    /// How many entities have changes that the store has not acknowledged.
    #[must_use]
    pub fn unsaved(&self) -> usize {
        self.keeper.get().map_or(0, |keeper| keeper.unsaved.get())
    }

    /// How many commits the store has acknowledged.
    #[must_use]
    pub fn saves(&self) -> u64 {
        self.keeper.get().map_or(0, |keeper| keeper.saves.get())
    }

    /// How many entities were loaded.
    #[must_use]
    pub fn loads(&self) -> u64 {
        self.keeper.get().map_or(0, |keeper| keeper.loads.get())
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper")
            .field("owner", &self.owner)
            .field("unsaved", &self.unsaved.get())
            .finish_non_exhaustive()
    }
}

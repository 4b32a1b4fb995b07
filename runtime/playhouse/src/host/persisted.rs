//! What the host knows of a persistent entity besides: where it stands in the store, and what waits to be saved.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use playhouse_cluster::placement::Tenure;
use playhouse_store::durable::Activation;
use playhouse_store::{End, Update};
use tokio::sync::{Notify, oneshot};

use super::cell::Header;
use super::handoff::Arriving;
use crate::call::Failure;
use crate::persist::{self, SaveError};
use crate::timer::TimerId;

/// What the host knows of a persistent entity besides.
#[derive(Default)]
pub(super) struct Persisted {
    /// Which calls it takes: from the claim to the end.
    pub(super) tenure: RefCell<Tenure>,
    /// Where it stands in the store; nothing until it is loaded.
    pub(super) activation: RefCell<Option<Activation>>,
    /// Changes that came back: they go with the next commit.
    pub(super) back: RefCell<Update>,
    /// Changes to values that other entities hold: they go with what the entity itself saves.
    pub(super) withheld: RefCell<Update>,
    /// When it is saved.
    pub(super) timer: Cell<Option<(TimerId, u64)>>,
    /// When a handler of it ended last, in microseconds of the shard.
    pub(super) used_us: Cell<u64>,
    /// When it is looked at for whether it is idle.
    pub(super) idle: Cell<Option<TimerId>>,
    /// It is to be saved as soon as can be.
    pub(super) soon: Cell<bool>,
    /// Whether it is run elsewhere by now is being looked up.
    pub(super) doubted: Cell<bool>,
    /// It waits for other commits of the shard.
    pub(super) waits: Cell<bool>,
    /// Its hook `before_save` has just run, or waits for its turn.
    pub(super) hook: Cell<HookState>,
    /// It counts among those with changes that were not acknowledged.
    pub(super) unsaved: Cell<bool>,
    /// What its document becomes when it ends.
    pub(super) end: Cell<End>,
    pub(super) ending: Cell<Ending>,
    /// Told when something of it ends that a move waits for.
    pub(super) stirred: RefCell<Option<Rc<Notify>>>,
    /// What came with it from another node, until it is filled.
    pub(super) arriving: RefCell<Option<Box<Arriving>>>,
    /// Its handlers' saves are put off to their ends.
    pub(super) deferred: Cell<bool>,
    /// Who waits for the commit that is on its way.
    pub(super) savers: RefCell<Vec<oneshot::Sender<Result<(), SaveError>>>>,
    /// The node's lease was lost while it was live, or another activation has the document: nothing of it goes on.
    pub(super) discarded: Cell<bool>,
    /// It was loaded, and its first hooks have run.
    pub(super) begun: Cell<bool>,
    /// The release of the schema that a node must have at least to run it; 0 for any that fits.
    pub(super) release_least: Cell<u32>,
    /// Why it could not be loaded.
    pub(super) failure: RefCell<Option<Failure>>,
}

/// How far its hook `before_save` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum HookState {
    #[default]
    Idle,
    Waits,
    Ran,
}

/// How far an entity has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ending {
    #[default]
    No,
    /// Its last hooks have begun.
    Hooks,
    /// Its last commit is on its way.
    Commit,
}

impl Persisted {
    /// It was loaded: its handlers' changes are saved from now on.
    pub(super) fn is_loaded(&self) -> bool {
        self.activation.borrow().is_some()
    }

    /// It is being handed over to another node, and may yet go on.
    pub(super) fn is_moving(&self) -> bool {
        self.tenure.borrow().is_moving()
    }

    pub(super) fn is_in_flight(&self) -> bool {
        let activation = self.activation.borrow();
        activation.as_ref().is_some_and(Activation::is_in_flight)
    }

    /// Adds changes that are to be saved with the next commit.
    pub(super) fn add(&self, update: Update) {
        let back = self.back.take();
        *self.back.borrow_mut() = persist::merge(back, update);
    }

    /// Waits until no commit is on its way.
    pub(super) async fn landed(&self) {
        while self.is_in_flight() {
            let (give, take) = oneshot::channel();
            self.savers.borrow_mut().push(give);
            // Whatever came of it.
            let _ = take.await;
        }
    }

    /// What a move waits for may have come.
    pub(super) fn stir(&self) {
        if let Some(stirred) = &*self.stirred.borrow() {
            stirred.notify_one();
        }
    }

    pub(super) fn tell_savers(&self, result: &Result<(), SaveError>) {
        for saver in self.savers.take() {
            // Whoever asked may have given up.
            let _ = saver.send(result.clone());
        }
    }
}

impl Header {
    /// What is known of a persistent entity besides; nothing for others.
    pub(super) fn persisted(&self) -> Option<Rc<Persisted>> {
        self.rare(|rare| rare.persisted.clone()).flatten()
    }
}

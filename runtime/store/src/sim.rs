//! A simulated store: the reference documents on tokio's clock, with every fault that a real one has.
//!
//! It goes by the clock of the runtime that it is asked in, which a simulation stops and moves, and by chance that is given
//! to it, so that a seed that fails, fails again. It has no task of its own: what is due happens when it is next looked at.
//!
//! - A request is on its way for a while, and so is its answer. Each may be late or lost; a write that is late is done
//!   though whoever asked for it has given up, or has died.
//! - What was written can be seen at once by other requests, but no answer that depends on it comes before it lasts.
//! - When the store crashes ([`SimStore::crash`], or a sync that failed), what no answer has told of is lost from some point
//!   on. What was answered stays.
//! - A host can be cut off from the store, while others go on.

mod faults;
mod state;

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::document::{Document, DocumentId, Header};
use crate::durable::{Rule, Rules};
use crate::memory::Documents;
use crate::problem::StoreError;
use crate::request::{Claim, Claimed, Commit, Committed, Find, Quarantine, Sweep};
use crate::store::{Answer, Collection, Store};

pub use faults::Faults;
use state::{Before, Fate, State};

/// Sees each commit that is done: the header that its document had before, and the commit.
pub type Seen = dyn Fn(&Header, &Commit);

/// A simulated store. Clones are the same store.
#[derive(Clone)]
pub struct SimStore(Rc<RefCell<State>>);

impl SimStore {
    /// An empty one without faults. `chance` gives numbers of which each of 2^64 is as likely.
    #[must_use]
    pub fn new(chance: impl Fn() -> u64 + 'static) -> Self {
        Self::of(Documents::default(), chance)
    }

    /// One that holds these documents.
    #[must_use]
    pub fn of(documents: Documents, chance: impl Fn() -> u64 + 'static) -> Self {
        Self(Rc::new(RefCell::new(State::new(
            documents,
            Box::new(chance),
        ))))
    }

    /// From now on it has these collections, too, with their indexes.
    pub fn add_collections(&self, collections: &[Collection]) {
        self.0.borrow_mut().documents.add_collections(collections);
    }

    /// The store as a life of a host sees it. What it asks for may get there after it has died; nothing that it asks for
    /// once a later life has begun does.
    #[must_use]
    pub fn for_host(&self, name: &str, incarnation: u32) -> Rc<dyn Store> {
        let host: Rc<str> = name.into();
        let mut state = self.0.borrow_mut();
        state.lives.insert(Rc::clone(&host), incarnation);
        Rc::new(HostStore {
            store: self.clone(),
            host,
            incarnation,
        })
    }

    /// Looks at what commits are filtered by only as far as the rules say: the bugs that tests plant.
    #[doc(hidden)]
    pub fn filter_by(&self, rules: Rules) {
        let mut state = self.0.borrow_mut();
        let (epoch, rev) = (rules.has(Rule::EpochInFilter), rules.has(Rule::RevInFilter));
        state.documents = std::mem::take(&mut state.documents).with_filter(epoch, rev);
    }

    /// Claims are done whoever has the document: the bug that a test plants.
    #[doc(hidden)]
    pub fn claim_unseen(&self) {
        self.0.borrow_mut().documents.claim_unseen();
    }

    /// Commits are done whoever has the document, and in whatever state it is: the bug that a test plants.
    #[doc(hidden)]
    pub fn commit_unseen(&self) {
        self.0.borrow_mut().documents.commit_unseen();
    }

    /// What goes wrong with requests from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.0.borrow_mut().faults = faults;
    }

    /// Nothing of this host gets to the store until [`SimStore::heal`], what is under way included. The host can't tell
    /// that from a slow store.
    pub fn partition(&self, host: &str) {
        self.0.borrow_mut().cut_off.insert(host.into());
    }

    /// Ends a partition. What got lost in it stays lost.
    pub fn heal(&self, host: &str) {
        self.0.borrow_mut().cut_off.remove(host);
    }

    /// The store dies and comes back after a time in this range. Called inside of the runtime.
    pub fn crash(&self, down: &Range<Duration>) {
        let now = Instant::now();
        let mut state = self.0.borrow_mut();
        state.advance(now);
        state.crash(now, down);
    }

    /// Shows each commit that is done from now on to `seen`, which must not ask the store for anything.
    pub fn watch(&self, seen: impl Fn(&Header, &Commit) + 'static) {
        self.0.borrow_mut().seen = Some(Rc::new(seen));
    }

    /// What is under way gets there now, late as it may be.
    pub fn settle(&self) {
        self.0.borrow_mut().settle();
    }

    /// The documents as they were when somebody last asked or was answered; after [`SimStore::settle`], as they will be.
    #[must_use]
    pub fn documents(&self) -> Documents {
        self.0.borrow().documents.clone()
    }
}

impl fmt::Debug for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.borrow();
        f.debug_struct("SimStore")
            .field("faults", &state.faults)
            .field("cut_off", &state.cut_off)
            .finish_non_exhaustive()
    }
}

/// What a host asks.
struct HostStore {
    store: SimStore,
    host: Rc<str>,
    incarnation: u32,
}

impl HostStore {
    fn ask<T: 'static>(
        &self,
        work: impl FnOnce(&mut Documents, Option<&Seen>) -> (T, Before) + 'static,
    ) -> Answer<T> {
        let found = Rc::new(RefCell::new(None));
        let finds = Rc::clone(&found);
        let work = Box::new(move |documents: &mut Documents, seen: Option<&Seen>| {
            let (result, before) = work(documents, seen);
            *finds.borrow_mut() = Some(result);
            before
        });
        let asked = {
            let mut state = self.store.0.borrow_mut();
            if state.lives.get(&self.host) != Some(&self.incarnation) {
                return Box::pin(std::future::pending());
            }
            state.ask(Instant::now(), &self.host, work)
        };
        let (store, host) = (self.store.clone(), Rc::clone(&self.host));
        Box::pin(async move {
            tokio::time::sleep_until(asked.answered_at).await;
            let heard = {
                let mut state = store.0.borrow_mut();
                state.advance(asked.answered_at);
                !asked.unheard && !state.cut_off.contains(&host)
            };
            match (asked.fate.get(), found.take()) {
                (Fate::Refused, _) if heard => {
                    Err(StoreError::Unavailable("it turned this away".to_owned()))
                }
                (Fate::Done, Some(result)) if heard => Ok(result),
                _ => {
                    tokio::time::sleep_until(asked.given_up_at).await;
                    Err(StoreError::Unknown("no answer came".to_owned()))
                }
            }
        })
    }

    fn look<T: 'static>(&self, work: impl FnOnce(&Documents) -> T + 'static) -> Answer<T> {
        self.ask(move |documents, _| (work(documents), Vec::new()))
    }
}

impl Store for HostStore {
    fn claim(&self, claim: Claim) -> Answer<Claimed> {
        self.ask(move |documents, _| {
            let before = vec![(claim.id.clone(), documents.held(&claim.id))];
            (documents.claim(&claim), before)
        })
    }

    fn commit(&self, commits: Vec<Arc<Commit>>) -> Answer<Vec<Committed>> {
        self.ask(move |documents, seen| {
            let before: Before = commits
                .iter()
                .map(|commit| (commit.id.clone(), documents.held(&commit.id)))
                .collect();
            let outcomes = documents.commit(&commits);
            if let Some(seen) = seen {
                for (commit, (id, before)) in commits.iter().zip(&before) {
                    // One that was done before changes nothing.
                    let now = documents.held(id);
                    if let Some(before) = before.as_ref().filter(|it| Some(*it) != now.as_ref()) {
                        seen(&before.header, commit);
                    }
                }
            }
            (outcomes, before)
        })
    }

    fn read(&self, id: DocumentId) -> Answer<Option<Document>> {
        self.look(move |documents| documents.read(&id).cloned())
    }

    fn find(&self, find: Find) -> Answer<Vec<DocumentId>> {
        self.look(move |documents| documents.find(&find))
    }

    fn sweep(&self, sweep: Sweep) -> Answer<Vec<(DocumentId, Header)>> {
        self.look(move |documents| documents.sweep(&sweep))
    }

    fn scan(
        &self,
        collection: Arc<str>,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> Answer<Vec<Document>> {
        self.look(move |documents| documents.scan(&collection, after.as_deref(), limit))
    }

    fn quarantine(&self, quarantine: Quarantine) -> Answer<()> {
        self.ask(move |documents, _| {
            documents.quarantine(&quarantine);
            ((), Vec::new())
        })
    }
}

#[cfg(test)]
mod tests;

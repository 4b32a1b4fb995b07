//! Saves several entities in one commit of the store: all of them, or none.
//!
//! Whoever commits has its own entity, and borrows the others: each gives its turn, and what changed of it, and goes on when
//! the outcome is there. Those of other shards do so there.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::{Commit, Committed, End, StoreError};
use playhouse_wire::EntityRef;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Duration;

use super::calls::{CallId, Place};
use super::cell::{Hosted, Life};
use super::dispatch::no_such_target;
use super::keeper::pause;
use super::lease::{Turn, leased};
use super::persisted::Persisted;
use super::route::Home;
use super::shard::{NEVER, Shard};
use crate::call::{Failure, FailureKind, Target};
use crate::host::Cx;
use crate::logic::Hooks;
use crate::persist::{self, SAVE_PATIENCE, SaveError};

/// Most entities that are committed together.
pub const TOGETHER_MAX: usize = 64;

/// How long a commit of several waits for the turn of all of them: less than a call has, so that its handler hears of it.
pub const TOGETHER_WITHIN: Duration = Duration::from_secs(3);

/// What an entity hears that takes part in a commit of another one's.
enum Word {
    /// It is on its way.
    Sent,
    /// It was answered so.
    Answered(Result<Committed, StoreError>),
}

/// An entity that takes part in a commit of another one's.
struct Lent {
    /// What changed of it; nothing if nothing did.
    commit: Option<Arc<Commit>>,
    words: mpsc::UnboundedSender<Word>,
}

/// The entity that commits.
struct Own {
    cell: Rc<dyn Hosted>,
    persisted: Rc<Persisted>,
    commit: Arc<Commit>,
}

/// The end of a call that has no handler of its own.
struct Over(Rc<Shard>, CallId);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.handler_done(self.1);
        self.0.caller_done(self.1);
    }
}

impl Shard {
    /// Waits for the turn of an entity of this shard, and takes what changed of it. It is kept until the outcome is there.
    async fn lend(self: &Rc<Self>, entity: &EntityRef, parent: CallId) -> Result<Lent, Failure> {
        let kind = self
            .find_kind(entity.package, entity.number)
            .ok_or_else(no_such_target)?;
        if !kind.is_persistent() {
            let name = kind.descriptor.head.name;
            return Err(Failure::not_executed(FailureKind::Invalid)
                .because(format!("`{name}` is not persistent: leave it out")));
        }
        let cell = self.live(kind, &entity.key)?;
        let call = {
            let place = Place::Entity(Rc::clone(&cell));
            let mut calls = self.calls.borrow_mut();
            let call = calls.insert(place, 0, 0, parent, NEVER, None);
            calls.link(call);
            call
        };
        let over = Over(Rc::clone(self), call);
        let cx = match self.turn(&cell, call)? {
            Turn::Mine(cx) => cx,
            Turn::Queued(queued) => queued.await?,
        };
        // It may be another than the one that was asked first.
        let cell = cx.cell().ok_or_else(no_such_target)?;
        let persisted = cell.header().persisted().ok_or_else(no_such_target)?;
        persisted.landed().await;
        if cell.header().life.get() == Life::Over {
            return Err(Failure::not_executed(FailureKind::Unreachable)
                .because("an entity is run elsewhere by now"));
        }
        let commit = self.snapshot(&cell, &persisted, None, End::Stays);
        let (words, mut hears) = mpsc::unbounded_channel();
        if commit.is_some() {
            let shard = Rc::clone(self);
            self.spawn(async move {
                let mut sent = false;
                loop {
                    let answer = match hears.recv().await {
                        Some(Word::Sent) => {
                            sent = true;
                            continue;
                        }
                        Some(Word::Answered(answer)) => answer,
                        // Nobody knows what came of it: what was not saved is discarded.
                        None if sent => {
                            shard.leave(&cell);
                            break;
                        }
                        None => Ok(Committed::Withheld),
                    };
                    if shard.commit_answered(&cell, &persisted, answer).is_none() {
                        break;
                    }
                }
                // Its next call begins.
                drop(cx);
                drop(over);
            });
        }
        Ok(Lent { commit, words })
    }

    /// Borrows entities, wherever on the node they are.
    async fn borrow(
        self: &Rc<Self>,
        entities: Vec<EntityRef>,
        parent: CallId,
    ) -> Result<Vec<Lent>, Failure> {
        let mut lent = Vec::new();
        for entity in entities {
            lent.push(match self.home(&Target::Entity(entity.clone()))? {
                Home::Here => self.lend(&entity, parent).await?,
                Home::Shard(home) => {
                    let asked = self.ask(home, move |shard| {
                        Box::pin(async move { shard.lend(&entity, CallId::NONE).await })
                    });
                    asked.await??
                }
            });
        }
        Ok(lent)
    }

    /// Sends a commit of several until it is answered, and tells everybody. The first is the one that asked.
    fn send_together(
        self: &Rc<Self>,
        own: Option<Own>,
        lent: Vec<Lent>,
    ) -> oneshot::Receiver<Result<(), SaveError>> {
        let (give, take) = oneshot::channel();
        let Some(keeper) = self.keeper().cloned() else {
            return take;
        };
        let mut commits: Vec<Arc<Commit>> = own.iter().map(|own| Arc::clone(&own.commit)).collect();
        let mut parties = Vec::new();
        for lent in lent {
            if let Some(commit) = lent.commit {
                commits.push(commit);
                // One whose shard has ended is not heard of again.
                let _ = lent.words.send(Word::Sent);
                parties.push(lent.words);
            }
        }
        if commits.is_empty() {
            let _ = give.send(Ok(()));
            return take;
        }
        let began_us = self.refresh();
        let mut answer = keeper.store.commit(commits.clone());
        let mut give = Some(give);
        let shard = Rc::clone(self);
        self.spawn(async move {
            for tries in 1.. {
                let answered = answer.await.and_then(|outcomes| {
                    if outcomes.len() == commits.len() {
                        return Ok(outcomes);
                    }
                    Err(StoreError::Unknown("outcomes are missing".to_owned()))
                });
                let now_us = shard.refresh();
                let again = match &answered {
                    Ok(_) => {
                        keeper.note_done();
                        false
                    }
                    Err(error) => {
                        keeper.note_failure(error, now_us);
                        !error.is_undone() || matches!(error, StoreError::Unavailable(_))
                    }
                };
                let result = shard.outcome_together(&commits, &answered);
                let waited = Duration::from_micros(now_us.saturating_sub(began_us));
                if let Some(give) = give.take_if(|_| !again || waited >= SAVE_PATIENCE) {
                    // Whoever asked may have given up.
                    let _ = give.send(result);
                }
                let mut outcomes = match answered {
                    Ok(outcomes) => outcomes.into_iter().map(Ok).collect::<Vec<_>>(),
                    Err(error) => commits.iter().map(|_| Err(error.clone())).collect(),
                }
                .into_iter();
                if let Some(own) = &own
                    && let Some(outcome) = outcomes.next()
                {
                    shard.commit_answered(&own.cell, &own.persisted, outcome);
                }
                for (party, outcome) in parties.iter().zip(outcomes) {
                    let _ = party.send(Word::Answered(outcome));
                }
                if !again {
                    return;
                }
                tokio::time::sleep(pause(tries)).await;
                answer = keeper.store.commit(commits.clone());
            }
        });
        take
    }

    /// What a commit of several came to.
    fn outcome_together(
        &self,
        commits: &[Arc<Commit>],
        answered: &Result<Vec<Committed>, StoreError>,
    ) -> Result<(), SaveError> {
        let outcomes = answered
            .as_ref()
            .map_err(|error| SaveError::Store(error.clone()))?;
        let mut lost = false;
        for (commit, outcome) in commits.iter().zip(outcomes) {
            match outcome {
                Committed::Applied | Committed::Withheld => {}
                Committed::Fenced => lost = true,
                Committed::Taken { path } => {
                    let kind = self.kinds.iter().find(|kind| {
                        let saved = kind.saved.as_ref();
                        saved.is_some_and(|saved| saved.collection == commit.id.collection)
                    });
                    let property =
                        kind.map_or("", |kind| persist::property_at(kind.descriptor, path));
                    return Err(SaveError::Taken { property });
                }
            }
        }
        if lost { Err(SaveError::Lost) } else { Ok(()) }
    }
}

impl Cx {
    /// Saves this entity and others of this node in one commit, and waits until it lasts: all of them, or none. `part` is
    /// the part whose handler this is, as for [`Cx::save`]; of the others, at most [`TOGETHER_MAX`], each is waited for
    /// until no handler of it runs.
    ///
    /// What the others changed was their own handlers' doing, before this: call them first.
    ///
    /// # Errors
    ///
    /// See [`SaveError`]. `Unready` if not all of them can be had within [`TOGETHER_WITHIN`]: one that is at work, one
    /// that waits for this one, one that is not persistent. The changes stay in memory, whatever it is.
    pub async fn commit<L: Hooks>(
        &mut self,
        part: &mut L,
        others: impl IntoIterator<Item = impl Into<EntityRef>>,
    ) -> Result<(), SaveError> {
        let Some(cell) = self.cell().map(|cell| leased(&cell)) else {
            return Ok(());
        };
        let shard = Rc::clone(self.shard());
        let Some(persisted) = cell.header().persisted() else {
            return Ok(());
        };
        if persisted.deferred.get() {
            return Err(unready(
                "a durable oneway's effect is one commit with its mark: save others by durable oneways",
            ));
        }
        let mut me = self.me().clone();
        me.slot = 0;
        let mut entities: Vec<EntityRef> = others.into_iter().map(Into::into).collect();
        for entity in &mut entities {
            entity.slot = 0;
        }
        // In the same order whoever asks, so that two that ask for the same wait for one another once.
        entities.sort_by(|a, b| (a.package, a.number, &a.key).cmp(&(b.package, b.number, &b.key)));
        entities.dedup();
        entities.retain(|entity| *entity != me);
        if entities.len() > TOGETHER_MAX {
            return Err(unready(&format!(
                "{} entities are too many for one commit: {TOGETHER_MAX} may be",
                entities.len()
            )));
        }
        let borrowed = tokio::time::timeout(TOGETHER_WITHIN, shard.borrow(entities, self.call()));
        let lent = match borrowed.await {
            Ok(lent) => lent.map_err(SaveError::Unready)?,
            Err(_) => return Err(unready("not all entities were free in time")),
        };
        persisted.landed().await;
        if cell.header().life.get() == Life::Over || !persisted.is_loaded() {
            return Err(SaveError::Lost);
        }
        let slot = self.slot();
        let saved = shard.kind(cell.header().kind).saved.as_ref();
        if !saved.is_some_and(|saved| saved.holds(slot, part)) {
            return Err(SaveError::NotMine);
        }
        let held: (u8, &mut dyn Any) = (slot, part);
        let commit = shard.snapshot(&cell, &persisted, Some(held), End::Stays);
        let own = commit.map(|commit| Own {
            cell,
            persisted,
            commit,
        });
        let answer = shard.send_together(own, lent);
        answer.await.unwrap_or(Err(SaveError::Lost))
    }
}

fn unready(why: &str) -> SaveError {
    SaveError::Unready(Failure::not_executed(FailureKind::Overloaded).because(why))
}

//! Begins persistent entities: their documents are claimed, their properties filled, their hooks run; calls wait meanwhile.

use std::rc::Rc;

use playhouse_cluster::placement::{Rule, Tenure};
use playhouse_store::durable::{Activation, More};
use playhouse_store::{Claim, Claimed, Document, End, Header, Owner, StoreError, Take, Update};
use playhouse_wire::EntityKey;

use super::SessionId;
use super::calls::{CallId, Place};
use super::cell::Hosted;
use super::dispatch::no_such_target;
use super::keeper::{Keeper, pause};
use super::kind::Kind;
use super::persisted::Persisted;
use super::placement::Unclaimed;
use super::shard::{Due, NEVER, Shard};
use crate::call::{Failure, FailureKind};
use crate::descriptor::EntityKind;
use crate::document::{self, Misfit};
use crate::host::Cx;
use crate::logic::Hook;
use crate::persist::CLAIMS_MAX;

/// When an entity that should run though nobody calls is tried again that could not begin, in microseconds.
const BEGIN_AGAIN_US: u64 = 5_000_000;

/// How a document is claimed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// The epoch that it must have; any if nothing is said.
    pub(super) seen: Option<u64>,
    /// It must not be there yet.
    pub(super) new: bool,
    /// Nobody calls: if it can't be had now, it is tried again.
    pub(super) wanted: bool,
}

impl Manner {
    /// By the first that uses it.
    pub(super) const USED: Self = Self {
        seen: None,
        new: false,
        wanted: false,
    };

    /// By whoever has just made it.
    pub(super) const NEW: Self = Self {
        new: true,
        ..Self::USED
    };

    /// Because of what is left to be done.
    pub(super) const WANTED: Self = Self {
        wanted: true,
        ..Self::USED
    };

    /// As one of a document that was seen with this epoch.
    pub(super) const fn found(epoch: u64) -> Self {
        Self {
            seen: Some(epoch),
            ..Self::USED
        }
    }
}

impl Shard {
    /// Loads an entity that stands in the table already. It is leased to this until it is loaded.
    pub(super) fn begin_loading(
        self: &Rc<Self>,
        keeper: &Rc<Keeper>,
        kind: &Kind,
        cell: &Rc<dyn Hosted>,
        manner: Manner,
    ) {
        let header = cell.header();
        let client = {
            let mut clients = keeper.clients.borrow_mut();
            clients.remove(&(kind.index, header.key.clone()))
        };
        header.saved.set(true);
        let rules = self.clustered().map(|it| it.rules).unwrap_or_default();
        header.rare_mut(|rare| {
            let persisted = rare.persisted.get_or_insert_default();
            *persisted.tenure.borrow_mut() = Tenure::claiming(manner.seen.unwrap_or(0), rules);
            rare.session = rare.session.or(client);
        });
        let place = Place::Entity(Rc::clone(cell));
        let call = self
            .calls
            .borrow_mut()
            .insert(place.clone(), 0, 0, CallId::NONE, NEVER, None);
        self.caller_done(call);
        header.holder.set(call);
        let cx = Cx::new(self, place, call);
        let (shard, keeper, cell) = (Rc::clone(self), Rc::clone(keeper), Rc::clone(cell));
        let future = Box::pin(async move {
            shard.load(&keeper, &cell, manner, client, cx).await;
        });
        self.run_detached(call, future, || ());
    }

    async fn load(
        self: &Rc<Self>,
        keeper: &Rc<Keeper>,
        cell: &Rc<dyn Hosted>,
        manner: Manner,
        client: Option<SessionId>,
        mut cx: Cx,
    ) {
        let header = cell.header();
        let Some(persisted) = header.persisted() else {
            return;
        };
        let moved = persisted.arriving.borrow().is_some();
        let claimed = self.claim(keeper, cell, manner).await;
        // The lease ends after the entity has, if it can't begin.
        let filled = match claimed {
            Ok(document) => {
                let epoch = document.header.epoch;
                let filled = self.fill(keeper, cell, &persisted, document, manner);
                filled
                    .map(|fresh| (fresh, epoch))
                    .map_err(Unclaimed::Failed)
            }
            Err(unclaimed) => Err(unclaimed),
        };
        let kind = self.kind(header.kind);
        let fresh = match filled {
            Ok((fresh, epoch)) => {
                self.claim_settled(kind.index, &header.key, Ok(epoch));
                fresh
            }
            Err(unclaimed) => {
                if let Some(failure) = self.arrival_failed(&persisted) {
                    // Whoever asks for it has it claimed anew.
                    return self.load_failed(cell, failure, manner);
                }
                self.claim_settled(kind.index, &header.key, Err(&unclaimed));
                let failure = match unclaimed {
                    Unclaimed::Failed(failure) => failure,
                    // Whoever waits for it goes there.
                    Unclaimed::Owned(_) => Failure::moved(None),
                };
                return self.load_failed(cell, failure, manner);
            }
        };
        keeper.loads.set(keeper.loads.get() + 1);
        self.arrived(cell, &persisted);
        self.begin_ticks(kind, cell);
        if fresh && !moved {
            self.run_hook(&mut cx, Hook::Created, 0).await;
        }
        self.run_hook(&mut cx, Hook::Loaded, 0).await;
        if client.is_some() {
            self.run_hook(&mut cx, Hook::Attached, 0).await;
        }
        persisted.begun.set(true);
        self.watch_idle(keeper, cell);
        self.activated(cell);
    }

    /// Claims the document of an entity.
    async fn claim(
        &self,
        keeper: &Keeper,
        cell: &Rc<dyn Hosted>,
        manner: Manner,
    ) -> Result<Document, Unclaimed> {
        let header = cell.header();
        let kind = self.kind(header.kind);
        let id = document::document_id(kind.descriptor, &header.key);
        let is_instance = matches!(kind.descriptor.kind, EntityKind::Instance);
        let persisted = header.persisted();
        let offered = persisted.is_some_and(|it| it.arriving.borrow().is_some());
        if let Some(why) = self.left_to_others(kind) {
            return Err(refused(FailureKind::Incompatible, &*why));
        }
        let judged = self.is_placed(kind) && !offered;
        let mut take = match judged && self.keeps(Rule::ClaimWhenOver) {
            true => Take::Free,
            // Of one that is offered the epoch alone counts.
            false => Take::Any,
        };
        for tries in 1.. {
            // Others take a life without a lease to be over: one that is about to begin must not be seen in a document yet.
            self.stands().map_err(Unclaimed::Failed)?;
            let claim = Claim {
                id: id.clone(),
                owner: keeper.owner(),
                seen: manner.seen,
                take: take.clone(),
                create: manner.seen.is_none() && (manner.new || !is_instance),
                birth: self.env.random(),
            };
            // Of those that are offered few come at a time, and their senders wait for them.
            let turn = match offered {
                true => None,
                false => {
                    let turn = keeper.turn_to_claim(|| self.refresh()).await;
                    Some(turn.map_err(Unclaimed::Failed)?)
                }
            };
            let claimed = keeper.store.claim(claim).await;
            drop(turn);
            let error = match claimed {
                Ok(Claimed::Mine(document)) if manner.new && document.header.born => {
                    return Err(refused(FailureKind::Internal, "its number is taken"));
                }
                Ok(Claimed::Mine(document)) => {
                    keeper.note_done();
                    return Ok(*document);
                }
                Ok(Claimed::Owned(header)) => {
                    keeper.note_done();
                    take = Take::From(self.proven_over(header).await?);
                    continue;
                }
                Ok(Claimed::Moved(_)) => {
                    return Err(refused(FailureKind::NotFound, "it is run elsewhere by now"));
                }
                Ok(Claimed::Absent) => return Err(Unclaimed::Failed(no_such_target())),
                Ok(Claimed::Quarantined { why }) => {
                    let why = format!("its document is set aside: {why}");
                    return Err(refused(FailureKind::Incompatible, why));
                }
                Err(error) => error,
            };
            let now_us = self.refresh();
            if let (StoreError::Unknown(_), Some(persisted)) = (&error, header.persisted())
                && let Some(arriving) = &*persisted.arriving.borrow()
            {
                arriving.doubt();
            }
            // A claim that may have been done is overtaken by the next one.
            if !matches!(error, StoreError::Unknown(_)) || tries >= CLAIMS_MAX {
                keeper.note_away(&error, now_us);
                return Err(refused(FailureKind::Unreachable, error.to_string()));
            }
            keeper.note_failure(&error, now_us);
            tokio::time::sleep(pause(tries)).await;
            if !self.keeps(Rule::ClaimAnew)
                && let Ok(Some(document)) = keeper.store.read(id.clone()).await
                && document.header.owner == Some(keeper.owner())
            {
                return Ok(document);
            }
        }
        Err(refused(FailureKind::Unreachable, "it could not be claimed"))
    }

    /// The owner of a document, once it is proven to be over. One that is seen among the cluster's members is not doubted.
    pub(super) async fn proven_over(&self, header: Header) -> Result<Owner, Unclaimed> {
        let (Some(owner), Some(cluster)) = (header.owner.clone(), self.clustered()) else {
            return Err(refused(FailureKind::Unreachable, "its document changes"));
        };
        if cluster.standing.known_over(&owner) {
            return Ok(owner);
        }
        let seen = cluster.seat.view();
        let alive = seen.get(&owner.node);
        if alive.is_some_and(|member| member.incarnation == owner.incarnation) {
            return Err(Unclaimed::Owned(header));
        }
        let proven = cluster.standing.prove_over(owner.clone()).await;
        proven.map(|()| owner).map_err(Unclaimed::Failed)
    }

    /// Fills an entity from its document. Whether there was nothing in it yet.
    fn fill(
        self: &Rc<Self>,
        keeper: &Rc<Keeper>,
        cell: &Rc<dyn Hosted>,
        persisted: &Persisted,
        mut document: Document,
        manner: Manner,
    ) -> Result<bool, Failure> {
        match self.fill_parts(keeper, cell, persisted, &mut document) {
            Ok(fresh) => {
                let kind = self.kind(cell.header().kind);
                let is_instance = matches!(kind.descriptor.kind, EntityKind::Instance);
                let called = manner.seen.is_none() && !is_instance;
                let moved = persisted.arriving.borrow().is_some();
                if fresh && !manner.new && !called && !moved {
                    let activation = persisted.activation.take();
                    match activation {
                        // It was deleted: what it sent still arrives.
                        Some(activation) if activation.has_rows() => {
                            self.send_for_gone(keeper, activation);
                        }
                        // It ended with the node that ran it.
                        Some(activation) if !kind.is_persistent() => {
                            self.clear_away(keeper, activation);
                        }
                        _ => {}
                    }
                    return Err(no_such_target());
                }
                self.restore_timers(cell, &document.root);
                Ok(fresh)
            }
            Err(mut misfit) => {
                misfit.passing |= document.header.schema > keeper.release;
                if misfit.passing {
                    self.give_back(keeper, cell, persisted, document, &misfit);
                    let why =
                        format!("its document was written by a node of a later release, {misfit}");
                    return Err(cannot_begin(FailureKind::Incompatible, why));
                }
                let marked = document::set_aside(&*keeper.store, &document.id, &misfit);
                self.spawn(async move {
                    if let Err(error) = marked.await {
                        tracing::error!(document = %document.id, %error, "a document could not be marked");
                    }
                });
                let why = format!("its document does not fit the schema: {misfit}");
                Err(cannot_begin(FailureKind::Incompatible, why))
            }
        }
    }

    /// A document that only this node can't read, since a newer one wrote it, is for those that can: it is released as it
    /// was.
    fn give_back(
        self: &Rc<Self>,
        keeper: &Keeper,
        cell: &Rc<dyn Hosted>,
        persisted: &Persisted,
        document: Document,
        misfit: &Misfit,
    ) {
        if let Some(arriving) = &*persisted.arriving.borrow() {
            // Whoever offered it must not go on with it: its document was claimed.
            arriving.doubt();
        }
        let (id, path, problem) = (&document.id, &misfit.path, &misfit.problem);
        tracing::warn!(document = %id, %path, "a document is left to a node of its release: {problem}");
        if !self.is_placed(self.kind(cell.header().kind)) {
            return;
        }
        let Ok(mut activation) = Activation::new(&document, keeper.owner(), keeper.rules) else {
            return;
        };
        let more = More {
            schema: document.header.schema,
            wake_us: document.header.wake_us,
            end: End::Released,
        };
        if let Some(commit) = activation.snapshot(Update::new(), more) {
            let released = keeper.store.commit(vec![commit]);
            // If it stays, it is released when this node is over.
            self.spawn(async move { drop(released.await) });
        }
    }

    fn fill_parts(
        &self,
        keeper: &Keeper,
        cell: &Rc<dyn Hosted>,
        persisted: &Persisted,
        document: &mut Document,
    ) -> Result<bool, Misfit> {
        let kind = self.kind(cell.header().kind);
        let activation = self.activation_of(keeper, kind, document, keeper.owner())?;
        let fresh = activation.is_fresh() || !kind.is_persistent();
        if let Some(saved) = kind.saved.as_ref().filter(|_| !fresh) {
            let hooks = kind.upgrades();
            let update = document::upgrade(kind.descriptor, keeper.release, &hooks, document)?;
            saved.load(&**cell, &document.root)?;
            persisted
                .release_least
                .set(document::upgraded(&document.root));
            persisted.add(update);
        }
        persisted.tenure.borrow_mut().claimed(activation.epoch());
        *persisted.activation.borrow_mut() = Some(activation);
        Ok(fresh)
    }

    /// The activation whose document `owner` has just claimed.
    pub(super) fn activation_of(
        &self,
        keeper: &Keeper,
        kind: &Kind,
        document: &Document,
        owner: Owner,
    ) -> Result<Activation, Misfit> {
        let activation = Activation::new(document, owner, keeper.rules);
        let mut activation =
            activation.map_err(|misfit| Misfit::new(misfit.path, misfit.problem))?;
        if self.is_placed(kind) && !matches!(kind.descriptor.kind, EntityKind::Instance) {
            // Whoever called it remembers its epoch, and may come back with it to the next life of its key.
            activation.count_on();
        }
        Ok(activation)
    }

    /// Deletes the document of an entity that is no more and of which nothing was saved.
    pub(super) fn clear_away(self: &Rc<Self>, keeper: &Rc<Keeper>, mut activation: Activation) {
        let more = More {
            schema: keeper.release,
            wake_us: None,
            end: End::Deleted,
        };
        if let Some(commit) = activation.snapshot(Update::new(), more) {
            let deleted = keeper.store.commit(vec![commit]);
            // If it stays, whoever looks for the entity next deletes it.
            self.spawn(async move { drop(deleted.await) });
        }
    }

    /// An entity can't begin: whoever waits for it hears why.
    fn load_failed(self: &Rc<Self>, cell: &Rc<dyn Hosted>, failure: Failure, manner: Manner) {
        let header = cell.header();
        let kind = self.kind(header.kind);
        if failure.kind() != FailureKind::NotFound && !failure.is_moved() {
            let entity = kind.descriptor.head.name;
            tracing::warn!(entity, key = ?header.key, %failure, "an entity can't begin");
        }
        let starts_alone = matches!(
            kind.descriptor.kind,
            EntityKind::Singleton | EntityKind::PerNode
        ) && !self.is_placed(kind);
        let passes = failure.kind() == FailureKind::Unreachable;
        if starts_alone || manner.wanted && passes {
            self.begin_later(header.kind, header.key.clone());
        }
        if let Some(persisted) = header.persisted() {
            *persisted.failure.borrow_mut() = Some(failure);
        }
        self.leave(cell);
    }

    /// Runs an entity as soon as what runs now has returned.
    pub(super) fn begin_soon(&self, kind: u32, key: EntityKey) {
        self.set_timer(self.now_us(), Due::Begin(kind, key));
    }

    /// Runs an entity in a moment, though nobody calls.
    pub(super) fn begin_later(&self, kind: u32, key: EntityKey) {
        let at_us = self.now_us().saturating_add(BEGIN_AGAIN_US);
        self.set_timer(at_us, Due::Begin(kind, key));
    }

    /// Runs an entity, though nobody calls.
    pub(super) fn begin_again(self: &Rc<Self>, kind: u32, key: &EntityKey) {
        if self.keeper().is_some_and(|keeper| keeper.stopping.get()) {
            return;
        }
        let begun = self.live_as(self.kind(kind), key, Manner::WANTED);
        if begun.is_err_and(|failure| failure.kind() != FailureKind::NotFound) {
            self.begin_later(kind, key.clone());
        }
    }
}

#[cold]
fn refused(kind: FailureKind, why: impl Into<String>) -> Unclaimed {
    Unclaimed::Failed(cannot_begin(kind, why))
}

fn cannot_begin(kind: FailureKind, why: impl Into<String>) -> Failure {
    let why = why.into();
    Failure::not_executed(kind).because(format!("the entity can't begin: {why}"))
}

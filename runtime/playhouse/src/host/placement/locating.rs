//! The owner's side: somebody asks who runs an entity, and whoever is asked claims it if nobody does.

use std::rc::Rc;

use playhouse_cluster::placement::{Route, Rule};
use playhouse_store::{Header, StoreError};
use playhouse_wire::message::{At, Incarnation, Locate, NoOwner, NoOwnerReason, Owner};
use playhouse_wire::{EntityKey, EntityRef, Writer};

use super::super::cell::Header as CellHeader;
use super::super::egress::LinkId;
use super::super::kind::Kind;
use super::super::loading::Manner;
use super::super::shard::Shard;
use super::asking::own_of_node;
use crate::call::{Failure, FailureKind, Target};
use crate::descriptor::EntityKind;
use crate::document::document_id;

/// Most questions that wait for one claim.
pub const LOCATES_MAX: usize = 1024;

/// Who runs an entity.
#[derive(Debug, Clone)]
pub(in crate::host) enum Located {
    /// This activation.
    At(Route),
    /// Nobody that could be found.
    Nobody(NoOwnerReason, Failure),
}

/// Why a claim came to nothing.
#[derive(Debug, Clone)]
pub(in crate::host) enum Unclaimed {
    /// Another node runs it, as its document says.
    Owned(Header),
    /// It can't be run now.
    Failed(Failure),
}

/// Hears who runs an entity.
pub(in crate::host) type Then = Box<dyn FnOnce(&Rc<Shard>, &Located)>;

impl Shard {
    /// A node asks who runs an entity, by a link of this shard.
    pub(crate) fn locate_for(self: &Rc<Self>, asking: LinkId, locate: Locate) {
        let Locate { entity, epoch_seen } = locate;
        let home = self.home_of(&Target::Entity(entity.clone()));
        let answer = move |shard: &Rc<Self>, located: &Located, entity: &EntityRef| {
            shard.answer_on(asking, encoded(entity, located));
        };
        match home {
            Ok(home) => self.do_on(home, move |shard| {
                let asked = entity.clone();
                let then = Box::new(move |shard: &Rc<Self>, located: &Located| {
                    answer(shard, located, &asked);
                });
                shard.locate(&entity, epoch_seen, then);
            }),
            Err(failure) => {
                let located = Located::Nobody(NoOwnerReason::UnknownType, failure);
                answer(self, &located, &entity);
            }
        }
    }

    /// Finds out who runs an entity whose home this shard is. If nobody does, this node claims it.
    pub(in crate::host) fn locate(
        self: &Rc<Self>,
        entity: &EntityRef,
        epoch_seen: u64,
        then: Then,
    ) {
        let nobody = |reason, failure| Located::Nobody(reason, failure);
        let (Some(cluster), Some(kind)) = (
            self.clustered(),
            self.find_kind(entity.package, entity.number),
        ) else {
            let failure = super::super::dispatch::no_such_target();
            return then(self, &nobody(NoOwnerReason::UnknownType, failure));
        };
        if !self.is_placed(kind) {
            let own = matches!(kind.descriptor.kind, EntityKind::PerNode);
            let route = if own {
                own_of_node(entity, &cluster.seat.view())
            } else {
                Err(super::super::dispatch::no_such_target())
            };
            let located = match route {
                Ok(route) => Located::At(route),
                Err(failure) => nobody(NoOwnerReason::NotActive, failure),
            };
            return then(self, &located);
        }
        if let Err(failure) = self.stands() {
            return then(self, &nobody(NoOwnerReason::StoreAway, failure));
        }
        let mut found = kind.find(&entity.key);
        let epoch = found.as_ref().and_then(|cell| self.epoch_of(cell));
        if let Some(epoch) = epoch.filter(|epoch| *epoch > epoch_seen) {
            return then(self, &Located::At(self.own_route(epoch)));
        }
        if found.is_none() && self.is_made_by_its_creator(kind, &entity.key) {
            return self.look_up(entity, epoch_seen, then);
        }
        if found.is_none() && self.leaves_to_others(kind) {
            let failure = Failure::not_executed(FailureKind::Unreachable)
                .because("the node drains: others take what is new");
            return then(self, &nobody(NoOwnerReason::UnknownType, failure));
        }
        if epoch.is_some()
            && self.keeps(Rule::OvertakenEnds)
            && let Some(cell) = found.take()
            && let Some(persisted) = cell.header().persisted()
        {
            // Whoever asks knows that its epoch is over: it was taken over, and this node has not heard of it.
            self.overtaken(&cell, &persisted);
        }
        let waits = {
            let mut locates = self.placements.locates.borrow_mut();
            let waiting = locates.entry(entity.clone()).or_default();
            if waiting.len() >= LOCATES_MAX {
                Some(then)
            } else {
                waiting.push(then);
                None
            }
        };
        if let Some(then) = waits {
            let failure = Failure::not_executed(FailureKind::Overloaded)
                .because("too many nodes ask for the entity at once");
            return then(self, &nobody(NoOwnerReason::StoreAway, failure));
        }
        if found.is_none() {
            self.claim_for_locates(entity);
        }
    }

    /// Whether an entity ends with the node that has made it: no other can make it from its key, but its document says who runs it.
    fn is_made_by_its_creator(&self, kind: &Kind, key: &EntityKey) -> bool {
        matches!(kind.descriptor.kind, EntityKind::Instance)
            && matches!(self.construct(kind, key), Ok(None))
    }

    /// Finds out from its document who runs an entity that can't be claimed here.
    fn look_up(self: &Rc<Self>, entity: &EntityRef, epoch_seen: u64, then: Then) {
        let (shard, entity) = (Rc::clone(self), entity.clone());
        self.spawn(async move {
            let located = match shard.owner_in_store(&entity, epoch_seen).await {
                Ok(Some(route)) => Located::At(route),
                Ok(None) => Located::Nobody(
                    NoOwnerReason::NotActive,
                    super::super::dispatch::no_such_target(),
                ),
                Err(failure) => Located::Nobody(NoOwnerReason::StoreAway, failure),
            };
            then(&shard, &located);
        });
    }

    async fn owner_in_store(
        &self,
        entity: &EntityRef,
        epoch_seen: u64,
    ) -> Result<Option<Route>, Failure> {
        let kind = self.find_kind(entity.package, entity.number);
        let Some((kind, keeper)) = kind.zip(self.keeper().cloned()) else {
            return Ok(None);
        };
        let id = document_id(kind.descriptor, &entity.key);
        let turn = keeper.turn_to_claim(|| self.refresh()).await?;
        let read = keeper.store.read(id).await;
        drop(turn);
        let away = |error: StoreError| {
            Failure::not_executed(FailureKind::Unreachable).because(error.to_string())
        };
        let header = read.map_err(away)?.map(|document| document.header);
        // An activation that is over by what the asking node knows has no successor.
        let Some(header) = header.filter(|header| header.epoch > epoch_seen) else {
            return Ok(None);
        };
        match self.proven_over(header).await {
            Err(Unclaimed::Owned(header)) => Ok(header.owner.map(|owner| Route {
                owner,
                epoch: header.epoch,
            })),
            Ok(_) => Ok(None),
            Err(Unclaimed::Failed(failure)) => Err(failure),
        }
    }

    /// Whether this node drains, and others run the type: what it claimed now would have to move at once, or be released.
    fn leaves_to_others(&self, kind: &Kind) -> bool {
        let drains = self.keeper().is_some_and(|keeper| keeper.draining.get());
        drains
            && self.clustered().is_some_and(|cluster| {
                let view = cluster.seat.view();
                let (package, number) = (kind.descriptor.package, kind.descriptor.number);
                let members = view.with_entity(package, number);
                members.iter().any(|member| *member.name != *self.node)
            })
    }

    fn claim_for_locates(self: &Rc<Self>, entity: &EntityRef) {
        let Some(kind) = self.find_kind(entity.package, entity.number) else {
            return;
        };
        if let Err(failure) = self.live_as(kind, &entity.key, Manner::USED) {
            self.claim_settled(kind.index, &entity.key, Err(&Unclaimed::Failed(failure)));
        }
    }

    /// A claim of a placed entity has ended: with this epoch, or with nothing. Who asked for it hears so.
    pub(in crate::host) fn claim_settled(
        self: &Rc<Self>,
        kind: u32,
        key: &EntityKey,
        outcome: Result<u64, &Unclaimed>,
    ) {
        let descriptor = self.kind(kind).descriptor;
        let entity = EntityRef {
            package: descriptor.package,
            number: descriptor.number,
            slot: 0,
            key: key.clone(),
        };
        let waiting = self.placements.locates.borrow_mut().remove(&entity);
        let Some(waiting) = waiting else {
            return;
        };
        let located = match outcome {
            Ok(epoch) => Located::At(self.own_route(epoch)),
            Err(Unclaimed::Owned(header)) => match &header.owner {
                Some(owner) => Located::At(Route {
                    owner: owner.clone(),
                    epoch: header.epoch,
                }),
                None => Located::Nobody(
                    NoOwnerReason::NotActive,
                    super::super::dispatch::no_such_target(),
                ),
            },
            Err(Unclaimed::Failed(failure)) => {
                let reason = match failure.kind() {
                    FailureKind::NotFound => NoOwnerReason::NotActive,
                    FailureKind::Incompatible => NoOwnerReason::Incompatible,
                    _ => NoOwnerReason::StoreAway,
                };
                Located::Nobody(reason, failure.clone())
            }
        };
        for then in waiting {
            then(self, &located);
        }
    }

    /// An activation is over. Who asked for the next one is answered by claiming it.
    pub(in crate::host) fn activation_left(self: &Rc<Self>, header: &CellHeader) {
        if self.placements.locates.borrow().is_empty() {
            return;
        }
        let entity = self.entity_with(header);
        if self.placements.locates.borrow().contains_key(&entity) {
            let shard = Rc::clone(self);
            self.spawn(async move { shard.claim_for_locates(&entity) });
        }
    }

    fn own_route(&self, epoch: u64) -> Route {
        let owner = self
            .clustered()
            .map(|cluster| cluster.standing.owner())
            .unwrap_or_else(|| playhouse_store::Owner {
                node: std::sync::Arc::clone(&self.node),
                incarnation: 0,
            });
        Route { owner, epoch }
    }
}

fn encoded(entity: &EntityRef, located: &Located) -> Vec<u8> {
    let mut writer = Writer::new();
    match located {
        Located::At(route) => At {
            entity: entity.clone(),
            owner: Owner {
                node: &route.owner.node,
                incarnation: Incarnation {
                    boot: route.owner.incarnation,
                    lease: 0,
                },
                epoch: route.epoch,
            },
        }
        .put(&mut writer),
        Located::Nobody(reason, _) => NoOwner {
            entity: entity.clone(),
            reason: *reason,
        }
        .put(&mut writer),
    }
    writer.into_bytes()
}

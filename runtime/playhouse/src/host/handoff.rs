//! Handing an entity over to another node: rules 17 to 22 of `docs/placement.md`.
//!
//! The sender freezes the entity (calls that come wait), lets what runs on it end, runs its hooks `moving` and
//! `before_save`, commits, and offers it. The receiver takes the document by its epoch, which is what moves the entity, and
//! says so; the sender drops its activation, and the calls that waited go where the entity is. Without an answer the sender
//! raises its own epoch: if that succeeds the entity goes on here, else the receiver has it.
//!
//! What is persisted travels by the store. What is marked `@handoff` (`volatile`) and timers that are not durable
//! (`remaining`) travel with the offer. Closures, observers, local entities and plain fields stay behind. The session of its
//! client travels as well: the client is let go when nothing runs any more, and goes on with it where it is then.

mod arrival;
mod leaving;
mod remaining;
mod volatile;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use playhouse_cluster::placement::Rule;
use playhouse_store::{Claim, Claimed, End, Owner, Take};
use playhouse_wire::message::{Handoff, HandoffDone, HandoffReason, Incarnation, SessionReason};
use playhouse_wire::{EntityKey, EntityRef, Writer};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

pub use arrival::ARRIVALS_MAX;
pub(super) use arrival::Arriving;
pub(crate) use leaving::Drained;
pub use leaving::REFUSALS_MAX;
pub(super) use volatile::{Moving, moving_part};

use super::cell::{Hosted, Life};
use super::keeper::pause;
use super::persisted::Persisted;
use super::route::Home;
use super::shard::Shard;
use crate::call::{Address, Target};
use crate::logic::Hook;

/// Most entities that one node hands over to another at a time.
pub const HANDOFFS_MAX: usize = 64;

/// How long the receiver has to answer. Then the sender takes the entity back, if it still can.
pub const HANDOFF_WITHIN: Duration = Duration::from_secs(2);

/// How long what runs on an entity, its last hooks and its last commit may take. Then it stays, to be tried again.
pub const QUIET_WITHIN: Duration = Duration::from_secs(5);

/// To whom an entity is handed over.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    /// The node, in the life that is meant.
    pub(crate) owner: Owner,
    /// Where it is dialled.
    pub(crate) address: Address,
}

/// What came of handing an entity over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandedOver {
    /// It runs there.
    Moved,
    /// It is not here any more, whoever has it.
    Gone,
    /// It could not be brought to rest in time, or is not in a state to be moved: it goes on here.
    Busy,
    /// The receiver does not take it: it goes on here.
    Refused(HandoffReason),
    /// There was no answer, and the entity goes on here at a new epoch.
    Aborted,
}

/// Entities that were offered and not answered for, by type and key.
pub(super) type Offers = BTreeMap<(u32, EntityKey), Offer>;

/// An entity that was offered.
pub(super) struct Offer {
    epoch: u64,
    /// The link that it went by.
    link: u64,
    answer: oneshot::Sender<Option<HandoffDone>>,
}

impl Shard {
    /// Hands an entity of this shard over to another node.
    pub(crate) async fn hand_off(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        to: &Receiver,
    ) -> HandedOver {
        let Some(persisted) = cell.header().persisted() else {
            return HandedOver::Busy;
        };
        let Some(stirred) = self.freeze(cell, &persisted) else {
            return HandedOver::Busy;
        };
        let until = self.env.now() + QUIET_WITHIN;
        let outcome = match self.bring_to_rest(cell, &persisted, &stirred, until).await {
            true => self.offer(cell, &persisted, to).await,
            false => HandedOver::Busy,
        };
        if cell.header().life.get() == Life::Over {
            // It ended, and did not move: its client's session goes on without it, or has ended.
            if let Some(port) = self.session_port() {
                port.unfreeze(&self.entity_with(cell.header()));
            }
            return match outcome {
                HandedOver::Moved => HandedOver::Moved,
                _ => HandedOver::Gone,
            };
        }
        match outcome {
            // Whoever has it has its client.
            HandedOver::Moved | HandedOver::Gone => self.moved_away(cell, to),
            HandedOver::Busy | HandedOver::Refused(_) | HandedOver::Aborted => {
                self.thaw(cell, &persisted);
            }
        }
        outcome
    }

    /// Calls that come wait from now on. Nothing if the entity is not one that runs.
    fn freeze(&self, cell: &Rc<dyn Hosted>, persisted: &Persisted) -> Option<Rc<Notify>> {
        let header = cell.header();
        let runs = header.life.get() == Life::Live && persisted.begun.get();
        let keeper = self.keeper().filter(|_| runs)?;
        if !persisted.tenure.borrow_mut().freeze() {
            return None;
        }
        header.life.set(Life::Ending);
        keeper.closing.set(keeper.closing.get() + 1);
        if let Some(port) = self.session_port() {
            port.settle(&self.entity_with(header));
        }
        let stirred = Rc::<Notify>::default();
        *persisted.stirred.borrow_mut() = Some(Rc::clone(&stirred));
        Some(stirred)
    }

    /// The entity goes on: the calls that waited run.
    fn thaw(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Rc<Persisted>) {
        let header = cell.header();
        let Some(keeper) = self.keeper() else {
            return;
        };
        persisted.stirred.take();
        // Unless it was offered, and goes on already.
        persisted.tenure.borrow_mut().thaw();
        keeper.closing.set(keeper.closing.get().saturating_sub(1));
        header.life.set(Life::Live);
        if persisted.end.get() == End::Deleted {
            // Its handler asked for that meanwhile.
            self.destroy(cell);
        } else if keeper.stopping.get() {
            self.release_soon(cell);
        } else {
            if header.holder.get().is_none() {
                self.rested(cell, persisted);
            }
            if header.holder.get().is_none() && header.life.get() == Life::Live {
                self.grant(header);
            }
        }
        // Not before it runs: what its client has called may end at once, and the entity with it if it seems to be ending.
        if let Some(port) = self.session_port() {
            port.unfreeze(&self.entity_with(header));
        }
    }

    /// Waits until nothing runs on the entity, runs its last hooks, and commits what they leave. Whether all of that was
    /// done in time.
    async fn bring_to_rest(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        persisted: &Rc<Persisted>,
        stirred: &Notify,
        until: Instant,
    ) -> bool {
        if !self.quiet(cell, persisted, stirred, until).await {
            return false;
        }
        // What runs may have waited for its client until now. From here on nothing of it changes what is saved.
        if let Some(port) = self.session_port() {
            port.freeze(&self.entity_with(cell.header()));
        }
        for hook in [Hook::Moving, Hook::BeforeSave] {
            if self.kind(cell.header().kind).hooks.has(hook) {
                self.last_hook(cell, hook);
                if !self.quiet(cell, persisted, stirred, until).await {
                    return false;
                }
            }
        }
        if persisted.end.get() == End::Deleted {
            return false;
        }
        if let Some(commit) = self.snapshot(cell, persisted, None, End::Stays) {
            self.send_commit(cell, persisted, commit);
            if !self.quiet(cell, persisted, stirred, until).await {
                return false;
            }
        }
        // What came back of it was not done.
        persisted.back.borrow().is_empty()
    }

    /// Waits until no handler runs on a frozen entity and no commit of it is on its way. Whether that was so in time.
    async fn quiet(
        &self,
        cell: &Rc<dyn Hosted>,
        persisted: &Persisted,
        stirred: &Notify,
        until: Instant,
    ) -> bool {
        loop {
            let header = cell.header();
            if header.life.get() == Life::Over {
                return false;
            }
            let is_idle = header.holder.get().is_none() || !self.keeps(Rule::Quiesce);
            if is_idle && !persisted.is_in_flight() {
                let port = self.session_port();
                let entity = self.entity_with(header);
                let settled = port.is_none_or(|port| port.is_settled(&entity));
                if !self.grant_hook(header) && settled {
                    return true;
                }
            }
            if tokio::time::timeout_at(until, stirred.notified())
                .await
                .is_err()
            {
                return false;
            }
        }
    }

    /// Offers a frozen entity whose state is committed, and sees to it that exactly one of the two nodes has it then.
    async fn offer(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        persisted: &Rc<Persisted>,
        to: &Receiver,
    ) -> HandedOver {
        let header = cell.header();
        let stands = self.activation(cell, |it| (it.epoch(), it.owner().clone()));
        let (Some((epoch, owner)), Some(egress)) = (stands, self.egress()) else {
            return HandedOver::Busy;
        };
        let known = (header.kind, header.key.clone());
        let (give, answer) = oneshot::channel();
        if !self.keeps(Rule::ReceiverSets) {
            self.set_for(cell, &to.owner, epoch).await;
        }
        let bytes = self.offer_bytes(cell, epoch, &owner, &to.owner);
        let sent = bytes.and_then(|bytes| egress.send_message(&to.address, &bytes).ok());
        let Some(link) = sent else {
            // Nothing has left, so that nobody can take it.
            return HandedOver::Busy;
        };
        persisted.tenure.borrow_mut().handoff_sent();
        let offer = Offer {
            epoch,
            link,
            answer: give,
        };
        self.offers.borrow_mut().insert(known.clone(), offer);
        let answer = tokio::time::timeout(HANDOFF_WITHIN, answer).await;
        self.offers.borrow_mut().remove(&known);
        match answer {
            Ok(Ok(Some(done))) if done.ok && done.epoch > epoch => HandedOver::Moved,
            Ok(Ok(Some(done))) if !done.ok => {
                persisted.tenure.borrow_mut().handoff_refused(epoch);
                HandedOver::Refused(done.reason)
            }
            // Its link is gone, or it says nothing.
            _ => self.take_back(cell, persisted, owner).await,
        }
    }

    /// Takes a frozen entity back that was offered, and not answered for.
    async fn take_back(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        persisted: &Rc<Persisted>,
        owner: Owner,
    ) -> HandedOver {
        let aborted = persisted.tenure.borrow_mut().abort();
        match aborted {
            Some(seen) if !self.raise_epoch(cell, persisted, owner, seen).await => HandedOver::Gone,
            Some(_) | None => HandedOver::Aborted,
        }
    }

    /// The bug that a test plants: the sender sets the record for the receiver.
    async fn set_for(&self, cell: &Rc<dyn Hosted>, owner: &Owner, epoch: u64) {
        let id = self.activation(cell, |it| it.id().clone());
        if let (Some(keeper), Some(id)) = (self.keeper(), id) {
            let claim = Claim {
                id,
                owner: owner.clone(),
                seen: Some(epoch),
                take: Take::Any,
                create: false,
                birth: 0,
            };
            let _ = keeper.store.claim(claim).await;
        }
    }

    /// The offer of a frozen entity, as it is sent; nothing if it is too long.
    fn offer_bytes(
        &self,
        cell: &Rc<dyn Hosted>,
        epoch: u64,
        owner: &Owner,
        to: &Owner,
    ) -> Option<Vec<u8>> {
        let header = cell.header();
        let kind = self.kind(header.kind);
        let volatile = kind.moving.write(&**cell)?;
        let timers = self.remaining_timers(cell);
        let timers = remaining::elements(&timers);
        let port = self.session_port();
        let session = port.and_then(|port| port.snapshot(&self.entity_with(header)));
        let offer = Handoff {
            entity: EntityRef {
                package: kind.descriptor.package,
                number: kind.descriptor.number,
                slot: 0,
                key: header.key.clone(),
            },
            epoch,
            from: incarnation(owner),
            to: incarnation(to),
            schema: kind.descriptor.digest,
            volatile: &volatile,
            timers: timers.elements(),
            session: session.as_deref(),
        };
        let mut w = Writer::new();
        offer.put(&mut w);
        Some(w.into_bytes())
    }

    /// Raises the epoch of an entity that was offered, so that the offer is worth nothing. Whether it is still here then. There is no end to it before that is known.
    async fn raise_epoch(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        persisted: &Rc<Persisted>,
        owner: Owner,
        epoch: u64,
    ) -> bool {
        let (Some(keeper), Some(id)) = (
            self.keeper().cloned(),
            self.activation(cell, |it| it.id().clone()),
        ) else {
            return false;
        };
        let mut seen = epoch;
        for tries in 1_u32.. {
            if cell.header().life.get() == Life::Over || keeper.closed.get() {
                return false;
            }
            let claim = Claim {
                id: id.clone(),
                owner: owner.clone(),
                seen: Some(seen),
                take: Take::Free,
                create: false,
                birth: self.env.random(),
            };
            match keeper.store.claim(claim).await {
                Ok(Claimed::Mine(document)) => {
                    let kind = self.kind(cell.header().kind);
                    let activation = self.activation_of(&keeper, kind, &document, owner);
                    let Ok(activation) = activation else {
                        return false;
                    };
                    if cell.header().life.get() == Life::Over {
                        return false;
                    }
                    persisted.tenure.borrow_mut().aborted(activation.epoch());
                    *persisted.activation.borrow_mut() = Some(activation);
                    return true;
                }
                // An earlier attempt was done whose answer was lost.
                Ok(Claimed::Moved(header)) if header.owner.as_ref() == Some(&owner) => {
                    seen = header.epoch;
                }
                Ok(_) => return false,
                Err(error) => {
                    keeper.note_failure(&error, self.refresh());
                    tokio::time::sleep(pause(tries)).await;
                }
            }
        }
        false
    }

    /// The entity runs elsewhere: nothing of it is saved here any more, and the calls that waited go there, as its client does.
    fn moved_away(self: &Rc<Self>, cell: &Rc<dyn Hosted>, to: &Receiver) {
        let header = cell.header();
        if let Some(port) = self.session_port() {
            port.moved(&self.entity_with(header), &to.owner.node);
        }
        header.rare_mut(|rare| rare.session = None);
        self.leave(cell);
    }

    /// The receiver of an entity has answered. On the shard whose link it comes by, which is the entity's.
    pub(crate) fn handoff_done(&self, done: &HandoffDone) {
        let EntityRef {
            package,
            number,
            key,
            ..
        } = &done.entity;
        let Some(kind) = self.find_kind(*package, *number) else {
            return;
        };
        let known = (kind.index, key.clone());
        let mut offers = self.offers.borrow_mut();
        // An answer to an earlier offer says nothing about this one.
        let meant = offers.get(&known).is_some_and(|offer| match done.ok {
            true => done.epoch > offer.epoch,
            false => done.epoch == offer.epoch,
        });
        if meant && let Some(offer) = offers.remove(&known) {
            let _ = offer.answer.send(Some(done.clone()));
        }
    }

    /// A link is over: what was offered by it is not answered any more.
    pub(super) fn handoffs_lost(&self, link: u64) {
        let mut offers = self.offers.borrow_mut();
        let lost = offers.extract_if(.., |_, offer| offer.link == link);
        for (_, offer) in lost {
            let _ = offer.answer.send(None);
        }
    }

    /// Another node asks for an activation to be given up.
    pub(crate) fn release_asked(self: &Rc<Self>, entity: EntityRef, epoch: u64) {
        let home = match self.home(&Target::Entity(entity.clone())) {
            Ok(Home::Here) => self.index,
            Ok(Home::Shard(shard)) => shard,
            Err(_) => return,
        };
        self.do_on(home, move |shard| {
            let kind = shard.find_kind(entity.package, entity.number);
            let Some(cell) = kind.and_then(|kind| kind.find(&entity.key)) else {
                return;
            };
            if shard.activation(&cell, |it| it.epoch() == epoch) == Some(true) {
                let text = "the client has logged in at another node";
                shard.end_client(&cell, SessionReason::Replaced, text);
                shard.passivate(&cell);
            }
        });
    }
}

/// What is sent of a node's life: the store has it as one number.
fn incarnation(owner: &Owner) -> Incarnation {
    Incarnation {
        boot: owner.incarnation,
        lease: 0,
    }
}

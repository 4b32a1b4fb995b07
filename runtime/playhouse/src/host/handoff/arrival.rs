//! The receiver's side: an entity that another node offers is claimed by its epoch, filled, and run.

use std::cell::Cell;
use std::rc::Rc;

use playhouse_cluster::placement::Rule;
use playhouse_wire::message::{Handoff, HandoffDone, HandoffReason};
use playhouse_wire::{EntityRef, Writer};

use super::super::cell::Hosted;
use super::super::loading::Manner;
use super::super::persisted::Persisted;
use super::super::route::Home;
use super::super::shard::Shard;
use super::remaining::Remaining;
use crate::call::{Failure, Target};

/// Most offered entities that are being claimed on one shard; further ones are refused.
pub const ARRIVALS_MAX: usize = 1024;

/// Sends the answer, on whichever link the offer came by.
type Answer = Box<dyn FnOnce(&Rc<Shard>, Vec<u8>) + Send>;

/// What came with the offer of an entity, until the entity is filled.
pub(in crate::host) struct Arriving {
    entity: EntityRef,
    epoch: u64,
    volatile: Vec<u8>,
    timers: Vec<Remaining>,
    /// What it has of its client.
    session: Option<Vec<u8>>,
    answer: Answer,
    /// A claim was sent whose outcome is not known: nothing is refused any more.
    doubtful: Cell<bool>,
}

impl Arriving {
    /// What became of a claim is not known. The sender finds out by taking its entity back.
    pub(in crate::host) fn doubt(&self) {
        self.doubtful.set(true);
    }

    fn reply(self, shard: &Rc<Shard>, epoch: u64, reason: Option<HandoffReason>) {
        let done = HandoffDone {
            entity: self.entity,
            epoch,
            ok: reason.is_none(),
            reason: reason.unwrap_or(HandoffReason::None),
        };
        let mut w = Writer::new();
        done.put(&mut w);
        (self.answer)(shard, w.into_bytes());
    }
}

impl Shard {
    /// Another node offers an entity. `answer` is called at most once, on the entity's shard, with the message that
    /// answers it; not at all if it is not known what the store did.
    pub(crate) fn handoff_offered(
        self: &Rc<Self>,
        offer: &Handoff<'_>,
        answer: impl FnOnce(&Rc<Self>, Vec<u8>) + Send + 'static,
    ) {
        let arriving = Arriving {
            entity: offer.entity.clone(),
            epoch: offer.epoch,
            volatile: offer.volatile.to_vec(),
            timers: offer
                .timers
                .iter()
                .map(|timer| Remaining::of(&timer))
                .collect(),
            session: offer.session.map(<[u8]>::to_vec),
            answer: Box::new(answer),
            doubtful: Cell::new(false),
        };
        let to = offer.to.boot.wrapping_add(offer.to.lease);
        let home = match self.home(&Target::Entity(offer.entity.clone())) {
            Ok(Home::Here) => self.index,
            Ok(Home::Shard(shard)) => shard,
            Err(_) => {
                let epoch = arriving.epoch;
                return arriving.reply(self, epoch, Some(HandoffReason::Incompatible));
            }
        };
        self.do_on(home, move |shard| shard.take_over(arriving, to));
    }

    fn take_over(self: &Rc<Self>, arriving: Arriving, to: u64) {
        let epoch = arriving.epoch;
        if let Err(reason) = self.may_take_over(&arriving, to) {
            return arriving.reply(self, epoch, Some(reason));
        }
        let EntityRef {
            package,
            number,
            key,
            ..
        } = arriving.entity.clone();
        let made = self.find_kind(package, number).and_then(|kind| {
            let cell = self.construct(kind, &key).ok().flatten()?;
            Some((kind, cell))
        });
        let Some((kind, cell)) = made else {
            return arriving.reply(self, epoch, Some(HandoffReason::Incompatible));
        };
        self.arrivals.set(self.arrivals.get() + 1);
        let persisted = Persisted::default();
        *persisted.arriving.borrow_mut() = Some(Box::new(arriving));
        cell.header()
            .rare_mut(|rare| rare.persisted = Some(Rc::new(persisted)));
        let seen = epoch + u64::from(!self.keeps(Rule::ReceiverSets));
        self.begin_life(kind, &cell, Manner::found(seen));
    }

    fn may_take_over(&self, arriving: &Arriving, to: u64) -> Result<(), HandoffReason> {
        let Some(keeper) = self.keeper() else {
            return Err(HandoffReason::Incompatible);
        };
        if keeper.draining.get() || keeper.stopping.get() || keeper.closed.get() {
            return Err(HandoffReason::Stopping);
        }
        if keeper.owner().incarnation != to {
            return Err(HandoffReason::Incarnation);
        }
        if self.arrivals.get() >= ARRIVALS_MAX {
            return Err(HandoffReason::Overloaded);
        }
        let entity = &arriving.entity;
        let kind = self.find_kind(entity.package, entity.number);
        let kind = kind.ok_or(HandoffReason::Incompatible)?;
        if !self.is_placed(kind) {
            return Err(HandoffReason::Incompatible);
        }
        // Whoever asked for it here before has seen another epoch, or is about to.
        if kind.find(&entity.key).is_some() {
            return Err(HandoffReason::Claim);
        }
        keeper
            .may_claim(self.call_time())
            .map_err(|_| HandoffReason::Claim)
    }

    /// The document of an offered entity was claimed and read: it is this node's from here on.
    pub(in crate::host) fn arrived(self: &Rc<Self>, cell: &Rc<dyn Hosted>, persisted: &Persisted) {
        let Some(mut arriving) = persisted.arriving.take() else {
            return;
        };
        self.arrivals.set(self.arrivals.get().saturating_sub(1));
        let kind = self.kind(cell.header().kind);
        if let Err(error) = kind.moving.read(&**cell, &arriving.volatile) {
            let entity = kind.descriptor.head.name;
            tracing::warn!(entity, key = ?cell.header().key, %error, "what is marked `@handoff` could not be read");
        }
        self.set_remaining(cell, std::mem::take(&mut arriving.timers));
        if let (Some(port), Some(session)) = (self.session_port(), &arriving.session) {
            let session = port.adopt(&arriving.entity, session);
            cell.header().rare_mut(|rare| rare.session = session);
        }
        let epoch = self.activation(cell, |it| it.epoch());
        let epoch = epoch.unwrap_or(arriving.epoch.saturating_add(1));
        arriving.reply(self, epoch, None);
    }

    /// An offered entity could not be taken over. What the calls hear that came for it here meanwhile; nothing if it was
    /// not offered.
    pub(in crate::host) fn arrival_failed(
        self: &Rc<Self>,
        persisted: &Persisted,
    ) -> Option<Failure> {
        let arriving = persisted.arriving.take()?;
        self.arrivals.set(self.arrivals.get().saturating_sub(1));
        if !arriving.doubtful.get() {
            let epoch = arriving.epoch;
            arriving.reply(self, epoch, Some(HandoffReason::Claim));
        }
        // It is somewhere else.
        Some(Failure::moved(None))
    }
}

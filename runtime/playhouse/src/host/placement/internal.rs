//! Messages of the runtime itself to whoever runs an entity: they go the way of calls, in order with them.

use std::rc::Rc;

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::EntityRef;
use playhouse_wire::message::Method;

use super::super::calls::CallId;
use super::super::cell::Hosted;
use super::super::dispatch::{no_such_call, no_such_target};
use super::super::durable::DELIVER;
use super::super::handler::Answer;
use super::super::ingress::{Incoming, Origin, ReplyTo};
use super::super::shard::{NEVER, Shard};
use super::placed::Letter;
use super::table::whole;
use crate::call::{Address, Failure, FailureKind, Target};

/// The slot of what no schema declares: no slot has a tag as great.
pub(in crate::host) const INTERNAL_SLOT: u8 = 255;

/// Nothing but that somebody is to run the entity. [`DELIVER`] is the other one.
const BEGIN: u8 = 2;

/// No arguments, as MessagePack.
const NOTHING: [u8; 1] = [0x90];

/// Which node runs an entity, as one of its clients has to reach it.
#[derive(Debug, Clone)]
pub(crate) enum Whereabouts {
    /// This one: on that shard.
    Here(u32),
    /// The one at this address.
    At(Address),
}

/// Hears what became of a message, on the home shard of its entity.
struct Told<F>(std::cell::RefCell<Option<F>>, Rc<Shard>);

impl Shard {
    /// Sends a message of the runtime to whoever runs an entity, and has it begin if nobody does. `told` hears what became of
    /// it, on the entity's home shard: taken, or why not. There is no deadline: it waits until somebody runs the entity, or
    /// until nobody can.
    pub(in crate::host) fn send_to_owner(
        self: &Rc<Self>,
        entity: EntityRef,
        tag: u8,
        args: Box<[u8]>,
        told: impl FnOnce(&Rc<Self>, Result<(), Failure>) + Send + 'static,
    ) {
        let target = Target::Entity(whole(&entity));
        match self.home_of(&target) {
            Ok(home) => self.do_on(home, move |shard| {
                shard.send_from_home(&entity, tag, args, told);
            }),
            Err(failure) => told(self, Err(failure)),
        }
    }

    /// Finds out which node runs an entity, and has one begin it if none does.
    ///
    /// # Errors
    ///
    /// If nobody can run it, or if whoever does can't be reached.
    pub(crate) async fn whereabouts(
        self: &Rc<Self>,
        entity: &EntityRef,
    ) -> Result<Whereabouts, Failure> {
        let entity = whole(entity);
        let home = self.home_of(&Target::Entity(entity.clone()))?;
        let kind = self.find_kind(entity.package, entity.number);
        let is_own = kind.is_some_and(|kind| !self.is_placed(kind));
        let placed = self.clustered().is_some() && !is_own;
        if !placed && !self.is_elsewhere(&Target::Entity(entity.clone())) {
            return Ok(Whereabouts::Here(home));
        }
        let (give, take) = tokio::sync::oneshot::channel();
        let asked = entity.clone();
        self.send_to_owner(entity, BEGIN, Box::new(NOTHING), move |shard, taken| {
            let found = taken.and_then(|()| shard.whereabouts_known(&asked));
            // Whoever asked may have given up.
            let _ = give.send(found);
        });
        let lost = || Failure::not_executed(FailureKind::Unreachable).because("the shard stops");
        take.await.map_err(|_| lost())?
    }

    /// Where an entity was last, whose home this shard is.
    fn whereabouts_known(&self, entity: &EntityRef) -> Result<Whereabouts, Failure> {
        if !self.is_elsewhere(&Target::Entity(entity.clone())) {
            return Ok(Whereabouts::Here(self.index));
        }
        let entry = self.placements.find(entity);
        let route = entry.and_then(|entry| entry.caller.borrow().route().cloned());
        let route = route.ok_or_else(no_such_target)?;
        if self.is_me(&route.owner) {
            return Ok(Whereabouts::Here(self.index));
        }
        self.address_of(&route.owner.node).map(Whereabouts::At)
    }

    fn send_from_home(
        self: &Rc<Self>,
        entity: &EntityRef,
        tag: u8,
        args: Box<[u8]>,
        told: impl FnOnce(&Rc<Self>, Result<(), Failure>) + 'static,
    ) {
        if !self.is_elsewhere(&Target::Entity(whole(entity))) {
            let kind = self.find_kind(entity.package, entity.number);
            let cell = kind.and_then(|kind| kind.find(&entity.key));
            let taken = cell.ok_or_else(no_such_target);
            let taken = taken.and_then(|cell| self.take_internal(&cell, tag, &args));
            return told(self, taken);
        }
        let letter = Letter {
            method: Method {
                package: entity.package,
                number: entity.number,
                slot: INTERNAL_SLOT,
                tag,
            },
            args,
            // Whoever takes it knows what it has taken already.
            idempotent: true,
            oneway: true,
            deadline_us: NEVER,
            trace: None,
            chain: Vec::new(),
            origin: Origin::Peer,
        };
        let sink = Rc::new(Told(std::cell::RefCell::new(Some(told)), Rc::clone(self)));
        let placed = self.place_call(whole(entity), letter, CallId::NONE, Rc::clone(&sink) as _);
        if let Err(failure) = placed {
            sink.complete(ReplyOutcome::Failed((&failure).into()));
        }
    }

    /// A message of the runtime came in that names an activation, which is the one that runs here, or is about to.
    pub(super) fn serve_internal(
        self: &Rc<Self>,
        entity: &EntityRef,
        incoming: &Incoming<'_>,
        reply: &dyn ReplyTo,
    ) {
        let kind = self.find_kind(entity.package, entity.number);
        let cell = kind.and_then(|kind| kind.find(&entity.key));
        let meant = |cell: &Rc<dyn Hosted>| match incoming.header.epoch {
            // One that has no answer to its claim yet may have that epoch: who heard that it is over would have it end.
            Some(epoch) => self.admission(cell, epoch),
            None => Ok(()),
        };
        let taken = match cell {
            Some(cell) => meant(&cell)
                .and_then(|()| self.take_internal(&cell, incoming.method.tag, incoming.args)),
            None => Err(Failure::moved(None)),
        };
        match taken {
            Ok(()) => reply.answer(Answer::Ok(&())),
            Err(failure) => reply.answer(Answer::Failed(&failure)),
        }
    }

    /// Has an entity of this shard take a message of the runtime. It may still be about to begin.
    fn take_internal(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        tag: u8,
        args: &[u8],
    ) -> Result<(), Failure> {
        match tag {
            DELIVER => self.take_travelled(args),
            BEGIN => Ok(()),
            _ => {
                let bytes = args.len();
                tracing::debug!(
                    ?cell,
                    tag,
                    bytes,
                    "a message of the runtime that is not known"
                );
                Err(no_such_call())
            }
        }
    }
}

impl<F: FnOnce(&Rc<Shard>, Result<(), Failure>)> ReplySink for Told<F> {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        if let Some(told) = self.0.take() {
            let outcome = outcome.into_result();
            told(&self.1, outcome.map(drop).map_err(Failure::from));
        }
    }
}

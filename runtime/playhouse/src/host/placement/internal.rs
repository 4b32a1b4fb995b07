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
use crate::call::{Failure, Target};

/// The slot of what no schema declares: no slot has a tag as great.
pub(in crate::host) const INTERNAL_SLOT: u8 = 255;

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

    /// A message of the runtime came in that names an activation, which is the one that runs here.
    pub(super) fn serve_internal(
        self: &Rc<Self>,
        entity: &EntityRef,
        incoming: &Incoming<'_>,
        reply: &dyn ReplyTo,
    ) {
        let kind = self.find_kind(entity.package, entity.number);
        let cell = kind.and_then(|kind| kind.find(&entity.key));
        let cell = cell.filter(|cell| self.epoch_of(cell) == incoming.header.epoch);
        let taken = match cell {
            Some(cell) => self.take_internal(&cell, incoming.method.tag, incoming.args),
            // It has an epoch by the time that the sender asks again.
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

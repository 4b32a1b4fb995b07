//! From a proxy to a row of an outbox.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::durable::{OutboxFull, Row};

use super::super::calls::Place;
use super::super::cell::Hosted;
use super::super::dispatch::{no_such_call, no_such_target};
use super::super::egress::check;
use super::super::interceptor::{Direction, Seen, outcome_of};
use super::super::lease::leased;
use super::super::shard::Shard;
use crate::call::{Arguments, Failure, FailureKind, Proxy, Target};
use crate::document;

impl Shard {
    /// Whether a oneway goes the durable way. Without a store it is as any other.
    #[inline]
    pub(in crate::host) fn sends_durably<A: Arguments>(&self) -> bool {
        A::call().durable && self.keeper.get().is_some()
    }

    /// Sends a durable oneway: it is part of what its sender saves next.
    pub(in crate::host) fn send_durably<A: Arguments>(
        self: &Rc<Self>,
        proxy: &Proxy,
        args: &A,
    ) -> Result<(), Failure> {
        if proxy.address.is_some() {
            return Err(Failure::not_executed(FailureKind::Invalid).because(
                "a durable oneway finds its receiver by itself, wherever it is: leave out `.at(..)`",
            ));
        }
        check(args)?;
        let Target::Entity(address) = &proxy.target else {
            return Err(no_such_target());
        };
        let kind = self.find_kind(address.package, address.number);
        if kind.is_some_and(|kind| kind.call(address.slot, A::TAG).is_none()) {
            return Err(no_such_call());
        }
        let receiver = self.type_numbered(address.package, address.number);
        let receiver = receiver.ok_or_else(no_such_target)?;
        let seen = || Seen {
            owner: self.owner_name(address.package, address.number),
            call: A::call(),
        };
        self.before(Direction::Out, seen, None, self.current_trace())?;
        let (sender, from_slot) = self.sender();
        let expires_us = A::call().expires_us;
        let row = Row {
            to: document::document_id(receiver, &address.key),
            slot: address.slot.into(),
            tag: A::TAG.into(),
            call: A::call().name.into(),
            args: Arc::from(playhouse_wire::to_vec(args)),
            from_slot: from_slot.into(),
            expires_us: expires_us.map(|us| self.utc_us().saturating_add(us)),
            trace: self.current_trace().map(Into::into),
        };
        let sent = match sender {
            Some(cell) => self.stage(&cell, row),
            None => self.stage_in_shard(row),
        };
        self.after(Direction::Out, seen, || outcome_of(&sent));
        sent
    }

    /// The persistent entity whose handler runs, and which of its slots.
    fn sender(&self) -> (Option<Rc<dyn Hosted>>, u8) {
        let calls = self.calls.borrow();
        let Some(call) = calls.get(self.current.get()) else {
            return (None, 0);
        };
        let Place::Entity(cell) = &call.place else {
            return (None, 0);
        };
        let whole = leased(cell);
        // What lives in an entity has no part of its document: the entity itself is told.
        let slot = if cell.header().local == 0 {
            call.slot
        } else {
            0
        };
        let persistent = self.activation(&whole, |_| ()).is_some();
        (persistent.then_some(whole), slot)
    }

    fn stage(self: &Rc<Self>, cell: &Rc<dyn Hosted>, row: Row) -> Result<(), Failure> {
        let call = self.current.get();
        let begins = cell.header().rare_mut(|rare| {
            let durable = rare.durable.get_or_insert_default();
            durable.sender.replace(call) != Some(call)
        });
        let sent = self.activation(cell, |activation| {
            if begins {
                activation.begins();
            }
            activation.send(row)
        });
        match sent {
            Some(Ok(_)) => {
                self.commit_soon(cell);
                Ok(())
            }
            Some(Err(full)) => Err(outbox_full(full)),
            None => Err(no_such_target()),
        }
    }
}

pub(super) fn outbox_full(full: OutboxFull) -> Failure {
    Failure::not_executed(FailureKind::Overloaded).because(full.to_string())
}

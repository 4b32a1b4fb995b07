//! Rows and acknowledgements on their way between nodes. What is lost here is sent again.
//!
//! A row goes where a call of its receiver would go, and wakes it as one would. It names the node of its sender, to which the
//! acknowledgement goes straight back.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_store::DocumentId;
use playhouse_store::durable::{Ack, Delivery};
use playhouse_wire::EntityRef;
use playhouse_wire::message::{Header, Method};

use super::super::egress::Outgoing;
use super::super::forward::Raw;
use super::super::placement::INTERNAL_SLOT;
use super::super::shard::Shard;
use super::form::{ack_from_bytes, ack_to_bytes, delivery_from_bytes, delivery_to_bytes};
use crate::call::{Failure, FailureKind};

/// Most senders on other nodes of which a shard knows where they are. For one more it forgets all: what was not acknowledged
/// is sent again, and says so anew.
pub const SENDERS_MAX: usize = 65_536;

/// A row, as a message of the runtime to its receiver.
pub(in crate::host) const DELIVER: u8 = 1;

/// Acknowledgements go to a node, not to an entity: no type has this number.
const ACKNOWLEDGE: Method = Method {
    package: 0,
    number: 0,
    slot: INTERNAL_SLOT,
    tag: 2,
};

impl Shard {
    /// Sends a row to wherever its receiver runs.
    pub(super) fn send_delivery_away(self: &Rc<Self>, to: EntityRef, delivery: &Delivery) {
        let bytes = delivery_to_bytes(&self.node, delivery);
        let receiver = delivery.row.to.clone();
        self.send_to_owner(to, DELIVER, bytes.into(), move |_, taken| {
            if let Err(failure) = taken {
                tracing::debug!(to = %receiver, %failure, "a message has to wait");
            }
        });
    }

    /// A row came for an entity of this shard, from wherever it was sent.
    pub(in crate::host) fn take_travelled(self: &Rc<Self>, bytes: &[u8]) -> Result<(), Failure> {
        let (node, delivery) = delivery_from_bytes(bytes).map_err(malformed)?;
        self.note_sender(&delivery.from, Some(&node));
        self.take_delivery(delivery);
        Ok(())
    }

    /// Sends an acknowledgement to the node from which the rows came; false if they came from this one.
    pub(super) fn send_ack_away(&self, ack: &Ack) -> bool {
        let node = self.durable.senders.borrow().get(&ack.from).cloned();
        let Some(node) = node else {
            return false;
        };
        let sent = self.address_of(&node).and_then(|to| {
            let bytes = ack_to_bytes(ack);
            self.egress_or_refuse(&to)?.notify(&Outgoing {
                to: &to,
                method: ACKNOWLEDGE,
                header: &Header::EMPTY,
                args: &Raw(&bytes),
                idempotent: true,
            })
        });
        if let Err(failure) = sent {
            tracing::debug!(to = %ack.from, %failure, "an acknowledgement is lost");
        }
        true
    }

    /// Takes an acknowledgement of another node, if that is what came.
    pub(in crate::host) fn take_ack_of_node(
        self: &Rc<Self>,
        method: Method,
        bytes: &[u8],
    ) -> Option<Result<(), Failure>> {
        if method != ACKNOWLEDGE {
            return None;
        }
        let ack = ack_from_bytes(bytes).map_err(malformed);
        Some(ack.map(|ack| self.bring_ack(ack)))
    }

    /// Notes from which node a sender sends; none is this one.
    pub(super) fn note_sender(&self, from: &DocumentId, node: Option<&str>) {
        let mut senders = self.durable.senders.borrow_mut();
        match node.filter(|node| **node != *self.node) {
            None => {
                senders.remove(from);
            }
            Some(node) if senders.get(from).is_some_and(|known| **known == *node) => {}
            Some(node) => {
                if senders.len() >= SENDERS_MAX {
                    senders.clear();
                }
                senders.insert(from.clone(), Arc::from(node));
            }
        }
    }
}

fn malformed(error: playhouse_wire::Error) -> Failure {
    Failure::not_executed(FailureKind::Invalid).because(error.to_string())
}

//! Rows and acknowledgements on their way between the shards of a node. What is lost here is sent again.

use std::rc::Rc;

use playhouse_store::durable::{Ack, Delivery, Row};
use playhouse_store::{DocumentId, key_from_text};
use playhouse_wire::{EntityKey, EntityRef};

use super::super::cell::Hosted;
use super::super::context::Cx;
use super::super::lease::leased;
use super::super::shard::Shard;
use super::Refusal;
use super::inbox::defer_saves;
use crate::call::Target;
use crate::logic::Hook;
use crate::persist::OUTBOXES;

impl Shard {
    /// The entity has been loaded: what it had sent and nobody acknowledged goes out again.
    pub(in crate::host) fn activated(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let deliveries: Option<Vec<Delivery>> =
            self.activation(cell, |activation| activation.deliveries().collect());
        self.committed(cell, deliveries.unwrap_or_default(), Vec::new());
    }

    /// A commit of the entity lasts: what it has brought goes out.
    pub(in crate::host) fn committed(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        deliveries: Vec<Delivery>,
        acks: Vec<Ack>,
    ) {
        if !deliveries.is_empty() {
            self.watch_rows(cell);
        }
        for ack in acks {
            self.send_ack(ack);
        }
        self.send_rows(deliveries);
    }

    /// Sends rows to the shards of their receivers.
    pub(in crate::host) fn send_rows(
        self: &Rc<Self>,
        deliveries: impl IntoIterator<Item = Delivery>,
    ) {
        for delivery in deliveries {
            let Some((shard, receiver)) = self.home_of_document(&delivery.row.to) else {
                if delivery.seq == delivery.lowest {
                    tracing::warn!(
                        from = %delivery.from,
                        to = %delivery.row.to,
                        "messages wait: no node that is known here runs their receiver"
                    );
                }
                continue;
            };
            if shard == self.index || self.may_post(shard).is_ok() {
                self.do_on(shard, move |shard| shard.route_delivery(receiver, delivery));
            }
        }
    }

    /// A row is on the shard where its receiver would live: it is taken here, or where that lives instead.
    fn route_delivery(self: &Rc<Self>, receiver: EntityRef, delivery: Delivery) {
        let target = Target::Entity(receiver);
        if self.is_elsewhere(&target)
            && let Target::Entity(receiver) = target
        {
            return self.send_delivery_away(receiver, &delivery);
        }
        self.note_sender(&delivery.from, None);
        self.take_delivery(delivery);
    }

    /// Tells the sender of rows what has become of them, on whichever node it is.
    pub(super) fn send_ack(self: &Rc<Self>, ack: Ack) {
        if !self.send_ack_away(&ack) {
            self.bring_ack(ack);
        }
    }

    /// An acknowledgement is on the node of the rows' sender.
    pub(super) fn bring_ack(self: &Rc<Self>, ack: Ack) {
        if &*ack.from.collection == OUTBOXES {
            let shard = self.shard_of_outbox(&ack.from);
            return self.do_on(shard, move |shard| shard.take_outbox_ack(&ack));
        }
        if let Some((shard, _)) = self.home_of_document(&ack.from)
            && (shard == self.index || self.may_post(shard).is_ok())
        {
            self.do_on(shard, move |shard| shard.take_ack(ack));
        }
    }

    /// On which shard the entity with this document is, or would be, and which it is.
    fn home_of_document(&self, id: &DocumentId) -> Option<(u32, EntityRef)> {
        let entity = self.type_of(&id.collection)?;
        let address = EntityRef {
            package: entity.package,
            number: entity.number,
            slot: 0,
            key: key_from_text(&id.key)?,
        };
        let home = self.home_of(&Target::Entity(address.clone())).ok()?;
        Some((home, address))
    }

    /// A receiver acknowledges rows of an entity of this shard. One that is not live has them sent again when it is.
    fn take_ack(self: &Rc<Self>, ack: Ack) {
        let cell = self
            .entity_of(&ack.from)
            .and_then(|(kind, key)| kind.find(&key));
        let Some(cell) = cell else {
            return self.take_ack_for_gone(&ack);
        };
        cell.header().rare_mut(|rare| {
            rare.durable.get_or_insert_default().quiet = 0;
        });
        match self.activation(&cell, |activation| activation.brings_back(&ack)) {
            Some(true) => self.take_refusals(&cell, ack),
            Some(false) => {
                self.activation(&cell, |activation| activation.acked(&ack));
                self.save_later(&cell);
            }
            None => {}
        }
    }

    /// Refused rows come back in a turn of their sender: what its hook changes is saved with their end.
    fn take_refusals(self: &Rc<Self>, cell: &Rc<dyn Hosted>, ack: Ack) {
        let shard = Rc::clone(self);
        // If too many calls wait for it, the rows stay and are sent again.
        self.take_turn(
            cell,
            0,
            0,
            |_| (),
            async move |mut cx: Cx| {
                let Some(cell) = cx.cell() else {
                    return;
                };
                let whole = leased(&cell);
                let refused = shard.activation(&whole, |activation| {
                    // Those of the refused that are still waited for, in order: what comes back is without its number.
                    let waits = activation.deliveries().filter(|row| row.row.to == ack.to);
                    let seqs: Vec<u64> = waits
                        .map(|row| row.seq)
                        .filter(|seq| ack.refused.iter().any(|(refused, _)| refused == seq))
                        .collect();
                    seqs.into_iter().zip(activation.acked(&ack)).collect()
                });
                let refused: Vec<_> = refused.unwrap_or_default();
                defer_saves(&whole, true);
                for (seq, (row, why)) in refused {
                    let refusal = shard.refusal(row, why, seq);
                    shard.tell_refusal(&mut cx, refusal).await;
                }
                defer_saves(&whole, false);
                shard.commit_soon(&whole);
            },
        );
    }

    fn refusal(&self, row: Row, why: String, seq: u64) -> (u8, Refusal) {
        let entity = self.type_of(&row.to.collection);
        let slot = u8::try_from(row.slot).unwrap_or(0);
        let owner = entity.and_then(|entity| {
            if slot == 0 {
                return Some((entity.package, entity.number));
            }
            let slot = entity.slots.iter().find(|found| found.tag == slot)?;
            Some((slot.component.package, slot.component.number))
        });
        let to = entity
            .zip(key_from_text(&row.to.key))
            .map(|(entity, key)| EntityRef {
                package: entity.package,
                number: entity.number,
                slot,
                key,
            });
        let refusal = Refusal {
            to: to.unwrap_or(EntityRef {
                package: 0,
                number: 0,
                slot,
                key: EntityKey::default(),
            }),
            call: row.call.to_string(),
            seq,
            why,
            tag: u8::try_from(row.tag).unwrap_or(0),
            args: row.args.to_vec(),
            owner,
        };
        (u8::try_from(row.from_slot).unwrap_or(0), refusal)
    }

    async fn tell_refusal(self: &Rc<Self>, cx: &mut Cx, (slot, refusal): (u8, Refusal)) {
        let Some(cell) = cx.cell() else {
            return;
        };
        let kind = self.kind(cell.header().kind);
        let host = kind.slots.get(usize::from(slot)).and_then(Option::as_ref);
        match host.filter(|host| host.hooks.has(Hook::Refused)) {
            Some(host) => {
                cx.enter_slot(slot);
                host.runner.refused(&*cell, refusal, cx).await;
            }
            None => tracing::warn!(
                sender = ?cx,
                ?refusal,
                "a durable oneway was refused, and its sender has no hook `refused`"
            ),
        }
    }
}

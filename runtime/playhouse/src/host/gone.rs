//! Documents of entities that are no more, or can't be made again, with messages that are still to be delivered: they are sent
//! without anything of the entity running.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_store::durable::{Ack, Activation, After, Delivery, More};
use playhouse_store::{End, StoreError, Update};
use tokio::time::Duration;

use super::keeper::Keeper;
use super::shard::Shard;

/// How long the rows of such a document wait for their acknowledgements before they are sent again.
const RESEND_EVERY: Duration = Duration::from_secs(2);

/// How often they are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The activation of a document without an entity.
pub(super) type Gone = Rc<RefCell<Activation>>;

impl Shard {
    /// Sends what an entity that is no more has left to be sent, and gives its document back.
    pub(super) fn send_for_gone(self: &Rc<Self>, keeper: &Rc<Keeper>, activation: Activation) {
        let id = activation.id().clone();
        let gone: Gone = Rc::new(RefCell::new(activation));
        keeper
            .gone
            .borrow_mut()
            .insert(id.clone(), Rc::clone(&gone));
        let (shard, keeper) = (Rc::clone(self), Rc::clone(keeper));
        self.spawn(async move {
            shard.send_until_acknowledged(&keeper, &gone).await;
            give_back(&keeper, &gone).await;
            let mut all = keeper.gone.borrow_mut();
            // A later claim has put another in its place.
            if all.get(&id).is_some_and(|now| Rc::ptr_eq(now, &gone)) {
                all.remove(&id);
            }
        });
    }

    async fn send_until_acknowledged(self: &Rc<Self>, keeper: &Keeper, gone: &Gone) {
        let mut sent_at = None;
        while gone.borrow().has_rows() && !keeper.stopping.get() {
            let now = self.env.now();
            if sent_at.is_none_or(|at| now.saturating_duration_since(at) >= RESEND_EVERY) {
                sent_at = Some(now);
                let rows: Vec<Delivery> = gone.borrow().deliveries().collect();
                self.send_rows(rows);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A receiver acknowledges rows of an entity that does not run here.
    pub(super) fn take_ack_for_gone(&self, ack: &Ack) {
        let Some(keeper) = self.keeper() else {
            return;
        };
        let gone = keeper.gone.borrow().get(&ack.from).cloned();
        let Some(gone) = gone else {
            return;
        };
        for (row, why) in gone.borrow_mut().acked(ack) {
            tracing::warn!(
                to = %row.to,
                call = &*row.call,
                why,
                "a durable oneway was refused; its sender is no more, so that nobody is told"
            );
        }
    }
}

/// Commits what was acknowledged. Whatever does not come to that is done by whoever finds the document next.
async fn give_back(keeper: &Keeper, gone: &Gone) {
    let commit = {
        let mut activation = gone.borrow_mut();
        let end = if activation.is_gone() {
            End::Deleted
        } else {
            End::Released
        };
        let more = More {
            schema: keeper.release,
            wake_us: None,
            end,
        };
        activation.snapshot(Update::new(), more)
    };
    let Some(mut commit) = commit else {
        return;
    };
    loop {
        let answer = keeper.store.commit(vec![commit]).await;
        let answer = answer.and_then(|outcomes| {
            let none = || StoreError::Unknown("no outcome came".to_owned());
            outcomes.into_iter().next().ok_or_else(none)
        });
        let after = gone.borrow_mut().answered(answer);
        let After::Again(again) = after else {
            return;
        };
        commit = again;
        tokio::time::sleep(RESEND_EVERY).await;
    }
}

//! Clears away what nodes that are over have left and nobody asks for again: documents of instances that are not persistent.
//!
//! Such an instance ends with its node, and its number is never used again. Its document, which says who runs it, would stay
//! for ever. Those of keyed entities stay on purpose: the epochs of a key rise over all of its lives.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_cluster::View;
use playhouse_store::{Claim, Claimed, Document, Owner, StoreError, Take};
use playhouse_wire::{EntityKey, EntityRef};
use tokio::time::Duration;

use super::keeper::Keeper;
use super::kind::Kind;
use super::shard::Shard;
use crate::descriptor::EntityKind;
use crate::persist::SWEEP_MAX;

/// How often it is looked at least: what failed is tried again.
const CLEAR_EVERY: Duration = Duration::from_secs(60);

impl Shard {
    /// Clears away at once, and then whenever a node is gone or found to be over, for as long as the node runs. One shard of
    /// a node does, and one node of a cluster for each type.
    pub(super) fn begin_clearing(self: &Rc<Self>) {
        let (Some(keeper), Some(cluster)) = (self.keeper().cloned(), self.clustered()) else {
            return;
        };
        if !self.kinds.iter().any(is_fleeting_instance) {
            return;
        }
        let mut views = cluster.seat.views();
        let mut found_over = self.found_over();
        let shard = Rc::clone(self);
        self.spawn(async move {
            while !keeper.stopping.get() && !keeper.closed.get() {
                let lives = lives(&views.borrow_and_update());
                if let Err(error) = shard.clear_fleeting(&keeper).await {
                    keeper.note_failure(&error, shard.refresh());
                }
                let gone = async {
                    loop {
                        if views.changed().await.is_err() {
                            // The last view stays.
                            std::future::pending::<()>().await;
                        }
                        if !lives.is_subset(&self::lives(&views.borrow_and_update())) {
                            return;
                        }
                    }
                };
                tokio::select! {
                    biased;
                    () = found_over.raised() => {}
                    () = gone => {}
                    () = tokio::time::sleep(CLEAR_EVERY) => {}
                }
            }
        });
    }

    async fn clear_fleeting(self: &Rc<Self>, keeper: &Rc<Keeper>) -> Result<(), StoreError> {
        for kind in self.kinds.iter().filter(|kind| is_fleeting_instance(kind)) {
            let of_type = EntityRef {
                package: kind.descriptor.package,
                number: kind.descriptor.number,
                slot: 0,
                key: EntityKey::default(),
            };
            if !self.is_first_choice(&of_type) {
                continue;
            }
            let Some(saved) = &kind.saved else { continue };
            let mut after = None;
            loop {
                let page = keeper
                    .store
                    .scan(saved.collection.clone(), after, SWEEP_MAX);
                let page = page.await?;
                let owners: BTreeSet<_> = page.iter().filter_map(owner_of).collect();
                let over = owners.into_iter().filter(|owner| self.is_over(owner));
                let over: BTreeSet<_> = over.collect();
                let left =
                    |document: &&Document| owner_of(document).is_some_and(|it| over.contains(it));
                for document in page.iter().filter(left) {
                    if self.stands().is_err() {
                        // A life whose lease is not granted claims nothing.
                        return Ok(());
                    }
                    self.clear_left(keeper, kind, document).await?;
                }
                match page.last() {
                    Some(last) if page.len() >= SWEEP_MAX => after = Some(last.id.key.clone()),
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// Deletes a document that a life of a node has left which is over.
    async fn clear_left(
        self: &Rc<Self>,
        keeper: &Rc<Keeper>,
        kind: &Kind,
        document: &Document,
    ) -> Result<(), StoreError> {
        let Some(over) = owner_of(document) else {
            return Ok(());
        };
        let claim = Claim {
            id: document.id.clone(),
            owner: keeper.owner(),
            seen: Some(document.header.epoch),
            take: Take::From(over.clone()),
            create: false,
            birth: 0,
        };
        // Whoever has taken it meanwhile sees to it.
        if let Claimed::Mine(document) = keeper.store.claim(claim).await?
            && let Ok(activation) = self.activation_of(keeper, kind, &document, keeper.owner())
        {
            self.clear_away(keeper, activation);
        }
        Ok(())
    }
}

fn is_fleeting_instance(kind: &Kind) -> bool {
    matches!(kind.descriptor.kind, EntityKind::Instance) && !kind.is_persistent()
}

fn owner_of(document: &Document) -> Option<&Owner> {
    document.header.owner.as_ref()
}

/// Which lives of nodes are there.
fn lives(view: &View) -> BTreeSet<(Arc<str>, u64)> {
    let members = view.members.values();
    members
        .map(|member| (Arc::clone(&member.name), member.incarnation))
        .collect()
}

//! What a shard does in a cluster because a node is over or its members change: singletons are claimed, though nobody calls.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_cluster::watch;
use playhouse_cluster::{Member, consistent};
use playhouse_store::Owner;
use playhouse_wire::{EntityKey, EntityRef};

use super::kind::Kind;
use super::loading::Manner;
use super::placement::entity_hash;
use super::shard::Shard;
use crate::call::Target;
use crate::descriptor::EntityKind;
use crate::persist::SWEEP_EVERY;

/// Hears when a life of a node is found to be over; never in a node alone.
pub(super) struct FoundOver(Option<watch::Receiver<u64>>);

impl FoundOver {
    /// Waits until another one is.
    pub(super) async fn raised(&mut self) {
        if let Some(found) = &mut self.0
            && found.changed().await.is_ok()
        {
            return;
        }
        // Nobody finds any more.
        std::future::pending().await
    }
}

impl Shard {
    pub(super) fn found_over(&self) -> FoundOver {
        FoundOver(self.clustered().map(|it| it.standing.found_over()))
    }

    /// Whether an owner is known to be over. One that is not among the cluster's members is doubted from now on.
    pub(super) fn is_over(self: &Rc<Self>, owner: &Owner) -> bool {
        let Some(cluster) = self.clustered() else {
            return false;
        };
        if cluster.standing.known_over(owner) {
            return true;
        }
        let view = cluster.seat.view();
        let member = view.get(&owner.node);
        if member.is_none_or(|member| member.incarnation != owner.incarnation) {
            let (standing, owner) = (cluster.standing.clone(), owner.clone());
            self.spawn(async move {
                // If it is over, whoever waits for that hears of it; if it is not, it is looked at again.
                let _ = standing.prove_over(owner).await;
            });
        }
        false
    }

    /// Claims singletons that this node is to run, now and whenever members or what is known of them change. One shard of a
    /// node does.
    pub(super) fn begin_claiming(self: &Rc<Self>) {
        let (Some(keeper), Some(cluster)) = (self.keeper().cloned(), self.clustered()) else {
            return;
        };
        let mut views = cluster.seat.views();
        let mut found_over = self.found_over();
        let shard = Rc::clone(self);
        self.spawn(async move {
            while !keeper.stopping.get() && !keeper.closed.get() {
                shard.claim_singletons();
                tokio::select! {
                    biased;
                    () = found_over.raised() => {}
                    changed = views.changed() => if changed.is_err() {
                        // The last view stays.
                        tokio::time::sleep(SWEEP_EVERY).await;
                    },
                    () = tokio::time::sleep(SWEEP_EVERY) => {}
                }
            }
        });
    }

    /// Claims singletons that hashing gives to this node and that nobody else runs.
    fn claim_singletons(self: &Rc<Self>) {
        for kind in &self.kinds {
            if !matches!(kind.descriptor.kind, EntityKind::Singleton) {
                continue;
            }
            let address = singleton(kind);
            if !self.is_first_choice(&address) {
                continue;
            }
            let Ok(home) = self.home_of(&Target::Entity(address.clone())) else {
                continue;
            };
            self.do_on(home, move |shard| {
                let Some(kind) = shard.find_kind(address.package, address.number) else {
                    return;
                };
                if let Err(failure) = shard.live_as(kind, &address.key, Manner::WANTED) {
                    tracing::debug!(%failure, entity = kind.descriptor.head.name, "a singleton can't begin");
                }
            });
        }
    }

    /// Whether this node is the one to run an entity that nobody runs.
    pub(super) fn is_first_choice(&self, entity: &EntityRef) -> bool {
        let Some(cluster) = self.clustered() else {
            return false;
        };
        if cluster.seat.me().draining {
            return false;
        }
        let view = cluster.seat.view();
        let members = view.with_entity(entity.package, entity.number);
        let alive = |member: &&Arc<Member>| {
            let owner = Owner {
                node: Arc::clone(&member.name),
                incarnation: member.incarnation,
            };
            !cluster.standing.known_over(&owner)
        };
        let chosen = consistent(members.iter().filter(alive), entity_hash(entity));
        chosen.is_some_and(|member| *member.name == *self.node)
    }
}

fn singleton(kind: &Kind) -> EntityRef {
    EntityRef {
        package: kind.descriptor.package,
        number: kind.descriptor.number,
        slot: 0,
        key: EntityKey::default(),
    }
}

//! Looks for documents that want to be run though nobody calls: with messages in their outbox, or with a time that has come.

use std::rc::Rc;

use playhouse_store::{DocumentId, Header, Owner, Sweep, key_from_text};
use playhouse_wire::EntityRef;

use super::cell::Hosted;
use super::keeper::Keeper;
use super::loading::Manner;
use super::route::Home;
use super::shard::Shard;
use crate::call::Target;
use crate::persist::{OUTBOXES, SWEEP_EVERY, SWEEP_MAX};

/// Times that come before the next look but one are known before they come.
const HORIZON_US: i64 = 10_000_000;

/// How many looks there are to one that finds the node's own documents too. A claim that was given up may be done later:
/// then the node has a document that nobody runs.
const LOOKS_TO_OWN: u32 = 4;

impl Shard {
    /// Looks at once and then every few seconds, for as long as the node runs. One shard of a node does.
    pub(super) fn begin_sweeping(self: &Rc<Self>) {
        let Some(keeper) = self.keeper().cloned() else {
            return;
        };
        let shard = Rc::clone(self);
        let mut found_over = self.found_over();
        self.spawn(async move {
            for look in 1_u32.. {
                if keeper.stopping.get() || keeper.closed.get() {
                    return;
                }
                let except = if look.is_multiple_of(LOOKS_TO_OWN) {
                    nobody()
                } else {
                    keeper.owner()
                };
                shard.sweep(&keeper, except).await;
                tokio::select! {
                    biased;
                    // What a node had that is over is looked for at once.
                    () = found_over.raised() => {}
                    () = tokio::time::sleep(SWEEP_EVERY) => {}
                }
            }
        });
    }

    async fn sweep(self: &Rc<Self>, keeper: &Keeper, except: Owner) {
        let sweep = Sweep {
            now_us: self.env.utc().as_micros().saturating_add(HORIZON_US),
            except,
            limit: SWEEP_MAX,
        };
        match keeper.store.sweep(sweep).await {
            Ok(found) => {
                for (id, header) in found {
                    if self.may_take(keeper, &header) {
                        self.begin_found(&id, &header);
                    }
                }
            }
            Err(error) => keeper.note_failure(&error, self.refresh()),
        }
    }

    /// Whether a document is nobody's: its owner is known to be dead.
    fn may_take(self: &Rc<Self>, keeper: &Keeper, header: &Header) -> bool {
        let Some(owner) = &header.owner else {
            return true;
        };
        match self.clustered() {
            Some(_) => self.is_over(owner),
            // An earlier life of this node is over.
            None => keeper.exclusive || owner.node == keeper.owner().node,
        }
    }

    /// Runs the entity of a document, on the shard where it lives.
    fn begin_found(self: &Rc<Self>, id: &DocumentId, header: &Header) {
        if &*id.collection == OUTBOXES {
            return self.adopt_outbox(id, header.owner.clone());
        }
        let kind = self.kinds.iter().find(|kind| {
            let saved = kind.saved.as_ref();
            saved.is_some_and(|saved| saved.collection == id.collection)
        });
        let (Some(kind), Some(key)) = (kind, key_from_text(&id.key)) else {
            return;
        };
        let address = EntityRef {
            package: kind.descriptor.package,
            number: kind.descriptor.number,
            slot: 0,
            key,
        };
        let home = match self.home(&Target::Entity(address.clone())) {
            Ok(Home::Here) => self.index,
            Ok(Home::Shard(shard)) => shard,
            Err(_) => return,
        };
        let (birth, epoch) = (header.birth, header.epoch);
        self.do_on(home, move |shard| {
            let Some(kind) = shard.find_kind(address.package, address.number) else {
                return;
            };
            if let Some(cell) = kind.find(&address.key) {
                shard.end_if_overtaken(&cell, birth, epoch);
            }
            if let Err(failure) = shard.live_as(kind, &address.key, Manner::found(epoch)) {
                tracing::debug!(%failure, key = ?address.key, "an entity that was found can't begin");
            }
        });
    }

    /// Something says that an entity is run elsewhere by now: looks, and ends it if that is so. One that changes nothing
    /// would never hear of it.
    pub(super) fn doubt(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let (Some(keeper), Some(persisted)) = (self.keeper(), cell.header().persisted()) else {
            return;
        };
        let Some(id) = self.activation(cell, |it| it.id().clone()) else {
            return;
        };
        if persisted.doubted.replace(true) {
            return;
        }
        let found = keeper.store.read(id);
        let (shard, cell) = (Rc::clone(self), Rc::clone(cell));
        self.spawn(async move {
            let found = found.await;
            persisted.doubted.set(false);
            if let Ok(Some(document)) = found {
                let Header { birth, epoch, .. } = document.header;
                shard.end_if_overtaken(&cell, birth, epoch);
            }
        });
    }

    /// Ends an entity if its document has a later epoch than it: it is run no longer, though nothing has told it so yet.
    fn end_if_overtaken(self: &Rc<Self>, cell: &Rc<dyn Hosted>, birth: u64, epoch: u64) {
        let overtaken = self.activation(cell, |it| it.birth() == birth && it.epoch() < epoch);
        if let (Some(true), Some(persisted)) = (overtaken, cell.header().persisted()) {
            self.overtaken(cell, &persisted);
        }
    }
}

/// No node has no name.
fn nobody() -> Owner {
    Owner {
        node: "".into(),
        incarnation: 0,
    }
}

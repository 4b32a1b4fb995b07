//! Persistence of entities: what is saved, when, and how a save fails.
//!
//! An entity is persistent if it is keyed, a singleton, one a node or an instance, and has a `@persist` property (not
//! only in `@transient` slots), a durable oneway or a durable timer. On a node with a store ([`NodeBuilder::store`])
//!
//! - its first use *claims* its document and fills its properties; calls wait meanwhile. If the store can't be reached
//!   they fail as `Unreachable`, not executed;
//! - what its handlers change is saved at the node's interval ([`SAVE_EVERY`]) or that of the property
//!   (`@persist(every: 30s)`), when its client is lost, when the node stops, and at once by [`Cx::save`]. Only what
//!   changed is written, down to the entries of maps and sets;
//! - if it panics, or if another node took it over, what was not saved is discarded, and the next use claims it anew.
//!
//! So a crash loses at most what changed since the last save: one interval, and the time that the store takes.
//!
//! While the store does not answer, entities go on in memory. Once [`UNSAVED_MAX`] entities of a shard wait to be saved,
//! further calls of persistent entities are refused as `Overloaded`. Nothing is given up: commits are sent again until
//! they are answered, or until the node has stopped, which says how many were left.
//!
//! [`NodeBuilder::store`]: crate::NodeBuilder::store
//! [`Cx::save`]: crate::Cx::save

mod merge;
mod problem;

use playhouse_store::{Collection, Path};

use crate::descriptor::{self, EntityKind};
use crate::document;

pub(crate) use merge::{merge, split, touches, without};
pub use problem::SaveError;

/// How long a change may wait to be saved, if neither the node nor the property says.
pub const SAVE_EVERY: std::time::Duration = std::time::Duration::from_secs(8);

/// Most entities of a shard that may wait to be saved while the store does not answer; then calls of persistent
/// entities are refused.
pub const UNSAVED_MAX: usize = 100_000;

/// For how long nothing uses a persistent entity before it gives its memory back, if the node says nothing else.
pub const IDLE_AFTER: std::time::Duration = std::time::Duration::from_secs(600);

/// Most commits of a shard that are on their way at a time; further ones wait for these. So many share the store's batches;
/// more would only stand before what others ask, and what is asked later.
pub const COMMITS_MAX: usize = 256;

/// Most entities of a shard that are being claimed at a time; further ones wait for these.
pub const CLAIMING_MAX: usize = 256;

/// How long [`Cx::save`](crate::Cx::save) waits for a store that does not answer. What it was to save is not given up.
pub const SAVE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// How often a claim is sent whose outcome is not known.
pub const CLAIMS_MAX: u32 = 3;

/// How often a node looks for documents that want to be run though nobody calls.
pub const SWEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// Most documents that a node takes from one look.
pub const SWEEP_MAX: usize = 1000;

/// Where messages stand that were sent by nobody persistent: a collection that every store has.
pub const OUTBOXES: &str = "playhouse.Outbox";

/// Where the leases of a cluster's nodes stand: a collection that every store has.
pub const NODES: &str = playhouse_store::LEASES;

/// Whether entities of a type are persistent.
pub(crate) fn is_persistent(entity: &descriptor::Entity) -> bool {
    if let EntityKind::Local(_) = entity.kind {
        return false;
    }
    let slots = || entity.slots.iter();
    let persists = |property: &descriptor::Property| property.persist.is_some();
    let durable = |call: &descriptor::Call| call.durable;
    entity.properties.iter().any(persists)
        || entity.calls.iter().any(durable)
        || slots().any(|slot| slot.component.calls.iter().any(durable))
        || slots()
            .filter(|slot| !slot.transient)
            .any(|slot| slot.component.properties.iter().any(persists))
}

/// The collections that a node with these entity types needs.
pub(crate) fn collections(
    entities: impl IntoIterator<Item = &'static descriptor::Entity>,
) -> Vec<Collection> {
    let persistent = entities.into_iter().filter(|entity| is_persistent(entity));
    let mut collections = document::collections(persistent);
    for name in [OUTBOXES, NODES] {
        collections.push(Collection {
            name: name.into(),
            indexes: Vec::new(),
        });
    }
    collections
}

/// The name of the property at a path of an entity type's documents; nothing if there is none.
pub(crate) fn property_at(entity: &descriptor::Entity, path: &Path) -> &'static str {
    let own = entity.properties.iter().map(|property| (0, property));
    let slots = entity.slots.iter().flat_map(|slot| {
        let properties = slot.component.properties.iter();
        properties.map(|property| (slot.tag, property))
    });
    let mut all = own.chain(slots);
    let found = all.find(|(slot, property)| {
        document::property_place(entity, *slot, property).as_ref() == Some(path)
    });
    found.map_or("", |(_, property)| property.member.name)
}

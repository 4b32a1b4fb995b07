//! Durable oneways: sent with the change that caused them, delivered until they have taken effect, and once only.
//!
//! A handler's durable oneway becomes a row of its entity's outbox (`sending`), part of the commit of what the handler
//! changed. Once that commit lasts, the row is delivered (`delivery`) to the shard of its receiver, where it waits for its
//! turn like a call (`inbox`), runs, and is marked in the receiver's document, in one commit with its effect. The mark
//! acknowledges the row. What is lost on the way is sent again (`resend`). To a receiver on another node it travels as a call
//! would (`travel`). Who sends without having a document of its own,
//! as services do, sends through the outbox of the shard (`outbox`). A committed rpc (`held`) sends what it sends once its
//! entity is saved.
//!
//! The protocol itself is `playhouse_store::durable`, and its rules stand in `docs/durable.md`. What travels here may be lost,
//! doubled and late.

mod delivery;
mod form;
mod held;
mod inbox;
mod outbox;
mod refusal;
mod resend;
mod sending;
mod timers;
mod travel;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use playhouse_store::DocumentId;
use playhouse_wire::EntityKey;
use rustc_hash::FxHashMap;

pub use held::HELD_MAX;
pub(super) use held::Held;
pub use inbox::{DELIVERIES_MAX, POISON_ATTEMPTS_MAX};
pub use refusal::Refusal;
pub use resend::{RESEND_MAX, RESEND_US};
pub(super) use travel::DELIVER;
pub use travel::SENDERS_MAX;

use super::calls::CallId;
use super::cell::Hosted;
use super::kind::Kind;
use super::shard::Shard;
use crate::descriptor::{self, Declaration};
use crate::document;
use crate::persist;

/// What a shard knows of durable oneways.
#[derive(Default)]
pub(super) struct Durable {
    /// Types by the name of their collection.
    collections: OnceCell<FxHashMap<String, u32>>,
    /// All types of the schema, by the name of their collection.
    types: OnceCell<FxHashMap<String, &'static descriptor::Entity>>,
    /// Deliveries that wait for their turn, by type and key of the receiver.
    inboxes: RefCell<FxHashMap<(u32, EntityKey), inbox::Inbox>>,
    /// How often the handler of a delivery has panicked.
    attempts: RefCell<BTreeMap<inbox::Attempted, u32>>,
    /// How often durable timers have panicked, by document and number.
    timer_panics: RefCell<BTreeMap<(DocumentId, u64), u32>>,
    /// Entities with rows that nobody has acknowledged.
    pending: RefCell<Vec<Weak<dyn Hosted>>>,
    /// Whether a look at them is set.
    resending: Cell<bool>,
    /// Outboxes of shards, by document: this shard's own, and those that nobody else runs any more.
    outboxes: RefCell<BTreeMap<DocumentId, Rc<outbox::Outbox>>>,
    /// The nodes of senders that are not of this one.
    senders: RefCell<FxHashMap<DocumentId, Arc<str>>>,
    /// What committed rpcs keep back until their entity is saved.
    held: RefCell<FxHashMap<CallId, Vec<Held>>>,
}

/// What a persistent entity knows of durable oneways besides its activation.
#[derive(Default)]
pub(super) struct EntityDurable {
    /// The call that sent last.
    sender: Option<CallId>,
    /// Whether it stands among those with rows that nobody has acknowledged.
    listed: bool,
    /// Up to which numbers rows had been sent at the last look.
    looked: FxHashMap<DocumentId, u64>,
    /// How many looks ago something was acknowledged.
    quiet: u32,
}

impl Durable {
    /// How many entities have rows that nobody has acknowledged, as of the last look.
    pub(super) fn senders(&self) -> usize {
        self.pending.borrow().len()
    }
}

impl Shard {
    /// The entity type with this collection, whoever runs it.
    fn type_of(&self, collection: &str) -> Option<&'static descriptor::Entity> {
        if let Some(kind) = self.kind_of(collection) {
            return Some(kind.descriptor);
        }
        let schema = self.schema.get()?;
        let types = self.durable.types.get_or_init(|| {
            let packages = schema.packages.iter();
            let declared = packages.flat_map(|package| package.declarations());
            let entities = declared.filter_map(|declaration| match declaration {
                Declaration::Entity(entity) => Some(*entity),
                _ => None,
            });
            entities
                .map(|entity| (document::collection(entity), entity))
                .collect()
        });
        types.get(collection).copied()
    }

    /// The entity type with this collection, if this node runs it.
    fn kind_of(&self, collection: &str) -> Option<&Kind> {
        let collections = self.durable.collections.get_or_init(|| {
            let kinds = self.kinds.iter();
            let persistent = kinds.filter(|kind| persist::is_persistent(kind.descriptor));
            persistent
                .map(|kind| (document::collection(kind.descriptor), kind.index))
                .collect()
        });
        collections.get(collection).map(|index| self.kind(*index))
    }

    /// The type and the key of the entity with this document.
    fn entity_of(&self, id: &DocumentId) -> Option<(&Kind, EntityKey)> {
        let kind = self.kind_of(&id.collection)?;
        Some((kind, playhouse_store::key_from_text(&id.key)?))
    }

    /// The date, in microseconds since 1970.
    fn utc_us(&self) -> i64 {
        self.env.utc().as_micros()
    }
}

//! Entities across nodes: who runs one, and the calls of this node to those that others run.
//!
//! All calls of a node to one entity come together on one of its shards, the entity's home there. It knows whether the
//! entity is live here, and then they run as in a node alone. Otherwise they are *placed*: written down (`placed`), queued
//! in the caller's machine of that entity (`table`), which says when to ask who runs it (`asking`) and when to send what
//! (`sending`). The owner's side answers who asks (`locating`), and takes a call that names an epoch only with that very
//! activation (`admission`).
//!
//! Limits: [`LOCATIONS_MAX`] entities are remembered by a shard, [`PLACED_MAX`] calls of it wait or are underway,
//! [`LOCATES_MAX`] questions wait for one claim.

mod admission;
mod asking;
mod departing;
mod internal;
mod locating;
mod placed;
mod sending;
mod sight;
mod table;

use std::fmt;

use playhouse_cluster::Seat;
use playhouse_cluster::placement::{Rule, Rules};
use playhouse_wire::KeyPart;

use super::kind::Kind;
use super::shard::Shard;
use crate::call::Target;
use crate::descriptor::EntityKind;
use crate::standing::Standing;

pub(super) use asking::entity_hash;
pub(super) use departing::{Decoded, decode_nothing};
pub(super) use internal::INTERNAL_SLOT;
pub(crate) use internal::Whereabouts;
pub(super) use locating::Unclaimed;
pub(super) use placed::Placed;
pub(super) use table::{Entry, Placements};

pub use locating::LOCATES_MAX;
pub use placed::PLACED_MAX;
pub use table::LOCATIONS_MAX;

/// A node's place in its cluster, as its shards use it.
pub(crate) struct Clustered {
    /// Who is there.
    pub(crate) seat: Seat,
    /// Whether this node may run what it owns.
    pub(crate) standing: Standing,
    /// The rules of placement: all of them, but where a test plants a bug.
    pub(crate) rules: Rules,
}

impl Shard {
    /// Makes the node of this shard one of a cluster. To be called before the shard starts; a second call does nothing.
    pub(crate) fn set_cluster(&self, clustered: Clustered) {
        let _ = self.cluster.set(clustered);
    }

    /// The node's place in its cluster, if it has one.
    #[inline]
    pub(crate) fn clustered(&self) -> Option<&Clustered> {
        self.cluster.get()
    }

    /// Whether a rule is kept that is the host's to keep: all are, but where a test plants a bug.
    pub(crate) fn keeps(&self, rule: Rule) -> bool {
        self.clustered().is_none_or(|it| it.rules.has(rule))
    }

    /// Whether entities of this type have an owner among the nodes: all but those that each node has for itself, and those
    /// that live in others.
    pub(super) fn is_placed(&self, kind: &Kind) -> bool {
        let owned = matches!(
            kind.descriptor.kind,
            EntityKind::Keyed(_) | EntityKind::Singleton | EntityKind::Instance
        );
        owned && self.clustered().is_some()
    }

    /// Why this node takes on no entities of a type now, if so: a member that is behind runs them, and could not follow.
    pub(super) fn left_to_others(&self, kind: &Kind) -> Option<std::sync::Arc<str>> {
        let cluster = self.clustered()?;
        let view = cluster.seat.view();
        let me = view.get(&self.node)?;
        let of = (kind.descriptor.package, kind.descriptor.number);
        me.strange_in(of)
            .map(|strange| std::sync::Arc::clone(&strange.why))
    }

    /// Whether a call is to be placed: its entity is not live here, or older calls of this node are still on their way to it.
    #[inline]
    pub(super) fn is_elsewhere(&self, target: &Target) -> bool {
        self.clustered().is_some() && self.is_elsewhere_in_cluster(target)
    }

    fn is_elsewhere_in_cluster(&self, target: &Target) -> bool {
        let Target::Entity(address) = target else {
            return false;
        };
        match self.find_kind(address.package, address.number) {
            None => true,
            Some(kind) if self.is_placed(kind) => {
                kind.find(&address.key).is_none()
                    || self.placements.is_busy(address) && self.keeps(Rule::OneLine)
            }
            Some(kind) => {
                let own = matches!(kind.descriptor.kind, EntityKind::PerNode);
                own && !matches!(address.key.parts(), [KeyPart::Text(node)] if **node == *self.node)
            }
        }
    }
}

impl fmt::Debug for Clustered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clustered")
            .field("seat", &self.seat)
            .finish_non_exhaustive()
    }
}

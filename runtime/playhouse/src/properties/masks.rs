//! Sets of properties that the descriptor decides, worked out while the program is compiled.

use super::Tags;
use crate::descriptor::{Audience, AudienceKind, Property};

/// The tags of the properties for which `$keep` holds; a closure can't be called in a constant.
macro_rules! tags_where {
    ($properties:expr, $property:ident => $keep:expr) => {{
        let mut tags = Tags::NONE;
        let mut rest = $properties;
        while let Some(($property, others)) = rest.split_first() {
            if $keep {
                tags = tags.with($property.member.tag);
            }
            rest = others;
        }
        tags
    }};
}

pub(super) const fn persisted(properties: &[Property]) -> Tags {
    tags_where!(properties, property => property.persist.is_some())
}

pub(super) const fn moved(properties: &[Property]) -> Tags {
    tags_where!(properties, property => property.persist.is_some() || property.handoff)
}

pub(super) const fn synced(properties: &[Property]) -> Tags {
    tags_where!(properties, property => property.sync.is_some())
}

/// For the audiences that need no declaration.
pub(super) const fn synced_to(properties: &[Property], audience: &Audience) -> Tags {
    tags_where!(properties, property => match &property.sync {
        Some(sync) => matches!(
            (&sync.audience, audience),
            (Audience::Owner, Audience::Owner)
                | (Audience::All, Audience::All)
                | (Audience::Others, Audience::Others)
                | (Audience::Near, Audience::Near)
        ),
        None => false,
    })
}

/// Declarations are compared by name, since a copy of a static has no address to rely on.
pub(super) fn synced_to_named(properties: &[Property], audience: &AudienceKind) -> Tags {
    tags_where!(properties, property => match &property.sync {
        Some(sync) => match sync.audience {
            Audience::Named(named) => {
                named.head.name == audience.head.name && named.head.package == audience.head.package
            }
            _ => false,
        },
        None => false,
    })
}

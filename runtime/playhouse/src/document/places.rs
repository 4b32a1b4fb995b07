//! Where things stand: collections, sections, indexes.

use std::sync::Arc;

use playhouse_store::{Collection, DocumentId, Index, Path, key_to_text};
use playhouse_wire::EntityKey;

use super::{BODY, stored_name};
use crate::descriptor::{Entity, Property};

/// The collection of an entity type's documents: its package and its stored name.
#[must_use]
pub fn collection(entity: &Entity) -> String {
    let head = &entity.head;
    format!(
        "{}.{}",
        head.package,
        stored_name(head.name, &head.attributes)
    )
}

/// The document of an entity.
#[must_use]
pub fn document_id(entity: &Entity, key: &EntityKey) -> DocumentId {
    DocumentId::new(collection(entity), key_to_text(key))
}

/// Where the properties of a slot stand, those of the entity itself being in slot 0. None for a slot that is `@transient`, or
/// that there isn't.
#[must_use]
pub fn place(entity: &Entity, slot: u8) -> Option<Path> {
    if slot == 0 {
        return Some(Path::of([BODY]));
    }
    let slot = entity.slot_by_tag(slot).filter(|found| !found.transient)?;
    let name = stored_name(slot.name, &slot.attributes);
    Some(Path::of([BODY, name]))
}

/// Where a property stands. None if it is not persisted.
#[must_use]
pub fn property_place(entity: &Entity, slot: u8, property: &Property) -> Option<Path> {
    let section = place(entity, slot).filter(|_| property.persist.is_some())?;
    let member = &property.member;
    Some(section.and(stored_name(member.name, &member.attributes)))
}

/// The properties by which entities of a type can be found, with their slots; 0 is the entity itself.
pub fn indexed(entity: &'static Entity) -> impl Iterator<Item = (u8, &'static Property)> {
    let own = entity.properties.iter().map(|property| (0, property));
    let of_slots = entity.slots.iter().filter(|slot| !slot.transient);
    let of_slots = of_slots.flat_map(|slot| {
        let properties = slot.component.properties.iter();
        properties.map(|property| (slot.tag, property))
    });
    own.chain(of_slots)
        .filter(|(_, property)| property.persist.is_some() && (property.index || property.unique))
}

/// The collections of these entity types, with their indexes, as a store is opened with.
#[must_use]
pub fn collections(entities: impl IntoIterator<Item = &'static Entity>) -> Vec<Collection> {
    let of_one = |entity: &'static Entity| {
        let indexes = indexed(entity).filter_map(|(slot, property)| {
            Some(Index {
                path: property_place(entity, slot, property)?,
                unique: property.unique,
            })
        });
        Collection {
            name: Arc::from(collection(entity)),
            indexes: indexes.collect(),
        }
    };
    entities.into_iter().map(of_one).collect()
}

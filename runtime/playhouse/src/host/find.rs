//! Entities by what is stored of them.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use playhouse_store::{Find, StoreError, key_from_text};
use playhouse_wire::{Encode, EntityRef, Ref};

use super::Cx;
use crate::call::{Failure, FailureKind};
use crate::document;
use crate::logic::EntitySchema;
use crate::numbered::Numbered;

/// What a finder of an entity type comes to.
pub type Finding<T> = Pin<Box<dyn Future<Output = Result<T, Failure>>>>;

/// How long a finder waits for a store that does not answer.
pub const FIND_PATIENCE: Duration = Duration::from_secs(5);

/// The entity whose property `tag` of `slot` (0: its own) has this value. Generated finders call it.
#[doc(hidden)]
pub fn find_one<E: EntitySchema + Numbered + playhouse_wire::value::Target>(
    cx: &Cx,
    slot: u8,
    tag: u8,
    value: &(impl Encode + ?Sized),
) -> Finding<Option<Ref<E>>> {
    let found = find_all(cx, slot, tag, value, 1);
    Box::pin(async move { Ok(found.await?.pop()) })
}

/// Entities whose property `tag` of `slot` (0: their own) has this value. Generated finders call it.
#[doc(hidden)]
pub fn find_all<E: EntitySchema + Numbered + playhouse_wire::value::Target>(
    cx: &Cx,
    slot: u8,
    tag: u8,
    value: &(impl Encode + ?Sized),
    limit: usize,
) -> Finding<Vec<Ref<E>>> {
    let failed =
        |failure: Failure| -> Finding<Vec<Ref<E>>> { Box::pin(std::future::ready(Err(failure))) };
    let entity = E::descriptor();
    let mut indexed = document::indexed(entity);
    let property = indexed.find(|(at, property)| *at == slot && property.member.tag == tag);
    let path = property.and_then(|(_, it)| Some((it, document::property_place(entity, slot, it)?)));
    let Some((property, path)) = path else {
        let text = "the property has no index: generate the schema's code anew";
        return failed(Failure::not_executed(FailureKind::Internal).because(text));
    };
    let value = match document::index_value(property, value) {
        Ok(value) => value,
        Err(error) => {
            let failure = Failure::not_executed(FailureKind::Invalid);
            return failed(failure.because(error.to_string()));
        }
    };
    let Some(keeper) = cx.shard().keeper() else {
        let text = "the node has no store to find entities in: give its builder `.store(..)`";
        return failed(Failure::not_executed(FailureKind::Unimplemented).because(text));
    };
    let found = keeper.store.find(Find {
        collection: document::collection(entity).into(),
        path,
        value,
        limit,
    });
    Box::pin(async move {
        let found = tokio::time::timeout(FIND_PATIENCE, found).await;
        let found = found.map_err(|_| {
            Failure::not_executed(FailureKind::Timeout).because("the store does not answer")
        })?;
        let found = found.map_err(|error| not_found(&error))?;
        // Keys that are none stand for no entity.
        let refs = found.iter().filter_map(|id| {
            let address = EntityRef {
                package: E::PACKAGE,
                number: E::NUMBER,
                slot: 0,
                key: key_from_text(&id.key)?,
            };
            Ref::new(address).ok()
        });
        Ok(refs.collect())
    })
}

/// Looking changes nothing.
fn not_found(error: &StoreError) -> Failure {
    Failure::not_executed(FailureKind::Unreachable).because(error.to_string())
}

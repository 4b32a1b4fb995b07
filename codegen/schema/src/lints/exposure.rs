//! Lints of what clients can call.

use super::{Context, Found};
use crate::model::{Call, EntityKind, Shape, Type};

/// Names of parameters that most likely mean the caller.
const CALLER_NAMES: [&str; 10] = [
    "caller",
    "caller_id",
    "my_id",
    "player_id",
    "session",
    "session_id",
    "account_id",
    "sender",
    "sender_id",
    "user_id",
];

/// The caller is known from the session; as a parameter it could be anybody.
pub(super) fn caller_parameter(context: &Context<'_>, found: &mut Found) {
    let model = context.model;
    let mut look = |calls: &[Call], keys: &[Type]| {
        for call in calls.iter().filter(|call| call.exposed.is_some()) {
            for param in &call.params {
                let is_key = keys.len() == 1
                    && matches!(param.ty.shape, Shape::Named(_))
                    && param.ty.shape == keys[0].shape
                    && matches!(param.name.as_str(), "id" | "key" | "me" | "owner");
                if CALLER_NAMES.contains(&param.name.as_str()) || is_key {
                    let message = format!(
                        "`{}` of the exposed call `{}` looks like the caller",
                        param.name, call.name
                    );
                    found.push(found.warning(param.span, message).help(
                        "remove it: the caller is the session's entity, which a handler gets from its context; rename it if it is somebody else",
                    ));
                }
            }
        }
    };
    for component in &model.components {
        look(&component.calls, &[]);
    }
    for entity in &model.entities {
        let keys: &[Type] = match &entity.kind {
            EntityKind::Keyed(keys) => keys,
            _ => &[],
        };
        look(&entity.calls, keys);
    }
    for service in &model.services {
        look(&service.calls, &[]);
    }
}

/// Clients are bound to keyed entities and instances; nothing exposed elsewhere is ever reached.
pub(super) fn exposed_unreachable(context: &Context<'_>, found: &mut Found) {
    let model = context.model;
    for entity in &model.entities {
        let kind = match entity.kind {
            EntityKind::Singleton => "a singleton",
            EntityKind::PerNode => "one per node",
            _ => continue,
        };
        let own = entity.calls.iter().map(|call| (call, call.span));
        let slots = entity
            .slots
            .iter()
            .filter(|slot| !slot.hidden)
            .flat_map(|slot| {
                let component = &model.components[slot.component.0 as usize];
                component.calls.iter().map(|call| (call, slot.span))
            });
        for (call, span) in own.chain(slots).filter(|(call, _)| call.exposed.is_some()) {
            let message = format!(
                "`{}` is exposed, but `{}` is {kind}: no client is ever bound to it",
                call.name, entity.head.name
            );
            found.push(found.warning(span, message).help(
                "let clients call their own entity or a service, which then calls this one; mark a slot `@hidden`",
            ));
        }
    }
}

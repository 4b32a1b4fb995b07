//! Rules of components, entities and services.

use playhouse_syntax::{Diagnostic, Span, suggest};

use crate::codes;

pub(crate) fn requires_cycle(span: Span, path: &str) -> Diagnostic {
    Diagnostic::error(
        codes::REQUIRES_CYCLE,
        span,
        format!("components require one another in a circle: {path}"),
    )
    .help("their lifecycle has no first: take what both need into a third component")
}

pub(crate) fn requires_unfilled(
    span: Span,
    entity: &str,
    component: &str,
    lacks: &str,
    at: Span,
) -> Diagnostic {
    Diagnostic::error(
        codes::REQUIRES_UNFILLED,
        span,
        format!("`{component}` requires `{lacks}`, and `{entity}` has none"),
    )
    .also(at, "required here")
    .help(format!(
        "add a slot: `has {}: {lacks};`",
        lacks.to_lowercase()
    ))
}

pub(crate) fn entity_kind(span: Span, found: &str) -> Diagnostic {
    let known = ["keyed", "instance", "singleton", "per_node", "local"];
    let error = Diagnostic::error(
        codes::ENTITY_KIND,
        span,
        format!("`{found}` is no kind of entity"),
    );
    match suggest::nearest(found, known) {
        Some(near) => error.label(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            false,
            span,
            near,
        ),
        None => error
            .help("kinds are keyed(Key), instance, singleton, per_node and local")
            .note("entities inherit nothing: what they share is a component"),
    }
}

pub(crate) fn entity_key(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::ENTITY_KEY, span, message)
        .help("write `keyed(AccountId)`: one to four integers, strings, uuids, enums or newtypes of these, not optional")
}

pub(crate) fn entity_role(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::ENTITY_ROLE, span, message)
        .help("every entity but a local one, and every service, names the role whose nodes run it: `on lobby`")
}

pub(crate) fn entity_container(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::ENTITY_CONTAINER, span, message)
        .help("a local entity lives in another one that has an address: `entity 23 Flyer: local in Battle`")
}

pub(crate) fn slot_type(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::SLOT_TYPE,
        span,
        "a slot is filled by one component, without arguments, bound or `?`",
    )
    .help("write `has 1 bag: Inventory;`")
}

pub(crate) fn position_count(span: Span, entity: &str, positions: &[Span]) -> Diagnostic {
    let mut error = Diagnostic::error(
        codes::POSITION_COUNT,
        span,
        if positions.is_empty() {
            format!("`near` needs a position, and `{entity}` has none")
        } else {
            format!(
                "`near` needs exactly one position, and `{entity}` has {}",
                positions.len()
            )
        },
    );
    for &at in positions {
        error = error.also(at, "a position");
    }
    error.help("mark one property of the entity or of its components: `1 pos: Vec3 @position;`")
}

pub(crate) fn position_type(span: Span, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::POSITION_TYPE,
        span,
        format!("a position is a Vec2 or a Vec3, not `{shown}`"),
    )
    .help("import it: `use playhouse.math.Vec3;`")
}

pub(crate) fn required_unfilled(
    span: Span,
    entity: &str,
    kind: &str,
    property: &str,
    at: Span,
) -> Diagnostic {
    Diagnostic::error(
        codes::REQUIRED_UNFILLED,
        span,
        format!("`{entity}` is {kind}, nobody creates it, and `{property}` has no default"),
    )
    .also(at, "needs a value from its creator")
    .help("give the property a default or make it optional")
}

pub(crate) fn service_state(span: Span, service: &str) -> Diagnostic {
    Diagnostic::error(
        codes::SERVICE_STATE,
        span,
        format!("service `{service}` can't have properties or slots"),
    )
    .help("a service keeps no state; use `entity ...: singleton` for state of which there is one")
}

pub(crate) fn local_calls(span: Span, entity: &str) -> Diagnostic {
    Diagnostic::error(
        codes::LOCAL_CALLS,
        span,
        format!("`{entity}` is local: nobody can call it"),
    )
    .help(
        "call its container, or make it an `instance`; a slot with exposed calls can be `@hidden`",
    )
}

pub(crate) fn local_persist(span: Span, property: &str, entity: &str) -> Diagnostic {
    Diagnostic::error(
        codes::LOCAL_PERSIST,
        span,
        format!("`{property}` can't be persisted: `{entity}` is local and has no document"),
    )
    .help("keep it in the container's properties, or remove `@persist`")
}

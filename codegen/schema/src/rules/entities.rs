//! Rules of components, entities and services.

use playhouse_syntax::{Diagnostic, Span, suggest};

use crate::codes;

pub(crate) fn requires_cycle(span: Span, path: &str) -> Diagnostic {
    Diagnostic::error(
        codes::REQUIRES_CYCLE,
        span,
        format!("components require one another in a circle: {path}"),
    )
    .help("none of them could start first: move what both need into a third component that both require")
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
        super::names::snake_case(lacks)
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

pub(crate) fn entity_key(span: Span, message: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::error(codes::ENTITY_KEY, span, message).help(help)
}

pub(crate) fn entity_role(span: Span, message: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::error(codes::ENTITY_ROLE, span, message).help(help)
}

pub(crate) fn entity_container(span: Span, message: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::error(codes::ENTITY_CONTAINER, span, message).help(help)
}

/// `in_component`: the slot is a component's, which has none.
pub(crate) fn slot_type(span: Span, in_component: bool) -> Diagnostic {
    if in_component {
        return Diagnostic::error(codes::SLOT_TYPE, span, "a component has no slots").help(
            "name what it needs beside it: `component 2 Bag requires Wallet`; the entity has both",
        );
    }
    Diagnostic::error(
        codes::SLOT_TYPE,
        span,
        "a slot holds exactly one component, without arguments, bound or `?`",
    )
    .help("write `has 1 bag: Inventory;`, and a second slot for a second one")
}

/// `user` is what needs the position.
pub(crate) fn position_count(
    span: Span,
    entity: &str,
    user: Span,
    positions: &[Span],
) -> Diagnostic {
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
    error = error.also(user, "this goes to `near`");
    for &at in positions {
        error = error.also(at, "a position");
    }
    error.help("mark one property of the entity or of its components: `1 at: Vec3 @position;`")
}

pub(crate) fn position_type(span: Span, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::POSITION_TYPE,
        span,
        format!("a position is a Vec2 or a Vec3, not `{shown}`"),
    )
    .help("write `1 at: Vec3 @position;`, with `use playhouse.math.Vec3;` above")
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
        format!("`{entity}` is {kind}, which nobody creates, and `{property}` has no default"),
    )
    .also(at, "who would give it its first value?")
    .help("give the property a default, or make it optional")
}

pub(crate) fn service_state(span: Span, service: &str) -> Diagnostic {
    Diagnostic::error(
        codes::SERVICE_STATE,
        span,
        format!("service `{service}` can't have properties or slots"),
    )
    .help("a service runs on many nodes and keeps no state: put it into an `entity ...: singleton`, or into the entity that it is about")
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

/// `what` is a property or a timer, `must` what it can't be.
pub(crate) fn local_persist(
    span: Span,
    (what, must, attribute): (&str, &str, &str),
    entity: &str,
) -> Diagnostic {
    Diagnostic::error(
        codes::LOCAL_PERSIST,
        span,
        format!("{what} can't be {must}: `{entity}` is local and has no document"),
    )
    .help(format!("keep it in the container, or remove `{attribute}`"))
}

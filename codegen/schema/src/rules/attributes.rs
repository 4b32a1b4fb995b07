//! Rules of attributes.

use playhouse_syntax::{Diagnostic, Span, suggest};

use crate::{
    attributes::{ATTRIBUTES, AttributeSpec, Place},
    codes,
};

pub(crate) fn unknown_attribute(span: Span, name: &str) -> Diagnostic {
    let error = Diagnostic::error(
        codes::UNKNOWN_ATTRIBUTE,
        span,
        format!("no attribute is called `@{name}`"),
    );
    match suggest::nearest(name, ATTRIBUTES.iter().map(|spec| spec.name)) {
        Some(near) => error.label(format!("did you mean `@{near}`?")).fix(
            format!("write `@{near}`"),
            false,
            span,
            near,
        ),
        None => error.help(
            "`playhouse explain attributes` lists all; `@ui.name(value)` is free for your tools",
        ),
    }
}

pub(crate) fn attribute_place(span: Span, spec: &AttributeSpec, place: Place) -> Diagnostic {
    let mut places: Vec<&str> = spec.places.iter().map(|place| place.describe()).collect();
    places.dedup();
    Diagnostic::error(
        codes::ATTRIBUTE_PLACE,
        span,
        format!("`@{}` means nothing on {}", spec.name, place.describe()),
    )
    .help(format!("it stands on {}", places.join(", ")))
}

pub(crate) fn attribute_twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::error(codes::ATTRIBUTE_TWICE, span, format!("a second `@{name}`"))
        .also(first, "the first")
        .help("keep one of them")
}

pub(crate) fn attribute_argument(
    span: Span,
    message: impl Into<String>,
    spec: &AttributeSpec,
) -> Diagnostic {
    let args: Vec<String> = spec
        .args
        .iter()
        .map(|arg| match arg.kind {
            crate::attributes::ArgKind::Flag => arg.name.to_owned(),
            _ if arg.positional => arg.kind.describe().to_owned(),
            kind => format!("{}: {}", arg.name, kind.describe()),
        })
        .collect();
    let error = Diagnostic::error(codes::ATTRIBUTE_ARGUMENT, span, message);
    if args.is_empty() {
        error.help(format!("`@{}` takes no arguments", spec.name))
    } else {
        error.help(format!("`@{}` takes {}", spec.name, args.join("; ")))
    }
}

pub(crate) fn attribute_conflict(
    span: Span,
    one: &str,
    other: &str,
    at: Span,
    why: &str,
) -> Diagnostic {
    Diagnostic::error(
        codes::ATTRIBUTE_CONFLICT,
        span,
        format!("{one} and {other} contradict each other: {why}"),
    )
    .also(at, "the other one")
    .help("remove one of them")
}

pub(crate) fn exposed_rate(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::EXPOSED_RATE, span, message)
        .help("write how often one session may call it: `@exposed(10/s)`, `@exposed(1/10s)` for a cooldown")
}

pub(crate) fn index_type(span: Span, name: &str, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::INDEX_TYPE,
        span,
        format!("`{shown}` can't be looked up by `@{name}`"),
    )
    .help("integers, strings, uuids, enums, timestamps, bools and newtypes of these can")
}

pub(crate) fn quantize_type(span: Span, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::QUANTIZE_TYPE,
        span,
        format!("`{shown}` holds no floats to quantize"),
    )
    .help("quantize f32, f64, Vec2, Vec3, Quat and newtypes of these")
}

pub(crate) fn within(span: Span) -> Diagnostic {
    Diagnostic::error(codes::WITHIN, span, "only `near` has a range")
        .help("write `@sync(near, within: 30.0)`")
}

pub(crate) fn guest(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::GUEST,
        span,
        "before login a client has no entity, so it can't call one",
    )
    .help("put what guests may call into a service")
}

pub(crate) fn needs_persist(span: Span, name: &str, needed: &str) -> Diagnostic {
    Diagnostic::error(
        codes::NEEDS_PERSIST,
        span,
        format!("`@{name}` needs `@{needed}`"),
    )
    .help(format!("write `@{needed}` too, or remove `@{name}`"))
}

pub(crate) fn allow<'a>(
    span: Span,
    rule: &str,
    reason_missing: bool,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    if reason_missing {
        return Diagnostic::error(codes::ALLOW, span, "an allow comment needs a reason").help(
            format!("write why: `// playhouse: allow({rule}) old clients send it`"),
        );
    }
    let error = Diagnostic::error(codes::ALLOW, span, format!("no lint is called `{rule}`"));
    let known: Vec<&str> = known.into_iter().collect();
    match suggest::nearest(rule, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("lints: {}", known.join(", "))),
    }
}

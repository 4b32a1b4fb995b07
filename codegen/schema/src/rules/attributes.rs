//! Rules of attributes.

use playhouse_syntax::{Diagnostic, Span, suggest};

use crate::{
    attributes::{ATTRIBUTES, ArgKind, AttributeSpec},
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
            "`playhouse explain attributes` lists all of them; `@ui.name(value)` is free for your tools",
        ),
    }
}

/// `place` is what it stands on, with its article.
pub(crate) fn attribute_place(span: Span, spec: &AttributeSpec, place: &str) -> Diagnostic {
    let places: Vec<&str> = spec.places.iter().map(|place| place.describe()).collect();
    let places = match places.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    };
    Diagnostic::error(
        codes::ATTRIBUTE_PLACE,
        span,
        format!("`@{}` means nothing on {place}", spec.name),
    )
    .help(format!("it stands on {places}"))
}

pub(crate) fn attribute_twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::error(
        codes::ATTRIBUTE_TWICE,
        span,
        format!("`@{name}` stands here twice"),
    )
    .also(first, "the first one")
    .help("keep one of them")
}

/// `near` is the argument that was meant, if what stands at `span` is a slip of its name.
pub(crate) fn attribute_argument(
    span: Span,
    message: impl Into<String>,
    spec: &AttributeSpec,
    near: Option<&str>,
) -> Diagnostic {
    let args: Vec<String> = spec
        .args
        .iter()
        .map(|arg| match arg.kind {
            ArgKind::Flag => format!("`{}`", arg.name),
            _ if arg.positional => arg.kind.describe().to_owned(),
            kind => format!("`{}:` {}", arg.name, kind.describe()),
        })
        .collect();
    let error = Diagnostic::error(codes::ATTRIBUTE_ARGUMENT, span, message);
    if let Some(near) = near {
        return error.label(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            false,
            span,
            near,
        );
    }
    if args.is_empty() {
        error.help(format!("`@{}` takes no arguments", spec.name))
    } else {
        error.help(format!("`@{}` takes {}", spec.name, args.join(", ")))
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
        format!("`@{name}` can't be kept over values of `{shown}`"),
    )
    .help("it can over integers, strings, uuids, enums, times, bools and newtypes of these")
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
    Diagnostic::error(codes::WITHIN, span, "only the audience `near` has a range")
        .help("write `@sync(near, within: 30.0)`, or remove `within`")
}

pub(crate) fn guest(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::GUEST,
        span,
        "a guest has not logged in, and has no entity that it could call",
    )
    .help("put what guests may call into a service, or remove `guest`")
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
    if rule.is_empty() {
        return Diagnostic::error(codes::ALLOW, span, "this is no allow comment").help(
            "write `// playhouse: allow(lint) why`; other comments begin with something else",
        );
    }
    if reason_missing {
        return Diagnostic::error(codes::ALLOW, span, "an allow comment needs a reason").help(
            format!("write why: `// playhouse: allow({rule}) old clients send it`"),
        );
    }
    let error = Diagnostic::error(codes::ALLOW, span, format!("no lint is called `{rule}`"));
    let known: Vec<&str> = known.into_iter().collect();
    match suggest::nearest(rule, known.iter().copied()) {
        Some(near) => error.label(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            false,
            span,
            near,
        ),
        None => error.help(format!("lints: {}", known.join(", "))),
    }
}

//! Rules of types.

use playhouse_syntax::{Diagnostic, Span};

use crate::codes;

pub(crate) fn type_arguments(span: Span, name: &str, wanted: usize, found: usize) -> Diagnostic {
    let arguments = |n: usize| match n {
        0 => "no type argument".to_owned(),
        1 => "one type argument".to_owned(),
        n => format!("{n} type arguments"),
    };
    let error = Diagnostic::error(
        codes::TYPE_ARGUMENTS,
        span,
        format!("`{name}` takes {}, found {found}", arguments(wanted)),
    );
    match (name, wanted) {
        ("list" | "set" | "ref", _) => error.help(format!("write `{name}<T>`")),
        ("map", _) => error.help("write `map<K, V>`"),
        (_, 0) => error.help("remove the `<...>`"),
        (_, n) => error.help(format!("write `{name}<{}>`", vec!["T"; n].join(", "))),
    }
}

pub(crate) fn optional_twice(span: Span, inner: &str) -> Diagnostic {
    Diagnostic::error(
        codes::OPTIONAL_TWICE,
        span,
        format!("`{inner}` is optional already"),
    )
    .help("remove one `?`; to tell two kinds of nothing apart, use a union")
}

pub(crate) fn map_key(span: Span, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::MAP_KEY,
        span,
        format!("`{shown}` can't be the key of a map or the element of a set"),
    )
    .help("keys are integers, strings, uuids, enums and newtypes of these; for other keys use a list of structs")
}

pub(crate) fn optional_element(span: Span, role: &str) -> Diagnostic {
    Diagnostic::error(
        codes::OPTIONAL_ELEMENT,
        span,
        format!("the {role} can't be optional"),
    )
    .help("leave the entry out instead of storing none")
}

/// A struct, arm or newtype that contains itself: `path` is the way around.
pub(crate) fn infinite_type(span: Span, name: &str, path: &str) -> Diagnostic {
    Diagnostic::error(
        codes::INFINITE_TYPE,
        span,
        format!("`{name}` contains itself without end: {path}"),
    )
    .help("put a list, a map or `?` somewhere on the way")
}

pub(crate) fn generic_growth(span: Span, name: &str, limit: usize) -> Diagnostic {
    Diagnostic::error(
        codes::GENERIC_GROWTH,
        span,
        format!("`{name}` needs instances of itself nested deeper than {limit}"),
    )
    .help("a generic struct may mention itself only with its own parameters")
}

pub(crate) fn ref_target(span: Span, name: &str, is: &str) -> Diagnostic {
    Diagnostic::error(
        codes::REF_TARGET,
        span,
        format!("`{name}` is {is} and has no address"),
    )
    .help("a ref points at an entity, or at a component of some entity")
}

pub(crate) fn enum_repr(span: Span, found: &str, flags: bool) -> Diagnostic {
    let (what, known) = if flags {
        ("flags are", "u8, u16, u32 or u64")
    } else {
        ("an enum is", "u8, u16, u32, u64, i8, i16, i32 or i64")
    };
    Diagnostic::error(
        codes::ENUM_REPR,
        span,
        format!("{what} carried by {known}, not by `{found}`"),
    )
    .help("leave it away for u8, or write one of these")
}

pub(crate) fn enum_number(
    span: Span,
    number: i128,
    repr: &str,
    least: i128,
    most: i128,
) -> Diagnostic {
    Diagnostic::error(
        codes::ENUM_NUMBER,
        span,
        format!("{number} does not fit {repr}, which goes from {least} to {most}"),
    )
    .help("write a number in this range, or name a wider type behind the `:`")
}

pub(crate) fn flag_value(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::FLAG_VALUE,
        span,
        format!("the combination `{name}` is not made of this type's flags"),
    )
    .help("write flags with `|` between: `controlled = stunned | rooted`")
}

pub(crate) fn newtype_inner(span: Span, found: &str) -> Diagnostic {
    Diagnostic::error(
        codes::NEWTYPE_INNER,
        span,
        format!("a newtype can't stand for `{found}`"),
    )
    .help("put the `?` where the newtype is used")
}

pub(crate) fn stream_type(span: Span) -> Diagnostic {
    Diagnostic::error(codes::STREAM_TYPE, span, "`stream` is not a type")
        .help("only an rpc's result streams: `rpc ticks() -> stream f64;`")
}

pub(crate) fn no_values(span: Span, kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::NO_VALUES,
        span,
        format!("{kind} `{name}` has nothing in it"),
    )
    .help("add at least one value or arm, or remove it")
}

pub(crate) fn instance_name(span: Span, instance: &str, name: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::INSTANCE_NAME,
        span,
        format!("`{instance}` becomes `{name}`, which is declared already"),
    )
    .also(at, "declared here")
    .help("rename the declaration")
}

//! Rules of bounds, constants and defaults.

use playhouse_syntax::{Diagnostic, Span, suggest};

use crate::codes;

pub(crate) fn bound_misplaced(span: Span, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::BOUND_MISPLACED,
        span,
        format!("`{shown}` can't be bounded"),
    )
    .help("numbers are bounded by value, strings by characters, bytes, lists, sets and maps by length")
}

pub(crate) fn bound_empty(span: Span) -> Diagnostic {
    Diagnostic::error(codes::BOUND_EMPTY, span, "nothing is within this bound")
        .help("write the smaller number first")
}

pub(crate) fn bound_range(span: Span, shown: &str, least: &str, most: &str) -> Diagnostic {
    Diagnostic::error(
        codes::BOUND_RANGE,
        span,
        format!("the bound is out of range: {shown} goes from {least} to {most}"),
    )
    .help("write a number in this range; an end that is left away is open: `[..=64]`, `[1..]`")
}

pub(crate) fn bound_value(span: Span, wanted: &str) -> Diagnostic {
    Diagnostic::error(
        codes::BOUND_VALUE,
        span,
        format!("this bound is not {wanted}"),
    )
    .help(format!("write {wanted}, or a constant that is one"))
}

/// `inner` is what the newtype stands for, at `at`.
pub(crate) fn bound_wider(span: Span, name: &str, inner: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::BOUND_WIDER,
        span,
        format!("the bound lets through what `{name}` refuses"),
    )
    .also(at, format!("this is `{inner}`"))
    .help("where a newtype is used its bound may be narrowed, never widened")
}

pub(crate) fn const_type(span: Span, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::CONST_TYPE,
        span,
        format!("a constant can't be of type `{shown}`"),
    )
    .help("constants are bools, numbers, durations, strings, enums, flags and newtypes of these")
}

pub(crate) fn value_type(span: Span, wanted: &str, found: &str) -> Diagnostic {
    Diagnostic::error(
        codes::VALUE_TYPE,
        span,
        format!("expected {wanted}, found {found}"),
    )
    .help(format!("write {wanted}"))
}

pub(crate) fn value_range(span: Span, shown: &str, range: &str) -> Diagnostic {
    Diagnostic::error(
        codes::VALUE_RANGE,
        span,
        format!("{shown} is out of bounds"),
    )
    .label(format!("must be {range}"))
    .help("write a value within the bounds, or widen them")
}

pub(crate) fn unknown_value<'a>(
    span: Span,
    name: &str,
    type_name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::UNKNOWN_VALUE,
        span,
        format!("`{type_name}` has no value `{name}`"),
    );
    let known: Vec<&str> = known.into_iter().collect();
    match suggest::nearest(name, known.iter().copied()) {
        Some(near) => error.label(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            false,
            span,
            near,
        ),
        None => {
            let shown: Vec<&str> = known.iter().copied().take(8).collect();
            error.help(format!("its values: {}", shown.join(", ")))
        }
    }
}

pub(crate) fn const_cycle(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::CONST_CYCLE,
        span,
        format!("constant `{name}` depends on itself"),
    )
    .help("give one of the constants in the circle a value of its own")
}

/// `found` is what stands on the two sides; `too_large`: they fit, and their result is beyond all types.
pub(crate) fn operator(span: Span, operator: char, found: &str, too_large: bool) -> Diagnostic {
    if too_large {
        return Diagnostic::error(
            codes::OPERATOR,
            span,
            format!("the result of `{operator}` is too large"),
        )
        .help("no type of the language holds more than 64 bits");
    }
    Diagnostic::error(
        codes::OPERATOR,
        span,
        format!("`{operator}` does not work on {found}"),
    )
    .help("`+`, `-` and `*` take two integers, two floats or times; `|` takes flags of one type")
}

pub(crate) fn default_optional(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::DEFAULT_OPTIONAL,
        span,
        "an optional can't have a default: none is its default",
    )
    .help("remove the `?` or the default")
}

pub(crate) fn default_impossible(span: Span, shown: &str) -> Diagnostic {
    Diagnostic::error(
        codes::DEFAULT_IMPOSSIBLE,
        span,
        format!("`{shown}` can't have a default"),
    )
    .help("remove the default; write `?` behind the type if it may be absent")
}

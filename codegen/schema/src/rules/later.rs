//! What the language keeps a place for and refuses for now.

use playhouse_syntax::{Diagnostic, Span};

use crate::codes;

pub(crate) fn attribute(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::LATER_ATTRIBUTE,
        span,
        format!("`@{name}` is planned and not there yet"),
    )
    .help("remove it for now")
}

pub(crate) fn declaration(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(
        codes::LATER_DECLARATION,
        span,
        format!("`{word}` declarations are planned and not there yet"),
    )
    .help("remove it for now; the word is kept for it")
}

/// `declared`: it is a constant's type; else a value somewhere.
pub(crate) fn constant(span: Span, declared: bool) -> Diagnostic {
    Diagnostic::error(
        codes::LATER_CONST,
        span,
        "values of structs and containers are planned and not there yet",
    )
    .help(if declared {
        "constants are bools, numbers, durations, strings, enums, flags and newtypes of these"
    } else {
        "leave it away: a container is empty and a struct has its members' defaults anyway"
    })
}

pub(crate) fn reference(span: Span, bare: bool) -> Diagnostic {
    let message = if bare {
        "a bare `ref` to anything is planned and not there yet"
    } else {
        "a `ref` to one of several is planned and not there yet"
    };
    Diagnostic::error(codes::LATER_REF, span, message)
        .help("write `ref<Component>`: entities that share calls share a component")
}

pub(crate) fn stream_param(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::LATER_STREAM,
        span,
        "stream parameters are planned and not there yet",
    )
    .help("send the items with a oneway, or as a list")
}

pub(crate) fn stream_result(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::LATER_RESULT,
        span,
        "streamed results are planned and not there yet",
    )
    .help("return a list and ask again, or send the items to clients as events")
}

pub(crate) fn generic_component(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::LATER_GENERIC,
        span,
        format!("`{name}` is generic: only structs and unions can be, for now"),
    )
    .help("remove the `<...>`")
}

pub(crate) fn builtin(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::LATER_TYPE,
        span,
        format!("the type `{name}` is planned and not there yet"),
    )
    .help("for money and other exact amounts use a newtype of an integer: `newtype Gold = u64;`")
}

//! Rules of calls.

use playhouse_syntax::{Diagnostic, Span};

use crate::codes;

pub(crate) fn result_misplaced(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(
        codes::RESULT_MISPLACED,
        span,
        format!("{word} has no reply, so neither a result nor an error"),
    )
    .help("make it an `rpc`, or remove the result")
}

pub(crate) fn throws_type(span: Span, name: &str, is: &str) -> Diagnostic {
    Diagnostic::error(
        codes::THROWS_TYPE,
        span,
        format!("`{name}` is {is}, and only an error can be thrown"),
    )
    .help(format!(
        "declare it as `error {name} {{ 1 not_nearby; }}`, with an arm for each way to fail"
    ))
}

pub(crate) fn to_misplaced(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(
        codes::TO_MISPLACED,
        span,
        format!("{word} has no audience, only events do"),
    )
    .help("remove `to ...`, or make it an `event`")
}

pub(crate) fn client_deadline(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::CLIENT_DEADLINE,
        span,
        format!("client rpc `{name}` states no deadline"),
    )
    .help("a player may never answer: say how long to wait, with `@deadline(10s)` before the call")
}

pub(crate) fn no_owner(span: Span, what: &str, holder: &str, kind: &str) -> Diagnostic {
    Diagnostic::error(
        codes::NO_OWNER,
        span,
        format!("{what} goes to an owner, and `{holder}`, {kind}, has none"),
    )
    .help(if what.starts_with("client rpc") {
        "move it to an entity that clients bind to: keyed or instance"
    } else {
        "name another audience, or move it to an entity that clients bind to: keyed or instance"
    })
}

pub(crate) fn param_order(span: Span, name: &str, before: &str) -> Diagnostic {
    Diagnostic::error(
        codes::PARAM_ORDER,
        span,
        format!("`{name}` has no default, and `{before}` before it has one"),
    )
    .help("arguments are positional: give this one a default, make it optional, or put it before the other")
}

/// `path` leads from the call to the unbounded part: `trade.give[].note`.
pub(crate) fn unbounded(
    span: Span,
    call: &str,
    path: &str,
    shown: &str,
    part: Option<Span>,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::UNBOUNDED,
        span,
        format!("`{call}` crosses to clients, and its `{path}` has no greatest length"),
    )
    .help(format!("write a bound: `{shown}[..=64]`"))
    .note("all that an exposed call takes and gives is bounded, and checked while it is read");
    match part {
        Some(part) => error.also(part, "without a bound"),
        None => error,
    }
}

pub(crate) fn service_calls(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error(
        codes::SERVICE_CALLS,
        span,
        format!("a service has no {word}: it belongs to no client and keeps no state"),
    )
    .help("services have rpc and oneway; put the rest into an entity or component")
}

pub(crate) fn stream_call(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(codes::STREAM_CALL, span, message)
        .help("only the result of an rpc streams, and a stream is never sent again")
}

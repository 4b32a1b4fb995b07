//! One function a code: each builds the diagnostic.

use playhouse_syntax::{Diagnostic, Span};

use super::{Entry, VERSION, codes};
use crate::evolution::{key::Key, surface::Element};

pub(super) fn line(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        codes::LOCK_LINE,
        span,
        format!("this line of the lock can't be read: {what}"),
    )
    .help("the lock is written by `playhouse`: take the line from version control as it was")
}

pub(super) fn version(span: Span, found: u32) -> Diagnostic {
    let message = format!("the lock has version {found}, this playhouse reads up to {VERSION}");
    Diagnostic::error(codes::LOCK_VERSION, span, message)
        .help("use the version of playhouse that the rest of the team uses")
}

pub(super) fn conflict(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::LOCK_CONFLICT,
        span,
        "the lock holds an unresolved merge",
    )
    .note("two branches changed neighbouring lines of the lock, perhaps by taking the same number")
    .help("keep the lines of both sides, remove the markers, and run `playhouse check`")
}

pub(super) fn twice(span: Span, key: &Key, names: (&str, &str), first: Option<Span>) -> Diagnostic {
    let (one, other) = names;
    let message = format!("`{one}` and `{other}` both have the number of {key}");
    let diagnostic = Diagnostic::error(codes::LOCK_TWICE, span, message)
        .note("each was given the number on a branch of its own")
        .help("give the one that was never released another number in its schema, and remove its line here");
    match first {
        Some(first) => diagnostic.also(first, format!("`{one}` is here")),
        None => diagnostic,
    }
}

pub(super) fn number_reused(span: Span, element: &Element, key: &Key, entry: &Entry) -> Diagnostic {
    let number = key.number().unwrap_or_default();
    let message = format!(
        "{} `{}` uses the number {number}, which was that of `{}`",
        element.kind.describe(),
        element.name,
        entry.element.name
    );
    Diagnostic::error(codes::NUMBER_REUSED, span, message)
        .label(removal(entry))
        .note("peers and documents of older releases still know the number, and would read one as the other")
        .help("give it the next free number: without one, `playhouse fmt` fills it in")
}

pub(super) fn name_reused(span: Span, element: &Element, entry: &Entry, now: i64) -> Diagnostic {
    let message = format!(
        "{} `{}` has the number {now} and the name of one that was removed",
        element.kind.describe(),
        element.name
    );
    Diagnostic::error(codes::NAME_REUSED, span, message)
        .label(removal(entry))
        .note("documents know members by their names: what was stored of the old one would be read as the new one")
        .help("give it another name")
}

fn removal(entry: &Entry) -> String {
    let kind = entry.element.kind.describe();
    match entry.removed {
        Some(release) => format!("the {kind} was removed in release {release}"),
        None => format!("the {kind} is still in the lock"),
    }
}

pub(super) fn since_future(span: Span, element: &Element, since: u32, next: u32) -> Diagnostic {
    let message = format!(
        "`{}` is said to come with release {since}, the next is {next}",
        element.name
    );
    Diagnostic::error(codes::SINCE_FUTURE, span, message).help(format!(
        "write `@since({next})`, or leave it out: the lock knows"
    ))
}

pub(super) fn since_wrong(span: Span, element: &Element, since: u32, lock: u32) -> Diagnostic {
    let message = format!("`{}` came with release {lock}, not {since}", element.name);
    Diagnostic::error(codes::SINCE_WRONG, span, message).help(format!("write `@since({lock})`"))
}

//! Rules of tags, type ids and what is reserved.

use playhouse_syntax::{Diagnostic, Span};

use crate::codes;

pub(crate) fn tag_missing(span: Span, what: &str, name: &str) -> Diagnostic {
    let number = match what {
        "value" => "number",
        "flag" => "bit",
        _ => "tag",
    };
    Diagnostic::error(
        codes::TAG_MISSING,
        span,
        format!("{what} `{name}` has no {number}"),
    )
    .help(format!("`playhouse fmt` gives it the next free {number}"))
}

pub(crate) fn tag_range(span: Span, tag: i64, least: i64, most: i64) -> Diagnostic {
    Diagnostic::error(
        codes::TAG_RANGE,
        span,
        format!("tag {tag} is out of range: tags go from {least} to {most}"),
    )
    .help(if tag > most {
        "move some of the members into a struct of their own"
    } else {
        "tags begin with 1: `playhouse fmt` gives the next free one to a member without"
    })
}

/// `word` is what the number is: "tag", "number", "bit".
/// `name` has the tag already; `released`: by the lock, so that the one at `span` is the newer.
pub(crate) fn tag_twice(
    span: Span,
    word: &str,
    tag: i64,
    name: &str,
    first: Span,
    next: Option<i64>,
    released: bool,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::TAG_TWICE,
        span,
        format!("{word} {tag} is taken by `{name}`"),
    )
    .also(
        first,
        if released {
            "released with it"
        } else {
            "taken here"
        },
    );
    match next {
        Some(next) if released => error
            .help(format!(
                "a released {word} stays where it is; this one is new"
            ))
            .fix(format!("write `{next}`"), true, span, next.to_string()),
        Some(next) => error
            .help(format!("give the newer of the two the next free {word}"))
            .fix(format!("write `{next}`"), false, span, next.to_string()),
        None => error.help(format!("give the newer of the two another {word}")),
    }
}

pub(crate) fn tag_reserved(
    span: Span,
    word: &str,
    tag: i64,
    at: Span,
    next: Option<i64>,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::TAG_RESERVED,
        span,
        format!("{word} {tag} is reserved"),
    )
    .also(at, "reserved here")
    .help(format!(
        "a reserved {word} meant something else once, and somebody may still send it: take another one"
    ));
    match next {
        Some(next) => error.fix(format!("write `{next}`"), false, span, next.to_string()),
        None => error,
    }
}

pub(crate) fn name_reserved(span: Span, name: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NAME_RESERVED,
        span,
        format!("the name `{name}` is reserved"),
    )
    .also(at, "reserved here")
    .help("a reserved name meant something else once, and documents may still hold it: choose another one")
}

pub(crate) fn id_missing(span: Span, what: &str, name: &str, next: Option<i64>) -> Diagnostic {
    let error = Diagnostic::error(
        codes::ID_MISSING,
        span,
        format!("{what} `{name}` has no number"),
    );
    match next {
        Some(next) => error
            .help("`playhouse check --fix` gives the next free one of the package")
            .fix(
                format!("write `{what} {next} {name}`"),
                true,
                Span::at(span.file, span.range.start()),
                format!("{next} "),
            ),
        None => error.help("all 65,535 numbers of the package are taken"),
    }
}

pub(crate) fn id_range(span: Span, number: i64) -> Diagnostic {
    Diagnostic::error(
        codes::ID_RANGE,
        span,
        format!("number {number} is out of range: 1 to 65535"),
    )
    .help("numbers are unique in their package alone, so small ones are free")
}

/// `name` has the number already; `released`: by the lock, so that the one at `span` is the newer.
pub(crate) fn id_twice(
    span: Span,
    number: i64,
    name: &str,
    first: Span,
    next: Option<i64>,
    released: bool,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::ID_TWICE,
        span,
        format!("number {number} is taken by `{name}`"),
    )
    .also(
        first,
        if released {
            "released with it"
        } else {
            "taken here"
        },
    )
    .help("components, entities and services of a package share one space of numbers");
    match next {
        Some(next) => error.fix(format!("write `{next}`"), released, span, next.to_string()),
        None => error,
    }
}

pub(crate) fn reserved_range(span: Span, low: i64, high: i64) -> Diagnostic {
    Diagnostic::error(
        codes::RESERVED_RANGE,
        span,
        format!("the range {low}..={high} runs backwards"),
    )
    .fix(
        format!("write `{high}..={low}`"),
        true,
        span,
        format!("{high}..={low}"),
    )
}

pub(crate) fn reserved_rpc(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::RESERVED_RPC,
        span,
        "`reserved rpc` stands where there are no calls",
    )
    .help("only components, entities and services have calls; write `reserved` without `rpc`")
}

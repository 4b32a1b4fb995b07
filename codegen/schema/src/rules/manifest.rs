//! Rules of `playhouse.toml`.

use playhouse_syntax::{Diagnostic, Span, suggest};

use crate::codes;

/// The text is no manifest.
pub(crate) fn invalid(span: Span, message: &str) -> Diagnostic {
    let message = message.lines().next().unwrap_or("not valid TOML");
    // "unknown field `root`, expected `roots` or `lock`"
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field");
    if let Some(word) = words.next().filter(|_| unknown)
        && let Some(near) = suggest::nearest(word, words)
    {
        return manifest(span, format!("playhouse.toml knows no `{word}` here"))
            .label(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), false, span, near);
    }
    manifest(span, message.to_owned())
        .help("the sections are [schema], [packages], [[output]] and [lints]; see `playhouse explain E0217`")
}

/// A word that is none of the known ones.
pub(crate) fn unknown_word(
    span: Span,
    what: &str,
    word: &str,
    near: Option<&str>,
    known: &[&str],
) -> Diagnostic {
    let error = manifest(span, format!("`{word}` is no {what}"));
    match near {
        Some(near) => error.label(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            false,
            span,
            format!("{near:?}"),
        ),
        None => error.help(format!("known are {}", known.join(", "))),
    }
}

/// Two packages have one number, or a number is none (`other` is `None`).
pub(crate) fn number_twice(
    span: Span,
    package: &str,
    number: u16,
    other: Option<(&str, Span)>,
) -> Diagnostic {
    match other {
        Some((other, at)) => Diagnostic::error(
            codes::PACKAGE_NUMBER_TWICE,
            span,
            format!("package `{package}` has the number {number} of package `{other}`"),
        )
        .also(at, "taken here")
        .help("give the newer of the two a number that was never used"),
        None => Diagnostic::error(
            codes::PACKAGE_NUMBER_TWICE,
            span,
            format!("package `{package}` needs a number from 1 to 65535"),
        )
        .help("0 is the framework's own"),
    }
}

/// Something else than a number stands in [packages].
pub(crate) fn no_number(span: Span, name: &str) -> Diagnostic {
    manifest(span, format!("`{name}` in [packages] has no number"))
        .help("a package stands there with its number, `\"game.world\" = 1`; a target and its path stand under [[output]]")
}

/// Two outputs would remove each other's files.
pub(crate) fn output_overlap(span: Span, path: &str, other: &str, at: Span) -> Diagnostic {
    manifest(
        span,
        format!("the output `{path}` and the output `{other}` share a folder"),
    )
    .also(at, "the other one")
    .help("give each a folder of its own: what one no longer writes is removed")
}

fn manifest(span: Span, message: String) -> Diagnostic {
    Diagnostic::error(codes::MANIFEST, span, message)
}

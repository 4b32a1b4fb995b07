//! Rules of files, packages and names.

use playhouse_syntax::{Diagnostic, Span, suggest};

use crate::codes;

/// "Did you mean": the nearest name as label and fix, else what is known if that is little.
fn suggested<'a>(
    error: Diagnostic,
    name: &str,
    span: Span,
    known: impl IntoIterator<Item = &'a str> + Clone,
    kinds: &str,
) -> Diagnostic {
    if let Some(near) = suggest::nearest(name, known.clone()) {
        return error.label(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            false,
            span,
            near,
        );
    }
    let mut all: Vec<&str> = known.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    match all.len() {
        0 => error.help(format!("there are no {kinds} here")),
        1..=8 => error.help(format!("{kinds}: {}", all.join(", "))),
        _ => error,
    }
}

pub(crate) fn no_package(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NO_PACKAGE,
        span,
        "the file does not begin with its package",
    )
    .help("write `package your.game;` before all other declarations")
}

pub(crate) fn package_twice(span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(codes::PACKAGE_TWICE, span, "a second package in one file")
        .also(first, "the file's package")
        .help("give the other package a file of its own")
}

pub(crate) fn package_number_missing(
    span: Span,
    package: &str,
    near: Option<&str>,
    free: u16,
    manifest_end: Span,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::PACKAGE_NUMBER_MISSING,
        span,
        format!("package `{package}` has no number"),
    );
    match near {
        Some(near) => error.label(format!("did you mean `{near}`?")).fix(
            format!("write `{near}`"),
            false,
            span,
            near,
        ),
        None => error
            .help(format!(
                "add `\"{package}\" = {free}` to [packages] in playhouse.toml"
            ))
            .also(manifest_end, "its numbers stand here"),
    }
}

pub(crate) fn unknown_package<'a>(
    span: Span,
    package: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::UNKNOWN_PACKAGE,
        span,
        format!("no package is called `{package}`"),
    );
    suggested(error, package, span, known, "packages")
}

pub(crate) fn unknown_import<'a>(
    span: Span,
    package: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::UNKNOWN_IMPORT,
        span,
        format!("package `{package}` declares no `{name}`"),
    );
    suggested(error, name, span, known, "its declarations")
}

pub(crate) fn name_twice(span: Span, name: &str, first: Span, imported: bool) -> Diagnostic {
    let error = Diagnostic::error(
        codes::NAME_TWICE,
        span,
        format!("`{name}` is declared twice"),
    )
    .also(
        first,
        if imported {
            "imported here"
        } else {
            "declared here first"
        },
    );
    if imported {
        error.help(format!("import it under another name: `{name} as Other`"))
    } else {
        error.help(
            "rename one of them; types, constants, roles and the rest share one space in a package",
        )
    }
}

/// A name that nothing declares. `elsewhere` is a package that has it.
pub(crate) fn unknown_name<'a>(
    span: Span,
    name: &str,
    what: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
    elsewhere: Option<&str>,
) -> Diagnostic {
    let error = Diagnostic::error(
        codes::UNKNOWN_NAME,
        span,
        format!("no {what} is called `{name}`"),
    );
    match elsewhere {
        Some(package) => error
            .label("not imported")
            .help(format!("import it: `use {package}.{name};`")),
        None => suggested(error, name, span, known, "known here"),
    }
}

pub(crate) fn wrong_kind(span: Span, name: &str, is: &str, needed: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::WRONG_KIND,
        span,
        format!("`{name}` is {is}, and {needed} is needed here"),
    )
    .also(at, "declared here")
    .help(match (is, needed) {
        ("a component" | "an entity", "a type") => {
            format!(
                "to point at one, write `ref<{name}>`; to have one, write `has {}: {name};`",
                name.to_lowercase()
            )
        }
        _ => format!(
            "write the name of {}",
            needed.trim_start_matches("an ").trim_start_matches("a ")
        ),
    })
}

pub(crate) fn internal_name(span: Span, name: &str, package: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::INTERNAL_NAME,
        span,
        format!("`{name}` is internal to package `{package}`"),
    )
    .also(at, "declared `@internal` here")
    .help("use something that the package shows, or remove `@internal` there")
}

pub(crate) fn was_taken(span: Span, name: &str, was: &str, taken: Span) -> Diagnostic {
    let error = Diagnostic::error(
        codes::WAS_TAKEN,
        span,
        format!("`{name}` was never called `{was}`: that is a name of today"),
    )
    .help("`@was` names what the member was called in an earlier release");
    if taken == span {
        error
    } else {
        error.also(taken, "called so now")
    }
}

pub(crate) fn member_twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::error(codes::MEMBER_TWICE, span, format!("a second `{name}`"))
        .also(first, "the first")
        .help("rename one of them")
}

pub(crate) fn case_clash(
    span: Span,
    name: &str,
    other: &str,
    at: Span,
    converted: &str,
) -> Diagnostic {
    Diagnostic::error(
        codes::CASE_CLASH,
        span,
        format!("`{name}` and `{other}` are both `{converted}` in generated code"),
    )
    .also(at, "the other one")
    .help("rename one of them: names differ by more than case and underscores")
}

pub(crate) fn reserved_word(span: Span, name: &str, languages: &str) -> Diagnostic {
    Diagnostic::error(
        codes::RESERVED_WORD,
        span,
        format!("`{name}` is a reserved word of {languages}"),
    )
    .help("choose another name: all targets are generated from one schema")
}

pub(crate) fn builtin_name(span: Span, name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        codes::BUILTIN_NAME,
        span,
        format!("`{name}` is a built-in {what}"),
    )
    .help("choose another name")
}

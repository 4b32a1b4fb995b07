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
        0 => error,
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
    .help("write `package your.game;` before everything else in the file")
}

pub(crate) fn package_twice(span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(codes::PACKAGE_TWICE, span, "a second package in one file")
        .also(first, "the file's package")
        .help("give the other package a file of its own")
}

/// `room` is where a line of the manifest's `[packages]` can be added, and what stands before that line.
pub(crate) fn package_number_missing(
    span: Span,
    package: &str,
    near: Option<&str>,
    free: u16,
    room: (Span, &str),
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
            .help("the number is a part of every id in the package, so it never changes")
            .fix(
                "give it the next free one in playhouse.toml",
                true,
                room.0,
                format!("{}\"{package}\" = {free}\n", room.1),
            ),
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

pub(crate) fn name_twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NAME_TWICE,
        span,
        format!("`{name}` is declared twice"),
    )
    .also(first, "declared here first")
    .help("rename one of them; types, constants, roles and the rest share one space in a package")
}

/// An import whose name means something else already: a declaration of the package, or an earlier import.
pub(crate) fn import_twice(
    span: Span,
    name: &str,
    path: &str,
    first: Span,
    imported: bool,
) -> Diagnostic {
    let label = if imported {
        "imported here first"
    } else {
        "declared here"
    };
    Diagnostic::error(
        codes::IMPORT_TWICE,
        span,
        format!("`{name}` means two things in this file"),
    )
    .also(first, label)
    .help(format!(
        "import it under another name: `use {path} as Other{name};`"
    ))
}

/// Two files of one name in one package: each is a module of generated code.
pub(crate) fn file_twice(span: Span, package: &str, stem: &str, other: &str) -> Diagnostic {
    Diagnostic::error(
        codes::FILE_TWICE,
        span,
        format!("package `{package}` has two files called `{stem}.idl`"),
    )
    .note(format!("the other one is {other}"))
    .help("rename one of them: a file becomes a module of its name in generated code")
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
    if let Some(package) = elsewhere {
        return error
            .label("not imported")
            .help(format!("import it: `use {package}.{name};`"));
    }
    if what == "type"
        && let Some(ours) = foreign_type(name)
    {
        return error.label(format!("did you mean `{ours}`?")).fix(
            format!("write `{ours}`"),
            false,
            span,
            ours,
        );
    }
    let error = suggested(error, name, span, known, "known here");
    if error.fixes.is_empty() && error.help.is_empty() {
        let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        return error.help(format!(
            "declare {article} {what} of this name, or import it with `use`"
        ));
    }
    error
}

/// What the built-in type `name` of another language is called here.
fn foreign_type(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "int" | "integer" | "int32" | "isize" => "i32",
        "uint" | "uint32" | "usize" => "u32",
        "short" | "int16" => "i16",
        "ushort" | "uint16" => "u16",
        "sbyte" | "int8" => "i8",
        "byte" | "uint8" => "u8",
        "long" | "int64" => "i64",
        "ulong" | "uint64" => "u64",
        "boolean" => "bool",
        "float" | "single" | "float32" => "f32",
        "double" | "number" | "float64" => "f64",
        "str" | "text" | "char" => "string",
        "blob" | "buffer" | "bytearray" => "bytes",
        "array" | "vec" | "vector" | "repeated" => "list",
        "dict" | "dictionary" | "hashmap" | "btreemap" => "map",
        "hashset" | "btreeset" => "set",
        "datetime" | "date" | "instant" => "timestamp",
        "timespan" | "timedelta" => "duration",
        "guid" => "uuid",
        _ => return None,
    })
}

pub(crate) fn wrong_kind(span: Span, name: &str, is: &str, needed: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::WRONG_KIND,
        span,
        format!("`{name}` is {is}, and {needed} is needed here"),
    )
    .also(at, "declared here")
    .help(match (is, needed) {
        ("a component" | "an entity", "a type") => format!(
            "to point at one, write `ref<{name}>`; to have one, an entity writes `has {}: {name};`",
            snake_case(name)
        ),
        ("a type", "a component") => {
            "slots and `requires` take components; a value of a type is a property: `1 name: Type;`"
                .to_owned()
        }
        (_, "a role") => "roles are declared: `role lobby;`".to_owned(),
        (_, "an audience") => {
            "audiences are owner, all, others, near and those declared: `audience guild;`"
                .to_owned()
        }
        (_, "a constant") => "constants are declared: `const CHAT_MAX: u32 = 200;`".to_owned(),
        _ => format!("write the name of {needed}"),
    })
}

/// The last word of a path in `snake_case`: what a slot for it would be called.
pub(super) fn snake_case(path: &str) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
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

/// An earlier name that is a name of today, or that another one had too.
pub(crate) fn was_taken(span: Span, name: &str, was: &str, taken: Span, today: bool) -> Diagnostic {
    let (message, label, help) = if today {
        (
            format!("`{name}` was never called `{was}`: that is a name of today"),
            "called so now",
            "`@was` names what the member was called in an earlier release",
        )
    } else {
        (
            format!("`{name}` was called `{was}`, and so was another one"),
            "this one",
            "what is stored under a name belongs to one of them: take `@was` off the other",
        )
    };
    let error = Diagnostic::error(codes::WAS_TAKEN, span, message).help(help);
    if taken == span {
        error
    } else {
        error.also(taken, label)
    }
}

pub(crate) fn member_twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::error(
        codes::MEMBER_TWICE,
        span,
        format!("the name `{name}` is taken"),
    )
    .also(first, "taken here")
    .help("rename one of them")
}

pub(crate) fn case_clash(span: Span, name: &str, other: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::CASE_CLASH,
        span,
        format!("`{name}` and `{other}` become one name in generated code"),
    )
    .also(at, "the other one")
    .help("rename one of them: each target has its own case, so names must differ in more than case and `_`")
}

pub(crate) fn reserved_word(span: Span, name: &str, languages: &str) -> Diagnostic {
    let error = Diagnostic::error(
        codes::RESERVED_WORD,
        span,
        format!("`{name}` is a reserved word of {languages}"),
    );
    let other = match name {
        "type" => "kind",
        "class" => "job",
        "from" => "sender",
        "match" => "round",
        "ref" => "target",
        "move" => "step",
        "in" => "input",
        "default" => "initial",
        "none" => "nothing",
        "Error" => "Failure",
        _ => return error.help("choose another name: all targets are generated from one schema"),
    };
    error.help(format!(
        "choose another name, such as `{other}`: all targets are generated from one schema"
    ))
}

pub(crate) fn builtin_name(span: Span, name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        codes::BUILTIN_NAME,
        span,
        format!("`{name}` is a built-in {what}"),
    )
    .help("choose another name")
}

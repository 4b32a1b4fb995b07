//! Rules of types.

use playhouse_syntax::{Diagnostic, Edit, Span, TextRange, ast, suggest};

use crate::codes;

pub(crate) fn type_arguments(span: Span, name: &str, wanted: usize, found: usize) -> Diagnostic {
    let arguments = |n: usize| match n {
        0 => "no type arguments".to_owned(),
        1 => "one type argument".to_owned(),
        n => format!("{n} type arguments"),
    };
    let error = Diagnostic::error(
        codes::TYPE_ARGUMENTS,
        span,
        match found {
            0 => format!("`{name}` takes {}, found none", arguments(wanted)),
            _ => format!("`{name}` takes {}, found {found}", arguments(wanted)),
        },
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

/// `role` is what it should be: "the key of a map".
pub(crate) fn map_key(span: Span, shown: &str, role: &str) -> Diagnostic {
    Diagnostic::error(
        codes::MAP_KEY,
        span,
        format!("`{shown}` can't be {role}"),
    )
    .help("keys are integers, strings, uuids, enums and newtypes of these; for other keys use a list of structs")
}

pub(crate) fn optional_element(span: Span, role: &str) -> Diagnostic {
    Diagnostic::error(
        codes::OPTIONAL_ELEMENT,
        span,
        format!("{role} can't be optional"),
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
    .help("write `?` behind one of the types on the way, or put it into a map or a list that may be empty")
}

pub(crate) fn generic_growth(span: Span, name: &str, limit: usize) -> Diagnostic {
    Diagnostic::error(
        codes::GENERIC_GROWTH,
        span,
        format!("`{name}` needs instances of itself nested deeper than {limit}"),
    )
    .help("a generic struct may mention itself only with its own parameters")
}

/// `is` is what the name stands for; `None`: more than a name is written.
pub(crate) fn ref_target(span: Span, name: &str, is: Option<&str>) -> Diagnostic {
    let Some(is) = is else {
        return Diagnostic::error(
            codes::REF_TARGET,
            span,
            "the target of a ref is a name alone",
        )
        .help(format!(
            "write `ref<{name}>`; a `?` for no address stands behind it: `ref<{name}>?`"
        ));
    };
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
    .help("write one of these, or nothing for u8")
}

pub(crate) fn enum_number(
    span: Span,
    number: &str,
    repr: &str,
    least: i128,
    most: i128,
) -> Diagnostic {
    Diagnostic::error(
        codes::ENUM_NUMBER,
        span,
        format!("{number} does not fit {repr} ({least} to {most})"),
    )
    .help("write a number in this range, or name a wider type behind the `:`")
}

/// A number where other languages have it.
pub(crate) fn number_behind(name: Span, written: &ast::Value, numbered: bool) -> Diagnostic {
    let error = Diagnostic::error(
        codes::NUMBER_BEHIND,
        written.span,
        "the number of a value stands before its name",
    );
    let behind = Span::new(
        name.file,
        TextRange::new(name.range.end(), written.span.range.end()),
    );
    match &written.kind {
        ast::ValueKind::Int(_) if numbered => {
            error.fix("remove the second number", false, behind, "")
        }
        ast::ValueKind::Int(number) => error.fix_all(
            "put it there",
            true,
            vec![
                Edit {
                    span: Span::at(name.file, name.range.start()),
                    text: format!("{number} "),
                },
                Edit {
                    span: behind,
                    text: String::new(),
                },
            ],
        ),
        _ => error.help("write it as `1 blue;`"),
    }
}

/// What is wrong with a flag that stands for others.
pub(crate) enum Combination<'a> {
    /// A name that is none of the flags before it.
    Unknown(&'a str),
    /// A number, a string ...
    NoFlag,
    /// It has a bit of its own.
    WithBit,
}

/// `of` is the type, `known` are its flags so far.
pub(crate) fn flag_value(
    span: Span,
    of: &str,
    known: &[&str],
    found: Combination<'_>,
) -> Diagnostic {
    let error = |message: String| Diagnostic::error(codes::FLAG_VALUE, span, message);
    let example = "write `controlled = stunned | rooted;`, of flags that have their bits";
    match found {
        Combination::Unknown(name) => {
            let error = error(format!("`{of}` has no flag `{name}` before this"));
            match suggest::nearest(name, known.iter().copied()) {
                Some(near) => error.label(format!("did you mean `{near}`?")).fix(
                    format!("write `{near}`"),
                    false,
                    span,
                    near,
                ),
                None => error.help(format!("its flags so far: {}", known.join(", "))),
            }
        }
        Combination::NoFlag => error("a combination is made of flags".to_owned()).help(example),
        Combination::WithBit => error("a combination has no bit of its own".to_owned())
            .help("remove the number before the name, or what stands behind the `=`"),
    }
}

pub(crate) fn newtype_inner(span: Span, found: &str) -> Diagnostic {
    Diagnostic::error(
        codes::NEWTYPE_INNER,
        span,
        format!("a newtype can't stand for `{found}`"),
    )
    .help("write the `?` where the newtype is used")
}

pub(crate) fn stream_type(span: Span) -> Diagnostic {
    Diagnostic::error(codes::STREAM_TYPE, span, "`stream` is not a type")
        .help("it is kept for results of rpcs, and planned: use a list")
}

pub(crate) fn no_values(span: Span, kind: &str, name: &str) -> Diagnostic {
    Diagnostic::error(
        codes::NO_VALUES,
        span,
        format!("{kind} `{name}` has nothing in it"),
    )
    .help(match kind {
        "enum" => "add a value, or remove it",
        "flags" => "add a flag, or remove it",
        _ => "add an arm, or remove it",
    })
}

pub(crate) fn instance_name(span: Span, instance: &str, name: &str, at: Span) -> Diagnostic {
    Diagnostic::error(
        codes::INSTANCE_NAME,
        span,
        format!("`{instance}` becomes `{name}`, which is declared already"),
    )
    .also(at, "declared here")
    .help("rename the declaration: instances of generics need such names in languages without generics")
}

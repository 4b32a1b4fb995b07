//! Names in TypeScript: members, locals, literals of strings.

use crate::names::camel;

/// A member, value, arm or call: `guildId`.
pub(super) fn member(name: &str) -> String {
    camel(name)
}

/// The local variable that a generated function keeps member `name` in.
///
/// An underscore follows what is reserved, what the function uses itself, and what a function of the module might be
/// called.
pub(super) fn local(name: &str) -> String {
    let name = camel(name);
    if RESERVED.contains(&name.as_str()) || USED.contains(&name.as_str()) || names_function(&name) {
        format!("{name}_")
    } else {
        name
    }
}

/// Prefixes of generated functions.
const PREFIXES: &[&str] = &["encode", "decode", "check", "default", "isDefault"];

fn names_function(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_uppercase()))
    })
}

/// Words that cannot name a variable in a module.
const RESERVED: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// What generated functions call their own variables, those inside of loops aside.
const USED: &[&str] = &["c", "changes", "m", "n", "r", "state", "v", "w", "wire"];

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if character.is_control()
                || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}') =>
            {
                quoted.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locals_keep_clear_of_reserved_words_and_of_functions() {
        assert_eq!(local("guild_id"), "guildId");
        assert_eq!(local("class"), "class_");
        assert_eq!(local("r"), "r_");
        assert_eq!(local("decode_stack"), "decodeStack_");
        assert_eq!(local("decoded"), "decoded");
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(
            quoted("a\"b\\c\n\u{0}\u{2028}é"),
            "\"a\\\"b\\\\c\\n\\u{0}\\u{2028}é\""
        );
    }
}

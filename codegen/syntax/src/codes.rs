//! The codes of the syntax errors. What each means, with a bad and a good example, stands in the pages of
//! `playhouse explain`, in `codegen/schema/src/pages`.

use crate::diagnostic::Code;

macro_rules! codes {
    ($($name:ident = $code:literal $title:literal;)*) => {
        $(#[doc = $title] pub const $name: Code = Code($code);)*

        /// Code, name of the constant, title: in order of code.
        pub const RULES: &[(&str, &str, &str)] = &[$(($code, stringify!($name), $title),)*];
    };
}

codes! {
    UNKNOWN_CHARACTER = "E0101" "no token begins with this character";
    UNTERMINATED = "E0102" "a string or a block comment has no end";
    BAD_NUMBER = "E0103" "a number is none, or too large";
    BAD_ESCAPE = "E0104" "strings don't know this escape";
    EXPECTED = "E0105" "something else was expected here";
    MISSING_SEMICOLON = "E0106" "a `;` is missing";
    UNKNOWN_KEYWORD = "E0107" "a word begins no declaration or member";
    TOO_DEEP = "E0108" "types or values are nested too deep";
    STRAY_DOC = "E0109" "a doc comment or an attribute stands before nothing";
    UNBALANCED = "E0110" "a bracket is not closed, or closes nothing";
    ATTRIBUTE_SIDE = "E0111" "an attribute stands on the wrong side";
    FILE_TOO_LONG = "E0112" "a file is too long";
}

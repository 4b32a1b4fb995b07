//! The codes of the syntax errors. What each means, with a bad and a good example, stands in the pages of
//! `playhouse explain`, in `codegen/schema/src/pages`.

use crate::diagnostic::Code;

/// A character that no token begins with.
pub const UNKNOWN_CHARACTER: Code = Code("E0101");
/// A string or a block comment without its end.
pub const UNTERMINATED: Code = Code("E0102");
/// A number that is none: `0x`, `12abc`, `5 minutes`.
pub const BAD_NUMBER: Code = Code("E0103");
/// An escape that strings don't know.
pub const BAD_ESCAPE: Code = Code("E0104");
/// Something else was expected here.
pub const EXPECTED: Code = Code("E0105");
/// A `;` is missing.
pub const MISSING_SEMICOLON: Code = Code("E0106");
/// A word that begins no declaration or member.
pub const UNKNOWN_KEYWORD: Code = Code("E0107");
/// Types or values nested too deep.
pub const TOO_DEEP: Code = Code("E0108");
/// A doc comment before nothing.
pub const STRAY_DOC: Code = Code("E0109");
/// A bracket that is not closed, or closes nothing.
pub const UNBALANCED: Code = Code("E0110");
/// An attribute on the wrong side.
pub const ATTRIBUTE_SIDE: Code = Code("E0111");
/// A file longer than can be read.
pub const FILE_TOO_LONG: Code = Code("E0112");

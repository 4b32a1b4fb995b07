//! The codes of what can be wrong with the lock, or with a schema in the light of it.

use playhouse_syntax::Code;

/// A line of the lock is none.
pub const LOCK_LINE: Code = Code("E0901");
/// The lock was written by a newer tool.
pub const LOCK_VERSION: Code = Code("E0902");
/// The lock holds an unresolved merge.
pub const LOCK_CONFLICT: Code = Code("E0903");
/// Two lines of the lock have one key.
pub const LOCK_TWICE: Code = Code("E0904");
/// A number that was released and removed is used for something else.
pub const NUMBER_REUSED: Code = Code("E0905");
/// A name that was released and removed is used for something else.
pub const NAME_REUSED: Code = Code("E0906");
/// `@since` names a release that is further away than the next.
pub const SINCE_FUTURE: Code = Code("E0907");
/// `@since` names another release than the one that brought the element.
pub const SINCE_WRONG: Code = Code("E0908");

/// Code, name of the constant, title: in order of code.
pub const RULES: &[(&str, &str, &str)] = &[
    ("E0901", "LOCK_LINE", "a line of the lock can't be read"),
    (
        "E0902",
        "LOCK_VERSION",
        "the lock was written by a newer playhouse",
    ),
    (
        "E0903",
        "LOCK_CONFLICT",
        "the lock holds an unresolved merge",
    ),
    (
        "E0904",
        "LOCK_TWICE",
        "two branches gave one number to different things",
    ),
    (
        "E0905",
        "NUMBER_REUSED",
        "a number that was released and removed is used again",
    ),
    (
        "E0906",
        "NAME_REUSED",
        "a name that was released and removed is used again",
    ),
    (
        "E0907",
        "SINCE_FUTURE",
        "`@since` names a release that is not the next",
    ),
    (
        "E0908",
        "SINCE_WRONG",
        "`@since` names another release than the one that brought it",
    ),
];

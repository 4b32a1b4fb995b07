//! The one error of reading and checking: what is wrong, where in the value, at which byte.

use std::fmt;

/// The result of reading or checking.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Segments of a path that are kept. Deeper ones, the outermost, are dropped and shown as `...`.
const PATH_MAX: usize = 16;

/// Characters of a map's key that a path shows.
const KEY_MAX: usize = 32;

/// A value that can't be read, or must not be sent.
///
/// Displayed as `bag[3].count: 120 is above the greatest allowed value, 99 (at byte 17)`. One pointer wide, so that
/// results of fast paths stay in registers.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Fault>);

#[derive(Clone, PartialEq)]
struct Fault {
    problem: Problem,
    offset: Option<usize>,
    /// Innermost first.
    path: Vec<Segment>,
    /// Whether outer segments were dropped.
    cut: bool,
}

#[derive(Clone, PartialEq)]
enum Segment {
    Member(&'static str),
    Index(usize),
    Key(Box<str>),
}

/// What was wrong.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// The input ends inside of a value.
    Truncated {
        /// Bytes (or, for a container, elements of at least a byte) that were announced.
        needed: usize,
        /// Bytes that were left.
        left: usize,
    },
    /// Another MessagePack form than the type has.
    WrongType {
        /// What the type has.
        expected: &'static str,
        /// What stood there.
        found: &'static str,
    },
    /// An integer, or a float, that the type doesn't hold.
    DoesNotFit {
        /// The integer.
        value: i128,
        /// The type, `u8`.
        into: &'static str,
    },
    /// An integer below or above its bound.
    Integer {
        /// The integer.
        value: i128,
        /// Least allowed.
        min: i128,
        /// Greatest allowed.
        max: i128,
    },
    /// A float below or above its bound, or not a number where there is one.
    Float {
        /// The float.
        value: f64,
        /// Least allowed.
        min: f64,
        /// Greatest allowed.
        max: f64,
    },
    /// A length below or above its bound.
    Length {
        /// The length.
        length: usize,
        /// `characters`, `bytes` or `elements`.
        unit: &'static str,
        /// Least allowed.
        min: u32,
        /// Greatest allowed.
        max: u32,
    },
    /// A string that isn't UTF-8.
    Utf8,
    /// An element of a set or a key of a map for the second time.
    Duplicate,
    /// A number that a closed enum doesn't have.
    UnknownValue(i128),
    /// A tag that a closed union doesn't have.
    UnknownArm(u8),
    /// A kind of message that nobody may send without agreement.
    UnknownKind(u64),
    /// A required member, or an arm's body, that isn't there.
    Missing,
    /// More than this many arrays and maps inside one another.
    TooDeep(u32),
    /// More memory than the input justifies: this many bytes were allowed.
    TooMuchMemory(usize),
    /// The body of an unknown arm is longer than this many bytes.
    UnknownTooLong(usize),
    /// This many bytes follow the value.
    TrailingBytes(usize),
    /// A reference that can't be one; says why.
    Reference(&'static str),
    /// A change of a list leaves elements without a value: this is the first index that is missing.
    ListGap(usize),
    /// Something else that the reader of a richer format found; says what.
    Other(Box<str>),
}

impl Error {
    /// `problem`, not placed yet.
    #[cold]
    #[must_use]
    pub fn new(problem: Problem) -> Self {
        Self(Box::new(Fault {
            problem,
            offset: None,
            path: Vec::new(),
            cut: false,
        }))
    }

    /// `problem` at byte `offset`.
    #[cold]
    #[must_use]
    pub fn at(problem: Problem, offset: usize) -> Self {
        Self(Box::new(Fault {
            problem,
            offset: Some(offset),
            path: Vec::new(),
            cut: false,
        }))
    }

    /// The same at byte `offset`, unless it is placed already: for what is checked after it was read.
    #[cold]
    #[must_use]
    pub fn placed(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// The same inside of the member, arm or argument `name`.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn member(self, name: &'static str) -> Self {
        self.within(Segment::Member(name))
    }

    /// The same inside of element `index`.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.within(Segment::Index(index))
    }

    /// The same inside of the value (or the key) `key` of a map. Long keys are cut.
    #[cold]
    #[inline(never)]
    #[must_use]
    pub fn key(self, key: &dyn fmt::Debug) -> Self {
        let mut text = Clipped {
            text: String::new(),
            left: KEY_MAX,
        };
        // The clipped text refuses what is too long by an error; what it holds by then is what is wanted.
        let complete = fmt::write(&mut text, format_args!("{key:?}")).is_ok();
        if !complete {
            text.text.push_str("...");
        }
        self.within(Segment::Key(text.text.into_boxed_str()))
    }

    fn within(mut self, segment: Segment) -> Self {
        if self.0.path.len() < PATH_MAX {
            if self.0.path.is_empty() {
                self.0.path.reserve_exact(PATH_MAX);
            }
            self.0.path.push(segment);
        } else {
            self.0.cut = true;
        }
        self
    }

    /// What was wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The byte of the input at which it was found; none when a value was checked that had not been encoded.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Where in the value, `bag[3].count`; empty for the value itself.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        if self.0.cut {
            path.push_str("...");
        }
        for segment in self.0.path.iter().rev() {
            match segment {
                Segment::Member(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Index(index) => {
                    path.push_str(&format!("[{index}]"));
                }
                Segment::Key(key) => {
                    path.push('[');
                    path.push_str(key);
                    path.push(']');
                }
            }
        }
        path
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "{}", self.0.problem)?;
        match self.0.offset {
            Some(offset) => write!(f, " (at byte {offset})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("problem", &self.0.problem)
            .field("path", &self.path())
            .field("offset", &self.0.offset)
            .finish()
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => {
                write!(
                    f,
                    "the input ends early: {needed} announced, {left} bytes left"
                )
            }
            Self::WrongType { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::DoesNotFit { value, into } => write!(f, "{value} does not fit {into}"),
            Self::Integer { value, min, max } => {
                if value < min {
                    write!(f, "{value} is below the least allowed value, {min}")
                } else {
                    write!(f, "{value} is above the greatest allowed value, {max}")
                }
            }
            Self::Float { value, min, max } => {
                write!(f, "{value} is not within {min}..={max}")
            }
            Self::Length {
                length,
                unit,
                min,
                max,
            } => {
                if min == max {
                    write!(f, "{length} {unit}, exactly {min} expected")
                } else if *length < *min as usize {
                    write!(f, "{length} {unit}, at least {min} expected")
                } else {
                    write!(f, "{length} {unit}, at most {max} allowed")
                }
            }
            Self::Utf8 => f.write_str("the string is not UTF-8"),
            Self::Duplicate => f.write_str("occurs twice"),
            Self::UnknownValue(number) => {
                write!(f, "{number} is no value of this enum, and it is closed")
            }
            Self::UnknownArm(tag) => write!(f, "{tag} is no arm of this union, and it is closed"),
            Self::UnknownKind(kind) => {
                write!(f, "{kind} is no kind of message of this version")
            }
            Self::Missing => f.write_str("missing, and it has no default"),
            Self::TooDeep(limit) => {
                write!(f, "more than {limit} arrays and maps inside one another")
            }
            Self::TooMuchMemory(limit) => {
                write!(
                    f,
                    "needs more memory than the {limit} bytes that the input justifies"
                )
            }
            Self::UnknownTooLong(limit) => {
                write!(f, "the body of an unknown arm is longer than {limit} bytes")
            }
            Self::TrailingBytes(count) => write!(f, "{count} bytes follow the value"),
            Self::Reference(why) => write!(f, "not a valid reference: {why}"),
            Self::ListGap(index) => {
                write!(
                    f,
                    "the change lengthens the list but gives no element {index}"
                )
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// Takes so many bytes of text and refuses the rest.
struct Clipped {
    text: String,
    left: usize,
}

impl fmt::Write for Clipped {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_and_at_which_byte() {
        let error = Error::at(
            Problem::Integer {
                value: 120,
                min: 1,
                max: 99,
            },
            17,
        )
        .member("count")
        .index(3)
        .member("bag");
        assert_eq!(error.path(), "bag[3].count");
        assert_eq!(error.offset(), Some(17));
        assert_eq!(
            error.to_string(),
            "bag[3].count: 120 is above the greatest allowed value, 99 (at byte 17)"
        );
    }

    #[test]
    fn keys_stand_in_brackets_and_long_ones_are_cut() {
        assert_eq!(
            Error::new(Problem::Utf8)
                .member("b")
                .key(&7)
                .member("a")
                .path(),
            "a[7].b"
        );
        let key = "x".repeat(100);
        let path = Error::new(Problem::Utf8).key(&key).path();
        assert_eq!(path, format!("[\"{}...]", "x".repeat(KEY_MAX - 1)));
    }

    #[test]
    fn a_path_is_cut_at_its_greatest_length() {
        let mut error = Error::new(Problem::Utf8);
        for _ in 0..=PATH_MAX {
            error = error.member("a");
        }
        assert_eq!(error.path(), format!("...{}", ".a".repeat(PATH_MAX)));
    }
}

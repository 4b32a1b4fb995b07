//! How a call failed, as it travels.

use crate::error::Result;
use crate::{Encode, Reader, Writer};

use super::bounded::{decode_text, shortened};
use super::fields::Fields;

/// Why a call has no result, other than what its handler throws. The numbers are those on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum FailureKind {
    /// The deadline passed.
    Timeout = 1,
    /// No link to the node, or it broke.
    Unreachable = 2,
    /// The caller gave up, or the node stops.
    Cancelled = 3,
    /// The caller may not do this.
    Denied = 4,
    /// More calls than the schema allows.
    RateLimited = 5,
    /// A bounded queue is full.
    Overloaded = 6,
    /// There is no such entity, service or node.
    NotFound = 7,
    /// The bytes or the values break the schema.
    Invalid = 8,
    /// The call waits for itself.
    Deadlock = 9,
    /// The peer has no such call.
    Unimplemented = 10,
    /// The peers' schemas do not fit.
    Incompatible = 11,
    /// The handler panicked, or the framework is at fault.
    Internal = 12,
}

impl FailureKind {
    /// All of them, in order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Timeout,
        Self::Unreachable,
        Self::Cancelled,
        Self::Denied,
        Self::RateLimited,
        Self::Overloaded,
        Self::NotFound,
        Self::Invalid,
        Self::Deadlock,
        Self::Unimplemented,
        Self::Incompatible,
        Self::Internal,
    ];

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind of this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number.checked_sub(1)?)).copied()
    }

    /// What it means, in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "the deadline passed",
            Self::Unreachable => "the node can't be reached",
            Self::Cancelled => "the call was given up",
            Self::Denied => "not allowed",
            Self::RateLimited => "more calls than allowed",
            Self::Overloaded => "a queue is full",
            Self::NotFound => "there is no such target",
            Self::Invalid => "the arguments or the result break the schema",
            Self::Deadlock => "the call would wait for itself",
            Self::Unimplemented => "the peer has no such call",
            Self::Incompatible => "the schemas of the peers do not fit",
            Self::Internal => "the handler or the framework failed",
        }
    }
}

/// Whether a failed call may have taken effect. The numbers are those on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Executed {
    /// The handler never began.
    NotExecuted = 0,
    /// It may have run, in part or to its end.
    Unknown = 1,
}

impl Executed {
    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What this number says; one that isn't known promises nothing.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::NotExecuted,
            _ => Self::Unknown,
        }
    }
}

/// Most bytes of a failure's text; writers cut longer ones.
pub const FAILURE_TEXT_BYTES_MAX: usize = 1024;

/// Most bytes of a failure's path; writers cut longer ones.
pub const FAILURE_PATH_BYTES_MAX: usize = 4096;

/// A failure as it travels: `[kind, executed, text, path]`, empty ones at the end left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WireFailure<'a> {
    /// Why. A number that isn't known is read as [`FailureKind::Internal`].
    pub kind: FailureKind,
    /// Whether the call may have taken effect.
    pub executed: Executed,
    /// What happened and what to do; may be empty. At most [`FAILURE_TEXT_BYTES_MAX`].
    pub text: &'a str,
    /// The entities that wait for one another, of a deadlock; else empty. At most [`FAILURE_PATH_BYTES_MAX`].
    pub path: &'a str,
}

impl<'a> WireFailure<'a> {
    /// A failure without words.
    #[must_use]
    pub const fn new(kind: FailureKind, executed: Executed) -> Self {
        Self {
            kind,
            executed,
            text: "",
            path: "",
        }
    }

    /// The fields behind the kind, whose number is read already; `left` elements are left of the array.
    pub(super) fn decode_rest(r: &mut Reader<'a>, kind: u8, left: usize) -> Result<Self> {
        let kind = FailureKind::from_number(kind).unwrap_or(FailureKind::Internal);
        let mut slots = r.slots_left(left);
        let executed = slots.or::<u8>("executed", Executed::Unknown.number())?;
        let text = slots.optional_with("text", |r| decode_text(r, FAILURE_TEXT_BYTES_MAX))?;
        let path = slots.optional_with("path", |r| decode_text(r, FAILURE_PATH_BYTES_MAX))?;
        slots.end()?;
        Ok(Self {
            kind,
            executed: Executed::from_number(executed),
            text: text.unwrap_or_default(),
            path: path.unwrap_or_default(),
        })
    }
}

impl Encode for WireFailure<'_> {
    fn encode(&self, w: &mut Writer) {
        Fields::new(w)
            .put(&self.kind.number())
            .put(&self.executed.number())
            .or(shortened(self.text, FAILURE_TEXT_BYTES_MAX), "")
            .or(shortened(self.path, FAILURE_PATH_BYTES_MAX), "")
            .end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_from_one() {
        for (number, kind) in (1..).zip(FailureKind::ALL) {
            assert_eq!(kind.number(), number);
            assert_eq!(FailureKind::from_number(number), Some(kind));
        }
        assert_eq!(FailureKind::from_number(0), None);
        assert_eq!(FailureKind::from_number(13), None);
    }
}

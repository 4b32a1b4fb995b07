//! A record as those see it who write it or look at it: with its secrets taken out.

use std::backtrace::Backtrace;
use std::fmt;

use tracing::Level;

use crate::captured::{Captured, Fields, Piece, Raw, SpanFields};
use crate::clock::{Clock, Date};
use crate::redact::Denylist;

/// One line of the log, for [`Builder::on_record`](crate::Builder::on_record).
#[derive(Clone, Copy)]
pub struct Record<'a> {
    captured: &'a Captured,
    denylist: &'a Denylist,
    clock: Clock,
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A truth.
    Bool(bool),
    /// A number with a sign.
    I64(i64),
    /// A number without one.
    U64(u64),
    /// A great number with a sign.
    I128(i128),
    /// A great number without one.
    U128(u128),
    /// A number with a fraction, or one that is none.
    F64(f64),
    /// A text.
    Str(&'a str),
    /// What `Debug` or `Display` of a value say.
    Debug(&'a str),
    /// What must not be known.
    Redacted,
}

/// What stands for a secret.
pub(crate) const REDACTED: &str = "(redacted)";

impl<'a> Record<'a> {
    pub(crate) const fn new(captured: &'a Captured, denylist: &'a Denylist, clock: Clock) -> Self {
        Self {
            captured,
            denylist,
            clock,
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.captured.level
    }

    /// The module that says it, or what it gave as its target; `panic` of a panic.
    #[must_use]
    pub const fn target(&self) -> &'a str {
        self.captured.target
    }

    /// When, in microseconds since 1970 in UTC.
    #[must_use]
    pub const fn time_us(&self) -> i64 {
        self.captured.time_us
    }

    /// The source file, as the compiler knows it; of a panic, that of the panic.
    #[must_use]
    pub fn file(&self) -> Option<&'a str> {
        match self.captured.location {
            Some(location) => Some(self.text(location.file)).filter(|it| !it.is_empty()),
            None => self.captured.file,
        }
    }

    /// The line in that file.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        match self.captured.location {
            Some(location) => Some(location.line),
            None => self.captured.line,
        }
    }

    /// The column in that line, which only panics know.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.captured.location.map(|it| it.column)
    }

    /// What is said.
    #[must_use]
    pub fn message(&self) -> &'a str {
        self.text(self.captured.message)
    }

    /// The node on which; empty if there is none.
    #[must_use]
    pub fn node(&self) -> &'a str {
        self.text(self.captured.node)
    }

    /// The entity or service whose code says it; empty if there is none.
    #[must_use]
    pub fn entity(&self) -> &'a str {
        self.text(self.captured.entity)
    }

    /// The client's session that caused it.
    #[must_use]
    pub const fn session(&self) -> Option<u64> {
        self.captured.session
    }

    /// The trace that it belongs to.
    #[must_use]
    pub const fn trace(&self) -> Option<u128> {
        self.captured.trace
    }

    /// Its fields, in the order in which they are written.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        values(&self.captured.fields, self.denylist)
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        self.fields()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The spans around it, the outermost first: their names and their fields.
    pub fn spans(
        &self,
    ) -> impl Iterator<
        Item = (
            &'a str,
            impl Iterator<Item = (&'a str, Value<'a>)> + use<'a>,
        ),
    > {
        let denylist = self.denylist;
        let fields = move |span: &'a SpanFields| values(&span.fields, denylist);
        let spans = self.captured.spans.iter().rev();
        spans.map(move |span| (span.name, fields(span)))
    }

    /// Where it was called from: of errors, if [backtraces](crate::Builder::backtraces) are on.
    #[must_use]
    pub const fn backtrace(&self) -> Option<&'a Backtrace> {
        self.captured.backtrace.as_ref()
    }

    /// Whether it was longer than [`RECORD_BYTES_MAX`](crate::RECORD_BYTES_MAX).
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.captured.fields.cut
    }

    pub(crate) fn date(&self) -> Date {
        self.clock.date(self.captured.time_us)
    }

    fn text(&self, piece: Piece) -> &'a str {
        self.captured.fields.get(piece)
    }
}

fn values<'a>(
    fields: &'a Fields,
    denylist: &'a Denylist,
) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
    fields.list.iter().map(move |(name, raw)| {
        let value = match *raw {
            _ if denylist.has(name) => Value::Redacted,
            Raw::Bool(value) => Value::Bool(value),
            Raw::I64(value) => Value::I64(value),
            Raw::U64(value) => Value::U64(value),
            Raw::I128(value) => Value::I128(value),
            Raw::U128(value) => Value::U128(value),
            Raw::F64(value) => Value::F64(value),
            Raw::Str(piece) => Value::Str(fields.get(piece)),
            Raw::Debug(piece) => Value::Debug(fields.get(piece)),
        };
        (*name, value)
    })
}

/// As in the terminal, without the texts' quotes.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::I64(value) => value.fmt(f),
            Self::U64(value) => value.fmt(f),
            Self::I128(value) => value.fmt(f),
            Self::U128(value) => value.fmt(f),
            Self::F64(value) => value.fmt(f),
            Self::Str(value) | Self::Debug(value) => value.fmt(f),
            Self::Redacted => f.write_str(REDACTED),
        }
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("level", &self.level())
            .field("target", &self.target())
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

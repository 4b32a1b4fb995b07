//! What one line says, as the caller hands it over: raw, in one buffer that is used again.

use std::backtrace::Backtrace;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::{Level, Metadata};

/// Most bytes of text of one record.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// Most bytes of text of one span.
pub const SPAN_BYTES_MAX: usize = 8 * 1024;

/// Most spans that a record names, those nearest to it.
pub const SPANS_MAX: usize = 16;

/// Most causes of an error that are followed.
const CAUSES_MAX: usize = 16;

/// A buffer that has grown beyond this is not kept.
const KEPT_BYTES_MAX: usize = 1024;

/// The target of records that are made of panics.
pub(crate) const PANIC: &str = "panic";

/// A piece of a buffer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Piece {
    start: u32,
    end: u32,
}

/// A value, as far as it isn't text in the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Raw {
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F64(f64),
    Str(Piece),
    Debug(Piece),
}

/// Fields and the buffer that their text stands in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    pub(crate) list: Vec<(&'static str, Raw)>,
    text: String,
    /// Something did not fit.
    pub(crate) cut: bool,
}

impl Fields {
    pub(crate) fn get(&self, piece: Piece) -> &str {
        self.text
            .get(piece.start as usize..piece.end as usize)
            .unwrap_or_default()
    }

    fn write(&mut self, text: fmt::Arguments<'_>, limit: usize) -> Piece {
        let start = self.text.len();
        let mut bounded = Bounded {
            text: &mut self.text,
            limit,
            cut: false,
        };
        // It stops where the limit is; a `Debug` that fails by itself has said what it could.
        let _ = bounded.write_fmt(text);
        self.cut |= bounded.cut;
        self.piece(start)
    }

    fn copy(&mut self, text: &str, limit: usize) -> Piece {
        let start = self.text.len();
        let left = limit.saturating_sub(start);
        let end = text.floor_char_boundary(left);
        self.cut |= end < text.len();
        self.text.push_str(&text[..end]);
        self.piece(start)
    }

    fn piece(&self, start: usize) -> Piece {
        // The limits are far below what a `u32` holds.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Piece {
            start: place(start),
            end: place(self.text.len()),
        }
    }

    /// A field that is recorded again has its new value.
    fn put(&mut self, name: &'static str, value: Raw, replaces: bool) {
        if replaces && let Some(old) = self.list.iter_mut().find(|(known, _)| *known == name) {
            old.1 = value;
        } else {
            self.list.push((name, value));
        }
    }
}

/// Text that stops at a limit.
struct Bounded<'a> {
    text: &'a mut String,
    limit: usize,
    cut: bool,
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = self.limit.saturating_sub(self.text.len());
        if text.len() <= left {
            self.text.push_str(text);
            return Ok(());
        }
        self.text.push_str(&text[..text.floor_char_boundary(left)]);
        self.cut = true;
        Err(fmt::Error)
    }
}

/// A span as records name it.
#[derive(Debug, Clone)]
pub(crate) struct SpanFields {
    pub(crate) name: &'static str,
    pub(crate) fields: Fields,
}

impl SpanFields {
    pub(crate) fn new(name: &'static str) -> Self {
        let fields = Fields::default();
        Self { name, fields }
    }

    /// Takes the values of a span that begins, or further ones.
    pub(crate) fn visitor(&mut self) -> impl Visit {
        Visitor {
            fields: &mut self.fields,
            limit: SPAN_BYTES_MAX,
            message: None,
            replaces: true,
            location: None,
        }
    }
}

/// Where a record comes from, if its callsite doesn't say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Location {
    pub(crate) file: Piece,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// One record.
#[derive(Debug)]
pub(crate) struct Captured {
    pub(crate) level: Level,
    pub(crate) target: &'static str,
    pub(crate) file: Option<&'static str>,
    pub(crate) line: Option<u32>,
    pub(crate) time_us: i64,
    pub(crate) fields: Fields,
    pub(crate) message: Piece,
    pub(crate) node: Piece,
    pub(crate) entity: Piece,
    pub(crate) session: Option<u64>,
    pub(crate) trace: Option<u128>,
    /// From the innermost outwards.
    pub(crate) spans: Vec<Arc<SpanFields>>,
    pub(crate) location: Option<Location>,
    pub(crate) backtrace: Option<Backtrace>,
    /// Made on the writer's own thread: hooks don't see it, or they would feed themselves.
    pub(crate) from_writer: bool,
}

impl Captured {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            level: Level::ERROR,
            target: "",
            file: None,
            line: None,
            time_us: 0,
            fields: Fields::default(),
            message: Piece::default(),
            node: Piece::default(),
            entity: Piece::default(),
            session: None,
            trace: None,
            spans: Vec::new(),
            location: None,
            backtrace: None,
            from_writer: false,
        })
    }

    /// Empties it for the next record.
    pub(crate) fn clear(&mut self) {
        self.fields.list.clear();
        self.fields.text.clear();
        self.fields.text.shrink_to(KEPT_BYTES_MAX);
        self.fields.cut = false;
        self.message = Piece::default();
        self.node = Piece::default();
        self.entity = Piece::default();
        self.session = None;
        self.trace = None;
        self.spans.clear();
        self.location = None;
        self.backtrace = None;
        self.from_writer = false;
    }

    /// Begins a record of a callsite.
    pub(crate) fn begin(&mut self, metadata: &'static Metadata<'static>, time_us: i64) {
        self.level = *metadata.level();
        self.target = metadata.target();
        self.file = metadata.file();
        self.line = metadata.line();
        self.time_us = time_us;
    }

    /// What it counts as in the queue: the size of its text, and that of the record itself.
    pub(crate) const fn bytes(&self) -> usize {
        self.fields.text.len() + size_of::<Self>()
    }

    /// Writes into the buffer, outside of fields.
    pub(crate) fn write(&mut self, text: fmt::Arguments<'_>) -> Piece {
        match text.as_str() {
            Some(text) => self.fields.copy(text, RECORD_BYTES_MAX),
            None => self.fields.write(text, RECORD_BYTES_MAX),
        }
    }

    /// Takes the message and the fields of an event.
    pub(crate) fn visitor(&mut self) -> impl Visit {
        let is_panic = self.target == PANIC;
        let location = is_panic.then(|| self.location.insert(Location::default()));
        Visitor {
            fields: &mut self.fields,
            limit: RECORD_BYTES_MAX,
            message: Some(&mut self.message),
            replaces: false,
            location,
        }
    }
}

struct Visitor<'a> {
    fields: &'a mut Fields,
    limit: usize,
    /// Where a message goes; a span has none, and keeps a field of that name.
    message: Option<&'a mut Piece>,
    replaces: bool,
    location: Option<&'a mut Location>,
}

impl Visitor<'_> {
    fn put(&mut self, field: &Field, value: Raw) {
        if let Some(location) = &mut self.location {
            let small = |number: u64| u32::try_from(number).unwrap_or(0);
            match (field.name(), value) {
                ("panic.file", Raw::Str(file)) => return location.file = file,
                ("panic.line", Raw::U64(line)) => return location.line = small(line),
                ("panic.column", Raw::U64(column)) => return location.column = small(column),
                _ => {}
            }
        }
        if field.name() == "message"
            && let Some(message) = &mut self.message
            && let Raw::Str(text) | Raw::Debug(text) = value
        {
            **message = text;
            return;
        }
        self.fields.put(field.name(), value, self.replaces);
    }
}

impl Visit for Visitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Raw::F64(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Raw::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Raw::U64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, Raw::I128(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, Raw::U128(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Raw::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = self.fields.copy(value, self.limit);
        self.put(field, Raw::Str(text));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let chain = fmt::from_fn(|f| {
            write!(f, "{value}")?;
            let mut cause = value.source();
            for _ in 0..CAUSES_MAX {
                let Some(error) = cause else { break };
                write!(f, ": {error}")?;
                cause = error.source();
            }
            Ok(())
        });
        let text = self.fields.write(format_args!("{chain}"), self.limit);
        self.put(field, Raw::Debug(text));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = self.fields.write(format_args!("{value:?}"), self.limit);
        self.put(field, Raw::Debug(text));
    }
}

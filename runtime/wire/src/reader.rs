//! Bytes in: position, limits and the forms of scalars.

mod integer;
mod skip;
mod slots;

use rmp::Marker;

pub use slots::{Arm, Slots};

use crate::error::{Error, Problem, Result};
use crate::limits::Limits;

/// Reads MessagePack from a slice of bytes, within [`Limits`].
///
/// After an error the reader's position means nothing: one refusal ends the reading of a value.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
    depth: u32,
    memory: usize,
    limits: Limits,
}

/// Memory put aside for the error itself, so that a refusal stays within the limit as well.
const ERROR_RESERVE: usize = 1024;

impl<'a> Reader<'a> {
    /// A reader of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
            depth: limits.depth,
            memory: limits.memory(bytes.len()).saturating_sub(ERROR_RESERVE),
            limits: *limits,
        }
    }

    /// How many bytes were read.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    /// What was not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Ends the reading.
    ///
    /// # Errors
    ///
    /// [`Problem::TrailingBytes`] if anything is left.
    pub fn end(&self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.error(Problem::TrailingBytes(self.rest.len())))
        }
    }

    /// `problem` at the present position.
    #[cold]
    #[must_use]
    pub fn error(&self, problem: Problem) -> Error {
        Error::at(problem, self.offset())
    }

    /// Takes `bytes` of memory from the allowance; call it before allocating.
    ///
    /// # Errors
    ///
    /// [`Problem::TooMuchMemory`] if so much isn't left.
    #[inline]
    pub fn charge(&mut self, bytes: usize) -> Result<()> {
        match self.memory.checked_sub(bytes) {
            Some(memory) => {
                self.memory = memory;
                Ok(())
            }
            None => Err(self.error(Problem::TooMuchMemory(self.limits.memory(self.length)))),
        }
    }

    /// Gives back memory that was charged and is free again.
    #[inline]
    pub(crate) fn refund(&mut self, bytes: usize) {
        self.memory = self.memory.saturating_add(bytes);
    }

    /// The first byte of the next value.
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest.split_first_chunk::<N>() {
            Some((&chunk, rest)) => {
                self.rest = rest;
                Ok(chunk)
            }
            None => Err(self.truncated(N)),
        }
    }

    /// The next `length` bytes as they stand.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(self.truncated(length)),
        }
    }

    #[cold]
    #[inline(never)]
    fn truncated(&self, needed: usize) -> Error {
        self.error(Problem::Truncated {
            needed,
            left: self.rest.len(),
        })
    }

    /// The next value isn't an `expected`; the reader still stands before it.
    #[cold]
    #[inline(never)]
    pub(crate) fn wrong_type(&self, expected: &'static str) -> Error {
        match self.peek() {
            Some(byte) => self.error(Problem::WrongType {
                expected,
                found: form_name(Marker::from_u8(byte)),
            }),
            None => self.truncated(1),
        }
    }

    /// Whether the next value is nil.
    #[inline]
    #[must_use]
    pub fn at_nil(&self) -> bool {
        self.peek() == Some(NIL)
    }

    /// Whether the next value is nil; if so, it is read.
    #[inline]
    pub fn take_nil(&mut self) -> bool {
        match self.rest.split_first() {
            Some((&NIL, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Reads a bool.
    ///
    /// # Errors
    ///
    /// If something else stands there.
    #[inline]
    pub fn bool(&mut self) -> Result<bool> {
        match self.rest.split_first() {
            Some((&TRUE, rest)) => {
                self.rest = rest;
                Ok(true)
            }
            Some((&FALSE, rest)) => {
                self.rest = rest;
                Ok(false)
            }
            _ => Err(self.wrong_type("a bool")),
        }
    }

    /// Reads a float of 32 bits; also an integer that one holds exactly.
    ///
    /// # Errors
    ///
    /// If something else stands there.
    #[inline]
    pub fn f32(&mut self) -> Result<f32> {
        match *self.rest {
            [F32, a, b, c, d, ref rest @ ..] => {
                self.rest = rest;
                Ok(f32::from_be_bytes([a, b, c, d]))
            }
            _ => self.f32_of_integer(),
        }
    }

    #[inline(never)]
    fn f32_of_integer(&mut self) -> Result<f32> {
        if self.peek() == Some(F32) {
            return Err(self.truncated(5));
        }
        let before = self.offset();
        let value = self.integer("a float 32")?;
        // Within +-2^24 there is a 16 bit part times 2^16 and a rest, both exact.
        if (-(1 << 24)..=1 << 24).contains(&value)
            && let (Ok(high), Ok(low)) = (i16::try_from(value >> 16), u16::try_from(value & 0xffff))
        {
            return Ok(f32::from(high) * 65536.0 + f32::from(low));
        }
        Err(Error::at(
            Problem::DoesNotFit {
                value,
                into: "a float 32",
            },
            before,
        ))
    }

    /// Reads a float of 64 bits; also a float of 32 bits, and an integer up to 2^53.
    ///
    /// # Errors
    ///
    /// If something else stands there.
    #[inline]
    pub fn f64(&mut self) -> Result<f64> {
        match *self.rest {
            [F64, a, b, c, d, e, f, g, h, ref rest @ ..] => {
                self.rest = rest;
                Ok(f64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
            [F32, ..] => self.f32().map(f64::from),
            _ => self.f64_of_integer(),
        }
    }

    #[inline(never)]
    fn f64_of_integer(&mut self) -> Result<f64> {
        if self.peek() == Some(F64) {
            return Err(self.truncated(9));
        }
        let before = self.offset();
        let value = self.integer("a float")?;
        if (-(1 << 53)..=1 << 53).contains(&value)
            && let (Ok(high), Ok(low)) = (
                i32::try_from(value >> 32),
                u32::try_from(value & 0xffff_ffff),
            )
        {
            return Ok(f64::from(high) * 4_294_967_296.0 + f64::from(low));
        }
        Err(Error::at(
            Problem::DoesNotFit {
                value,
                into: "a float 64",
            },
            before,
        ))
    }

    /// Reads a string, borrowed from the input.
    ///
    /// # Errors
    ///
    /// If something else stands there, or it isn't UTF-8.
    #[inline]
    pub fn str(&mut self) -> Result<&'a str> {
        let length = match *self.rest {
            [byte @ 0xa0..=0xbf, ref rest @ ..] => {
                self.rest = rest;
                usize::from(byte & 0x1f)
            }
            _ => self.str_header()?,
        };
        let start = self.offset();
        let bytes = self.take(length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(error) => Err(Error::at(Problem::Utf8, start + error.valid_up_to())),
        }
    }

    #[inline(never)]
    fn str_header(&mut self) -> Result<usize> {
        match self.peek() {
            Some(0xd9) => self.length_8(),
            Some(0xda) => self.length_16(),
            Some(0xdb) => self.length_32(),
            _ => Err(self.wrong_type("a string")),
        }
    }

    /// Reads bytes (the bin form), borrowed from the input.
    ///
    /// # Errors
    ///
    /// If something else stands there.
    #[inline]
    pub fn bin(&mut self) -> Result<&'a [u8]> {
        let length = match self.peek() {
            Some(0xc4) => self.length_8()?,
            Some(0xc5) => self.length_16()?,
            Some(0xc6) => self.length_32()?,
            _ => return Err(self.wrong_type("bytes")),
        };
        self.take(length)
    }

    /// Reads the header of an array and goes into it: [`Reader::leave`] must follow its elements.
    ///
    /// The length is at most that of the rest of the input, since each element takes a byte.
    ///
    /// # Errors
    ///
    /// If something else stands there, it is too deep, or longer than the input.
    #[inline]
    pub fn enter_array(&mut self) -> Result<usize> {
        let length = match *self.rest {
            [byte @ 0x90..=0x9f, ref rest @ ..] => {
                self.rest = rest;
                usize::from(byte & 0x0f)
            }
            _ => self.array_header()?,
        };
        self.enter(length, 1)?;
        Ok(length)
    }

    /// Reads the header of a map and goes into it: [`Reader::leave`] must follow its entries.
    ///
    /// # Errors
    ///
    /// If something else stands there, it is too deep, or longer than the input.
    #[inline]
    pub fn enter_map(&mut self) -> Result<usize> {
        let length = match *self.rest {
            [byte @ 0x80..=0x8f, ref rest @ ..] => {
                self.rest = rest;
                usize::from(byte & 0x0f)
            }
            _ => self.map_header()?,
        };
        self.enter(length, 2)?;
        Ok(length)
    }

    #[inline(never)]
    fn array_header(&mut self) -> Result<usize> {
        match self.peek() {
            Some(0xdc) => self.length_16(),
            Some(0xdd) => self.length_32(),
            _ => Err(self.wrong_type("an array")),
        }
    }

    #[inline(never)]
    fn map_header(&mut self) -> Result<usize> {
        match self.peek() {
            Some(0xde) => self.length_16(),
            Some(0xdf) => self.length_32(),
            _ => Err(self.wrong_type("a map")),
        }
    }

    /// `length` entries of at least `least` bytes each are about to be read, one level deeper.
    #[inline]
    fn enter(&mut self, length: usize, least: usize) -> Result<()> {
        if length > self.rest.len() / least {
            return Err(self.truncated(length));
        }
        match self.depth.checked_sub(1) {
            Some(depth) => {
                self.depth = depth;
                Ok(())
            }
            None => Err(self.error(Problem::TooDeep(self.limits.depth))),
        }
    }

    /// Goes out of an array or map.
    #[inline]
    pub fn leave(&mut self) {
        self.depth += 1;
    }

    fn length_8(&mut self) -> Result<usize> {
        let [_, a] = self.chunk::<2>()?;
        Ok(usize::from(a))
    }

    fn length_16(&mut self) -> Result<usize> {
        let [_, a, b] = self.chunk::<3>()?;
        Ok(usize::from(u16::from_be_bytes([a, b])))
    }

    fn length_32(&mut self) -> Result<usize> {
        let [_, a, b, c, d] = self.chunk::<5>()?;
        // A platform whose addresses are shorter than the length can't hold the input either.
        Ok(usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX))
    }
}

const NIL: u8 = 0xc0;
const FALSE: u8 = 0xc2;
const TRUE: u8 = 0xc3;
const F32: u8 = 0xca;
const F64: u8 = 0xcb;

/// What messages call a form.
fn form_name(marker: Marker) -> &'static str {
    match marker {
        Marker::FixPos(_) | Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => "an integer",
        Marker::FixNeg(_) | Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => {
            "a negative integer"
        }
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "a string",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bytes",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "an array",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map",
        Marker::Null => "nil",
        Marker::True | Marker::False => "a bool",
        Marker::F32 => "a float 32",
        Marker::F64 => "a float 64",
        Marker::Reserved => "the reserved byte 0xc1",
        _ => "an extension",
    }
}

#[cfg(test)]
mod tests;

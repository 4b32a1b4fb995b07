//! Frames: where one message ends and the next begins on a stream of bytes.
//!
//! A frame is its message's length as a `u32` in little-endian order, and the message. Messages are written once, straight
//! behind a length that is filled in afterwards ([`begin`], [`end`]), and read where they lie ([`Frames`]). Between peers
//! that agreed on it, long ones may travel compressed ([`pack`]).

use std::fmt;

use crate::Writer;

mod packed;

pub use packed::{
    Frame, PACK_BYTES_MAX, PACK_FROM, PACK_RATIO_MAX, PACKED, Packed, UnpackError, pack,
};

/// Greatest length of a message, in bytes, unless a link says less.
pub const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of the length in front of a message.
pub const LENGTH_BYTES: usize = 4;

/// The first bytes of an encrypted connection. As a length they are far beyond any.
pub const SEALED_MAGIC: [u8; LENGTH_BYTES] = *b"PHN1";

/// A message that is longer than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// Its length, in bytes.
    pub length: usize,
    /// The most allowed.
    pub max: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { length, max } = self;
        if u32::try_from(*length) == Ok(u32::from_le_bytes(SEALED_MAGIC)) {
            return f.write_str(
                "an encrypted connection, which this side does not take: configure its keys there, or leave them out here",
            );
        }
        write!(
            f,
            "a message of {length} bytes, at most {max} are allowed: send less at a time"
        )
    }
}

impl std::error::Error for TooLong {}

/// Where a frame begins that is being written.
#[derive(Debug)]
#[must_use = "a frame that isn't ended has no length"]
pub struct Mark(usize);

/// Begins a frame: the message is to be written behind it, and [`end`] to be called.
#[inline]
pub fn begin(w: &mut Writer) -> Mark {
    let mark = Mark(w.len());
    w.raw(&[0; LENGTH_BYTES]);
    mark
}

/// Ends a frame of at most `max` bytes (and less than [`PACKED`]).
///
/// # Errors
///
/// If the message is longer; then nothing of it remains in `w`.
#[inline]
pub fn end(w: &mut Writer, mark: Mark, max: usize) -> Result<(), TooLong> {
    let Mark(start) = mark;
    let length = w.len().saturating_sub(start + LENGTH_BYTES);
    match u32::try_from(length) {
        Ok(short) if length <= max && short < PACKED => {
            w.patch(start, short.to_le_bytes());
            Ok(())
        }
        _ => {
            w.truncate(start);
            Err(TooLong { length, max })
        }
    }
}

/// Writes one frame whose message `write` writes.
///
/// # Errors
///
/// As [`end`].
#[inline]
pub fn put(w: &mut Writer, max: usize, write: impl FnOnce(&mut Writer)) -> Result<(), TooLong> {
    let mark = begin(w);
    write(w);
    end(w, mark, max)
}

/// The complete frames at the start of a read buffer, one after another, without copying.
///
/// ```
/// use playhouse_wire::{Writer, frame};
///
/// let mut out = Writer::new();
/// frame::put(&mut out, frame::FRAME_BYTES_MAX, |w| w.array(0)).unwrap();
/// let mut input = out.into_bytes();
/// input.extend([2, 0, 0]); // the next one, not all of it there yet
///
/// let mut frames = frame::Frames::new(&input, frame::FRAME_BYTES_MAX);
/// assert_eq!(frames.poll(), Ok(Some(&[0x90][..])));
/// assert_eq!(frames.poll(), Ok(None));
/// let used = frames.consumed();
/// input.drain(..used);
/// ```
#[derive(Debug, Clone)]
pub struct Frames<'a> {
    rest: &'a [u8],
    length: usize,
    max: usize,
    packed: bool,
}

impl<'a> Frames<'a> {
    /// The frames in `input`, of at most `max` bytes each.
    #[must_use]
    pub const fn new(input: &'a [u8], max: usize) -> Self {
        Self {
            rest: input,
            length: input.len(),
            max,
            packed: false,
        }
    }

    /// The same, where frames may be [packed](Frame::Packed): the peers agreed on it.
    #[must_use]
    pub const fn or_packed(mut self) -> Self {
        self.packed = true;
        self
    }

    /// The message of the next frame; none if its end has not been read yet.
    ///
    /// # Errors
    ///
    /// If it is too long. The stream is of no use from there on.
    #[inline]
    pub fn poll(&mut self) -> Result<Option<&'a [u8]>, TooLong> {
        match self.poll_any()? {
            Some(Frame::Plain(message)) => Ok(Some(message)),
            // Nobody asked for them here.
            Some(Frame::Packed(_)) => Err(TooLong {
                length: usize::MAX,
                max: self.max,
            }),
            None => Ok(None),
        }
    }

    /// The next frame, whatever it is; none if its end has not been read yet.
    ///
    /// # Errors
    ///
    /// If it is too long. The stream is of no use from there on.
    #[inline]
    pub fn poll_any(&mut self) -> Result<Option<Frame<'a>>, TooLong> {
        let Some((length, packed, rest)) = self.announced() else {
            return Ok(None);
        };
        if length > self.max {
            let max = self.max;
            return Err(TooLong { length, max });
        }
        Ok(rest.split_at_checked(length).map(|(bytes, rest)| {
            self.rest = rest;
            match packed {
                true => Frame::Packed(Packed(bytes)),
                false => Frame::Plain(bytes),
            }
        }))
    }

    /// Allows frames of at most `max` bytes from here on: links take longer ones once they are open.
    pub const fn allow(&mut self, max: usize) {
        self.max = max;
    }

    /// Bytes of the frames that were returned: they can leave the buffer.
    #[must_use]
    pub const fn consumed(&self) -> usize {
        self.length - self.rest.len()
    }

    /// How many more bytes make the next frame complete, at least one: what to make room for.
    #[must_use]
    pub fn missing(&self) -> usize {
        match self.announced() {
            Some((length, _, rest)) => length.min(self.max).saturating_sub(rest.len()),
            None => LENGTH_BYTES - self.rest.len(),
        }
        .max(1)
    }

    /// The length of the next frame, whether it is packed, and what lies behind that.
    #[inline]
    fn announced(&self) -> Option<(usize, bool, &'a [u8])> {
        let (length, rest) = self.rest.split_first_chunk::<LENGTH_BYTES>()?;
        let length = u32::from_le_bytes(*length);
        let packed = self.packed && length & PACKED != 0;
        let length = if packed { length & !PACKED } else { length };
        // An address space shorter than the length can't hold the message either.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Some((length, packed, rest))
    }
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    reason = "a test that is wrong about its own bytes must fail"
)]
mod tests {
    use super::*;

    fn frame(message: &[u8]) -> Vec<u8> {
        let mut w = Writer::new();
        put(&mut w, FRAME_BYTES_MAX, |w| w.raw(message)).unwrap();
        w.into_bytes()
    }

    #[test]
    fn frames_come_out_as_they_went_in_wherever_the_input_is_cut() {
        let input = [frame(b"one"), frame(b""), frame(&[7; 300])].concat();
        assert_eq!(&input[..7], b"\x03\0\0\0one");
        for cut in 0..=input.len() {
            let mut found: Vec<&[u8]> = Vec::new();
            let mut frames = Frames::new(&input[..cut], FRAME_BYTES_MAX);
            while let Some(message) = frames.poll().unwrap() {
                found.push(message);
            }
            let used = frames.consumed();
            let mut frames = Frames::new(&input[used..], FRAME_BYTES_MAX);
            while let Some(message) = frames.poll().unwrap() {
                found.push(message);
            }
            assert_eq!(found, [b"one".as_slice(), b"", &[7; 300]], "{cut}");
        }
    }

    #[test]
    fn what_is_missing_is_what_to_make_room_for() {
        let missing = |input: &[u8]| Frames::new(input, 1000).missing();
        assert_eq!(missing(&[]), 4);
        assert_eq!(missing(&[5, 0]), 2);
        assert_eq!(missing(&[5, 0, 0, 0]), 5);
        assert_eq!(missing(&[5, 0, 0, 0, 1, 1, 1, 1]), 1);
        assert_eq!(missing(&[0xff; 4]), 1000);
    }

    #[test]
    fn the_longest_frame_passes_and_one_byte_more_is_refused_on_both_sides() {
        let mut w = Writer::new();
        w.raw(b"before");
        put(&mut w, 10, |w| w.raw(&[1; 10])).unwrap();
        let before = w.as_bytes().to_vec();
        let refused = put(&mut w, 10, |w| w.raw(&[1; 11]));
        assert_eq!(
            refused,
            Err(TooLong {
                length: 11,
                max: 10
            })
        );
        assert_eq!(w.as_bytes(), before);
        assert_eq!(Frames::new(&before[6..], 10).poll(), Ok(Some(&[1; 10][..])));
        assert!(Frames::new(&before[6..], 9).poll().is_err());
        assert!(Frames::new(&[0xff; 4], FRAME_BYTES_MAX).poll().is_err());
    }

    #[test]
    fn an_encrypted_connection_is_no_frame_and_is_told_by_name() {
        let mut frames = Frames::new(b"PHN1\x01\0\0", u32::MAX as usize >> 4);
        let refused = frames.poll().unwrap_err().to_string();
        assert!(refused.contains("encrypted"), "{refused}");
    }
}

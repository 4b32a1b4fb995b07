//! Messages that travel compressed: LZ4 blocks, each by itself.
//!
//! A packed frame is a length whose top bit is set, then, in so many bytes as the rest of it says, the length of the
//! message (u32, little-endian) and an LZ4 block. No block refers to another, so nothing of one message can be guessed
//! from the length of a later one.

use std::fmt;

use lz4_flex::block::{compress, decompress_into};

use super::{LENGTH_BYTES, TooLong};
use crate::Writer;

/// The bit of a length that says that the frame is packed. So no frame is as long as this.
pub const PACKED: u32 = 1 << 31;

/// Shortest message that is packed, if nothing else is said, in bytes.
pub const PACK_FROM: u32 = 1024;

/// Longest message that is packed, in bytes: longer ones would hold up their thread for milliseconds.
pub const PACK_BYTES_MAX: usize = 1024 * 1024;

/// How many times as long as its block a message may be: what else says so is a bomb. Writers send such messages unpacked.
pub const PACK_RATIO_MAX: usize = 64;

/// A frame as it lies in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message.
    Plain(&'a [u8]),
    /// A message that is compressed.
    Packed(Packed<'a>),
}

/// A message that is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed<'a>(pub(super) &'a [u8]);

/// Why a packed message can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnpackError {
    /// It says that it is longer than allowed.
    TooLong(TooLong),
    /// It says that it is more than [`PACK_RATIO_MAX`] times as long as its block.
    Ratio,
    /// The block is broken, or of another length than it says.
    Malformed,
}

impl Packed<'_> {
    /// Unpacks the message, of at most `max` bytes, into `out`, whose content goes. Nothing is allocated before it is
    /// known that the bytes that came justify it.
    ///
    /// # Errors
    ///
    /// If it is too long, claims too much, or is broken.
    pub fn open(self, max: usize, out: &mut Vec<u8>) -> Result<(), UnpackError> {
        out.clear();
        let (length, block) = self
            .0
            .split_first_chunk::<LENGTH_BYTES>()
            .ok_or(UnpackError::Malformed)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length > max {
            return Err(UnpackError::TooLong(TooLong { length, max }));
        }
        if length > block.len().saturating_mul(PACK_RATIO_MAX) {
            return Err(UnpackError::Ratio);
        }
        out.resize(length, 0);
        match decompress_into(block, out) {
            Ok(written) if written == length => Ok(()),
            _ => {
                out.clear();
                Err(UnpackError::Malformed)
            }
        }
    }
}

/// Packs the frame that begins at `start` and is the last in `w`, if its message has at least `from` bytes and an eighth of
/// it can be saved; whether it did.
pub fn pack(w: &mut Writer, start: usize, from: usize) -> bool {
    let message = w.as_bytes().get(start + LENGTH_BYTES..).unwrap_or_default();
    let length = message.len();
    if length < from.max(1) || length > PACK_BYTES_MAX {
        return false;
    }
    let block = compress(message);
    let packed = block.len() + LENGTH_BYTES;
    if packed > length - length / 8 || length > block.len() * PACK_RATIO_MAX {
        return false;
    }
    let (Ok(packed), Ok(length)) = (u32::try_from(packed), u32::try_from(length)) else {
        return false;
    };
    w.truncate(start);
    w.raw(&(packed | PACKED).to_le_bytes());
    w.raw(&length.to_le_bytes());
    w.raw(&block);
    true
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(error) => error.fmt(f),
            Self::Ratio => write!(
                f,
                "a compressed message that claims to be more than {PACK_RATIO_MAX} times as long: send it uncompressed"
            ),
            Self::Malformed => f.write_str("a compressed message is broken: compress it as LZ4"),
        }
    }
}

impl std::error::Error for UnpackError {}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    reason = "a test that is wrong about its own bytes must fail"
)]
mod tests {
    use super::super::{FRAME_BYTES_MAX, Frames, put};
    use super::*;

    fn framed(message: &[u8]) -> Writer {
        let mut w = Writer::new();
        w.raw(b"before");
        put(&mut w, FRAME_BYTES_MAX, |w| w.raw(message)).unwrap();
        w
    }

    /// Text that compresses to about a third.
    fn text(length: usize) -> Vec<u8> {
        let words = (0_u32..).flat_map(|it| {
            let number = it.wrapping_mul(2_654_435_761) >> 20;
            format!("player {number} moves; ").into_bytes()
        });
        words.take(length).collect()
    }

    fn unpacked(input: &[u8], max: usize) -> Result<Vec<u8>, UnpackError> {
        let mut frames = Frames::new(input, FRAME_BYTES_MAX).or_packed();
        let Some(Frame::Packed(packed)) = frames.poll_any().unwrap() else {
            panic!("should be packed");
        };
        assert_eq!(frames.consumed(), input.len());
        let mut out = b"old".to_vec();
        packed.open(max, &mut out).map(|()| out)
    }

    /// A packed frame by hand.
    fn packed(length: u32, block: &[u8]) -> Vec<u8> {
        let packed = u32::try_from(block.len() + 4).unwrap() | PACKED;
        [&packed.to_le_bytes()[..], &length.to_le_bytes(), block].concat()
    }

    #[test]
    fn what_is_packed_comes_back() {
        for length in [1024, 5_000, 100_000, PACK_BYTES_MAX] {
            let message = text(length);
            let mut w = framed(&message);
            assert!(pack(&mut w, 6, 1024));
            assert!(w.as_bytes().len() < length);
            assert_eq!(&w.as_bytes()[..6], b"before");
            assert_eq!(unpacked(&w.as_bytes()[6..], length), Ok(message));
        }
    }

    #[test]
    fn only_what_is_long_enough_and_saves_an_eighth_is_packed() {
        let mut state = 1_u64;
        let random: Vec<u8> = std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_be_bytes()[0]
        })
        .take(2_000)
        .collect();
        for (message, from) in [
            (text(1023), 1024),
            (text(PACK_BYTES_MAX + 1), 1024),
            (random, 1024),
            (Vec::new(), 0),
            // So much shorter that readers would take it for a bomb.
            (vec![0; 100_000], 1024),
        ] {
            let mut w = framed(&message);
            let before = w.as_bytes().to_vec();
            assert!(!pack(&mut w, 6, from));
            assert_eq!(w.as_bytes(), before);
        }
    }

    #[test]
    fn the_longest_passes_and_one_byte_more_is_refused_before_it_is_unpacked() {
        let mut w = framed(&text(5_000));
        assert!(pack(&mut w, 6, 1024));
        let frame = &w.as_bytes()[6..];
        assert!(unpacked(frame, 5_000).is_ok());
        let (length, max) = (5_000, 4_999);
        let refused = unpacked(frame, 4_999);
        assert_eq!(refused, Err(UnpackError::TooLong(TooLong { length, max })));
    }

    #[test]
    fn a_bomb_is_refused_before_anything_is_allocated() {
        let block = compress(&vec![0; 1 << 20]);
        let claims = 1 << 20;
        assert!(block.len() * PACK_RATIO_MAX < 1 << 20);
        assert_eq!(
            unpacked(&packed(claims, &block), FRAME_BYTES_MAX),
            Err(UnpackError::Ratio)
        );
        // One that lies about its length finds no room for more.
        let most = u32::try_from(block.len() * PACK_RATIO_MAX).unwrap();
        for claims in [0, 1, most] {
            assert_eq!(
                unpacked(&packed(claims, &block), FRAME_BYTES_MAX),
                Err(UnpackError::Malformed)
            );
        }
    }

    #[test]
    fn the_highest_ratio_passes_and_one_more_is_refused() {
        let zeros = vec![0; 500];
        let block = compress(&zeros);
        let most = u32::try_from(block.len() * PACK_RATIO_MAX).unwrap();
        let at = |claims| unpacked(&packed(claims, &block), FRAME_BYTES_MAX);
        assert_eq!(at(most), Err(UnpackError::Malformed), "it is looked at");
        assert_eq!(at(most + 1), Err(UnpackError::Ratio));
        assert_eq!(at(500), Ok(zeros));
    }

    #[test]
    fn whatever_was_changed_or_cut_gives_the_message_or_an_error() {
        let message = text(2_000);
        let mut w = framed(&message);
        assert!(pack(&mut w, 6, 1024));
        let frame = w.as_bytes()[6..].to_vec();
        for at in 8..frame.len() {
            let mut changed = frame.clone();
            changed[at] ^= 0x55;
            let _ = unpacked(&changed, 2_000);
            let cut = packed(2_000, &frame[8..at]);
            assert!(unpacked(&cut, 2_000).is_err(), "{at}");
        }
        for short in 0..4_u8 {
            let mut bytes = (u32::from(short) | PACKED).to_le_bytes().to_vec();
            bytes.resize(4 + usize::from(short), 0);
            assert_eq!(unpacked(&bytes, 2_000), Err(UnpackError::Malformed));
        }
    }

    #[test]
    fn who_was_not_asked_takes_a_packed_frame_for_one_that_is_too_long() {
        let mut w = framed(&text(2_000));
        assert!(pack(&mut w, 6, 1024));
        let mut frames = Frames::new(&w.as_bytes()[6..], FRAME_BYTES_MAX);
        assert!(frames.poll().is_err());
    }
}

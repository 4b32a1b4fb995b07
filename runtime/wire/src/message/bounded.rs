//! Strings, bytes and values of bounded length, borrowed from a message.

use crate::error::{Error, Problem, Result};
use crate::{Encode, Reader, Writer};

/// A string of at most `max` bytes.
pub(super) fn decode_text<'a>(r: &mut Reader<'a>, max: usize) -> Result<&'a str> {
    let start = r.offset();
    let text = r.str()?;
    within(text.len(), max, start)?;
    Ok(text)
}

/// At most `max` bytes.
pub(super) fn decode_bytes<'a>(r: &mut Reader<'a>, max: usize) -> Result<&'a [u8]> {
    let start = r.offset();
    let bytes = r.bin()?;
    within(bytes.len(), max, start)?;
    Ok(bytes)
}

/// Exactly `N` bytes.
pub(super) fn decode_array<const N: usize>(r: &mut Reader<'_>) -> Result<[u8; N]> {
    let start = r.offset();
    let bytes = r.bin()?;
    let exact = u32::try_from(N).unwrap_or(u32::MAX);
    bytes
        .try_into()
        .map_err(|_| Error::at(problem(bytes.len(), exact, exact), start))
}

/// One value of any form, of at most `max` bytes.
pub(super) fn decode_raw<'a>(r: &mut Reader<'a>, max: usize) -> Result<&'a [u8]> {
    let start = r.offset();
    let raw = r.raw(usize::MAX)?;
    within(raw.len(), max, start)?;
    Ok(raw)
}

fn within(length: usize, max: usize, start: usize) -> Result<()> {
    if length <= max {
        return Ok(());
    }
    let max = u32::try_from(max).unwrap_or(u32::MAX);
    Err(Error::at(problem(length, 0, max), start))
}

#[cold]
fn problem(length: usize, min: u32, max: u32) -> Problem {
    Problem::Length {
        length,
        unit: "bytes",
        min,
        max,
    }
}

/// The start of `text`, at most `max` bytes, that ends between two characters.
pub(super) fn shortened(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// A value that is MessagePack already.
pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, w: &mut Writer) {
        w.raw(self.0);
    }
}

/// Bytes in the bin form.
pub(super) struct Bin<'a>(pub(super) &'a [u8]);

impl Encode for Bin<'_> {
    fn encode(&self, w: &mut Writer) {
        w.bin(self.0);
    }
}

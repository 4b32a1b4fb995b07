//! Passing over values that nobody here knows.

use super::Reader;
use crate::error::{Problem, Result};

impl<'a> Reader<'a> {
    /// Passes over one value of any form.
    ///
    /// # Errors
    ///
    /// If it is cut off, too deep, or no MessagePack.
    pub fn skip(&mut self) -> Result<()> {
        let count = match *self.rest {
            [0x80..=0x8f | 0xde | 0xdf, ..] => self.enter_map()?.saturating_mul(2),
            [0x90..=0x9f | 0xdc | 0xdd, ..] => self.enter_array()?,
            _ => return self.skip_scalar(),
        };
        for _ in 0..count {
            self.skip()?;
        }
        self.leave();
        Ok(())
    }

    /// Passes over one value and returns its bytes, at most `limit` of them.
    ///
    /// # Errors
    ///
    /// As [`Reader::skip`], and [`Problem::UnknownTooLong`].
    pub fn raw(&mut self, limit: usize) -> Result<&'a [u8]> {
        let before = self.rest;
        self.skip()?;
        let length = before.len() - self.rest.len();
        if length > limit {
            return Err(self.error(Problem::UnknownTooLong(limit)));
        }
        before.get(..length).ok_or_else(|| self.truncated(length))
    }

    fn skip_scalar(&mut self) -> Result<()> {
        let length = match *self.rest {
            [0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3, ..] => 1,
            [byte @ 0xa0..=0xbf, ..] => 1 + usize::from(byte & 0x1f),
            [0xcc | 0xd0, ..] => 2,
            [0xcd | 0xd1, ..] => 3,
            [0xca | 0xce | 0xd2, ..] => 5,
            [0xcb | 0xcf | 0xd3, ..] => 9,
            // Strings and bytes, then extensions: a header, a length, and for extensions a type.
            [0xc4 | 0xd9, ..] => self.length_8()?,
            [0xc5 | 0xda, ..] => self.length_16()?,
            [0xc6 | 0xdb, ..] => self.length_32()?,
            [0xc7, ..] => self.length_8()?.saturating_add(1),
            [0xc8, ..] => self.length_16()?.saturating_add(1),
            [0xc9, ..] => self.length_32()?.saturating_add(1),
            [byte @ 0xd4..=0xd8, ..] => 2 + (1 << (byte - 0xd4)),
            _ => return Err(self.wrong_type("a value")),
        };
        self.take(length)?;
        Ok(())
    }
}

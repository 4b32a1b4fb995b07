//! Integers: any MessagePack form whose value fits the type.

use super::Reader;
use crate::error::{Error, Problem, Result};

impl Reader<'_> {
    /// Reads an integer of any form. `expected` is what the error says if it is none.
    ///
    /// # Errors
    ///
    /// If something else stands there.
    #[inline(never)]
    pub fn integer(&mut self, expected: &'static str) -> Result<i128> {
        let (value, rest) = match *self.rest {
            [byte @ 0x00..=0x7f, ref rest @ ..] => (i128::from(byte), rest),
            [byte @ 0xe0..=0xff, ref rest @ ..] => (i128::from(i8::from_be_bytes([byte])), rest),
            [0xcc, a, ref rest @ ..] => (i128::from(a), rest),
            [0xcd, a, b, ref rest @ ..] => (i128::from(u16::from_be_bytes([a, b])), rest),
            [0xce, a, b, c, d, ref rest @ ..] => {
                (i128::from(u32::from_be_bytes([a, b, c, d])), rest)
            }
            [0xcf, a, b, c, d, e, f, g, h, ref rest @ ..] => (
                i128::from(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
                rest,
            ),
            [0xd0, a, ref rest @ ..] => (i128::from(i8::from_be_bytes([a])), rest),
            [0xd1, a, b, ref rest @ ..] => (i128::from(i16::from_be_bytes([a, b])), rest),
            [0xd2, a, b, c, d, ref rest @ ..] => {
                (i128::from(i32::from_be_bytes([a, b, c, d])), rest)
            }
            [0xd3, a, b, c, d, e, f, g, h, ref rest @ ..] => (
                i128::from(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
                rest,
            ),
            [marker @ 0xcc..=0xd3, ..] => return Err(self.truncated(1 + (1 << (marker & 3)))),
            _ => return Err(self.wrong_type(expected)),
        };
        self.rest = rest;
        Ok(value)
    }
}

/// The two forms that canonical writers use most for a type are read in line, the others out of line. What isn't
/// negative has an unsigned form, of signed types too: its first byte is below 0x80.
macro_rules! readers {
    ($($int:ident: $name:literal, $expected:literal, $other:ident, $rare:ident, $marker:literal $first:ident @ $range:pat, $($byte:ident)*;)*) => {
        impl Reader<'_> {$(
            #[doc = concat!("Reads ", $expected, " from any integer form whose value fits.")]
            ///
            /// # Errors
            ///
            /// If something else stands there, or the value doesn't fit.
            #[inline]
            pub fn $int(&mut self) -> Result<$int> {
                match *self.rest {
                    [byte @ 0x00..=0x7f, ref rest @ ..] => {
                        self.rest = rest;
                        Ok($int::from_le_bytes(low(byte)))
                    }
                    [$marker, $first @ $range, $($byte,)* ref rest @ ..] => {
                        self.rest = rest;
                        Ok($int::from_be_bytes([$first, $($byte),*]))
                    }
                    _ => self.$other(),
                }
            }

            #[inline(never)]
            fn $other(&mut self) -> Result<$int> {
                let (value, rest) = match *self.rest {
                    [byte @ 0xe0..=0xff, ref rest @ ..] => {
                        ($int::try_from(i64::from(i8::from_be_bytes([byte]))).ok(), rest)
                    }
                    [0xcc, a, ref rest @ ..] => ($int::try_from(u64::from(a)).ok(), rest),
                    [0xcd, a, b, ref rest @ ..] => {
                        ($int::try_from(u64::from(u16::from_be_bytes([a, b]))).ok(), rest)
                    }
                    [0xce, a, b, c, d, ref rest @ ..] => {
                        ($int::try_from(u64::from(u32::from_be_bytes([a, b, c, d]))).ok(), rest)
                    }
                    [0xd0, a, ref rest @ ..] => {
                        ($int::try_from(i64::from(i8::from_be_bytes([a]))).ok(), rest)
                    }
                    [0xd1, a, b, ref rest @ ..] => {
                        ($int::try_from(i64::from(i16::from_be_bytes([a, b]))).ok(), rest)
                    }
                    [0xd2, a, b, c, d, ref rest @ ..] => {
                        ($int::try_from(i64::from(i32::from_be_bytes([a, b, c, d]))).ok(), rest)
                    }
                    [0xd3, a, b, c, d, e, f, g, h, ref rest @ ..] => {
                        ($int::try_from(i64::from_be_bytes([a, b, c, d, e, f, g, h])).ok(), rest)
                    }
                    _ => return self.$rare(),
                };
                let Some(value) = value else { return self.$rare() };
                self.rest = rest;
                Ok(value)
            }

            /// Unsigned eight bytes where fewer would do, and whatever is to be refused.
            #[cold]
            #[inline(never)]
            fn $rare(&mut self) -> Result<$int> {
                let before = self.offset();
                let value = self.integer($expected)?;
                $int::try_from(value)
                    .map_err(|_| Error::at(Problem::DoesNotFit { value, into: $name }, before))
            }
        )*}
    };
}

readers! {
    u8: "u8", "a u8", u8_other, u8_rare, 0xcc a @ 0x00..=0xff,;
    u16: "u16", "a u16", u16_other, u16_rare, 0xcd a @ 0x00..=0xff, b;
    u32: "u32", "a u32", u32_other, u32_rare, 0xce a @ 0x00..=0xff, b c d;
    u64: "u64", "a u64", u64_other, u64_rare, 0xcf a @ 0x00..=0xff, b c d e f g h;
    i8: "i8", "an i8", i8_other, i8_rare, 0xd0 a @ 0x00..=0xff,;
    i16: "i16", "an i16", i16_other, i16_rare, 0xcd a @ 0x00..=0x7f, b;
    i32: "i32", "an i32", i32_other, i32_rare, 0xce a @ 0x00..=0x7f, b c d;
    i64: "i64", "an i64", i64_other, i64_rare, 0xcf a @ 0x00..=0x7f, b c d e f g h;
}

/// The little-endian bytes of an integer of any width whose value is `byte`.
#[inline]
const fn low<const N: usize>(byte: u8) -> [u8; N] {
    let mut bytes = [0; N];
    if let Some(first) = bytes.first_mut() {
        *first = byte;
    }
    bytes
}

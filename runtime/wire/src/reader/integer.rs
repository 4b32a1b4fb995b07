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
        let (value, rest) = match self.rest {
            &[byte @ 0x00..=0x7f, ref rest @ ..] => (i128::from(byte), rest),
            &[byte @ 0xe0..=0xff, ref rest @ ..] => (i128::from(i8::from_be_bytes([byte])), rest),
            &[0xcc, a, ref rest @ ..] => (i128::from(a), rest),
            &[0xcd, a, b, ref rest @ ..] => (i128::from(u16::from_be_bytes([a, b])), rest),
            &[0xce, a, b, c, d, ref rest @ ..] => {
                (i128::from(u32::from_be_bytes([a, b, c, d])), rest)
            }
            &[0xcf, a, b, c, d, e, f, g, h, ref rest @ ..] => (
                i128::from(u64::from_be_bytes([a, b, c, d, e, f, g, h])),
                rest,
            ),
            &[0xd0, a, ref rest @ ..] => (i128::from(i8::from_be_bytes([a])), rest),
            &[0xd1, a, b, ref rest @ ..] => (i128::from(i16::from_be_bytes([a, b])), rest),
            &[0xd2, a, b, c, d, ref rest @ ..] => {
                (i128::from(i32::from_be_bytes([a, b, c, d])), rest)
            }
            &[0xd3, a, b, c, d, e, f, g, h, ref rest @ ..] => (
                i128::from(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
                rest,
            ),
            &[marker @ 0xcc..=0xd3, ..] => return Err(self.truncated(1 + (1 << (marker & 3)))),
            _ => return Err(self.wrong_type(expected)),
        };
        self.rest = rest;
        Ok(value)
    }
}

/// The forms that canonical writers use most for a type are read in line; all others by [`Reader::integer`].
macro_rules! readers {
    ($($int:ident: $name:literal, $slow:ident, $marker:literal $($byte:ident)*;)*) => {
        impl Reader<'_> {$(
            #[doc = concat!("Reads a `", $name, "` from any integer form whose value fits.")]
            ///
            /// # Errors
            ///
            /// If something else stands there, or the value doesn't fit.
            #[inline]
            pub fn $int(&mut self) -> Result<$int> {
                match self.rest {
                    &[byte @ 0x00..=0x7f, ref rest @ ..] => {
                        self.rest = rest;
                        Ok($int::from_le_bytes(low(byte)))
                    }
                    &[$marker, $($byte,)* ref rest @ ..] => {
                        self.rest = rest;
                        Ok($int::from_be_bytes([$($byte),*]))
                    }
                    _ => self.$slow(),
                }
            }

            #[inline(never)]
            fn $slow(&mut self) -> Result<$int> {
                let before = self.offset();
                let value = self.integer(concat!("a ", $name))?;
                $int::try_from(value)
                    .map_err(|_| Error::at(Problem::DoesNotFit { value, into: $name }, before))
            }
        )*}
    };
}

readers! {
    u8: "u8", u8_of_any, 0xcc a;
    u16: "u16", u16_of_any, 0xcd a b;
    u32: "u32", u32_of_any, 0xce a b c d;
    u64: "u64", u64_of_any, 0xcf a b c d e f g h;
    i8: "i8", i8_of_any, 0xd0 a;
    i16: "i16", i16_of_any, 0xd1 a b;
    i32: "i32", i32_of_any, 0xd2 a b c d;
    i64: "i64", i64_of_any, 0xd3 a b c d e f g h;
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

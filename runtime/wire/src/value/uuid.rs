//! `uuid`.

use std::fmt;
use std::str::FromStr;

use crate::codec::length;
use crate::error::Result;
use crate::{Check, Decode, Encode, Reader, Writer};

/// A UUID of any version: 16 bytes in network order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// A text that is no hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseUuidError;

impl fmt::Display for ParseUuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a uuid, like 67e55044-10b1-426f-9247-bb680e5fe0c8")
    }
}

impl std::error::Error for ParseUuidError {}

impl fmt::Display for Uuid {
    /// Hyphenated, in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = ParseUuidError;

    /// Takes the hyphenated form, in either case.
    fn from_str(text: &str) -> Result<Self, ParseUuidError> {
        let mut bytes = [0; 16];
        let mut characters = text.chars();
        for (index, byte) in bytes.iter_mut().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) && characters.next() != Some('-') {
                return Err(ParseUuidError);
            }
            for _ in 0..2 {
                let digit = characters.next().and_then(|digit| digit.to_digit(16));
                let digit = digit.and_then(|digit| u8::try_from(digit).ok());
                *byte = (*byte << 4) | digit.ok_or(ParseUuidError)?;
            }
        }
        if characters.next().is_some() {
            Err(ParseUuidError)
        } else {
            Ok(Self(bytes))
        }
    }
}

impl Encode for Uuid {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.bin(&self.0);
    }
}

impl Decode for Uuid {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.offset();
        let bytes = r.bin()?;
        match bytes.try_into() {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => {
                length(bytes.len(), "bytes", 16, 16).map_err(|error| error.placed(start))?;
                Err(r.wrong_type("16 bytes"))
            }
        }
    }
}

impl Check for Uuid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let text = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        let uuid: Uuid = text.parse().unwrap();
        assert_eq!(uuid.to_string(), text);
        assert_eq!(text.to_uppercase().parse(), Ok(uuid));
        for wrong in [
            "",
            "67e55044",
            "67e5504410b1426f9247bb680e5fe0c8",
            &format!("{text}0"),
        ] {
            assert_eq!(wrong.parse::<Uuid>(), Err(ParseUuidError), "{wrong}");
        }
    }
}

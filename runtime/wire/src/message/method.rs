//! What is called: a call of an entity, of a component in one of its slots, or of a service.

use crate::error::{Error, Problem, Result};
use crate::{Check, Decode, Encode, Reader, Writer};

/// The address of a call without the entity: one integer on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Method {
    /// The number of the package that declares the entity type or service.
    pub package: u16,
    /// The local number of the entity type or service.
    pub number: u16,
    /// 0 for the entity or service itself, else the tag of the component's slot.
    pub slot: u8,
    /// The tag of the call.
    pub tag: u8,
}

impl Method {
    /// `package << 32 | number << 16 | slot << 8 | tag`
    #[inline]
    #[must_use]
    pub const fn pack(self) -> u64 {
        let [a, b] = self.package.to_be_bytes();
        let [c, d] = self.number.to_be_bytes();
        u64::from_be_bytes([0, 0, a, b, c, d, self.slot, self.tag])
    }

    /// The method that [`Self::pack`] makes `packed` of; none if it is above 2^48.
    #[inline]
    #[must_use]
    pub const fn unpack(packed: u64) -> Option<Self> {
        match packed.to_be_bytes() {
            [0, 0, a, b, c, d, slot, tag] => Some(Self {
                package: u16::from_be_bytes([a, b]),
                number: u16::from_be_bytes([c, d]),
                slot,
                tag,
            }),
            _ => None,
        }
    }
}

impl Encode for Method {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.unsigned(self.pack());
    }
}

impl Decode for Method {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let start = r.offset();
        let packed = r.u64()?;
        Self::unpack(packed).ok_or_else(|| {
            let problem = Problem::DoesNotFit {
                value: packed.into(),
                into: "a method: 48 bits",
            };
            Error::at(problem, start)
        })
    }
}

impl Check for Method {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_one_integer_of_48_bits() {
        let method = Method {
            package: 0x0102,
            number: 0x0304,
            slot: 5,
            tag: 6,
        };
        assert_eq!(method.pack(), 0x0102_0304_0506);
        assert_eq!(Method::unpack(method.pack()), Some(method));
        assert!(Method::unpack((1 << 48) - 1).is_some());
        assert!(Method::unpack(1 << 48).is_none());
    }
}

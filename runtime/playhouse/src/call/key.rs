//! Parts of an entity's key back to the values they were made of.

use playhouse_wire::{KeyPart, Uuid};

/// A value that a part of a key can be read as.
pub trait FromKeyPart: Sized {
    /// The value, if the part is of this type.
    fn from_key_part(part: &KeyPart) -> Option<Self>;
}

/// The value of a part, if it is of this type. Generated code calls it.
#[must_use]
pub fn key_part<T: FromKeyPart>(part: &KeyPart) -> Option<T> {
    T::from_key_part(part)
}

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl FromKeyPart for $int {
            fn from_key_part(part: &KeyPart) -> Option<Self> {
                match part {
                    KeyPart::Unsigned(value) => Self::try_from(*value).ok(),
                    KeyPart::Negative(value) => Self::try_from(*value).ok(),
                    KeyPart::Text(_) | KeyPart::Uuid(_) => None,
                }
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 i8 i16 i32 i64);

impl FromKeyPart for String {
    fn from_key_part(part: &KeyPart) -> Option<Self> {
        match part {
            KeyPart::Text(text) => Some(text.as_ref().to_owned()),
            _ => None,
        }
    }
}

impl FromKeyPart for Uuid {
    fn from_key_part(part: &KeyPart) -> Option<Self> {
        match part {
            KeyPart::Uuid(uuid) => Some(*uuid),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_read_as_its_own_type_alone() {
        assert_eq!(key_part(&KeyPart::from(7u64)), Some(7u8));
        assert_eq!(key_part::<u8>(&KeyPart::from(300u64)), None);
        assert_eq!(key_part(&KeyPart::from(-3i32)), Some(-3i64));
        assert_eq!(key_part::<u64>(&KeyPart::from(-3i32)), None);
        assert_eq!(key_part(&KeyPart::from("dev")), Some("dev".to_owned()));
        assert_eq!(key_part::<u64>(&KeyPart::from("7")), None);
        assert_eq!(key_part::<String>(&KeyPart::from(7u64)), None);
    }
}

//! `serde` of generated types: by their descriptor, so that each costs the user's compiler a line.

use playhouse_wire::{Decode, Encode};

use crate::descriptor::Type;

/// A generated type, to those who want to know what its schema says.
pub trait Named: Encode + Decode {
    /// What the schema says about it.
    fn descriptor() -> &'static Type;
}

/// Gives each type its descriptor, and `serde` by it.
#[doc(hidden)]
#[macro_export]
macro_rules! __named {
    ($($name:ident: $descriptor:path),* $(,)?) => {$(
        impl $crate::__private::v1::Named for $name {
            fn descriptor() -> &'static $crate::descriptor::Type {
                &$descriptor
            }
        }

        impl $crate::__private::v1::serde::Serialize for $name {
            fn serialize<S: $crate::__private::v1::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::v1::serialize(&$descriptor, self, serializer)
            }
        }

        impl<'de> $crate::__private::v1::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::v1::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::__private::v1::deserialize(&$descriptor, deserializer)
            }
        }
    )*};
}

//! What every generated newtype does alike.

/// `$name`, a tuple struct of one field, is carried as its inside, which is read and checked as `$codec`.
///
/// After the semicolon: `Display` where the inside has it, `KeyPart` where it can be part of an entity's key.
#[doc(hidden)]
#[macro_export]
macro_rules! __newtype {
    ($name:ident($inner:ty): $codec:ty $(; $($trait:ident),*)?) => {
        impl $crate::__private::v1::Newtype for $name {
            type Inner = $inner;

            fn inner(&self) -> &$inner {
                &self.0
            }
        }

        impl ::core::convert::From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }

        impl ::core::convert::From<$name> for $inner {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl $crate::__private::v1::Encode for $name {
            #[inline]
            fn encode(&self, w: &mut $crate::__private::v1::Writer) {
                w.put(&self.0);
            }
        }

        impl $crate::__private::v1::Decode for $name {
            #[inline]
            fn decode(
                r: &mut $crate::__private::v1::Reader<'_>,
            ) -> $crate::__private::v1::Result<Self> {
                <$codec as $crate::__private::v1::Codec>::decode(r).map(Self)
            }
        }

        impl $crate::__private::v1::Check for $name {
            #[inline]
            fn check(&self) -> $crate::__private::v1::Result<()> {
                <$codec as $crate::__private::v1::Codec>::check(&self.0)
            }
        }

        $($($crate::__newtype_trait!($name($inner): $trait);)*)?
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __newtype_trait {
    ($name:ident($inner:ty): Display) => {
        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }
    };
    ($name:ident($inner:ty): KeyPart) => {
        impl ::core::convert::From<$name> for $crate::__private::v1::KeyPart {
            fn from(value: $name) -> Self {
                value.0.into()
            }
        }
    };
}

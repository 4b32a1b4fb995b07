//! What every generated flags type does alike.

/// Operations on the bits of `$name`, a tuple struct of its bits, and its `Debug` by the names of its single flags.
///
/// Bits without a name are kept: a newer peer knows what they mean.
#[doc(hidden)]
#[macro_export]
macro_rules! __flags {
    ($name:ident: $repr:ident { $($flag:ident = $text:literal),* $(,)? }) => {
        impl $name {
            /// No flag.
            #[must_use]
            pub const fn empty() -> Self {
                Self(0)
            }

            /// These bits, those without a name included.
            #[must_use]
            pub const fn from_bits(bits: $repr) -> Self {
                Self(bits)
            }

            /// All bits.
            #[must_use]
            pub const fn bits(self) -> $repr {
                self.0
            }

            /// Whether no flag is set.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether all of `flags` are set.
            #[must_use]
            pub const fn contains(self, flags: Self) -> bool {
                self.0 & flags.0 == flags.0
            }

            /// Whether one of `flags` is set.
            #[must_use]
            pub const fn intersects(self, flags: Self) -> bool {
                self.0 & flags.0 != 0
            }

            /// These and `flags`.
            #[must_use]
            pub const fn with(self, flags: Self) -> Self {
                Self(self.0 | flags.0)
            }

            /// These without `flags`.
            #[must_use]
            pub const fn without(self, flags: Self) -> Self {
                Self(self.0 & !flags.0)
            }
        }

        impl ::core::ops::BitOr for $name {
            type Output = Self;

            fn bitor(self, flags: Self) -> Self {
                self.with(flags)
            }
        }

        impl ::core::ops::BitOrAssign for $name {
            fn bitor_assign(&mut self, flags: Self) {
                *self = self.with(flags);
            }
        }

        impl ::core::ops::BitAnd for $name {
            type Output = Self;

            fn bitand(self, flags: Self) -> Self {
                Self(self.0 & flags.0)
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let names: &[(Self, &str)] = &[$((Self::$flag, $text)),*];
                $crate::__private::v1::debug_flags(
                    f,
                    self.0.into(),
                    names.iter().map(|(flag, name)| (flag.0.into(), *name)),
                )
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
                r.$repr().map(Self)
            }
        }

        impl $crate::__private::v1::Check for $name {}
    };
}

/// `stunned | rooted | 0x40`: the names of the bits that have one, then the rest.
#[doc(hidden)]
pub fn debug_flags<'n>(
    f: &mut std::fmt::Formatter<'_>,
    bits: u64,
    names: impl Iterator<Item = (u64, &'n str)>,
) -> std::fmt::Result {
    let mut rest = bits;
    let mut separator = "";
    for (bit, name) in names {
        if rest & bit != 0 {
            write!(f, "{separator}{name}")?;
            rest &= !bit;
            separator = " | ";
        }
    }
    if rest != 0 || bits == 0 {
        write!(f, "{separator}{rest:#x}")?;
    }
    Ok(())
}

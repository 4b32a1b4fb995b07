//! What every generated enum does alike: compared, ordered and carried by its number.

/// For an enum that keeps unknown numbers: `number` and `from_number` are its own.
///
/// Equality and order go by number, so that a value which arrived as unknown equals itself once it is known.
#[doc(hidden)]
#[macro_export]
macro_rules! __open_enumeration {
    ($name:ident: $repr:ident) => {
        $crate::__enumeration_by_number!($name: $repr);

        impl ::core::convert::From<$repr> for $name {
            fn from(number: $repr) -> Self {
                Self::from_number(number)
            }
        }

        impl $crate::__private::v1::Decode for $name {
            #[inline]
            fn decode(
                r: &mut $crate::__private::v1::Reader<'_>,
            ) -> $crate::__private::v1::Result<Self> {
                r.$repr().map(Self::from_number)
            }
        }
    };
}

/// For a closed enum: `number` and `from_number`, which gives an option, are its own.
#[doc(hidden)]
#[macro_export]
macro_rules! __closed_enumeration {
    ($name:ident: $repr:ident) => {
        $crate::__enumeration_by_number!($name: $repr);

        impl $crate::__private::v1::Decode for $name {
            #[inline]
            fn decode(
                r: &mut $crate::__private::v1::Reader<'_>,
            ) -> $crate::__private::v1::Result<Self> {
                let start = r.offset();
                let number = r.$repr()?;
                Self::from_number(number).ok_or_else(|| {
                    let problem = $crate::__private::v1::Problem::UnknownValue(number.into());
                    $crate::__private::v1::Error::at(problem, start)
                })
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __enumeration_by_number {
    ($name:ident: $repr:ident) => {
        impl ::core::convert::From<$name> for $repr {
            fn from(value: $name) -> Self {
                value.number()
            }
        }

        impl ::core::cmp::PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.number() == other.number()
            }
        }

        impl ::core::cmp::Eq for $name {}

        impl ::core::cmp::PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> ::core::option::Option<::core::cmp::Ordering> {
                ::core::option::Option::Some(::core::cmp::Ord::cmp(self, other))
            }
        }

        impl ::core::cmp::Ord for $name {
            fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                ::core::cmp::Ord::cmp(&self.number(), &other.number())
            }
        }

        impl ::core::hash::Hash for $name {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                ::core::hash::Hash::hash(&self.number(), state);
            }
        }

        impl $crate::__private::v1::Encode for $name {
            #[inline]
            fn encode(&self, w: &mut $crate::__private::v1::Writer) {
                w.put(&self.number());
            }
        }

        impl $crate::__private::v1::Check for $name {}
    };
}

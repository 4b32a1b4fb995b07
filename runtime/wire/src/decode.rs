//! Bytes to values.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::codec::{self, Codec};
use crate::error::{Problem, Result};
use crate::{Check, Reader};

/// A value that reads itself.
pub trait Decode: Sized {
    /// Reads one value from `r`.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, where and at which byte.
    fn decode(r: &mut Reader<'_>) -> Result<Self>;
}

impl Decode for () {
    /// Any value: a call that has no result yet may get one.
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        if r.take_nil() { Ok(()) } else { r.skip() }
    }
}

impl Decode for Infallible {
    /// Refuses whatever stands there: nothing of this type can have been sent.
    #[cold]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        Err(r.error(Problem::Other("no value is expected here".into())))
    }
}

impl Decode for bool {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        r.bool()
    }
}

macro_rules! scalars {
    ($($scalar:ident)*) => {$(
        impl Decode for $scalar {
            #[inline]
            fn decode(r: &mut Reader<'_>) -> Result<Self> {
                r.$scalar()
            }
        }
    )*};
}

scalars!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);

impl Decode for String {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        <codec::Text>::decode(r)
    }
}

impl<T: Decode> Decode for Box<T> {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        r.charge(size_of::<T>())?;
        T::decode(r).map(Self::new)
    }
}

impl<T: Decode> Decode for Option<T> {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        if r.take_nil() {
            Ok(None)
        } else {
            T::decode(r).map(Some)
        }
    }
}

impl<T: Decode + Check> Decode for Vec<T> {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        <codec::List<T>>::decode(r)
    }
}

impl<T: Decode + Check + Ord> Decode for BTreeSet<T> {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        <codec::Set<T>>::decode(r)
    }
}

impl<K: Decode + Check + Ord + std::fmt::Debug, V: Decode + Check> Decode for BTreeMap<K, V> {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        <codec::Map<K, V>>::decode(r)
    }
}

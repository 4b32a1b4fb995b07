//! Types as a schema uses them: shape and bound, as Rust types without values.
//!
//! `list<Stack>[1..=16]` is [`List<Stack, 1, 16>`](List), `u32[..=99]?` is `Maybe<Int<u32, 0, 99>>`. A type without a
//! bound of its own is its own codec. Generated code names these where it reads and checks members.

mod tree;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::marker::PhantomData;

use crate::error::{Error, Problem, Result};
use crate::value::Bytes;
use crate::{Check, Decode, Reader};

/// How one use of a type is read and checked.
pub trait Codec {
    /// The Rust type of its values.
    type Value: Borrow<Self::Borrowed>;
    /// What a check needs of a value: `str` of a `String`, a slice of a vector.
    type Borrowed: ?Sized;

    /// Reads one value. Bounds are looked at before anything is built.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, where and at which byte.
    fn decode(r: &mut Reader<'_>) -> Result<Self::Value>;

    /// Holds a value to the bounds.
    ///
    /// # Errors
    ///
    /// The first bound that is broken, and where.
    fn check(value: &Self::Borrowed) -> Result<()>;
}

impl<T: Decode + Check> Codec for T {
    type Value = T;
    type Borrowed = T;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<T> {
        T::decode(r)
    }

    #[inline]
    fn check(value: &T) -> Result<()> {
        value.check()
    }
}

/// The integer `T` within `MIN..=MAX`.
#[derive(Debug)]
pub struct Int<T, const MIN: i128, const MAX: i128>(PhantomData<T>);

/// The float `T` within bounds that are given as the bits of `f64`s, for want of constant floats: never NaN.
#[derive(Debug)]
pub struct Float<T, const MIN: u64, const MAX: u64>(PhantomData<T>);

/// A string of `MIN..=MAX` characters.
#[derive(Debug)]
pub struct Text<const MIN: u32 = 0, const MAX: u32 = { u32::MAX }>;

/// `MIN..=MAX` bytes.
#[derive(Debug)]
pub struct Blob<const MIN: u32 = 0, const MAX: u32 = { u32::MAX }>;

/// A list of `MIN..=MAX` elements.
#[derive(Debug)]
pub struct List<C, const MIN: u32 = 0, const MAX: u32 = { u32::MAX }>(PhantomData<C>);

/// A set of `MIN..=MAX` elements.
#[derive(Debug)]
pub struct Set<C, const MIN: u32 = 0, const MAX: u32 = { u32::MAX }>(PhantomData<C>);

/// A map of `MIN..=MAX` entries.
#[derive(Debug)]
pub struct Map<K, V, const MIN: u32 = 0, const MAX: u32 = { u32::MAX }>(PhantomData<(K, V)>);

/// An optional.
#[derive(Debug)]
pub struct Maybe<C>(PhantomData<C>);

/// A value behind a pointer, where a type reaches itself.
#[derive(Debug)]
pub struct Boxed<C>(PhantomData<C>);

/// The newtype `N` with one more bound, `C`, on what is inside.
#[derive(Debug)]
pub struct Narrow<N, C>(PhantomData<(N, C)>);

/// A newtype, to those who bound its inside: see [`Narrow`].
pub trait Newtype {
    /// The type inside.
    type Inner;

    /// What is inside.
    fn inner(&self) -> &Self::Inner;
}

impl<T, const MIN: i128, const MAX: i128> Codec for Int<T, MIN, MAX>
where
    T: Decode + Copy + Into<i128>,
{
    type Value = T;
    type Borrowed = T;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<T> {
        let start = r.offset();
        let value = T::decode(r)?;
        Self::check(&value).map_err(|error| error.placed(start))?;
        Ok(value)
    }

    #[inline]
    fn check(value: &T) -> Result<()> {
        let value: i128 = (*value).into();
        if MIN <= value && value <= MAX {
            Ok(())
        } else {
            Err(Error::new(Problem::Integer {
                value,
                min: MIN,
                max: MAX,
            }))
        }
    }
}

impl<T, const MIN: u64, const MAX: u64> Codec for Float<T, MIN, MAX>
where
    T: Decode + Copy + Into<f64>,
{
    type Value = T;
    type Borrowed = T;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<T> {
        let start = r.offset();
        let value = T::decode(r)?;
        Self::check(&value).map_err(|error| error.placed(start))?;
        Ok(value)
    }

    #[inline]
    fn check(value: &T) -> Result<()> {
        let (value, min, max) = ((*value).into(), f64::from_bits(MIN), f64::from_bits(MAX));
        if min <= value && value <= max {
            Ok(())
        } else {
            Err(Error::new(Problem::Float { value, min, max }))
        }
    }
}

impl<const MIN: u32, const MAX: u32> Codec for Text<MIN, MAX> {
    type Value = String;
    type Borrowed = str;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<String> {
        let start = r.offset();
        let text = r.str()?;
        Self::check(text).map_err(|error| error.placed(start))?;
        r.charge(text.len())?;
        Ok(text.to_owned())
    }

    #[inline]
    fn check(text: &str) -> Result<()> {
        // A character takes one to four bytes, so that most lengths are judged without counting.
        let bytes = text.len();
        let least_characters = bytes.div_ceil(4);
        if least_characters >= MIN as usize && bytes <= MAX as usize {
            return Ok(());
        }
        length(text.chars().count(), "characters", MIN, MAX)
    }
}

impl<const MIN: u32, const MAX: u32> Codec for Blob<MIN, MAX> {
    type Value = Bytes;
    type Borrowed = Bytes;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Bytes> {
        let start = r.offset();
        let bytes = r.bin()?;
        length(bytes.len(), "bytes", MIN, MAX).map_err(|error| error.placed(start))?;
        r.charge(bytes.len())?;
        Ok(Bytes::from(bytes))
    }

    #[inline]
    fn check(bytes: &Bytes) -> Result<()> {
        length(bytes.len(), "bytes", MIN, MAX)
    }
}

impl<C: Codec, const MIN: u32, const MAX: u32> Codec for List<C, MIN, MAX> {
    type Value = Vec<C::Value>;
    type Borrowed = [C::Value];

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Vec<C::Value>> {
        let start = r.offset();
        let count = r.enter_array()?;
        length(count, "elements", MIN, MAX).map_err(|error| error.placed(start))?;
        r.charge(count.saturating_mul(size_of::<C::Value>()))?;
        let mut list = Vec::with_capacity(count);
        for index in 0..count {
            list.push(C::decode(r).map_err(|error| error.index(index))?);
        }
        r.leave();
        Ok(list)
    }

    #[inline]
    fn check(list: &[C::Value]) -> Result<()> {
        length(list.len(), "elements", MIN, MAX)?;
        for (index, element) in list.iter().enumerate() {
            C::check(element.borrow()).map_err(|error| error.index(index))?;
        }
        Ok(())
    }
}

impl<C: Codec<Value: Ord>, const MIN: u32, const MAX: u32> Codec for Set<C, MIN, MAX> {
    type Value = BTreeSet<C::Value>;
    type Borrowed = BTreeSet<C::Value>;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<BTreeSet<C::Value>> {
        let start = r.offset();
        let count = r.enter_array()?;
        length(count, "elements", MIN, MAX).map_err(|error| error.placed(start))?;
        let set = tree::set(r, count, C::decode)?;
        r.leave();
        Ok(set)
    }

    #[inline]
    fn check(set: &BTreeSet<C::Value>) -> Result<()> {
        length(set.len(), "elements", MIN, MAX)?;
        for (index, element) in set.iter().enumerate() {
            C::check(element.borrow()).map_err(|error| error.index(index))?;
        }
        Ok(())
    }
}

impl<K, V, const MIN: u32, const MAX: u32> Codec for Map<K, V, MIN, MAX>
where
    K: Codec<Value: Ord + Debug>,
    V: Codec,
{
    type Value = BTreeMap<K::Value, V::Value>;
    type Borrowed = BTreeMap<K::Value, V::Value>;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<BTreeMap<K::Value, V::Value>> {
        let start = r.offset();
        let count = r.enter_map()?;
        length(count, "elements", MIN, MAX).map_err(|error| error.placed(start))?;
        let map = tree::map(r, count, K::decode, V::decode)?;
        r.leave();
        Ok(map)
    }

    #[inline]
    fn check(map: &BTreeMap<K::Value, V::Value>) -> Result<()> {
        length(map.len(), "elements", MIN, MAX)?;
        for (key, value) in map {
            K::check(key.borrow())
                .and_then(|()| V::check(value.borrow()))
                .map_err(|error| error.key(key))?;
        }
        Ok(())
    }
}

impl<C: Codec> Codec for Maybe<C> {
    type Value = Option<C::Value>;
    type Borrowed = Option<C::Value>;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Option<C::Value>> {
        if r.take_nil() {
            Ok(None)
        } else {
            C::decode(r).map(Some)
        }
    }

    #[inline]
    fn check(value: &Option<C::Value>) -> Result<()> {
        value
            .as_ref()
            .map_or(Ok(()), |value| C::check(value.borrow()))
    }
}

impl<C: Codec> Codec for Boxed<C> {
    type Value = Box<C::Value>;
    type Borrowed = Box<C::Value>;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Box<C::Value>> {
        r.charge(size_of::<C::Value>())?;
        C::decode(r).map(Box::new)
    }

    #[inline]
    fn check(value: &Box<C::Value>) -> Result<()> {
        C::check((**value).borrow())
    }
}

impl<N, C> Codec for Narrow<N, C>
where
    N: Decode + Check + Newtype<Inner: Borrow<C::Borrowed>>,
    C: Codec,
{
    type Value = N;
    type Borrowed = N;

    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<N> {
        let start = r.offset();
        let value = N::decode(r)?;
        C::check(value.inner().borrow()).map_err(|error| error.placed(start))?;
        Ok(value)
    }

    #[inline]
    fn check(value: &N) -> Result<()> {
        value.check()?;
        C::check(value.inner().borrow())
    }
}

/// Holds a length to a bound.
#[inline]
pub(crate) fn length(length: usize, unit: &'static str, min: u32, max: u32) -> Result<()> {
    if min as usize <= length && length <= max as usize {
        Ok(())
    } else {
        Err(Error::new(Problem::Length {
            length,
            unit,
            min,
            max,
        }))
    }
}

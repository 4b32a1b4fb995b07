//! The sender's side of bounds: what a reader would refuse is found before it is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use crate::codec::Codec;
use crate::error::Result;

/// A value that can be held to the bounds of its type.
pub trait Check {
    /// Looks at every bound of the value and of what is in it.
    ///
    /// # Errors
    ///
    /// The first bound that is broken, and where. It has no byte offset: nothing was encoded.
    #[inline]
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// Holds the member `name` to the bounds of `C`.
///
/// # Errors
///
/// As [`Check::check`], inside of `name`.
#[inline]
pub fn member<C: Codec>(name: &'static str, value: &C::Borrowed) -> Result<()> {
    C::check(value).map_err(|error| error.member(name))
}

/// Holds the member `name` of arm `arm` to the bounds of `C`.
///
/// # Errors
///
/// As [`Check::check`], inside of both.
#[inline]
pub fn member_of<C: Codec>(
    arm: &'static str,
    name: &'static str,
    value: &C::Borrowed,
) -> Result<()> {
    C::check(value).map_err(|error| error.member(name).member(arm))
}

/// Holds the optional member `name` to the bounds of `C`.
///
/// # Errors
///
/// As [`Check::check`], inside of `name`.
#[inline]
pub fn optional<C: Codec>(name: &'static str, value: Option<&C::Borrowed>) -> Result<()> {
    match value {
        Some(value) => member::<C>(name, value),
        None => Ok(()),
    }
}

macro_rules! unbounded {
    ($($ty:ty)*) => {$( impl Check for $ty {} )*};
}

unbounded!(() std::convert::Infallible bool u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 str String);

impl<T: Check + ?Sized> Check for &T {
    #[inline]
    fn check(&self) -> Result<()> {
        T::check(self)
    }
}

impl<T: Check + ?Sized> Check for Box<T> {
    #[inline]
    fn check(&self) -> Result<()> {
        T::check(self)
    }
}

impl<T: Check> Check for Option<T> {
    #[inline]
    fn check(&self) -> Result<()> {
        self.as_ref().map_or(Ok(()), T::check)
    }
}

impl<T: Check> Check for [T] {
    #[inline]
    fn check(&self) -> Result<()> {
        for (index, element) in self.iter().enumerate() {
            element.check().map_err(|error| error.index(index))?;
        }
        Ok(())
    }
}

impl<T: Check> Check for Vec<T> {
    #[inline]
    fn check(&self) -> Result<()> {
        self.as_slice().check()
    }
}

impl<T: Check> Check for BTreeSet<T> {
    #[inline]
    fn check(&self) -> Result<()> {
        for (index, element) in self.iter().enumerate() {
            element.check().map_err(|error| error.index(index))?;
        }
        Ok(())
    }
}

impl<K: Check + Debug, V: Check> Check for BTreeMap<K, V> {
    #[inline]
    fn check(&self) -> Result<()> {
        for (key, value) in self {
            key.check()
                .and_then(|()| value.check())
                .map_err(|error| error.key(key))?;
        }
        Ok(())
    }
}

//! Values to bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use crate::Writer;

/// A value that writes itself in the canonical form.
pub trait Encode {
    /// Appends the value to `w`.
    fn encode(&self, w: &mut Writer);
}

/// A generated struct: it knows how many of its slots are worth writing.
pub trait Struct: Encode {
    /// The slots up to the last member that differs from its default; 0 is the struct of defaults.
    fn slots(&self) -> usize;
}

impl<T: Encode + ?Sized> Encode for &T {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        T::encode(self, w);
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        T::encode(self, w);
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        match self {
            Some(value) => value.encode(w),
            None => w.nil(),
        }
    }
}

impl Encode for () {
    /// Nil: the result of a call that has none.
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.nil();
    }
}

impl Encode for Infallible {
    fn encode(&self, _: &mut Writer) {
        match *self {}
    }
}

impl Encode for bool {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.bool(*self);
    }
}

macro_rules! integers {
    ($method:ident: $($int:ty)*) => {$(
        impl Encode for $int {
            #[inline]
            fn encode(&self, w: &mut Writer) {
                w.$method((*self).into());
            }
        }
    )*};
}

integers!(unsigned: u8 u16 u32 u64);
integers!(signed: i8 i16 i32 i64);

impl Encode for f32 {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.f32(*self);
    }
}

impl Encode for f64 {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.f64(*self);
    }
}

impl Encode for str {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.str(self);
    }
}

impl Encode for String {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.str(self);
    }
}

impl<T: Encode> Encode for [T] {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.array(self.len());
        for element in self {
            element.encode(w);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        self.as_slice().encode(w);
    }
}

impl<T: Encode> Encode for BTreeSet<T> {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.array(self.len());
        for element in self {
            element.encode(w);
        }
    }
}

impl<K: Encode, V: Encode> Encode for BTreeMap<K, V> {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.map(self.len());
        for (key, value) in self {
            key.encode(w);
            value.encode(w);
        }
    }
}

//! A value of any type, in place of one that is wrong or missing: so that what follows it is looked at too.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::fault::Fault;

/// Dummies in one another: an enum whose first way holds itself has no end.
const DEPTH_MAX: usize = 32;

/// Whatever is asked for, as little of it as can be.
#[derive(Clone, Copy, Default)]
pub(super) struct Dummy {
    /// As a list, how many elements.
    elements: usize,
    depth: usize,
    /// Which of the numbers and texts.
    attempt: usize,
}

/// Numbers and texts that one type or another takes: what a type refuses, the next pass does not try again.
const ATTEMPTS: [(u8, &str); ATTEMPTS_MAX] = [
    (1, ""),
    (2, "0.0.0.0"),
    (0, "0.0.0.0:0"),
    (16, "1s"),
    (100, "info"),
    (64, "a"),
];

/// How many different ones there are.
pub(super) const ATTEMPTS_MAX: usize = 6;

impl Dummy {
    /// A list of so many elements.
    pub(super) const fn list(elements: usize) -> Self {
        Self {
            elements,
            depth: 0,
            attempt: 0,
        }
    }

    /// The one that is tried after so many others.
    pub(super) const fn attempt(attempt: usize) -> Self {
        Self {
            elements: 0,
            depth: 0,
            attempt,
        }
    }

    fn tried(self) -> (u8, &'static str) {
        ATTEMPTS.get(self.attempt).copied().unwrap_or((1, ""))
    }

    /// One within this.
    const fn within(self, elements: usize) -> Result<Self, Fault> {
        if self.depth >= DEPTH_MAX {
            return Err(Fault::Noted);
        }
        let depth = self.depth + 1;
        Ok(Self {
            elements,
            depth,
            attempt: self.attempt,
        })
    }
}

macro_rules! wholes {
    ($($name:ident: $visit:ident,)*) => {
        $(
            fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.$visit(self.tried().0.into())
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Dummy {
    type Error = Fault;

    wholes! {
        deserialize_u8: visit_u8,
        deserialize_u16: visit_u16,
        deserialize_u32: visit_u32,
        deserialize_u64: visit_u64,
        deserialize_u128: visit_u128,
        deserialize_i8: visit_i16,
        deserialize_i16: visit_i16,
        deserialize_i32: visit_i32,
        deserialize_i64: visit_i64,
        deserialize_i128: visit_i128,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        // Types that ask for anything mostly want text.
        visitor.visit_str(self.tried().1)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(false)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(f64::from(self.tried().0))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(f64::from(self.tried().0))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.tried().1)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.tried().1)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bytes(&[])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bytes(&[])
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self.within(0)?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.within(0)?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.within(length)?)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.within(length)?)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self.within(0)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.within(known.len())?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        ways: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match ways.first() {
            Some(way) => visitor.visit_enum(First(way, self.within(0)?)),
            None => Err(Fault::Noted),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str("")
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

impl<'de> SeqAccess<'de> for Dummy {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        wanted: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some(rest) = self.elements.checked_sub(1) else {
            return Ok(None);
        };
        self.elements = rest;
        wanted.deserialize(self.within(0)?).map(Some)
    }
}

impl<'de> MapAccess<'de> for Dummy {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        _wanted: S,
    ) -> Result<Option<S::Value>, Fault> {
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, wanted: S) -> Result<S::Value, Fault> {
        wanted.deserialize(self.within(0)?)
    }
}

/// The first way of an enum.
struct First(&'static str, Dummy);

impl<'de> EnumAccess<'de> for First {
    type Error = Fault;
    type Variant = Dummy;

    fn variant_seed<S: DeserializeSeed<'de>>(self, wanted: S) -> Result<(S::Value, Dummy), Fault> {
        let way: serde::de::value::StrDeserializer<'_, Fault> = self.0.into_deserializer();
        wanted.deserialize(way).map(|way| (way, self.1))
    }
}

impl<'de> VariantAccess<'de> for Dummy {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, wanted: S) -> Result<S::Value, Fault> {
        wanted.deserialize(self.within(0)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.within(length)?)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.within(known.len())?)
    }
}

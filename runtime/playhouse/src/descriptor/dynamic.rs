//! Values of described types, without their Rust types: wire bytes to named form and back.
//!
//! A [`Dynamic`] is a value in canonical wire form next to its description. It comes from the wire
//! ([`Dynamic::from_wire`]), held to every bound as a compiled reader would, or from a named form
//! ([`Dynamic::from_named`]), as JSON; it serialises into any named form. The `serde` of generated types goes the same
//! way, so that there is one named form and little generated code.
//!
//! Formats must describe themselves (JSON, BSON, MessagePack by `rmp-serde`): integers may come as strings.

mod arguments;
pub(crate) mod base64;
mod read;
mod recode;
mod show;

use playhouse_wire::{Decode, Encode, Limits, Reader, Result};
use serde::de::{DeserializeSeed, Error as _};
use serde::{Deserializer, Serialize, Serializer};

use super::{Member, Type, Use};

pub(crate) use recode::is_default;

/// What a value is a value of.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A declared type.
    Type(&'static Type),
    /// A type as used, as a call's result.
    Use(&'static Use),
    /// Members, as a call's parameters.
    Members(&'static [Member]),
}

/// A value and its description. Serialises in the named form.
#[derive(Debug, Clone)]
pub struct Dynamic {
    form: Form,
    bytes: Vec<u8>,
}

impl Dynamic {
    /// Reads a value from the wire.
    ///
    /// # Errors
    ///
    /// As a compiled reader of the same type: what is wrong, where and at which byte.
    pub fn from_wire(form: Form, bytes: &[u8], limits: &Limits) -> Result<Self> {
        let bytes = recode::recode(form, bytes, limits)?;
        Ok(Self { form, bytes })
    }

    /// Reads a value from its named form.
    ///
    /// # Errors
    ///
    /// What `deserializer` finds, what doesn't fit the description, and broken bounds.
    pub fn from_named<'de, D: Deserializer<'de>>(
        form: Form,
        deserializer: D,
    ) -> Result<Self, D::Error> {
        let bytes = read::Seed::new(form).deserialize(deserializer)?;
        Self::from_wire(form, &bytes, &TRUSTED).map_err(D::Error::custom)
    }

    /// Reads the arguments of a call: a map by name, a list by position, or a list of nothing but such a map.
    ///
    /// # Errors
    ///
    /// As [`Dynamic::from_named`]; also names that the call has no parameter for, and more arguments than it takes.
    pub fn from_arguments<'de, D: Deserializer<'de>>(
        params: &'static [Member],
        deserializer: D,
    ) -> Result<Self, D::Error> {
        let bytes = arguments::Arguments::new(params).deserialize(deserializer)?;
        Self::from_wire(Form::Members(params), &bytes, &TRUSTED).map_err(D::Error::custom)
    }

    /// The value in canonical wire form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value in canonical wire form.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Serialize for Dynamic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        show::Shown::new(self.form, &self.bytes).serialize(serializer)
    }
}

/// The named form has been in memory as a whole already, so that its bytes need no limit on memory.
const TRUSTED: Limits = Limits {
    memory_factor: usize::MAX,
    ..Limits::DEFAULT
};

/// The named form of a compiled value.
///
/// # Errors
///
/// Those of the serializer.
#[doc(hidden)]
pub fn serialize<T: Encode, S: Serializer>(
    ty: &'static Type,
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let bytes = playhouse_wire::to_vec(value);
    show::Shown::new(Form::Type(ty), &bytes).serialize(serializer)
}

/// A compiled value from its named form.
///
/// # Errors
///
/// Those of the deserializer, and what doesn't fit the type.
#[doc(hidden)]
pub fn deserialize<'de, T: Decode, D: Deserializer<'de>>(
    ty: &'static Type,
    deserializer: D,
) -> Result<T, D::Error> {
    let bytes = read::Seed::new(Form::Type(ty)).deserialize(deserializer)?;
    let mut reader = Reader::new(&bytes, &TRUSTED);
    T::decode(&mut reader).map_err(D::Error::custom)
}

/// `use` with its newtypes taken off, and whether one of the layers is optional.
pub(crate) fn inside(mut ty: &'static Use) -> &'static Use {
    while let super::Shape::Named(Type {
        kind: super::Kind::Newtype { inner, .. },
        ..
    }) = ty.shape
    {
        ty = inner;
    }
    ty
}

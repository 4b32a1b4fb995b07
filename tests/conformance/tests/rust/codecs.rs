//! Every type of the schema by its name.

use anyhow::{Context, Result};
use playhouse::descriptor::dynamic::{Dynamic, Form};
use playhouse::descriptor::{Declaration, Type};
use playhouse::{Check, Decode, Encode, Error, Limits, Problem, from_slice, to_vec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::generated::{SCHEMA, conformance};

/// A value in named form and in canonical bytes, or why there is none.
pub(crate) type Read = Result<(Json, Vec<u8>), Error>;

/// What a type can do, its Rust type forgotten.
pub(crate) struct Codec {
    /// The type.
    pub(crate) name: &'static str,
    /// Bytes to named form and canonical bytes.
    pub(crate) read: fn(&[u8]) -> Read,
    /// Named form to canonical bytes, bounds checked.
    pub(crate) write: fn(&Json) -> Result<Vec<u8>>,
}

macro_rules! codecs {
    ($($name:ident)*) => {
        /// The types of the package, each of which must stand here.
        pub(crate) const CODECS: &[Codec] = &[$(
            Codec {
                name: stringify!($name),
                read: read::<conformance::$name>,
                write: write::<conformance::$name>,
            },
        )*];
    };
}

codecs! {
    OneBool OneU8 OneU16 OneU32 OneU64 OneI8 OneI16 OneI32 OneI64 OneF32 OneF64 OneString OneBytes
    OneTimestamp OneDuration OneUuid Percent Around Above Below Ratio Swing Word Code Blob Hash
    Tenth Color Hand Signed Huge HugeClosed Status Bits WideBits
    Numbers Few Pair Holes Rows Words Points NumberSet SignedSet BigSet TextSet UuidSet ColorSet
    FewSet ByNumber BySigned ByText ByUuid ByColor ByHand ByPercent ByFew
    Empty Point Gaps Required RequiredMiddle Defaults Everything PageOfPoint Tree OldPoint NewPoint
    Shape OldShape Verdict Io Failure
    AccountId Refs
}

/// The codec of the type `name`.
pub(crate) fn codec(name: &str) -> Result<&'static Codec> {
    CODECS
        .iter()
        .find(|codec| codec.name == name)
        .with_context(|| format!("no type {name}"))
}

/// The description of the type `name`.
pub(crate) fn described(name: &str) -> Result<&'static Type> {
    let mut types = declarations().filter_map(|declaration| match declaration {
        Declaration::Type(ty) => Some(*ty),
        _ => None,
    });
    types
        .find(|ty| ty.head.name == name)
        .with_context(|| format!("no type {name}"))
}

/// What the package declares.
pub(crate) fn declarations() -> impl Iterator<Item = &'static Declaration> {
    let packages = SCHEMA
        .packages
        .iter()
        .filter(|package| package.name == "conformance");
    packages
        .flat_map(|package| package.modules)
        .flat_map(|module| module.declarations)
}

fn read<T: Decode + Encode + Check + Serialize>(bytes: &[u8]) -> Read {
    let value: T = from_slice(bytes, &Limits::DEFAULT)?;
    value.check()?;
    let named = serde_json::to_value(&value)
        .map_err(|error| Error::new(Problem::Other(error.to_string().into())))?;
    Ok((named, to_vec(&value)))
}

fn write<T: Encode + Check + DeserializeOwned>(named: &Json) -> Result<Vec<u8>> {
    let value: T = serde_json::from_value(named.clone())?;
    value.check()?;
    Ok(to_vec(&value))
}

/// As [`Codec::read`], by the description alone.
pub(crate) fn read_dynamic(form: Form, bytes: &[u8]) -> Read {
    let value = Dynamic::from_wire(form, bytes, &Limits::DEFAULT)?;
    let named = serde_json::to_value(&value)
        .map_err(|error| Error::new(Problem::Other(error.to_string().into())))?;
    Ok((named, value.into_bytes()))
}

/// The word for a refusal that all languages share.
pub(crate) fn refusal(error: &Error) -> &'static str {
    match error.problem() {
        Problem::Truncated { .. } => "truncated",
        Problem::WrongType { .. } => "wrong_type",
        Problem::DoesNotFit { .. } => "does_not_fit",
        Problem::Integer { .. } | Problem::Float { .. } | Problem::Length { .. } => "bound",
        Problem::Utf8 => "utf8",
        Problem::Duplicate => "duplicate",
        Problem::UnknownValue(_) => "unknown_value",
        Problem::UnknownArm(_) => "unknown_arm",
        Problem::UnknownKind(_) => "unknown_kind",
        Problem::Missing => "missing",
        Problem::TooDeep(_) => "too_deep",
        Problem::TooMuchMemory(_) => "too_much_memory",
        Problem::UnknownTooLong(_) => "unknown_too_long",
        Problem::TrailingBytes(_) => "trailing_bytes",
        Problem::Reference(_) => "reference",
        Problem::ListGap(_) => "list_gap",
        _ => "other",
    }
}

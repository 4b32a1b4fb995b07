//! `bytes`.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::codec::{Blob, Codec};
use crate::error::Result;
use crate::{Check, Decode, Encode, Reader, Writer};

/// Opaque bytes: the IDL's `bytes`, a MessagePack bin. (A `Vec<u8>` is a list of integers.)
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// No bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }
}

impl fmt::Debug for Bytes {
    /// As a literal, `b"ab\x00"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Deref for Bytes {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Bytes {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Encode for Bytes {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        w.bin(&self.0);
    }
}

impl Decode for Bytes {
    #[inline]
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        <Blob>::decode(r)
    }
}

impl Check for Bytes {}

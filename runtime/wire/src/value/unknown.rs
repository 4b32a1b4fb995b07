//! Arms of open unions that this build doesn't know.

use crate::{Bytes, Encode, Writer};

/// An arm of an open union or error that a newer peer knows: kept byte for byte and written back unchanged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownArm {
    tag: u8,
    body: Option<Bytes>,
}

impl UnknownArm {
    pub(crate) const fn bare(tag: u8) -> Self {
        Self { tag, body: None }
    }

    pub(crate) fn with_body(tag: u8, body: &[u8]) -> Self {
        Self {
            tag,
            body: Some(Bytes::from(body)),
        }
    }

    /// The arm's tag.
    #[must_use]
    pub const fn tag(&self) -> u8 {
        self.tag
    }

    /// Its body as MessagePack, if it has one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_ref().map(AsRef::as_ref)
    }
}

impl Encode for UnknownArm {
    fn encode(&self, w: &mut Writer) {
        w.array(1 + usize::from(self.body.is_some()));
        w.unsigned(self.tag.into());
        if let Some(body) = &self.body {
            w.raw(body);
        }
    }
}

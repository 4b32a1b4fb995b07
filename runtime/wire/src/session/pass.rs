//! What a login gives a client, and how an `Open` proves that its client has it.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::Writer;
use crate::message::Open;

/// What a pass begins with; bytes that begin otherwise are a token alone.
pub const PASS_MAGIC: [u8; 4] = *b"PHP1";

/// What the mac of an `Open` is made for, so that it is worth nothing elsewhere.
const LABEL: &[u8] = b"playhouse open 1";

/// What the key of a ticket's links is made for.
const LINK_LABEL: &[u8] = b"playhouse ticket link 1";

/// The secret of a login, which its client and its home know: 256 bits. It is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionKey(pub [u8; 32]);

/// What a login gives a client: [`PASS_MAGIC`], the key of 32 bytes, and the token, which alone leaves the client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pass {
    /// The key; none where the token is all there is.
    pub key: Option<SessionKey>,
    /// The token.
    pub token: Arc<[u8]>,
}

impl Pass {
    /// Takes a pass apart. Bytes that begin otherwise, or are too short, are a token alone.
    #[must_use]
    pub fn split(bytes: &[u8]) -> Self {
        let parts = bytes.strip_prefix(&PASS_MAGIC);
        match parts.and_then(<[u8]>::split_first_chunk::<32>) {
            Some((key, token)) => Self {
                key: Some(SessionKey(*key)),
                token: token.into(),
            },
            None => Self {
                key: None,
                token: bytes.into(),
            },
        }
    }

    /// The bytes that [`Pass::split`] takes apart.
    #[must_use]
    pub fn join(key: &SessionKey, token: &[u8]) -> Vec<u8> {
        [PASS_MAGIC.as_slice(), &key.0, token].concat()
    }
}

impl SessionKey {
    /// The key that links are encrypted with besides the server's, if the token is a ticket: HMAC-SHA-256 with this key
    /// over a label of its own, so that neither key tells anything about the other.
    #[must_use]
    pub fn link_key(&self) -> [u8; 32] {
        let mut hash = keyed(self);
        hash.update(LINK_LABEL);
        hash.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// HMAC-SHA-256 with the key over a label, all other fields of the `Open` as they are written, and the link's binding.
#[must_use]
pub fn open_mac(key: &SessionKey, open: &Open<'_>, binding: Option<&[u8]>) -> [u8; 32] {
    hashed(key, open, binding).finalize().into_bytes().into()
}

/// Whether the `Open` has the mac of this key and binding. Takes the same time for every wrong one.
#[must_use]
pub fn is_open_mac_right(key: &SessionKey, open: &Open<'_>, binding: Option<&[u8]>) -> bool {
    let mac = open.mac.unwrap_or_default();
    let is_right = hashed(key, open, binding).verify_slice(&mac).is_ok();
    is_right && open.mac.is_some()
}

fn hashed(key: &SessionKey, open: &Open<'_>, binding: Option<&[u8]>) -> Hmac<Sha256> {
    let mut w = Writer::new();
    // Without its mac the array has one element less, or trailing defaults less: either way only one `Open` is written so.
    Open { mac: None, ..*open }.put(&mut w);
    let mut hash = keyed(key);
    hash.update(LABEL);
    hash.update(w.as_bytes());
    // The `Open` says where it ends, so the binding needs no length.
    hash.update(binding.unwrap_or_default());
    hash
}

fn keyed(key: &SessionKey) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "keys of all lengths are taken")]
    Hmac::new_from_slice(&key.0).expect("a key of any length is taken")
}

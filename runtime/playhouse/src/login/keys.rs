//! The keys of a cluster's tokens, all from one secret, and the tokens that are made and opened with them.
//!
//! A token is a version (1 byte), the number of the key it is sealed under (4), the length of its claims (2, little
//! endian), the claims in MessagePack, and HMAC-SHA-256 over all of that under the gate's key. Keys follow from the
//! secret by HKDF ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)), each with a label of its own, and the session
//! key from the claims by HMAC under the home's key: it need not stand in the token, and a node that has the gate's
//! key alone can't make it.

use std::fmt;
use std::sync::Arc;

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use playhouse_net::noise::TicketKey;
use playhouse_wire::session::{Pass, SessionKey};
use playhouse_wire::{Bytes, Duration, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::claims::Claims;
use super::problem::{Counts, KeysError, TokenError};
use super::revocations::Revocations;
use crate::call::{Failure, FailureKind};
use crate::host::Cx;

/// How long the token of a login opens a session.
pub const LOGIN_TIME: Duration = Duration::from_seconds(60);

/// The longest life of any token: for so long a revocation has to be remembered.
pub const TOKEN_TIME_MAX: Duration = Duration::from_seconds(4 * 3600);

/// How far the clocks of two nodes may differ before a token of one is refused by the other.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_seconds(5);

/// Most secrets at once: what signs, and what was signed with before.
pub const GENERATIONS_MAX: usize = 4;

/// Fewest bytes of a secret.
pub const SECRET_BYTES_MIN: usize = 16;

const VERSION: u8 = 1;
const ID_BYTES: usize = 4;
const HEAD_BYTES: usize = 1 + ID_BYTES + 2;
const KEY_BYTES: usize = 32;

/// The keys that all nodes of a cluster share, and what was revoked of what they sealed. A clone is the same.
///
/// A secret is changed without anybody being logged out by naming the new one first and the old one behind it, on one
/// node after another: the first seals, all open. The old one goes once its last token has expired. A node that has not
/// heard of the new one yet refuses its tokens as another cluster's, so it is added behind the old one everywhere first.
///
/// ```
/// use playhouse::login::{Claims, LOGIN_TIME, TokenKeys, TokenKind};
/// use playhouse::{EntityKey, EntityRef, KeyPart, Timestamp};
///
/// let keys = TokenKeys::new([b"sixteen bytes or more"])?;
/// let now = Timestamp::from_micros(1_000_000);
/// let entity = EntityRef { package: 1, number: 2, slot: 0, key: EntityKey::new([KeyPart::Unsigned(7)]) };
/// let claims = Claims { entity, login_no: 3, issued: now, expires: now + LOGIN_TIME, kind: TokenKind::Login };
///
/// let (token, key) = keys.issue(&claims);
/// assert_eq!(keys.at_gate(&token, now)?, claims);
/// assert_eq!(keys.at_home(&token, now)?, (claims, key));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TokenKeys(Arc<Inner>);

struct Inner {
    generations: Box<[Generation]>,
    revocations: Revocations,
    counts: Counts,
}

/// What follows from one secret.
struct Generation {
    id: [u8; ID_BYTES],
    gate: [u8; KEY_BYTES],
    home: [u8; KEY_BYTES],
}

impl TokenKeys {
    /// The keys of these secrets: the first seals, all of them open.
    ///
    /// # Errors
    ///
    /// If there is none, or too many, or one is so short that it could be guessed.
    pub fn new<S: AsRef<[u8]>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, KeysError> {
        let mut generations = Vec::new();
        for secret in secrets {
            let secret = secret.as_ref();
            if secret.len() < SECRET_BYTES_MIN {
                return Err(KeysError::Short {
                    bytes: secret.len(),
                });
            }
            generations.push(Generation::of(secret));
        }
        if generations.is_empty() || generations.len() > GENERATIONS_MAX {
            return Err(KeysError::Generations {
                count: generations.len(),
            });
        }
        Ok(Self(Arc::new(Inner {
            generations: generations.into(),
            revocations: Revocations::default(),
            counts: Counts::default(),
        })))
    }

    /// Keys that nobody else has, from the operating system's randomness: for a cluster of one process, whose tokens end
    /// with it.
    ///
    /// # Errors
    ///
    /// If the operating system has none to give.
    pub fn random() -> Result<Self, KeysError> {
        let mut secret = [0; KEY_BYTES];
        getrandom::fill(&mut secret).map_err(|error| KeysError::NoRandomness {
            error: error.to_string(),
        })?;
        Self::new([secret])
    }

    /// The keys of the node that a handler runs on.
    ///
    /// # Errors
    ///
    /// If its builder was given none.
    pub fn of(cx: &Cx) -> Result<Arc<Self>, Failure> {
        cx.shared().ok_or_else(|| {
            Failure::not_executed(FailureKind::Unimplemented)
                .because("the node has no keys for tokens: give its builder `.tokens(..)`")
        })
    }

    /// Seals claims. They end after [`TOKEN_TIME_MAX`], whatever they say.
    #[must_use]
    pub fn issue(&self, claims: &Claims) -> (Bytes, SessionKey) {
        let latest = claims.issued + TOKEN_TIME_MAX;
        let claims = Claims {
            expires: claims.expires.min(latest),
            ..claims.clone()
        };
        let body = claims.to_bytes();
        // `new` takes no empty list.
        let generation = &self.0.generations[0];
        let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes();
        let mut token = [&[VERSION][..], &generation.id, &length, &body].concat();
        let mac = mac(&generation.gate, &[&token]).finalize().into_bytes();
        token.extend_from_slice(&mac);
        (Bytes(token), generation.session_key(&body))
    }

    /// What a token says, for a gate: it takes the gate's key to know that it is right. With `now` none its time is not
    /// asked for: a client resumes its session with the token that began it, and proves with the session key that it is
    /// the same client.
    ///
    /// # Errors
    ///
    /// Why the token admits nobody. Each is counted.
    pub fn at_gate(
        &self,
        token: &[u8],
        now: impl Into<Option<Timestamp>>,
    ) -> Result<Claims, TokenError> {
        let opened = self.open(token, now.into()).map(|(claims, ..)| claims);
        self.0.counts.count(&opened);
        opened
    }

    /// What a token says and the key that goes with it, for the home of a session; `now` as for [`Self::at_gate`]. Not
    /// counted: a gate did.
    ///
    /// # Errors
    ///
    /// Why the token admits nobody.
    pub fn at_home(
        &self,
        token: &[u8],
        now: impl Into<Option<Timestamp>>,
    ) -> Result<(Claims, SessionKey), TokenError> {
        let (claims, body, generation) = self.open(token, now.into())?;
        let key = generation.session_key(body);
        Ok((claims, key))
    }

    /// Whose pass this is, whatever its time: for whoever proves so much outside of a session.
    ///
    /// # Errors
    ///
    /// Why it is nobody's. One whose key doesn't go with its token is forged: a gate sees tokens alone.
    pub fn holder(&self, pass: &[u8]) -> Result<Claims, TokenError> {
        let pass = Pass::split(pass);
        let (claims, key) = self.at_home(&pass.token, None)?;
        let shown = pass.key.ok_or(TokenError::Forged)?;
        if bool::from(shown.0.ct_eq(&key.0)) {
            Ok(claims)
        } else {
            Err(TokenError::Forged)
        }
    }

    /// The key of links whose client shows this token; none if it is not one of this cluster's, or was revoked. Its time is
    /// asked when a session opens: one that has begun may outlive its token, and needs links.
    #[must_use]
    pub(crate) fn link_key(&self, token: &[u8]) -> Option<TicketKey> {
        let (_, key) = self.at_home(token, None).ok()?;
        Some(TicketKey::from_bytes(key.link_key()))
    }

    /// What was revoked.
    #[must_use]
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// How many tokens gates have opened, by what came of it: `accepted` and the [words](TokenError::word) of the errors.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        self.0.counts.all()
    }

    fn open<'t>(
        &self,
        token: &'t [u8],
        now: Option<Timestamp>,
    ) -> Result<(Claims, &'t [u8], &Generation), TokenError> {
        let (version, rest) = token.split_first().ok_or(TokenError::Truncated)?;
        if *version != VERSION {
            return Err(TokenError::Malformed);
        }
        let (id, rest) = rest.split_first_chunk().ok_or(TokenError::Truncated)?;
        let (length, rest) = rest.split_first_chunk().ok_or(TokenError::Truncated)?;
        let length = usize::from(u16::from_le_bytes(*length));
        let (body, proof) = rest.split_at_checked(length).ok_or(TokenError::Truncated)?;
        if proof.len() < KEY_BYTES {
            return Err(TokenError::Truncated);
        }
        let mut generations = self.0.generations.iter();
        let generation = generations
            .find(|it| it.id == *id)
            .ok_or(TokenError::Foreign)?;
        let sealed = token.get(..HEAD_BYTES + length).unwrap_or_default();
        // Compares in constant time, and takes no other length.
        if mac(&generation.gate, &[sealed])
            .verify_slice(proof)
            .is_err()
        {
            return Err(TokenError::Forged);
        }
        let claims = Claims::from_bytes(body).map_err(|_| TokenError::Malformed)?;
        if let Some(now) = now {
            if claims.issued > now + CLOCK_SKEW_MAX {
                return Err(TokenError::Early);
            }
            if claims.expires + CLOCK_SKEW_MAX < now {
                return Err(TokenError::Expired);
            }
        }
        if !self.0.revocations.allow(&claims) {
            return Err(TokenError::Revoked);
        }
        Ok((claims, body, generation))
    }
}

impl Generation {
    fn of(secret: &[u8]) -> Self {
        let root = Hkdf::<Sha256>::new(None, secret);
        let mut generation = Self {
            id: [0; ID_BYTES],
            gate: [0; KEY_BYTES],
            home: [0; KEY_BYTES],
        };
        let parts: [(&[u8], &mut [u8]); 3] = [
            (b"playhouse token id 1", &mut generation.id),
            (b"playhouse token gate 1", &mut generation.gate),
            (b"playhouse token home 1", &mut generation.home),
        ];
        for (label, part) in parts {
            let expanded = root.expand(label, part);
            debug_assert!(expanded.is_ok(), "HKDF gives up to 8160 bytes");
        }
        generation
    }

    fn session_key(&self, body: &[u8]) -> SessionKey {
        let key = mac(&self.home, &[b"playhouse session key 1", body]);
        SessionKey(key.finalize().into_bytes().into())
    }
}

fn mac(key: &[u8; KEY_BYTES], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeys")
            .field("generations", &self.0.generations.len())
            .finish_non_exhaustive()
    }
}

//! Login tokens and battle tickets: what a node once said, under a seal that only the cluster's key makes.
//!
//! A token is 58 bytes: version, kind, account, number, end of validity, and HMAC-SHA-256 over what comes before.
//! Nothing in it is secret; a client can read it and can't change it.

use arena_schema::common::AccountId;
use playhouse::{Bytes, Timestamp};
use sha2::{Digest, Sha256};

const VERSION: u8 = 1;
const BODY_BYTES: usize = 1 + 1 + 8 + 8 + 8;
const MAC_BYTES: usize = 32;
const BLOCK_BYTES: usize = 64;

/// The key that all nodes of a cluster share.
#[derive(Clone)]
pub struct SealKey([u8; 32]);

/// What a seal says about its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// May open a session for an avatar.
    Login {
        /// Whose.
        account: AccountId,
        /// Which login of theirs; an older one gives way to a newer one.
        login_no: u64,
    },
    /// May enter a battle.
    Battle {
        /// Who.
        account: AccountId,
        /// The battle's number on its node.
        battle: u64,
    },
}

/// Why a seal isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealError {
    /// It is no seal, or somebody changed it, or it is another cluster's.
    Broken,
    /// Its time is over.
    Expired,
}

impl std::fmt::Display for SealError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Broken => "the token is not one of this cluster's; log in again",
            Self::Expired => "the token has expired; log in again",
        })
    }
}

impl std::error::Error for SealError {}

impl SealKey {
    /// A key that was agreed on.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A key that nobody knows, from the operating system's randomness: for a cluster of one process.
    #[must_use]
    pub fn random() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let mut key = [0; 32];
        for (place, part) in key.chunks_exact_mut(8).enumerate() {
            part.copy_from_slice(&RandomState::new().hash_one(place).to_le_bytes());
        }
        Self(key)
    }

    /// Seals a pass.
    #[must_use]
    pub fn seal(&self, pass: Pass, expires: Timestamp) -> Bytes {
        let (kind, account, number) = match pass {
            Pass::Login { account, login_no } => (1, account, login_no),
            Pass::Battle { account, battle } => (2, account, battle),
        };
        let mut token = Vec::with_capacity(BODY_BYTES + MAC_BYTES);
        token.extend([VERSION, kind]);
        token.extend(account.0.to_le_bytes());
        token.extend(number.to_le_bytes());
        token.extend(expires.as_micros().to_le_bytes());
        token.extend(self.mac(&token));
        Bytes(token)
    }

    /// What a seal says.
    ///
    /// # Errors
    ///
    /// If it is broken or expired.
    pub fn open(&self, token: &[u8], now: Timestamp) -> Result<Pass, SealError> {
        let (body, mac) = token
            .split_at_checked(BODY_BYTES)
            .ok_or(SealError::Broken)?;
        if !equal_in_constant_time(mac, &self.mac(body)) {
            return Err(SealError::Broken);
        }
        let number = |at: usize| {
            let bytes = body.get(at..at + 8).and_then(|part| part.try_into().ok());
            bytes.map(u64::from_le_bytes).ok_or(SealError::Broken)
        };
        let account = AccountId(number(2)?);
        let pass = match body {
            [VERSION, 1, ..] => Pass::Login {
                account,
                login_no: number(10)?,
            },
            [VERSION, 2, ..] => Pass::Battle {
                account,
                battle: number(10)?,
            },
            _ => return Err(SealError::Broken),
        };
        if number(18)?.cast_signed() < now.as_micros() {
            return Err(SealError::Expired);
        }
        Ok(pass)
    }

    /// A secret that follows from this key and what it is about, and from nothing less.
    #[must_use]
    pub fn secret(&self, about: &[u8]) -> [u8; MAC_BYTES] {
        self.mac(&[b"secret:", about].concat())
    }

    /// HMAC-SHA-256 (RFC 2104).
    fn mac(&self, body: &[u8]) -> [u8; MAC_BYTES] {
        let pad = |with: u8| {
            let mut block = [with; BLOCK_BYTES];
            for (place, part) in block.iter_mut().zip(self.0) {
                *place ^= part;
            }
            block
        };
        let inner = Sha256::new()
            .chain_update(pad(0x36))
            .chain_update(body)
            .finalize();
        let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner);
        outer.finalize().into()
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

/// Takes as long for bytes that differ early as for those that differ late, so that nobody can guess a seal by parts.
fn equal_in_constant_time(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000);
    const PASS: Pass = Pass::Login {
        account: AccountId(7),
        login_no: 3,
    };

    #[test]
    fn a_seal_says_what_was_sealed() {
        let key = SealKey::random();
        let other = Pass::Battle {
            account: AccountId(8),
            battle: 9,
        };
        for pass in [PASS, other] {
            assert_eq!(key.open(&key.seal(pass, NOW), NOW), Ok(pass));
        }
    }

    #[test]
    fn the_code_is_hmac_sha_256() {
        // RFC 4231, test case 2, whose key is shorter than a block.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let mac = SealKey::new(key).mac(b"what do ya want for nothing?");
        assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(mac[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn an_old_seal_has_expired() {
        let key = SealKey::random();
        let token = key.seal(PASS, Timestamp::from_micros(999));
        assert_eq!(key.open(&token, NOW), Err(SealError::Expired));
    }

    #[test]
    fn a_changed_seal_is_broken() {
        let key = SealKey::random();
        let token = key.seal(PASS, NOW);
        for place in 0..token.len() {
            let mut changed = token.clone();
            changed[place] ^= 1;
            assert_eq!(
                key.open(&changed, NOW),
                Err(SealError::Broken),
                "byte {place}"
            );
        }
        for length in 0..token.len() {
            assert_eq!(key.open(&token[..length], NOW), Err(SealError::Broken));
        }
        assert_eq!(SealKey::random().open(&token, NOW), Err(SealError::Broken));
    }
}

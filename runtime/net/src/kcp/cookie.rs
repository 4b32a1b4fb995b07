//! Cookies: who sends one back has shown that datagrams to his address reach him, and the server kept nothing for it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::packet::Nonce;

/// A cookie's bytes: the time it is of, and a MAC.
pub(super) const COOKIE_BYTES: usize = 4 + 16;
/// How long a slot of time is, in milliseconds. A cookie is good in its own slot and in the next.
pub const COOKIE_SLOT_MS: u64 = 5_000;

pub(super) type Cookie = [u8; COOKIE_BYTES];

/// Bakes cookies and knows them again, by a secret made at start.
pub(super) struct Bakery {
    mac: Hmac<Sha256>,
}

impl fmt::Debug for Bakery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bakery(..)")
    }
}

impl Bakery {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        let mac = Hmac::new_from_slice(secret).expect("HMAC takes keys of any length");
        Self { mac }
    }

    /// The cookie of an address and a dialling, now.
    pub(super) fn bake(&self, now_ms: u64, from: SocketAddr, nonce: Nonce) -> Cookie {
        self.of_slot(slot(now_ms), from, nonce)
    }

    /// Whether this server baked it, for this address and dialling, not long ago.
    pub(super) fn knows(
        &self,
        now_ms: u64,
        from: SocketAddr,
        nonce: Nonce,
        cookie: &Cookie,
    ) -> bool {
        let (stamp, mac) = cookie.split_at(4);
        let now = slot(now_ms);
        let Some(slot) = [now, now.wrapping_sub(1)]
            .into_iter()
            .find(|slot| slot.to_le_bytes() == stamp)
        else {
            return false;
        };
        self.mac_of(slot, from, nonce)
            .verify_truncated_left(mac)
            .is_ok()
    }

    /// A number that nobody else can guess, for the `count`th connection.
    pub(super) fn id(&self, count: u64) -> u64 {
        let mut mac = self.mac.clone();
        mac.update(b"id");
        mac.update(&count.to_le_bytes());
        let bytes = mac.finalize().into_bytes();
        bytes
            .first_chunk()
            .map_or(count, |first| u64::from_le_bytes(*first))
    }

    fn of_slot(&self, slot: u32, from: SocketAddr, nonce: Nonce) -> Cookie {
        let mac = self.mac_of(slot, from, nonce).finalize().into_bytes();
        let mut cookie = [0; COOKIE_BYTES];
        cookie[..4].copy_from_slice(&slot.to_le_bytes());
        cookie[4..].copy_from_slice(&mac[..COOKIE_BYTES - 4]);
        cookie
    }

    fn mac_of(&self, slot: u32, from: SocketAddr, nonce: Nonce) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(b"cookie");
        mac.update(&slot.to_le_bytes());
        mac.update(&nonce);
        mac.update(&from.port().to_le_bytes());
        match from.ip() {
            IpAddr::V4(ip) => mac.update(&ip.octets()),
            IpAddr::V6(ip) => mac.update(&ip.octets()),
        }
        mac
    }
}

fn slot(now_ms: u64) -> u32 {
    // Slots come round after six centuries.
    (now_ms / COOKIE_SLOT_MS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_of_its_address_its_dialling_and_its_time() {
        let bakery = Bakery::new(&[1; 32]);
        let from: SocketAddr = "10.0.0.1:4000".parse().unwrap();
        let cookie = bakery.bake(12_000, from, [5; 8]);
        assert!(bakery.knows(12_000, from, [5; 8], &cookie));
        assert!(bakery.knows(19_999, from, [5; 8], &cookie));
        assert!(!bakery.knows(20_000, from, [5; 8], &cookie), "expired");
        assert!(!bakery.knows(12_000, from, [6; 8], &cookie));
        for other in ["10.0.0.1:4001", "10.0.0.2:4000", "[::1]:4000"] {
            assert!(!bakery.knows(12_000, other.parse().unwrap(), [5; 8], &cookie));
        }
        for at in 0..COOKIE_BYTES {
            let mut forged = cookie;
            forged[at] ^= 1;
            assert!(!bakery.knows(12_000, from, [5; 8], &forged), "byte {at}");
        }
        let other = Bakery::new(&[2; 32]);
        assert!(!other.knows(12_000, from, [5; 8], &cookie));
        assert_ne!(bakery.id(1), bakery.id(2));
        assert_ne!(bakery.id(1), other.id(1));
    }
}

//! Encryption of messages that may be lost, doubled and overtaken: each carries its number.
//!
//! A datagram is its number (u64, little-endian), which is its nonce, and the ciphertext. A window of the last
//! [`REPLAY_WINDOW`] numbers remembers which came, in the manner of IPsec and WireGuard (RFC 6479): what is in it opens
//! once, what is older does not open. Only what is authentic moves the window.

use std::fmt;

use super::{NoiseError, Secured, secured::TAG};

/// Bytes that a datagram adds to what is in it.
pub const DATAGRAM_OVERHEAD: usize = NONCE + TAG;

/// How many numbers behind the highest one a datagram may come.
pub const REPLAY_WINDOW: u64 = 1024;

/// Most datagrams of one key that turn out forged: behind them one more might pass with a chance above 2^-57 (RFC 9001,
/// section 6.6, for ChaCha20-Poly1305).
pub const FORGED_MAX: u64 = 1 << 36;

const NONCE: usize = 8;

/// Both directions of an encrypted connection without order.
pub struct Datagrams {
    secured: Secured,
    sealed: u64,
    window: Window,
    forged: u64,
}

impl Datagrams {
    pub(super) const fn new(secured: Secured) -> Self {
        Self {
            secured,
            sealed: 0,
            window: Window::new(),
            forged: 0,
        }
    }

    /// The handshake's hash, see [`Secured::binding`].
    #[must_use]
    pub const fn binding(&self) -> &[u8; 32] {
        self.secured.binding()
    }

    /// Appends `plain` to `out` as one datagram, of [`DATAGRAM_OVERHEAD`] bytes more.
    ///
    /// # Errors
    ///
    /// [`NoiseError::Exhausted`] after 2^64 - 1 datagrams, or above 65,519 bytes.
    pub fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        let start = out.len();
        out.extend_from_slice(&self.sealed.to_le_bytes());
        if let Err(error) = self.secured.seal(self.sealed, plain, out) {
            out.truncate(start);
            return Err(error);
        }
        self.sealed += 1;
        Ok(())
    }

    /// Appends to `out` what is in a datagram of the peer. Nothing is appended in case of an error, and the datagram is to
    /// be left out: the connection goes on, unless it is [`NoiseError::Worn`].
    ///
    /// # Errors
    ///
    /// [`NoiseError::Truncated`] if it is too short, [`NoiseError::Replayed`] if it came before or is too old,
    /// [`NoiseError::Forged`] if the peer did not make it, [`NoiseError::Worn`] if [`FORGED_MAX`] were.
    pub fn open(&mut self, datagram: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        let Some((number, sealed)) = datagram.split_first_chunk::<NONCE>() else {
            return Err(NoiseError::Truncated);
        };
        let Some(length) = sealed.len().checked_sub(TAG) else {
            return Err(NoiseError::Truncated);
        };
        let number = u64::from_le_bytes(*number);
        if !self.window.takes(number) {
            return Err(NoiseError::Replayed);
        }
        if self.forged >= FORGED_MAX {
            return Err(NoiseError::Worn);
        }
        let start = out.len();
        out.resize(start + length, 0);
        let room = out.get_mut(start..).unwrap_or_default();
        if let Err(error) = self.secured.open(number, sealed, room) {
            out.truncate(start);
            self.forged += 1;
            return Err(error);
        }
        self.window.took(number);
        Ok(())
    }
}

impl fmt::Debug for Datagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagrams")
            .field("sealed", &self.sealed)
            .field("next", &self.window.next)
            .field("forged", &self.forged)
            .finish_non_exhaustive()
    }
}

const WORD: u64 = 64;
/// One word more than the window, so that a word can be cleared as a whole when the window moves into it.
const WORDS: usize = (REPLAY_WINDOW / WORD) as usize + 1;

/// Which numbers came: a ring of bits, the number's place its remainder.
struct Window {
    /// One above the highest that came.
    next: u64,
    bits: [u64; WORDS],
}

impl Window {
    const fn new() -> Self {
        Self {
            next: 0,
            bits: [0; WORDS],
        }
    }

    /// Whether this number may come.
    fn takes(&self, number: u64) -> bool {
        if number >= self.next {
            // The last number is never used.
            return number < u64::MAX;
        }
        let (word, bit) = place(number);
        self.next - number <= REPLAY_WINDOW
            && self.bits.get(word).is_some_and(|bits| bits & bit == 0)
    }

    /// It came, and is what the peer sent.
    fn took(&mut self, number: u64) {
        if number >= self.next {
            let (old, new) = (self.next.saturating_sub(1) / WORD, number / WORD);
            for passed in old.saturating_add(1)..=new.min(old.saturating_add(WORDS as u64)) {
                let (word, _) = place(passed * WORD);
                if let Some(bits) = self.bits.get_mut(word) {
                    *bits = 0;
                }
            }
            self.next = number + 1;
        }
        let (word, bit) = place(number);
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= bit;
        }
    }
}

/// The word of a number, and its bit there.
fn place(number: u64) -> (usize, u64) {
    let word = usize::try_from(number / WORD % WORDS as u64).unwrap_or_default();
    (word, 1 << (number % WORD))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::handshake::tests::pair;
    use super::*;
    use crate::Random;

    fn datagrams() -> (Datagrams, Datagrams) {
        let (one, other) = pair();
        (one.into_datagrams(), other.into_datagrams())
    }

    fn seal(datagrams: &mut Datagrams, plain: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        datagrams.seal(plain, &mut sealed).unwrap();
        sealed
    }

    fn open(datagrams: &mut Datagrams, sealed: &[u8]) -> Result<Vec<u8>, NoiseError> {
        let mut plain = b"before".to_vec();
        let opened = datagrams.open(sealed, &mut plain);
        assert!(plain.starts_with(b"before"));
        assert!(opened.is_ok() || plain.len() == 6);
        opened.map(|()| plain.split_off(6))
    }

    #[test]
    fn datagrams_open_in_any_order_and_once() {
        let (mut one, mut other) = datagrams();
        let sealed: Vec<_> = (0..100_u8).map(|it| seal(&mut one, &[it])).collect();
        assert_eq!(sealed[0].len(), 1 + DATAGRAM_OVERHEAD);
        for index in (0..100).rev() {
            assert_eq!(
                open(&mut other, &sealed[index]),
                Ok(vec![u8::try_from(index).unwrap()])
            );
        }
        for sealed in &sealed {
            assert_eq!(open(&mut other, sealed), Err(NoiseError::Replayed));
            assert_eq!(open(&mut one, sealed), Err(NoiseError::Forged), "reflected");
        }
        assert_eq!(open(&mut one, &seal(&mut other, b"")), Ok(Vec::new()));
    }

    #[test]
    fn the_oldest_of_the_window_opens_and_the_one_before_does_not() {
        let (mut one, mut other) = datagrams();
        let sealed: Vec<_> = (0..=REPLAY_WINDOW).map(|_| seal(&mut one, b"x")).collect();
        let newest = sealed.last().unwrap();
        assert_eq!(open(&mut other, newest), Ok(b"x".to_vec()));
        assert_eq!(open(&mut other, &sealed[0]), Err(NoiseError::Replayed));
        assert_eq!(open(&mut other, &sealed[1]), Ok(b"x".to_vec()));
    }

    #[test]
    fn a_forged_number_moves_nothing() {
        let (mut one, mut other) = datagrams();
        let sealed = seal(&mut one, b"hello");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&mut other, &changed), Err(NoiseError::Forged), "{bit}");
        }
        let mut highest = sealed.clone();
        highest[..8].fill(0xff);
        assert_eq!(open(&mut other, &highest), Err(NoiseError::Replayed));
        for length in 0..DATAGRAM_OVERHEAD {
            let cut = open(&mut other, &sealed[..length]);
            assert_eq!(cut, Err(NoiseError::Truncated));
        }
        assert_eq!(open(&mut other, &sealed), Ok(b"hello".to_vec()));
    }

    #[test]
    fn behind_the_last_allowed_forgery_nothing_opens() {
        let (mut one, mut other) = datagrams();
        let mut forged = seal(&mut one, b"hello");
        forged[20] ^= 1;
        let good = seal(&mut one, b"hello");
        other.forged = FORGED_MAX - 1;
        assert_eq!(open(&mut other, &forged), Err(NoiseError::Forged));
        assert_eq!(open(&mut other, &good), Err(NoiseError::Worn));
    }

    #[test]
    fn the_window_agrees_with_a_set_of_all_that_came() {
        for seed in 0..200 {
            let random = Random::new(seed);
            let mut window = Window::new();
            let mut came = BTreeSet::new();
            let mut front = random.below(3) * (u64::MAX / 2);
            for _ in 0..2_000 {
                let leap = match random.below(40) {
                    0 => random.below(5_000),
                    1 => REPLAY_WINDOW,
                    2 => 64,
                    _ => random.below(4),
                };
                front = front.saturating_add(leap);
                let number = front.saturating_sub(random.below(1_100));
                let highest: Option<u64> = came.last().copied();
                let expected = number < u64::MAX
                    && !came.contains(&number)
                    && highest.is_none_or(|highest| highest.saturating_sub(number) < REPLAY_WINDOW);
                assert_eq!(window.takes(number), expected, "seed {seed}, {number}");
                if expected {
                    window.took(number);
                    came.insert(number);
                }
            }
        }
    }
}

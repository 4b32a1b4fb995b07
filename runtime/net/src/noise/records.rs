//! Encryption of a stream: records, each with its length in front.
//!
//! A record is the length of its ciphertext (u16, little-endian) and the ciphertext. The number of the record is its nonce
//! and is not sent: what was left out, repeated or moved does not open. Numbers never run out (2^64 records of one byte
//! each take 5,800 years at a hundred million a second), and at 16 KiB a record ChaCha20-Poly1305 stays far from any limit
//! of its own for as long; so there is no rekeying.

use std::fmt;

use super::{NoiseError, Secured, secured::TAG};

/// Most bytes in one record, before encryption.
pub const RECORD_BYTES_MAX: usize = 16 * 1024;

/// Bytes that a record adds to what is in it.
pub const RECORD_OVERHEAD: usize = LENGTH + TAG;

const LENGTH: usize = 2;

/// Both directions of an encrypted stream. What one side seals the other opens, in the same order, all of it.
pub struct Records {
    secured: Secured,
    sealed: u64,
    opened: u64,
}

impl Records {
    pub(super) const fn new(secured: Secured) -> Self {
        Self {
            secured,
            sealed: 0,
            opened: 0,
        }
    }

    /// The handshake's hash, see [`Secured::binding`].
    #[must_use]
    pub const fn binding(&self) -> &[u8; 32] {
        self.secured.binding()
    }

    /// Appends to `out` the records of all of `plain`, of at most [`RECORD_BYTES_MAX`] each. Nothing if it is empty.
    ///
    /// # Errors
    ///
    /// [`NoiseError::Exhausted`] after 2^64 - 1 records.
    pub fn seal(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), NoiseError> {
        for chunk in plain.chunks(RECORD_BYTES_MAX) {
            let length = u16::try_from(chunk.len() + TAG).map_err(|_| NoiseError::Exhausted)?;
            out.extend_from_slice(&length.to_le_bytes());
            self.secured.seal(self.sealed, chunk, out)?;
            self.sealed += 1;
        }
        Ok(())
    }

    /// How many bytes the first record of `input` has when it is opened; none if its end is not there yet.
    ///
    /// # Errors
    ///
    /// [`NoiseError::TooLong`] if it says more than [`RECORD_BYTES_MAX`], [`NoiseError::Forged`] if less than one.
    pub fn first_length(input: &[u8]) -> Result<Option<usize>, NoiseError> {
        let Some((length, rest)) = input.split_first_chunk::<LENGTH>() else {
            return Ok(None);
        };
        let sealed = usize::from(u16::from_le_bytes(*length));
        let (length, max) = (sealed.saturating_sub(TAG), RECORD_BYTES_MAX);
        if length > max {
            return Err(NoiseError::TooLong { length, max });
        }
        if length == 0 {
            return Err(NoiseError::Forged);
        }
        Ok((rest.len() >= sealed).then_some(length))
    }

    /// Opens the first record of `input` into the front of `out`: how many bytes are there now. It took so many and
    /// [`RECORD_OVERHEAD`] of the input. None if its end is not there yet, or `out` has no room for it.
    ///
    /// # Errors
    ///
    /// As [`first_length`](Self::first_length), and [`NoiseError::Forged`] if it is not what the peer sealed next. The
    /// stream is of no use from there on.
    pub fn open(&mut self, input: &[u8], out: &mut [u8]) -> Result<Option<usize>, NoiseError> {
        let Some(length) = Self::first_length(input)? else {
            return Ok(None);
        };
        let record = input.get(LENGTH..length + RECORD_OVERHEAD);
        let (Some(record), Some(room)) = (record, out.get_mut(..length)) else {
            return Ok(None);
        };
        let opened = self.secured.open(self.opened, record, room)?;
        self.opened += 1;
        Ok(Some(opened))
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("sealed", &self.sealed)
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::handshake::tests::pair;
    use super::*;

    fn records() -> (Records, Records) {
        let (one, other) = pair();
        (one.into_records(), other.into_records())
    }

    fn open_all(records: &mut Records, mut input: &[u8]) -> Result<Vec<u8>, NoiseError> {
        let mut plain = Vec::new();
        let mut room = vec![0; RECORD_BYTES_MAX];
        while let Some(length) = records.open(input, &mut room)? {
            plain.extend_from_slice(&room[..length]);
            input = &input[length + RECORD_OVERHEAD..];
        }
        assert!(input.is_empty());
        Ok(plain)
    }

    #[test]
    fn what_one_side_seals_the_other_opens() {
        let (mut one, mut other) = records();
        for length in [0, 1, 100, RECORD_BYTES_MAX, RECORD_BYTES_MAX + 1, 100_000] {
            let plain: Vec<u8> = (0..length).map(|it| (it % 251) as u8).collect();
            let mut sealed = Vec::new();
            one.seal(&plain, &mut sealed).unwrap();
            let count = length.div_ceil(RECORD_BYTES_MAX);
            assert_eq!(sealed.len(), length + count * RECORD_OVERHEAD);
            assert_eq!(open_all(&mut other, &sealed), Ok(plain.clone()));
            let mut back = Vec::new();
            other.seal(&plain, &mut back).unwrap();
            assert!(length == 0 || sealed != back, "each direction has its key");
            assert_eq!(open_all(&mut one, &back), Ok(plain));
        }
    }

    #[test]
    fn a_record_is_opened_when_its_last_byte_is_there() {
        let (mut one, mut other) = records();
        let mut sealed = Vec::new();
        one.seal(b"hello", &mut sealed).unwrap();
        let mut room = [0; 5];
        for cut in 0..sealed.len() {
            assert_eq!(other.open(&sealed[..cut], &mut room), Ok(None));
        }
        assert_eq!(other.open(&sealed, &mut room[..4]), Ok(None), "no room");
        assert_eq!(other.open(&sealed, &mut room), Ok(Some(5)));
        assert_eq!(&room, b"hello");
    }

    #[test]
    fn what_was_changed_repeated_left_out_or_reflected_does_not_open() {
        let seal = |records: &mut Records, plain: &[u8]| {
            let mut sealed = Vec::new();
            records.seal(plain, &mut sealed).unwrap();
            sealed
        };
        let mut room = [0; 64];
        for bit in 0..(5 + RECORD_OVERHEAD) * 8 {
            let (mut one, mut other) = records();
            let mut sealed = seal(&mut one, b"hello");
            sealed[bit / 8] ^= 1 << (bit % 8);
            let opened = other.open(&sealed, &mut room);
            // A longer one is waited for, a shorter one is forged.
            assert!(
                matches!(
                    opened,
                    Err(NoiseError::Forged | NoiseError::TooLong { .. }) | Ok(None)
                ),
                "{bit}: {opened:?}"
            );
        }
        let (mut one, mut other) = records();
        let (first, second) = (seal(&mut one, b"first"), seal(&mut one, b"second"));
        assert_eq!(other.open(&second, &mut room), Err(NoiseError::Forged));
        assert_eq!(one.open(&first, &mut room), Err(NoiseError::Forged));
        assert_eq!(other.open(&first, &mut room), Ok(Some(5)));
        assert_eq!(other.open(&first, &mut room), Err(NoiseError::Forged));
        assert_eq!(other.open(&second, &mut room), Ok(Some(6)));
        let (mut stranger, _) = records();
        let foreign = seal(&mut stranger, b"third");
        assert_eq!(other.open(&foreign, &mut room), Err(NoiseError::Forged));
    }

    #[test]
    fn the_longest_record_passes_and_one_byte_more_is_refused_before_it_is_there() {
        let longest = (RECORD_BYTES_MAX + TAG) as u16;
        assert_eq!(Records::first_length(&longest.to_le_bytes()), Ok(None));
        let (length, max) = (RECORD_BYTES_MAX + 1, RECORD_BYTES_MAX);
        assert_eq!(
            Records::first_length(&(longest + 1).to_le_bytes()),
            Err(NoiseError::TooLong { length, max })
        );
        for short in 0..=TAG as u16 {
            let announced = Records::first_length(&short.to_le_bytes());
            assert_eq!(announced, Err(NoiseError::Forged), "{short}");
        }
    }

    #[test]
    fn the_last_number_is_never_used() {
        let (mut one, _) = records();
        one.sealed = u64::MAX - 1;
        let mut sealed = Vec::new();
        assert_eq!(one.seal(b"last", &mut sealed), Ok(()));
        assert_eq!(one.seal(b"none", &mut sealed), Err(NoiseError::Exhausted));
    }
}

//! What stands in front of a handshake, in the clear: that it is one, of which profile, and how long it is.
//!
//! An offer begins with the magic `PHN1`, the profile (u8), the lane (u32) and the length of the Noise message that follows
//! (u16), an answer with the magic, a [`Refusal`] or 0 (u8), and the length (u16); numbers are little-endian. As the length
//! of a plain frame the magic is far beyond any, so that a plain listener refuses it at once. All of an offer's but the
//! length goes into the prologue: the handshake fails if anyone changed it.

use playhouse_wire::frame::SEALED_MAGIC;

use super::{NoiseError, Refusal};

/// The first bytes of either side.
pub const MAGIC: [u8; 4] = SEALED_MAGIC;

/// Bytes in front of the Noise message of an offer.
pub(super) const OFFER_PREAMBLE: usize = 11;

/// Bytes in front of the Noise message of an answer.
pub(super) const ANSWER_PREAMBLE: usize = 7;

/// Most bytes of an offer, its ticket included.
pub const OFFER_BYTES_MAX: usize = 1024;

/// Most bytes of an answer.
pub(super) const ANSWER_BYTES_MAX: usize = 128;

/// Who talks to whom, and by which keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// A client that knows the server's public key.
    Client = 1,
    /// A client that knows the server's public key, and brings a ticket whose key both know.
    Ticket = 2,
    /// A node or a tool, and a node: both know the cluster's key.
    Cluster = 3,
}

impl Profile {
    /// As snow calls it.
    pub(super) const fn pattern(self) -> &'static str {
        match self {
            Self::Client => "Noise_NK_25519_ChaChaPoly_BLAKE2s",
            Self::Ticket => "Noise_NKpsk2_25519_ChaChaPoly_BLAKE2s",
            Self::Cluster => "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s",
        }
    }

    const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Client),
            2 => Some(Self::Ticket),
            3 => Some(Self::Cluster),
            _ => None,
        }
    }
}

/// What an offer says in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Preamble {
    pub(super) profile: Profile,
    pub(super) lane: u32,
}

impl Preamble {
    /// What both ends must have seen alike.
    pub(super) fn prologue(self, context: &[u8]) -> Vec<u8> {
        let mut prologue = Vec::with_capacity(OFFER_PREAMBLE + context.len());
        prologue.extend(MAGIC);
        prologue.push(self.profile as u8);
        prologue.extend(self.lane.to_le_bytes());
        prologue.extend(context);
        prologue
    }

    /// The bytes of an offer.
    pub(super) fn offer(self, message: &[u8]) -> Vec<u8> {
        let mut offer = self.prologue(&[]);
        put(&mut offer, message);
        offer
    }

    /// Takes an offer apart: what it says in the clear, and its Noise message.
    pub(super) fn of_offer(offer: &[u8]) -> Result<(Self, &[u8]), NoiseError> {
        let Some((&[m0, m1, m2, m3, profile, l0, l1, l2, l3], rest)) = offer.split_first_chunk()
        else {
            return Err(NoiseError::Truncated);
        };
        if [m0, m1, m2, m3] != MAGIC {
            return Err(NoiseError::Plain);
        }
        let profile = Profile::of(profile).ok_or(NoiseError::UnknownProfile(profile))?;
        let lane = u32::from_le_bytes([l0, l1, l2, l3]);
        Ok((Self { profile, lane }, message(rest)?))
    }
}

/// The lane that the offer which begins with these bytes is from, if they are the beginning of a node's.
#[must_use]
pub fn lane_of(first_bytes: &[u8]) -> Option<u32> {
    let (head, lane) = first_bytes.split_first_chunk::<5>()?;
    let lane = lane.first_chunk()?;
    let cluster = head.starts_with(&MAGIC) && head.ends_with(&[Profile::Cluster as u8]);
    cluster.then(|| u32::from_le_bytes(*lane))
}

/// The length of the offer that begins with these bytes, once so many are there that it is known.
///
/// # Errors
///
/// [`NoiseError::Plain`] if it is none, [`NoiseError::TooLong`] above [`OFFER_BYTES_MAX`].
pub fn offer_length(first_bytes: &[u8]) -> Result<Option<usize>, NoiseError> {
    length(first_bytes, OFFER_PREAMBLE, OFFER_BYTES_MAX)
}

/// The length of the answer that begins with these bytes, once so many are there that it is known.
///
/// # Errors
///
/// [`NoiseError::Plain`] if it is none, [`NoiseError::TooLong`] if it is longer than any.
pub fn answer_length(first_bytes: &[u8]) -> Result<Option<usize>, NoiseError> {
    length(first_bytes, ANSWER_PREAMBLE, ANSWER_BYTES_MAX)
}

fn length(bytes: &[u8], preamble: usize, max: usize) -> Result<Option<usize>, NoiseError> {
    let begun = bytes.len().min(MAGIC.len());
    if bytes.get(..begun) != MAGIC.get(..begun) {
        return Err(NoiseError::Plain);
    }
    let Some([.., low, high]) = bytes.get(..preamble) else {
        return Ok(None);
    };
    let length = preamble + usize::from(u16::from_le_bytes([*low, *high]));
    if length > max {
        return Err(NoiseError::TooLong { length, max });
    }
    Ok(Some(length))
}

/// The bytes of an answer.
pub(super) fn put_answer(message: &[u8]) -> Vec<u8> {
    let mut answer = Vec::with_capacity(ANSWER_PREAMBLE + message.len());
    answer.extend(MAGIC);
    answer.push(0);
    put(&mut answer, message);
    answer
}

/// The bytes that say instead of an answer why there is none.
pub(super) fn put_refusal(refusal: Refusal) -> Vec<u8> {
    let [m0, m1, m2, m3] = MAGIC;
    vec![m0, m1, m2, m3, refusal as u8, 0, 0]
}

/// The Noise message of an answer.
pub(super) fn of_answer(answer: &[u8]) -> Result<&[u8], NoiseError> {
    let Some((&[m0, m1, m2, m3, refusal], rest)) = answer.split_first_chunk() else {
        return Err(NoiseError::Truncated);
    };
    if [m0, m1, m2, m3] != MAGIC {
        return Err(NoiseError::Plain);
    }
    if refusal != 0 {
        return Err(NoiseError::Refused(Refusal::of(refusal)));
    }
    message(rest)
}

fn put(bytes: &mut Vec<u8>, message: &[u8]) {
    // No handshake message is as long: see `OFFER_BYTES_MAX`.
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(message);
}

/// What follows a length, which must be all there is.
fn message(bytes: &[u8]) -> Result<&[u8], NoiseError> {
    let (length, message) = bytes.split_first_chunk().ok_or(NoiseError::Truncated)?;
    if message.len() == usize::from(u16::from_le_bytes(*length)) {
        Ok(message)
    } else {
        Err(NoiseError::Truncated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_taken_apart_as_it_was_put_together() {
        let preamble = Preamble {
            profile: Profile::Cluster,
            lane: 0x0004_0200,
        };
        let offer = preamble.offer(b"message");
        assert_eq!(&offer[..11], b"PHN1\x03\x00\x02\x04\x00\x07\x00");
        assert_eq!(Preamble::of_offer(&offer), Ok((preamble, &b"message"[..])));
        assert_eq!(lane_of(&offer), Some(0x0004_0200));
        for length in 0..offer.len() {
            let begun = &offer[..length];
            assert_eq!(Preamble::of_offer(begun), Err(NoiseError::Truncated));
            let known = (length >= 11).then_some(offer.len());
            assert_eq!(offer_length(begun), Ok(known));
            assert_eq!(lane_of(begun).is_some(), length >= 9);
        }
        let client = Preamble {
            profile: Profile::Client,
            lane: 0,
        };
        assert_eq!(lane_of(&client.offer(b"")), None);
    }

    #[test]
    fn an_answer_or_a_refusal_is_read() {
        let answer = put_answer(b"message");
        assert_eq!(of_answer(&answer), Ok(&b"message"[..]));
        assert_eq!(answer_length(&answer[..7]), Ok(Some(answer.len())));
        let refusal = put_refusal(Refusal::OtherKey);
        assert_eq!(
            of_answer(&refusal),
            Err(NoiseError::Refused(Refusal::OtherKey))
        );
        assert_eq!(answer_length(&refusal), Ok(Some(refusal.len())));
    }

    #[test]
    fn a_plain_peer_is_noticed_at_its_first_byte() {
        assert_eq!(offer_length(&[9]), Err(NoiseError::Plain));
        assert_eq!(answer_length(b"PHX"), Err(NoiseError::Plain));
        assert_eq!(offer_length(b""), Ok(None));
    }

    #[test]
    fn the_longest_offer_passes_and_one_byte_more_is_refused() {
        let of = |length: u16| {
            let mut offer = Preamble {
                profile: Profile::Ticket,
                lane: 0,
            }
            .offer(b"");
            offer[9..].copy_from_slice(&length.to_le_bytes());
            offer
        };
        assert_eq!(offer_length(&of(1013)), Ok(Some(OFFER_BYTES_MAX)));
        let (length, max) = (OFFER_BYTES_MAX + 1, OFFER_BYTES_MAX);
        assert_eq!(
            offer_length(&of(1014)),
            Err(NoiseError::TooLong { length, max })
        );
    }
}

//! Segments: the parts of a datagram, as the published protocol has them.
//!
//! ```text
//! conversation u32 | command u8 | fragment u8 | window u16 | time u32 | sequence u32 | unacknowledged u32 | length u32
//! ```
//! All numbers are little-endian; `length` bytes of payload follow. A datagram holds one segment after another. The
//! fragment number is of the protocol's message mode: streams write 0 and read past it.

/// Bytes before a segment's payload.
pub const SEGMENT_HEADER_BYTES: usize = 24;

/// What a segment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Carries bytes of the stream; none at all are the end of it.
    Push,
    /// One segment has come.
    Acknowledge,
    /// Asks for the window.
    AskWindow,
    /// Tells the window.
    TellWindow,
}

impl Command {
    const fn code(self) -> u8 {
        match self {
            Self::Push => 81,
            Self::Acknowledge => 82,
            Self::AskWindow => 83,
            Self::TellWindow => 84,
        }
    }

    const fn of(code: u8) -> Option<Self> {
        match code {
            81 => Some(Self::Push),
            82 => Some(Self::Acknowledge),
            83 => Some(Self::AskWindow),
            84 => Some(Self::TellWindow),
            _ => None,
        }
    }
}

/// A segment of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) conversation: u32,
    pub(super) command: Command,
    /// Segments that the sender can still take.
    pub(super) window: u16,
    /// When it was sent by its sender's clock, in milliseconds; an acknowledgement says that of what it acknowledges.
    pub(super) time: u32,
    /// Its number; an acknowledgement's is the acknowledged one's.
    pub(super) sequence: u32,
    /// All before this number have come to the sender.
    pub(super) unacknowledged: u32,
    pub(super) payload: &'a [u8],
}

impl Segment<'_> {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.conversation.to_le_bytes());
        out.extend_from_slice(&[self.command.code(), 0]);
        out.extend_from_slice(&self.window.to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.unacknowledged.to_le_bytes());
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(self.payload);
    }
}

/// Takes the next segment off `bytes`; none if they don't begin with a whole one.
pub(super) fn take<'a>(bytes: &mut &'a [u8]) -> Option<Segment<'a>> {
    let (header, rest) = bytes.split_first_chunk::<SEGMENT_HEADER_BYTES>()?;
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(*header.get(at..)?.first_chunk::<4>()?))
    };
    let length = usize::try_from(word(20)?).ok()?;
    let (payload, rest) = rest.split_at_checked(length)?;
    let segment = Segment {
        conversation: word(0)?,
        command: Command::of(header[4])?,
        window: u16::from_le_bytes([header[6], header[7]]),
        time: word(8)?,
        sequence: word(12)?,
        unacknowledged: word(16)?,
        payload,
    };
    *bytes = rest;
    Some(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(payload: &[u8]) -> Segment<'_> {
        Segment {
            conversation: 0x0403_0201,
            command: Command::Push,
            window: 0x0605,
            time: 0x0a09_0807,
            sequence: 0x0e0d_0c0b,
            unacknowledged: 0x1211_100f,
            payload,
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_published_protocol() {
        let mut out = Vec::new();
        segment(b"ab").put(&mut out);
        let expected = [
            1, 2, 3, 4, 81, 0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 2, 0, 0, 0, b'a',
            b'b',
        ];
        assert_eq!(out, expected);
        let mut bytes = &out[..];
        assert_eq!(take(&mut bytes), Some(segment(b"ab")));
        assert!(bytes.is_empty());
    }

    #[test]
    fn part_of_a_segment_is_none() {
        let mut out = Vec::new();
        segment(b"abc").put(&mut out);
        for length in 0..out.len() {
            let mut bytes = &out[..length];
            assert_eq!(take(&mut bytes), None, "{length}");
            assert_eq!(bytes.len(), length);
        }
        out[4] = 85;
        assert_eq!(take(&mut &out[..]), None, "an unknown command");
        out[4] = 81;
        out[23] = 0xff;
        assert_eq!(take(&mut &out[..]), None, "a length that lies");
    }
}

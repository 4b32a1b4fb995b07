//! The read buffer of a link.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use playhouse_wire::frame::Frames;
use tokio::io::ReadBuf;

use crate::network::Stream;

const SIZE_FIRST: usize = 4 * 1024;
/// What one read takes at most, unless a longer message is on its way.
const SIZE_STEADY: usize = 64 * 1024;

/// Bytes that were read and not used yet: `filled` of `buffer`, whose rest is room.
///
/// It grows with what has arrived, never with what a peer only announces, and shrinks when a long message is through.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The last read left no room: more would have come.
    full: bool,
}

impl Input {
    /// What is there to be used.
    #[inline]
    pub(super) fn filled(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `count` bytes were used.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.buffer.len() > SIZE_STEADY {
                self.buffer.truncate(SIZE_STEADY);
                self.buffer.shrink_to_fit();
            }
        }
    }

    /// Reads once. `frame_max` is the longest message that is taken.
    #[inline]
    pub(super) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut dyn Stream,
        frame_max: usize,
    ) -> Poll<io::Result<usize>> {
        self.make_room(frame_max);
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let mut buffer = ReadBuf::new(room);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        let count = buffer.filled().len();
        self.end += count;
        self.full = self.end == self.buffer.len();
        Poll::Ready(Ok(count))
    }

    #[inline]
    fn make_room(&mut self, frame_max: usize) {
        let size = self.buffer.len();
        let short = self.full && size < SIZE_STEADY;
        if self.start == 0 && self.end < size && !short {
            return;
        }
        if self.start > 0 {
            // The start of a message whose end is to come: short, as a rule.
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if size < SIZE_STEADY && (short || self.end == size) {
            self.buffer
                .resize((size * 4).clamp(SIZE_FIRST, SIZE_STEADY), 0);
        } else if self.end == size {
            let missing = Frames::new(self.filled(), frame_max).or_packed().missing();
            self.buffer.resize(self.end + missing.min(size), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(input: &mut Input, bytes: &[u8]) -> usize {
        input.make_room(1 << 24);
        let room = input.buffer.len() - input.end;
        let taken = bytes.len().min(room);
        input.buffer[input.end..input.end + taken].copy_from_slice(&bytes[..taken]);
        input.end += taken;
        input.full = input.end == input.buffer.len();
        taken
    }

    #[test]
    fn reads_that_fill_the_buffer_make_it_grow_to_its_steady_size() {
        let mut input = Input::default();
        for expected in [4, 16, 64, 64] {
            fill(&mut input, &[0; SIZE_STEADY]);
            assert_eq!(input.buffer.len(), expected * 1024);
            input.consume(SIZE_STEADY);
        }
    }

    #[test]
    fn a_long_message_makes_room_as_it_arrives_and_gives_it_back() {
        let mut input = Input::default();
        let mut message = (1_u32 << 20).to_le_bytes().to_vec();
        message.resize((1 << 20) + 4, 7);
        let mut rest = &message[..];
        while !rest.is_empty() {
            let taken = fill(&mut input, rest);
            assert!(taken > 0);
            rest = &rest[taken..];
            assert!(input.buffer.len() <= (input.end * 2).max(SIZE_STEADY));
        }
        assert!(input.filled() == message);
        input.consume(message.len());
        assert_eq!(input.buffer.len(), SIZE_STEADY);
    }

    #[test]
    fn what_is_not_used_moves_to_the_front() {
        let mut input = Input::default();
        fill(&mut input, &[1, 2, 3, 4, 5]);
        input.consume(3);
        fill(&mut input, &[6]);
        assert_eq!(input.filled(), [4, 5, 6]);
        assert_eq!(input.start, 0);
    }

    #[test]
    fn an_idle_link_holds_little() {
        let mut input = Input::default();
        fill(&mut input, &[0; 100]);
        assert_eq!(input.buffer.len(), SIZE_FIRST);
    }
}

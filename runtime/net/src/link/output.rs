//! What waits to be sent, and how far it got.

use playhouse_wire::{
    Writer,
    frame::{self, TooLong},
};

/// The messages of a link that its driver has not taken yet, and a count of those that it has.
///
/// Every byte that ever went through has a position; a request was handed to the socket once its last byte was.
#[derive(Debug, Default)]
pub(super) struct Output {
    writer: Writer,
    /// The position of the writer's first byte.
    base: u64,
    /// Bytes that the driver has taken and the socket hasn't.
    underway: usize,
    /// From what length on messages are compressed.
    pack_from: Option<usize>,
}

impl Output {
    /// Bytes that wait.
    #[inline]
    pub(super) fn queued(&self) -> usize {
        self.writer.len() + self.underway
    }

    /// The position behind everything written so far.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        self.base + self.writer.len() as u64
    }

    /// The position up to which the socket has everything.
    pub(super) fn handed(&self) -> u64 {
        self.base - self.underway as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.writer.is_empty()
    }

    /// Writes one frame; nothing of it stays if it is too long, or if `write` panics.
    #[inline]
    pub(super) fn put(
        &mut self,
        max: usize,
        write: impl FnOnce(&mut Writer),
    ) -> Result<(), TooLong> {
        let start = self.writer.len();
        let mut unfinished = Unfinished {
            writer: &mut self.writer,
            start: Some(start),
        };
        let mark = frame::begin(unfinished.writer);
        write(unfinished.writer);
        let ended = frame::end(unfinished.writer, mark, max);
        unfinished.start = None;
        if let Some(from) = self.pack_from {
            frame::pack(unfinished.writer, start, from);
        }
        ended
    }

    /// Compresses messages of at least so many bytes from now on.
    pub(super) fn pack_from(&mut self, bytes: Option<usize>) {
        self.pack_from = bytes;
    }

    /// Takes back what was written since `position`, an earlier [`end`](Self::end).
    pub(super) fn take_back(&mut self, position: u64) {
        let length = position.saturating_sub(self.base);
        self.writer.truncate(usize::try_from(length).unwrap_or(0));
    }

    /// Exchanges everything that was written for the driver's empty buffer.
    pub(super) fn hand_over(&mut self, to: &mut Writer) {
        std::mem::swap(&mut self.writer, to);
        self.writer.clear();
        self.base += to.len() as u64;
        self.underway += to.len();
    }

    /// The socket took this many bytes of what was handed over.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.underway = self.underway.saturating_sub(bytes);
    }

    /// Forgets everything. What was not handed to the socket by now never will be.
    pub(super) fn forget(&mut self) {
        self.writer = Writer::new();
        self.underway = 0;
    }

    /// What was written and not handed over.
    pub(super) fn waiting(&self) -> &[u8] {
        self.writer.as_bytes()
    }
}

/// A frame that is being written: a value whose encoding panics must not leave half of it behind.
struct Unfinished<'a> {
    writer: &'a mut Writer,
    start: Option<usize>,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(start) = self.start {
            self.writer.truncate(start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_handed_over_when_the_socket_took_it() {
        let mut output = Output::default();
        output.put(100, |w| w.nil()).unwrap();
        let first = output.end();
        output.put(100, |w| w.nil()).unwrap();
        assert_eq!((output.queued(), output.handed()), (10, 0));
        let mut writing = Writer::new();
        output.hand_over(&mut writing);
        assert_eq!((output.queued(), output.handed()), (10, 0));
        output.put(100, |w| w.nil()).unwrap();
        output.sent(7);
        assert!(output.handed() > first);
        assert_eq!((output.queued(), output.handed()), (8, 7));
    }

    #[test]
    fn half_a_frame_never_stays() {
        let mut output = Output::default();
        output.put(100, |w| w.nil()).unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            output.put(100, |w| {
                w.nil();
                panic!("a value that can't be written");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(output.queued(), 5);
        assert!(output.put(3, |w| w.raw(&[0; 4])).is_err());
        assert_eq!(output.waiting(), [1, 0, 0, 0, 0xc0]);
    }
}

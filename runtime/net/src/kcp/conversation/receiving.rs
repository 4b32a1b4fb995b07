//! What comes: put in order, kept until it is read, and acknowledged.

use std::{collections::VecDeque, io::Read};

use crate::kcp::{options::Options, segment::Segment};

#[derive(Debug)]
pub(super) struct Receiving {
    /// Segments that may come ahead of the one that is missing.
    slots: usize,
    segment_bytes: usize,
    bytes_max: usize,
    expected: u32,
    /// From `expected` on; the first is none unless there is no room for it in `inbox`.
    ahead: VecDeque<Option<Vec<u8>>>,
    inbox: VecDeque<u8>,
    /// The end has come, behind what is in `inbox`.
    ended: bool,
    told: u16,
    /// The window is to be told.
    pub(super) tell: bool,
    /// Number and time of each segment that is to be acknowledged.
    pub(super) acknowledgements: Vec<(u32, u32)>,
    /// By when acknowledgements go out alone.
    pub(super) acknowledge_at_ms: Option<u64>,
}

impl Receiving {
    pub(super) fn new(options: Options, first: u32) -> Self {
        let segment_bytes = options.segment_bytes_max();
        let bytes_max = options.receive_window_bytes as usize;
        let slots = (bytes_max / segment_bytes).min(usize::from(u16::MAX));
        Self {
            slots,
            segment_bytes,
            bytes_max,
            expected: first,
            ahead: VecDeque::new(),
            inbox: VecDeque::new(),
            ended: false,
            told: u16::MAX,
            tell: false,
            acknowledgements: Vec::new(),
            acknowledge_at_ms: None,
        }
    }

    pub(super) const fn expected(&self) -> u32 {
        self.expected
    }

    /// Takes a segment with bytes, whose acknowledgement may wait until `acknowledge_ms`.
    pub(super) fn push(&mut self, segment: &Segment<'_>, acknowledge_ms: u64) {
        let offset = segment.sequence.wrapping_sub(self.expected);
        let at = offset as usize;
        let seen = offset > u32::MAX / 2;
        if !seen && at >= self.slots {
            return;
        }
        // Who sends the same again and again without hearing is answered for some of it.
        if self.acknowledgements.len() < 2 * self.slots {
            let entry = (segment.sequence, segment.time);
            self.acknowledgements.push(entry);
            self.acknowledge_at_ms.get_or_insert(acknowledge_ms);
        }
        if seen || self.ended {
            return;
        }
        if at == 0 && self.ahead.is_empty() && self.has_room() {
            return self.take_in(segment.payload);
        }
        if self.ahead.len() <= at {
            self.ahead.resize_with(at + 1, || None);
        }
        if let Some(slot) = self.ahead.get_mut(at)
            && slot.is_none()
        {
            *slot = Some(segment.payload.to_vec());
        }
        self.put_in_order();
    }

    fn has_room(&self) -> bool {
        self.inbox.len() < self.bytes_max
    }

    fn put_in_order(&mut self) {
        while self.has_room()
            && !self.ended
            && let Some(Some(_)) = self.ahead.front()
        {
            let payload = self.ahead.pop_front().flatten();
            self.take_in(&payload.unwrap_or_default());
        }
    }

    fn take_in(&mut self, payload: &[u8]) {
        self.expected = self.expected.wrapping_add(1);
        if payload.is_empty() {
            self.ended = true;
            self.ahead = VecDeque::new();
        }
        self.inbox.extend(payload);
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> usize {
        let read = self.inbox.read(buffer).unwrap_or(0);
        if read > 0 {
            self.put_in_order();
            let (told, free) = (usize::from(self.told), usize::from(self.window()));
            // A sender that waits for room hears of it.
            self.tell |= told < self.slots / 4 && free >= self.slots / 2;
            if self.inbox.is_empty() && self.inbox.capacity() > self.segment_bytes * 4 {
                self.inbox = VecDeque::new();
            }
        }
        read
    }

    pub(super) fn is_ended(&self) -> bool {
        self.ended && self.inbox.is_empty()
    }

    pub(super) fn is_dry(&self) -> bool {
        !self.ended && self.inbox.is_empty()
    }

    fn window(&self) -> u16 {
        let free = self.bytes_max.saturating_sub(self.inbox.len()) / self.segment_bytes;
        u16::try_from(free.min(self.slots)).unwrap_or(u16::MAX)
    }

    /// The window, of which the peer is told now.
    pub(super) fn tell_window(&mut self) -> u16 {
        self.told = self.window();
        self.told
    }
}

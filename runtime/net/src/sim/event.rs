//! What is to happen when, in one order.

use std::{cmp::Ordering, collections::BinaryHeap};

/// Which end of a wire: the one that dialled is 0.
pub(super) type Side = usize;

/// Something that happens at a certain time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// The front of what `side` has sent on `wire` arrives.
    Arrival { wire: u64, side: Side },
    /// A request to connect arrives at its host.
    Dial { dial: u64 },
    /// The answer to a request to connect arrives at the dialler.
    Answer { dial: u64 },
    /// The end `side` of `wire` learns that the stream is dead.
    Reset { wire: u64, side: Side },
    /// The network gives `wire` up if it still crosses a cut.
    GiveUp { wire: u64 },
}

/// Events in the order of their time; those of one time in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Entry>,
    sequence: u64,
}

#[derive(Debug)]
struct Entry {
    at: u64,
    sequence: u64,
    event: Event,
}

impl Agenda {
    pub(super) fn add(&mut self, at: u64, event: Event) {
        let sequence = self.sequence;
        self.sequence += 1;
        self.heap.push(Entry {
            at,
            sequence,
            event,
        });
    }

    /// The time of the next event.
    pub(super) fn due(&self) -> Option<u64> {
        self.heap.peek().map(|entry| entry.at)
    }

    /// Takes the next event, if it is due by `now`.
    pub(super) fn next_by(&mut self, now: u64) -> Option<(u64, Event)> {
        if self.due()? > now {
            return None;
        }
        self.heap.pop().map(|entry| (entry.at, entry.event))
    }
}

impl Ord for Entry {
    // Reversed, because the heap gives its greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.sequence).cmp(&(self.at, self.sequence))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.sequence == other.sequence
    }
}

impl Eq for Entry {}

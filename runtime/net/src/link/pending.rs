//! The requests that wait for a response.

use std::{fmt, rc::Rc};

use super::handler::ReplySink;

/// A table from id to sink in which looking up, adding and taking is an index.
///
/// Ids count up over the whole of `u32`, so that a response that comes long after its caller gave up never meets
/// another call. The slot is the id's low bits; an id whose slot is held by an older call is passed over, and the table
/// is at most half full, so that few are.
#[derive(Default)]
pub(super) struct Pending {
    slots: Vec<Option<Entry>>,
    count: usize,
    next: u32,
}

struct Entry {
    id: u32,
    /// Where the request ends in all that the link ever sent.
    end: u64,
    sink: Rc<dyn ReplySink>,
}

const SLOTS_MIN: usize = 64;

impl Pending {
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// An id that is free, until the next call of this.
    #[inline]
    pub(super) fn free_id(&mut self) -> u32 {
        if (self.count + 1) * 2 > self.slots.len() {
            self.resize(((self.count + 1) * 2).next_power_of_two().max(SLOTS_MIN));
        }
        while self.slot(self.next).is_some() {
            self.next = self.next.wrapping_add(1);
        }
        self.next
    }

    /// Adds the request of an id that [`free_id`](Self::free_id) gave last.
    #[inline]
    pub(super) fn add(&mut self, id: u32, end: u64, sink: Rc<dyn ReplySink>) {
        self.next = id.wrapping_add(1);
        self.count += 1;
        let index = self.index(id);
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Some(Entry { id, end, sink });
        }
    }

    /// Takes the request with this id, if it waits.
    #[inline]
    pub(super) fn take(&mut self, id: u32) -> Option<Rc<dyn ReplySink>> {
        let index = self.index(id);
        let entry = self.slots.get_mut(index)?.take_if(|entry| entry.id == id)?;
        self.count -= 1;
        if self.count == 0 && self.slots.len() > SLOTS_MIN * 64 {
            self.slots = Vec::new();
        }
        Some(entry.sink)
    }

    /// Takes all, in the order in which they were sent, each with the end of its request.
    pub(super) fn take_all(&mut self) -> Vec<(u64, Rc<dyn ReplySink>)> {
        self.count = 0;
        let entries = std::mem::take(&mut self.slots).into_iter().flatten();
        let mut all: Vec<_> = entries.map(|entry| (entry.end, entry.sink)).collect();
        all.sort_by_key(|(end, _)| *end);
        all
    }

    fn index(&self, id: u32) -> usize {
        id as usize & self.slots.len().wrapping_sub(1)
    }

    fn slot(&self, id: u32) -> Option<&Entry> {
        self.slots.get(self.index(id))?.as_ref()
    }

    /// Moves to a greater power of two: ids that differed in fewer bits differ in more.
    fn resize(&mut self, size: usize) {
        let mut slots = Vec::new();
        slots.resize_with(size, || None);
        let old = std::mem::replace(&mut self.slots, slots);
        for entry in old.into_iter().flatten() {
            let index = self.index(entry.id);
            if let Some(slot) = self.slots.get_mut(index) {
                *slot = Some(entry);
            }
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("count", &self.count)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::ReplyOutcome;

    struct Nobody;

    impl ReplySink for Nobody {
        fn complete(&self, _outcome: ReplyOutcome<'_>) {}
    }

    fn add(pending: &mut Pending) -> u32 {
        let id = pending.free_id();
        pending.add(id, id.into(), Rc::new(Nobody));
        id
    }

    #[test]
    fn an_id_is_not_used_again_soon() {
        let mut pending = Pending::default();
        let mut last = None;
        for _ in 0..10_000 {
            let id = add(&mut pending);
            assert!(last < Some(id));
            assert!(pending.take(id).is_some());
            assert!(pending.take(id).is_none());
            last = Some(id);
        }
        assert_eq!(pending.slots.len(), SLOTS_MIN);
    }

    #[test]
    fn old_calls_keep_their_slots_while_the_table_grows_and_ids_wrap() {
        let mut pending = Pending {
            next: u32::MAX - 500,
            ..Pending::default()
        };
        let old: Vec<u32> = (0..100).map(|_| add(&mut pending)).collect();
        let mut taken = 0;
        for _ in 0..3000 {
            let id = add(&mut pending);
            assert!(!old.contains(&id));
            if id.is_multiple_of(3) {
                assert!(pending.take(id).is_some());
                taken += 1;
            }
        }
        assert_eq!(pending.len(), 3100 - taken);
        for id in old {
            assert!(pending.take(id).is_some(), "{id}");
        }
        assert_eq!(pending.take_all().len(), 3000 - taken);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn all_are_taken_in_the_order_in_which_they_were_sent() {
        let mut pending = Pending::default();
        for end in [5, 9, 20, 21] {
            let id = pending.free_id();
            pending.add(id, end, Rc::new(Nobody));
        }
        let ends: Vec<u64> = pending.take_all().iter().map(|(end, _)| *end).collect();
        assert_eq!(ends, [5, 9, 20, 21]);
    }

    #[test]
    fn an_id_that_was_never_given_is_unknown() {
        let mut pending = Pending::default();
        assert!(pending.take(0).is_none());
        add(&mut pending);
        assert!(pending.take(64).is_none());
    }
}

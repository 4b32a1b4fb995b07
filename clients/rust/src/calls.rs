//! The calls of a session that wait for their response.

use std::collections::BTreeMap;
use std::rc::Rc;

use playhouse_net::link::ReplySink;

/// Requests by id. They outlive links: what ends them is a response, their caller, or the end of the session.
#[derive(Default)]
pub(crate) struct Calls {
    waiting: BTreeMap<u32, Waiting>,
    next: u32,
}

struct Waiting {
    /// Its number in the session.
    seq: u64,
    sink: Rc<dyn ReplySink>,
}

impl Calls {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// An id that no call that waits has, until the next call of this.
    pub(crate) fn free_id(&mut self) -> u32 {
        while self.waiting.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        self.next
    }

    /// Adds the call of an id that [`free_id`](Self::free_id) gave last.
    pub(crate) fn add(&mut self, id: u32, seq: u64, sink: Rc<dyn ReplySink>) {
        // Not the same id again soon: a late response must not meet another call.
        self.next = id.wrapping_add(1);
        self.waiting.insert(id, Waiting { seq, sink });
    }

    pub(crate) fn take(&mut self, id: u32) -> Option<Rc<dyn ReplySink>> {
        self.waiting.remove(&id).map(|waiting| waiting.sink)
    }

    /// Takes all, in the order in which they were made, each with its number in the session.
    pub(crate) fn take_all(&mut self) -> Vec<(u64, Rc<dyn ReplySink>)> {
        let all = std::mem::take(&mut self.waiting).into_values();
        let mut all: Vec<_> = all.map(|waiting| (waiting.seq, waiting.sink)).collect();
        all.sort_by_key(|(seq, _)| *seq);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use playhouse_net::link::ReplyOutcome;

    struct Nobody;

    impl ReplySink for Nobody {
        fn complete(&self, _outcome: ReplyOutcome<'_>) {}
    }

    #[test]
    fn an_id_comes_back_only_when_all_others_were_given() {
        let mut calls = Calls {
            next: u32::MAX,
            ..Calls::default()
        };
        let ids: Vec<u32> = (1..=3)
            .map(|seq| {
                let id = calls.free_id();
                calls.add(id, seq, Rc::new(Nobody));
                assert!(seq != 2 || calls.take(id).is_some());
                id
            })
            .collect();
        assert_eq!(ids, [u32::MAX, 0, 1]);
        let left: Vec<u64> = calls.take_all().iter().map(|(seq, _)| *seq).collect();
        assert_eq!(left, [1, 3]);
        assert_eq!(calls.len(), 0);
    }
}

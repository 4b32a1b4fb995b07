//! Queues to the store's threads: bounded, with lanes for what can't wait.
//!
//! A node whose lease is renewed too late starts nothing, so requests about leases go before all others. Of those, calls wait
//! for claims and lists of documents for nobody: what somebody waits for shares the thread with the rest, one by one,
//! however much of the rest is queued. Each lane has room of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How something is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Before all others.
    First,
    /// In turn with the rest.
    Soon,
    Rest,
}

/// Something that can be queued.
pub(super) trait Queued {
    /// By which lane.
    fn lane(&self) -> Lane;
}

/// Why something was not queued; it is given back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused<T> {
    /// As many wait as may.
    Full(T),
    /// Nobody takes anything any more.
    Closed(T),
}

/// A queue that holds so many of each lane, and the end at which they are taken.
pub(super) fn queue<T: Queued>(max: usize) -> (Queue<T>, Taker<T>) {
    let shared = Arc::new(Shared {
        lanes: Mutex::new(Lanes {
            first: VecDeque::new(),
            soon: VecDeque::new(),
            rest: VecDeque::new(),
            rests_turn: false,
            is_closed: false,
        }),
        stirred: Condvar::new(),
        max,
    });
    (Queue(Arc::clone(&shared)), Taker(shared))
}

struct Shared<T> {
    lanes: Mutex<Lanes<T>>,
    stirred: Condvar,
    max: usize,
}

struct Lanes<T> {
    first: VecDeque<T>,
    soon: VecDeque<T>,
    rest: VecDeque<T>,
    rests_turn: bool,
    is_closed: bool,
}

impl<T> Shared<T> {
    fn lanes(&self) -> MutexGuard<'_, Lanes<T>> {
        // Nothing panics while it holds this lock.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lanes().is_closed = true;
        self.stirred.notify_all();
    }
}

impl<T> Lanes<T> {
    fn take(&mut self) -> Option<T> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        self.rests_turn = !self.rests_turn;
        let (one, other) = match self.rests_turn {
            true => (&mut self.soon, &mut self.rest),
            false => (&mut self.rest, &mut self.soon),
        };
        one.pop_front().or_else(|| other.pop_front())
    }
}

/// The end at which something is queued. Clones are of the same queue.
pub(super) struct Queue<T>(Arc<Shared<T>>);

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Queued> Queue<T> {
    /// Queues it, or gives it back at once.
    pub(super) fn put(&self, item: T) -> Result<(), Refused<T>> {
        let mut lanes = self.0.lanes();
        if lanes.is_closed {
            return Err(Refused::Closed(item));
        }
        let lane = match item.lane() {
            Lane::First => &mut lanes.first,
            Lane::Soon => &mut lanes.soon,
            Lane::Rest => &mut lanes.rest,
        };
        if lane.len() >= self.0.max {
            return Err(Refused::Full(item));
        }
        lane.push_back(item);
        drop(lanes);
        self.0.stirred.notify_one();
        Ok(())
    }

    /// Nothing is queued from now on. What is queued already is still taken.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// The one end at which what is queued is taken. If it is dropped, what is left is dropped with it.
pub(super) struct Taker<T>(Arc<Shared<T>>);

impl<T: Queued> Taker<T> {
    /// The next one, waited for; none once the queue is closed and empty.
    pub(super) fn wait(&self) -> Option<T> {
        let mut lanes = self.0.lanes();
        loop {
            let taken = lanes.take();
            if taken.is_some() || lanes.is_closed {
                return taken;
            }
            let woken = self.0.stirred.wait(lanes);
            lanes = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next one, if there is one now.
    pub(super) fn take(&self) -> Option<T> {
        self.0.lanes().take()
    }

    /// The next one that goes before others, if there is one now.
    pub(super) fn take_first(&self) -> Option<T> {
        self.0.lanes().first.pop_front()
    }
}

impl<T> Drop for Taker<T> {
    fn drop(&mut self) {
        self.0.close();
        let mut lanes = self.0.lanes();
        let left = (
            std::mem::take(&mut lanes.first),
            std::mem::take(&mut lanes.soon),
            std::mem::take(&mut lanes.rest),
        );
        drop(lanes);
        // Whoever is told by that may ask again.
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Queued for u32 {
        fn lane(&self) -> Lane {
            match self {
                0..100 => Lane::Rest,
                100..200 => Lane::Soon,
                _ => Lane::First,
            }
        }
    }

    #[test]
    fn what_goes_first_overtakes_and_has_room_of_its_own() {
        let (queue, taker) = queue(2);
        assert_eq!(queue.put(1), Ok(()));
        assert_eq!(queue.put(2), Ok(()));
        assert_eq!(queue.put(3), Err(Refused::Full(3)));
        assert_eq!(queue.put(200), Ok(()));
        assert_eq!(queue.put(201), Ok(()));
        assert_eq!(queue.put(202), Err(Refused::Full(202)));
        assert_eq!(taker.take_first(), Some(200));
        assert_eq!(taker.wait(), Some(201));
        assert_eq!(taker.take_first(), None);
        assert_eq!(taker.take(), Some(1));
        assert_eq!(taker.wait(), Some(2));
        assert_eq!(taker.take(), None);
    }

    #[test]
    fn what_somebody_waits_for_takes_turns_with_the_rest() {
        let (queue, taker) = queue(4);
        for item in [1, 2, 3, 4, 100, 101] {
            assert_eq!(queue.put(item), Ok(()));
        }
        let taken: Vec<_> = std::iter::from_fn(|| taker.take()).collect();
        assert_eq!(taken, [100, 1, 101, 2, 3, 4]);
    }

    #[test]
    fn a_closed_queue_gives_what_it_has() {
        let (queue, taker) = queue(2);
        assert_eq!(queue.put(1), Ok(()));
        queue.close();
        assert_eq!(queue.put(2), Err(Refused::Closed(2)));
        assert_eq!(taker.wait(), Some(1));
        assert_eq!(taker.wait(), None);
    }

    #[test]
    fn without_a_taker_nothing_is_queued() {
        let (queue, taker) = queue(2);
        assert_eq!(queue.put(1), Ok(()));
        drop(taker);
        assert_eq!(queue.put(2), Err(Refused::Closed(2)));
        assert_eq!(queue.clone().0.lanes().rest.len(), 0);
    }
}

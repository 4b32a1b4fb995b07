//! The calls of a shard that have not ended: who waits for whom.
//!
//! Every call that a handler serves has an entry here, from the moment it is begun until its handler has ended and its
//! caller has the outcome or is gone. Entries are linked to the call that waits for them, which gives both directions
//! of the wait-for graph: upwards by `parent`, downwards by the list of children that are waited for.

use std::rc::Rc;
use std::task::Waker;

use super::away::Away;
use super::cell::Hosted;
use super::services::ServiceHost;
use super::trace::Trace;
use crate::call::Failure;
use crate::timer::TimerId;

/// A call of this shard. It stands for nothing once the call is over, even if another took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CallId {
    index: u32,
    generation: u32,
}

impl CallId {
    /// No call: code that isn't a handler.
    pub(super) const NONE: Self = Self {
        index: u32::MAX,
        generation: 0,
    };

    pub(super) const fn is_none(self) -> bool {
        self.index == u32::MAX
    }
}

/// What a call is made on, or what runs without being a call.
#[derive(Clone)]
pub(super) enum Place {
    /// An entity, in a slot.
    Entity(Rc<dyn Hosted>),
    /// A service.
    Service(Rc<ServiceHost>),
    /// Elsewhere: another shard or another node, or a client that was asked. Only its caller is here.
    Away(Rc<Away>),
}

/// One call.
pub(super) struct Call {
    generation: u32,
    pub(super) place: Place,
    pub(super) slot: u8,
    pub(super) tag: u8,
    /// Waits in the mailbox of its entity.
    pub(super) queued: bool,
    /// Runs hooks: an entity that is about to move still hears what became of its client.
    pub(super) is_hook: bool,
    /// Its turn has come: the entity is its own.
    pub(super) granted: bool,
    /// Nobody wants the outcome any more.
    pub(super) cancelled: bool,
    /// The deadline passed before the outcome was there.
    pub(super) expired: bool,
    /// The handler has ended, or never begins.
    handler_done: bool,
    /// The caller has the outcome, or is gone, or there was none.
    caller_done: bool,
    linked: bool,
    pub(super) patience: Patience,
    pub(super) parent: CallId,
    /// By the shard's clock, in microseconds.
    pub(super) deadline_us: u64,
    pub(super) timer: Option<TimerId>,
    pub(super) handler_waker: Option<Waker>,
    pub(super) caller_waker: Option<Waker>,
    pub(super) trace: Option<Rc<Trace>>,
    /// Of a call that came from outside of the shard.
    pub(super) from: Option<Rc<super::ingress::From>>,
    /// Why the call ends though no handler said so.
    pub(super) failure: Option<Failure>,
    first_child: u32,
    next: u32,
    previous: u32,
}

/// Whether a call that was found in a circle leaves it to others to give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It was found in none.
    None,
    /// For a while.
    Waits,
    /// Nobody gave way: the next time it is found, it does.
    Over,
}

/// The end of a list.
const NONE: u32 = u32::MAX;

/// The calls of a shard.
///
/// Entries are used again where they stand: a call that begins and ends at once moves nothing but what it says.
pub(super) struct Calls {
    entries: Vec<Call>,
    /// The first entry that is free; the others follow by `next`.
    free: u32,
    len: usize,
    generation: u32,
    /// The place of a call that is over.
    nowhere: Rc<Away>,
}

/// What a call that is over leaves behind. Dropped where nothing is borrowed, since entities and tasks may end with it.
pub(super) struct Remains {
    #[expect(dead_code, reason = "it is there to be dropped")]
    place: Place,
    #[expect(dead_code, reason = "they are there to be dropped")]
    wakers: [Option<Waker>; 2],
    /// Whether it had a span of its own.
    pub(super) spanned: bool,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            free: NONE,
            len: 0,
            generation: 0,
            nowhere: Rc::default(),
        }
    }
}

impl Calls {
    #[inline]
    pub(super) fn insert(
        &mut self,
        place: Place,
        slot: u8,
        tag: u8,
        parent: CallId,
        deadline_us: u64,
        trace: Option<Rc<Trace>>,
    ) -> CallId {
        // 0 is a free entry's.
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        let generation = self.generation;
        if self.free == NONE {
            self.grow();
        }
        let index = self.free;
        self.len += 1;
        if let Some(call) = self.entries.get_mut(index as usize) {
            self.free = std::mem::replace(&mut call.next, NONE);
            call.generation = generation;
            call.place = place;
            call.slot = slot;
            call.tag = tag;
            call.parent = parent;
            call.deadline_us = deadline_us;
            call.trace = trace;
        }
        CallId { index, generation }
    }

    #[cold]
    fn grow(&mut self) {
        // Four thousand million calls at once would not fit into memory.
        self.free = u32::try_from(self.entries.len()).unwrap_or(u32::MAX - 1);
        self.entries.push(Call {
            generation: 0,
            place: Place::Away(Rc::clone(&self.nowhere)),
            slot: 0,
            tag: 0,
            queued: false,
            is_hook: false,
            granted: false,
            cancelled: false,
            expired: false,
            handler_done: false,
            caller_done: false,
            linked: false,
            patience: Patience::None,
            parent: CallId::NONE,
            deadline_us: 0,
            timer: None,
            handler_waker: None,
            caller_waker: None,
            trace: None,
            from: None,
            failure: None,
            first_child: NONE,
            next: NONE,
            previous: NONE,
        });
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// How many wait in the mailbox of their entity.
    pub(super) fn queued(&self) -> usize {
        let waits = |call: &&Call| call.generation != 0 && call.queued && !call.granted;
        self.entries.iter().filter(waits).count()
    }

    /// The calls that no other call of this shard made.
    pub(super) fn outermost(&self) -> impl Iterator<Item = CallId> {
        let entries = (0..).zip(&self.entries);
        let live = entries.filter(|(_, call)| call.generation != 0);
        live.filter(|(_, call)| self.get(call.parent).is_none())
            .map(|(index, call)| CallId {
                index,
                generation: call.generation,
            })
    }

    #[inline]
    pub(super) fn get(&self, id: CallId) -> Option<&Call> {
        self.entries
            .get(id.index as usize)
            .filter(|call| call.generation == id.generation)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.entries
            .get_mut(id.index as usize)
            .filter(|call| call.generation == id.generation)
    }

    /// The call is over.
    #[inline]
    pub(super) fn remove(&mut self, id: CallId) -> Option<Remains> {
        let nowhere = Rc::clone(&self.nowhere);
        let free = self.free;
        let call = self.get_mut(id)?;
        call.generation = 0;
        let place = std::mem::replace(&mut call.place, Place::Away(nowhere));
        call.queued = false;
        call.is_hook = false;
        call.granted = false;
        call.cancelled = false;
        call.expired = false;
        call.handler_done = false;
        call.caller_done = false;
        call.linked = false;
        call.patience = Patience::None;
        call.timer = None;
        let wakers = [call.handler_waker.take(), call.caller_waker.take()];
        let spanned = call.trace.take().is_some_and(|trace| trace.span.is_some());
        call.from = None;
        call.failure = None;
        call.first_child = NONE;
        call.next = free;
        call.previous = NONE;
        self.free = id.index;
        self.len -= 1;
        Some(Remains {
            place,
            wakers,
            spanned,
        })
    }

    /// The handler has ended. Returns the caller's waker.
    pub(super) fn handler_done(&mut self, id: CallId) -> (Option<Waker>, Option<Remains>) {
        let Some(call) = self.get_mut(id) else {
            return (None, None);
        };
        call.handler_done = true;
        let waker = call.caller_waker.take();
        let over = call.caller_done;
        (waker, if over { self.remove(id) } else { None })
    }

    /// The caller has the outcome, or is gone. Returns the timer of the deadline, which is of no use any more.
    pub(super) fn caller_done(&mut self, id: CallId) -> (Option<TimerId>, Option<Remains>) {
        self.unlink(id);
        let Some(call) = self.get_mut(id) else {
            return (None, None);
        };
        call.caller_done = true;
        let timer = call.timer.take();
        let over = call.handler_done;
        (timer, if over { self.remove(id) } else { None })
    }

    /// The parent of `id` waits for it from now on.
    pub(super) fn link(&mut self, id: CallId) {
        let Some(parent) = self.get(id).map(|call| call.parent) else {
            return;
        };
        let Some(parent) = self.get_mut(parent) else {
            return;
        };
        let first = std::mem::replace(&mut parent.first_child, id.index);
        if let Some(call) = self.get_mut(id) {
            call.linked = true;
            call.next = first;
            call.previous = NONE;
        }
        if let Some(first) = self.entries.get_mut(first as usize) {
            first.previous = id.index;
        }
    }

    fn unlink(&mut self, id: CallId) {
        let Some(call) = self.get_mut(id).filter(|call| call.linked) else {
            return;
        };
        call.linked = false;
        let (parent, next, previous) = (call.parent, call.next, call.previous);
        if let Some(next) = self.entries.get_mut(next as usize) {
            next.previous = previous;
        }
        if previous == NONE {
            if let Some(parent) = self.get_mut(parent) {
                parent.first_child = next;
            }
        } else if let Some(previous) = self.entries.get_mut(previous as usize) {
            previous.next = next;
        }
    }

    /// The calls that `id` waits for.
    pub(super) fn children(&self, id: CallId) -> impl Iterator<Item = (CallId, &Call)> {
        let mut next = self.get(id).map_or(NONE, |call| call.first_child);
        std::iter::from_fn(move || {
            let index = next;
            let call = self.entries.get(index as usize)?;
            next = call.next;
            let generation = call.generation;
            Some((CallId { index, generation }, call))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(calls: &mut Calls, parent: CallId) -> CallId {
        let place = Place::Away(Rc::new(Away::default()));
        calls.insert(place, 0, 1, parent, 0, None)
    }

    fn children(calls: &Calls, id: CallId) -> Vec<CallId> {
        calls.children(id).map(|(id, _)| id).collect()
    }

    #[test]
    fn what_is_waited_for_hangs_below_its_caller() {
        let mut calls = Calls::default();
        let parent = call(&mut calls, CallId::NONE);
        let [a, b, c] = [0; 3].map(|_| call(&mut calls, parent));
        for id in [a, b, c] {
            calls.link(id);
        }
        assert_eq!(children(&calls, parent), [c, b, a]);
        calls.caller_done(b);
        assert_eq!(children(&calls, parent), [c, a]);
        calls.caller_done(c);
        calls.handler_done(a);
        assert_eq!(children(&calls, parent), [a]);
        calls.caller_done(a);
        assert_eq!(children(&calls, parent), []);
        assert_eq!(calls.len(), 3, "b and c still run");
    }

    #[test]
    fn a_number_that_is_used_again_stands_for_nothing() {
        let mut calls = Calls::default();
        let old = call(&mut calls, CallId::NONE);
        calls.remove(old);
        let new = call(&mut calls, CallId::NONE);
        assert_eq!(old.index, new.index);
        assert!(calls.get(old).is_none());
        assert!(calls.get(new).is_some());
    }

    #[test]
    fn a_parent_that_ends_first_leaves_no_trace_in_its_children() {
        let mut calls = Calls::default();
        let parent = call(&mut calls, CallId::NONE);
        let [a, b] = [0; 2].map(|_| call(&mut calls, parent));
        calls.link(a);
        calls.link(b);
        calls.remove(parent);
        let other = call(&mut calls, CallId::NONE);
        calls.caller_done(a);
        calls.caller_done(b);
        assert_eq!(children(&calls, other), []);
    }
}

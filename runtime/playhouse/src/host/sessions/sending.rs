//! Events on their way to clients: encoded once, to many in slices.
//!
//! The clients of an event are told in slices of [`EVENT_SLICE`], between which the shard does what else it has to do. An
//! entity's next events wait until the one before has gone to everybody, so that each client gets them in order; events
//! of other entities don't. When [`EVENTS_WAITING_MAX`] wait, whoever sends more tells the oldest first: nothing is left
//! out, and nothing more is kept.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::EntityRef;

use super::super::rare::Observer;
use super::super::shard::Shard;
use super::OBSERVERS_MAX;
use crate::call::Target;

/// Most clients that an event is sent to before the shard does something else.
pub const EVENT_SLICE: usize = 1024;

/// Most clients of a shard's events that may wait for their slice. An event of fewer than [`EVENT_SLICE`] counts as that
/// many.
pub const EVENTS_WAITING_MAX: usize = 4 * OBSERVERS_MAX;

/// Events of one shard that have not gone to everybody yet.
#[derive(Default)]
pub(in crate::host) struct Events {
    waiting: RefCell<VecDeque<Event>>,
    /// What they count for.
    weight: Cell<usize>,
    /// Somebody sees to them.
    runs: Cell<bool>,
}

struct Event {
    from: Sender,
    to: std::vec::IntoIter<Observer>,
    weight: usize,
    encoded: Encoded,
}

/// What an event says, encoded once.
#[derive(Debug, Clone)]
pub(super) struct Encoded {
    pub(super) body: Arc<[u8]>,
    /// It may be lost.
    pub(super) unreliable: bool,
}

/// Whose event it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sender {
    /// A local entity's is the one that it lives in.
    pub(super) entity: EntityRef,
    /// 0, or the number of a local entity.
    pub(super) local: u32,
}

impl Events {
    fn has_of(&self, from: &Sender) -> bool {
        self.waiting.borrow().iter().any(|it| it.from == *from)
    }

    fn add(&self, event: Event) {
        self.weight.set(self.weight.get() + event.weight);
        self.waiting.borrow_mut().push_back(event);
    }

    /// The next slice of the oldest.
    fn slice(&self) -> Option<(Sender, Vec<Observer>, Encoded)> {
        let mut waiting = self.waiting.borrow_mut();
        let event = waiting.front_mut()?;
        let slice = event.to.by_ref().take(EVENT_SLICE).collect();
        let (from, encoded) = (event.from.clone(), event.encoded.clone());
        if event.to.len() == 0 {
            self.weight.set(self.weight.get() - event.weight);
            waiting.pop_front();
        }
        Some((from, slice, encoded))
    }
}

impl Shard {
    /// Sends an event, encoded once, to all whom it is for.
    pub(super) fn send_event(
        self: &Rc<Self>,
        from: Sender,
        receivers: Vec<Observer>,
        encoded: Encoded,
    ) {
        let events = &self.events;
        if receivers.len() <= EVENT_SLICE && !events.has_of(&from) {
            return self.send_slice(&from, receivers, &encoded);
        }
        let weight = receivers.len().max(EVENT_SLICE);
        let to = receivers.into_iter();
        events.add(Event {
            from,
            to,
            weight,
            encoded,
        });
        while events.weight.get() > EVENTS_WAITING_MAX && self.send_next_slice() {}
        if events.runs.replace(true) {
            return;
        }
        let shard = Rc::clone(self);
        self.spawn(async move {
            while shard.send_next_slice() {
                tokio::task::yield_now().await;
            }
            shard.events.runs.set(false);
        });
    }

    fn send_next_slice(self: &Rc<Self>) -> bool {
        let Some((from, slice, encoded)) = self.events.slice() else {
            return false;
        };
        self.send_slice(&from, slice, &encoded);
        true
    }

    /// Sends an event to so many at once: together to those of each shard.
    fn send_slice(self: &Rc<Self>, from: &Sender, receivers: Vec<Observer>, encoded: &Encoded) {
        let mut by_shard: BTreeMap<u32, Vec<Observer>> = BTreeMap::new();
        for receiver in receivers {
            let shard = match &receiver {
                Observer::Session(session) => session.shard(),
                Observer::Entity(address) => match self.home_of(&Target::Entity(address.clone())) {
                    Ok(shard) => shard,
                    Err(_) => continue,
                },
            };
            by_shard.entry(shard).or_default().push(receiver);
        }
        let home = self.index;
        for (shard, receivers) in by_shard {
            let (from, encoded) = (from.clone(), encoded.clone());
            self.do_on(shard, move |shard| {
                let gone = shard.send_event_here(&from, receivers, &encoded);
                if !gone.is_empty() {
                    shard.do_on(home, move |home| home.forget_observers(&from, &gone));
                }
            });
        }
    }

    /// Sends an event to those of this shard; gives who is not there any more.
    fn send_event_here(
        &self,
        from: &Sender,
        receivers: Vec<Observer>,
        encoded: &Encoded,
    ) -> Vec<Observer> {
        let Some(port) = self.session_port() else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        let mut sessions = Vec::with_capacity(receivers.len());
        for receiver in receivers {
            match &receiver {
                Observer::Session(session) if port.is_over(*session) => gone.push(receiver),
                Observer::Session(session) => sessions.push(*session),
                Observer::Entity(entity) => match self.bound_cell(entity) {
                    // Nobody may be there just now.
                    Some(cell) => sessions.extend(cell.header().rare(|it| it.session).flatten()),
                    None => gone.push(receiver),
                },
            }
        }
        if !sessions.is_empty() {
            self.tally.events_sent.add(sessions.len() as u64);
            match encoded.unreliable {
                true => port.pass(&sessions, &from.entity, &encoded.body),
                false => port.notify(&sessions, &encoded.body),
            }
        }
        gone
    }

    /// Those have ended, or are of other nodes by now: they hear nothing of an entity any more, unless they ask anew.
    fn forget_observers(&self, of: &Sender, gone: &[Observer]) {
        let Some(mut cell) = self.bound_cell(&of.entity) else {
            return;
        };
        if of.local != 0 {
            let local = cell.header().rare(|it| it.locals.get(&of.local).cloned());
            let Some(local) = local.flatten() else {
                return;
            };
            cell = local;
        }
        let mut rare = cell.header().rare.borrow_mut();
        if let Some(rare) = rare.as_mut() {
            for who in gone {
                rare.observers.remove(who);
            }
        }
    }
}

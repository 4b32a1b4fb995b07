//! A node's calls to one entity.

use std::collections::VecDeque;

use playhouse_wire::message::Executed;

use crate::placement::rules::{Rule, Rules};
use crate::placement::{Route, Unplaced};

/// The first pause before the entity is looked for again.
pub const BACKOFF_FIRST_US: u64 = 5_000;
/// The longest one.
pub const BACKOFF_MAX_US: u64 = 200_000;

/// What the host is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act<C> {
    /// Find out who runs the entity in an epoch above this one, and say so by [`Caller::located`] or [`Caller::not_located`].
    Locate {
        /// The newest epoch that is known to be over; 0 if none is.
        epoch_seen: u64,
    },
    /// The same after a pause, of which the host takes a random part, half of it at least.
    LocateAt {
        /// The newest epoch that is known to be over; 0 if none is.
        epoch_seen: u64,
        /// How long.
        delay_us: u64,
    },
    /// Send this call to the owner, with the epoch. One after the other in this order, on one link.
    Send {
        /// Which call.
        id: u64,
        /// The how manieth time; what comes back says it again.
        attempt: u32,
        /// To where.
        route: Route,
    },
    /// The call is finished without a reply.
    End {
        /// Which call.
        id: u64,
        /// What the host kept with it.
        call: C,
        /// Why.
        why: Ended,
        /// Whether it may have run.
        executed: Executed,
    },
}

/// Why a call is finished without a reply.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Nobody runs the entity.
    Unplaced(Unplaced),
    /// The link to its owner broke.
    Lost,
}

/// A node's calls to one entity, from wherever on the node they come: in the order of [`call`](Self::call), and started in that order.
///
/// After each call of a method the host takes [`poll`](Self::poll)'s acts until there are none. It is the host that watches deadlines
/// and bounds [`held`](Self::held) calls. While there are calls here, all others of the node go here too, even if the entity runs
/// on this very node by now: or they would overtake these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller<C> {
    entries: VecDeque<Entry<C>>,
    /// How many of the first entries are known to be sent on the route.
    ahead: usize,
    held: usize,
    ends: VecDeque<(u64, C, Ended, Executed)>,
    route: Option<Route>,
    epoch_seen: u64,
    is_locating: bool,
    /// Routes that came to nothing since a reply came.
    misses: u32,
    rules: Rules,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Entry<C> {
    id: u64,
    attempt: u32,
    is_idempotent: bool,
    /// Whether an attempt may have run.
    is_unknown: bool,
    /// None: it is held.
    sent: Option<Route>,
    call: C,
}

impl<C> Entry<C> {
    fn executed(&self, rules: Rules) -> Executed {
        if self.is_unknown && rules.has(Rule::OnceUnknown) {
            Executed::Unknown
        } else {
            Executed::NotExecuted
        }
    }
}

impl<C> Caller<C> {
    /// Without calls.
    #[must_use]
    pub const fn new(rules: Rules) -> Self {
        Self {
            entries: VecDeque::new(),
            ahead: 0,
            held: 0,
            ends: VecDeque::new(),
            route: None,
            epoch_seen: 0,
            is_locating: false,
            misses: 0,
            rules,
        }
    }

    /// Without calls, and with a place to try first: what a cache holds of an earlier one.
    #[must_use]
    pub fn with_route(rules: Rules, route: Route) -> Self {
        Self {
            route: Some(route),
            ..Self::new(rules)
        }
    }

    /// A call comes behind all others. Ids differ; an idempotent one may run twice.
    pub fn call(&mut self, id: u64, idempotent: bool, call: C) {
        self.held += 1;
        self.entries.push_back(Entry {
            id,
            attempt: 0,
            is_idempotent: idempotent,
            is_unknown: false,
            sent: None,
            call,
        });
    }

    /// The entity's place was found, or there is none: then all calls that are held are finished. A place whose epoch is known
    /// to be over is no place.
    pub fn located(&mut self, found: Result<Route, Unplaced>) {
        self.is_locating = false;
        match found {
            Ok(route) => {
                if !self.learn(route) && self.route.is_none() {
                    self.pause();
                }
            }
            // A hint has come meanwhile.
            Err(_) if self.route.is_some() => {}
            Err(unplaced) => self.end_held(&unplaced),
        }
    }

    /// Nobody answered the question: it is asked again, later.
    pub fn not_located(&mut self) {
        self.is_locating = false;
        self.pause();
    }

    /// The owner has answered a call: it is finished. If `Unknown` comes back with it, then an earlier attempt may have run, and
    /// the answer, if it is a failure, must say so too. None: it was finished before, or the answer is another attempt's.
    pub fn replied(&mut self, id: u64, attempt: u32) -> Option<(C, Executed)> {
        let index = self.sent(id, attempt)?;
        self.misses = 0;
        let entry = self.take(index)?;
        let executed = entry.executed(self.rules);
        Some((entry.call, executed))
    }

    /// A node says that the call did not start there, and that the activation it named is gone. It is sent again, in line
    /// where it stood. A hint counts if its epoch is a later one.
    pub fn moved(&mut self, id: u64, attempt: u32, hint: Option<Route>) {
        let Some(index) = self.sent(id, attempt) else {
            return;
        };
        let Some(tried) = self.put_back(index) else {
            return;
        };
        self.epoch_seen = self.epoch_seen.max(tried.epoch);
        let is_stale = |route: &Route| route.epoch <= self.epoch_seen;
        if self.route.as_ref().is_some_and(is_stale) {
            self.forget_route();
        }
        if let Some(hint) = hint {
            self.learn(hint);
        }
    }

    /// A call that was to be sent never left this node. It is sent again, in line where it stood.
    pub fn not_sent(&mut self, id: u64, attempt: u32) {
        let Some(index) = self.sent(id, attempt) else {
            return;
        };
        let tried = self.put_back(index);
        if self.route == tried {
            self.forget_route();
            self.pause();
        }
    }

    /// The link to a node is lost, and what was on it with it: calls sent there, to whichever life of the node, may have run or
    /// not. Those that may run twice are sent again, the others are finished.
    pub fn link_lost(&mut self, node: &str) {
        let mut index = 0;
        while let Some(entry) = self.entries.get(index) {
            if entry
                .sent
                .as_ref()
                .is_none_or(|sent| *sent.owner.node != *node)
            {
                index += 1;
            } else if entry.is_idempotent || !self.rules.has(Rule::OnlyIdempotentAgain) {
                if let Some(entry) = self.entries.get_mut(index) {
                    entry.is_unknown = true;
                }
                self.put_back(index);
                index += usize::from(self.rules.has(Rule::BackInOrder));
            } else if let Some(entry) = self.take(index) {
                let executed = if self.rules.has(Rule::LostIsUnknown) {
                    Executed::Unknown
                } else {
                    Executed::NotExecuted
                };
                let end = (entry.id, entry.call, Ended::Lost, executed);
                self.ends.push_back(end);
            }
        }
        if self
            .route
            .as_ref()
            .is_some_and(|at| *at.owner.node == *node)
        {
            self.forget_route();
            self.pause();
        }
    }

    /// Whoever called waits no longer. Gives the call, and whether it may have run or yet run.
    pub fn give_up(&mut self, id: u64) -> Option<(C, Executed)> {
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        let entry = self.take(index)?;
        let executed = match entry.sent {
            Some(_) => Executed::Unknown,
            None => entry.executed(self.rules),
        };
        Some((entry.call, executed))
    }

    /// A place that somebody knows of. Whether it is later than what is known here.
    pub fn learn(&mut self, route: Route) -> bool {
        let known = self.route.as_ref().map_or(0, |known| known.epoch);
        let is_new = route.epoch > self.epoch_seen.max(known);
        if is_new {
            self.route = Some(route);
            self.ahead = 0;
        }
        is_new
    }

    /// What to do next; none until something else happens.
    pub fn poll(&mut self) -> Option<Act<C>> {
        if let Some((id, call, why, executed)) = self.ends.pop_front() {
            return Some(Act::End {
                id,
                call,
                why,
                executed,
            });
        }
        if let Some(route) = &self.route {
            let entry = self.entries.iter_mut().enumerate().skip(self.ahead);
            for (index, entry) in entry {
                match &entry.sent {
                    // An older one is on its way elsewhere: this one might overtake it.
                    Some(sent) if sent != route && self.rules.has(Rule::Barrier) => break,
                    Some(_) => {}
                    None => {
                        entry.sent = Some(route.clone());
                        self.held -= 1;
                        self.ahead = index + 1;
                        return Some(Act::Send {
                            id: entry.id,
                            attempt: entry.attempt,
                            route: route.clone(),
                        });
                    }
                }
            }
            return None;
        }
        if self.held == 0 || self.is_locating {
            return None;
        }
        self.is_locating = true;
        let epoch_seen = self.epoch_seen;
        Some(match self.misses {
            0 | 1 => Act::Locate { epoch_seen },
            misses => Act::LocateAt {
                epoch_seen,
                delay_us: (BACKOFF_FIRST_US << (misses - 2).min(16)).min(BACKOFF_MAX_US),
            },
        })
    }

    /// What the host kept with a call.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&C> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.id == id)?;
        Some(&entry.call)
    }

    /// The same, to change it.
    #[must_use]
    pub fn get_mut(&mut self, id: u64) -> Option<&mut C> {
        let mut entries = self.entries.iter_mut();
        let entry = entries.find(|entry| entry.id == id)?;
        Some(&mut entry.call)
    }

    /// The ids of the calls that are not finished, in line.
    pub fn ids(&self) -> impl Iterator<Item = u64> {
        self.entries.iter().map(|entry| entry.id)
    }

    /// How many calls are not finished.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether all calls are finished.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many calls wait to be sent.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Where the entity runs, as far as is known: what a cache may keep.
    #[must_use]
    pub const fn route(&self) -> Option<&Route> {
        self.route.as_ref()
    }

    /// The newest epoch that is known to be over; 0 if none is.
    #[must_use]
    pub const fn epoch_seen(&self) -> u64 {
        self.epoch_seen
    }

    /// Whether it may be forgotten, but for its route.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.entries.is_empty() && self.ends.is_empty() && !self.is_locating
    }

    /// The index of a call whose attempt is on its way.
    fn sent(&self, id: u64, attempt: u32) -> Option<usize> {
        // Replies come in the order of calls, mostly: it is among the first.
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        let entry = self.entries.get(index)?;
        (entry.sent.is_some() && entry.attempt == attempt).then_some(index)
    }

    fn take(&mut self, index: usize) -> Option<Entry<C>> {
        let entry = self.entries.remove(index)?;
        self.held -= usize::from(entry.sent.is_none());
        self.ahead -= usize::from(index < self.ahead);
        Some(entry)
    }

    /// Makes a call that was sent one that is held. Gives where it was sent to.
    fn put_back(&mut self, index: usize) -> Option<Route> {
        let entry = self.entries.get_mut(index)?;
        let route = entry.sent.take()?;
        entry.attempt = entry.attempt.wrapping_add(1);
        self.held += 1;
        self.ahead = self.ahead.min(index);
        if !self.rules.has(Rule::BackInOrder)
            && let Some(entry) = self.entries.remove(index)
        {
            self.entries.push_back(entry);
        }
        Some(route)
    }

    fn forget_route(&mut self) {
        self.route = None;
        self.ahead = 0;
        self.misses = self.misses.saturating_add(1);
    }

    /// The next question waits a little.
    fn pause(&mut self) {
        self.misses = self.misses.saturating_add(1).max(2);
    }

    fn end_held(&mut self, unplaced: &Unplaced) {
        let mut index = 0;
        while let Some(entry) = self.entries.get(index) {
            if entry.sent.is_some() {
                index += 1;
                continue;
            }
            if let Some(entry) = self.take(index) {
                let executed = entry.executed(self.rules);
                let why = Ended::Unplaced(unplaced.clone());
                self.ends.push_back((entry.id, entry.call, why, executed));
            }
        }
    }
}

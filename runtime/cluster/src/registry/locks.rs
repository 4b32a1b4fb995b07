//! The locks of a registry.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::Refusal;
use crate::lock::LOCK_NAME_MAX;

/// At most so many locks are held or waited for in a cluster.
pub const LOCKS_MAX: usize = 65_536;
/// At most so many locks are held or waited for by one member.
pub const LOCKS_PER_MEMBER_MAX: usize = 4096;

/// What came of asking for a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// It is the asking one's, with this token.
    Granted(u64),
    /// Somebody else holds it.
    Held,
    /// Somebody else holds it, and it is waited for.
    Waiting,
}

/// A request: a ticket, and a number of that member's own.
type Request = (u64, u64);

#[derive(Debug, Default)]
pub(super) struct Locks {
    by_name: BTreeMap<Arc<str>, Lock>,
    requests: BTreeMap<Request, Place>,
    /// How many requests each ticket has.
    counts: BTreeMap<u64, usize>,
    /// How many have waited.
    waited: u64,
    pub(super) grants: u64,
}

#[derive(Debug)]
struct Lock {
    holder: Request,
    token: u64,
    /// Who waits longest is first.
    waiting: BTreeMap<u64, Request>,
}

/// What a request is for, and its place among those that wait.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    name: Arc<str>,
    order: u64,
}

impl Locks {
    pub(super) fn ask(
        &mut self,
        request: Request,
        name: &str,
        waits: bool,
        last: &mut u64,
    ) -> Result<Locking, Refusal> {
        if name.is_empty() || name.len() > LOCK_NAME_MAX {
            let why = format!("the name of a lock has 1 to {LOCK_NAME_MAX} bytes");
            return Err(Refusal::Refused(why));
        }
        if let Some(known) = self.requests.get(&request) {
            if *known.name != *name {
                let why = "this number stands for another lock".to_owned();
                return Err(Refusal::Refused(why));
            }
            return Ok(self.state(request).unwrap_or(Locking::Waiting));
        }
        let held = self.by_name.get_key_value(name).map(|(name, _)| name);
        if !waits && held.is_some() {
            return Ok(Locking::Held);
        }
        let name = held.map_or_else(|| name.into(), Arc::clone);
        self.count(request.0)?;
        let mut order = 0;
        let locking = if let Some(lock) = self.by_name.get_mut(&name) {
            self.waited += 1;
            order = self.waited;
            lock.waiting.insert(order, request);
            Locking::Waiting
        } else {
            *last += 1;
            let lock = Lock {
                holder: request,
                token: *last,
                waiting: BTreeMap::new(),
            };
            self.by_name.insert(Arc::clone(&name), lock);
            Locking::Granted(*last)
        };
        self.requests.insert(request, Place { name, order });
        Ok(locking)
    }

    /// What became of a request; none if there is no such one.
    pub(super) fn state(&self, request: Request) -> Option<Locking> {
        let place = self.requests.get(&request)?;
        let lock = self.by_name.get(&place.name);
        Some(match lock.filter(|lock| lock.holder == request) {
            Some(lock) => Locking::Granted(lock.token),
            None => Locking::Waiting,
        })
    }

    /// Counts one more request of a ticket.
    fn count(&mut self, ticket: u64) -> Result<(), Refusal> {
        if self.requests.len() >= LOCKS_MAX {
            let why = format!("a cluster has at most {LOCKS_MAX} locks held and waited for");
            return Err(Refusal::Refused(why));
        }
        let count = self.counts.entry(ticket).or_default();
        if *count >= LOCKS_PER_MEMBER_MAX {
            let why =
                format!("a node has at most {LOCKS_PER_MEMBER_MAX} locks held and waited for");
            return Err(Refusal::Refused(why));
        }
        *count += 1;
        Ok(())
    }

    /// Nothing comes of it if there is no such request.
    pub(super) fn release(&mut self, request: Request, last: &mut u64) {
        let Some(place) = self.requests.remove(&request) else {
            return;
        };
        if let Entry::Occupied(mut count) = self.counts.entry(request.0) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        let Some(lock) = self.by_name.get_mut(&place.name) else {
            return;
        };
        if lock.holder != request {
            lock.waiting.remove(&place.order);
            return;
        }
        let Some((_, next)) = lock.waiting.pop_first() else {
            self.by_name.remove(&place.name);
            return;
        };
        *last += 1;
        (lock.holder, lock.token) = (next, *last);
        self.grants += 1;
    }

    pub(super) fn release_all(&mut self, ticket: u64, last: &mut u64) {
        // Those that wait go first, so that no lock passes from one request of the member to another.
        let all = self.requests.range((ticket, 0)..=(ticket, u64::MAX));
        let holds = |request: &Request, place: &Place| {
            let lock = self.by_name.get(&place.name);
            lock.is_some_and(|lock| lock.holder == *request)
        };
        let mut requests: Vec<(bool, Request)> = all
            .map(|(request, place)| (holds(request, place), *request))
            .collect();
        requests.sort_unstable();
        for (_, request) in requests {
            self.release(request, last);
        }
    }
}

#[cfg(test)]
impl Locks {
    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty() && self.requests.is_empty() && self.counts.is_empty()
    }

    /// Every holder and everyone who waits is a member's request, once, and nothing else is kept.
    pub(super) fn check(&self, is_member: impl Fn(u64) -> bool) {
        let mut found = BTreeMap::new();
        for (name, lock) in &self.by_name {
            for request in std::iter::once(&lock.holder).chain(lock.waiting.values()) {
                assert!(is_member(request.0));
                assert!(found.insert(*request, Arc::clone(name)).is_none());
            }
        }
        let places = self.requests.iter();
        assert!(
            places
                .map(|(request, place)| (request, &place.name))
                .eq(&found)
        );
        assert_eq!(self.counts.values().sum::<usize>(), found.len());
    }
}

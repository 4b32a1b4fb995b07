//! A membership as plain data: who is there, what changed since, and who holds which lock.
//!
//! It is what the embedded backend hosts. It reads no clock: times are handed in, in microseconds of a clock that never goes
//! back. Nothing of it lasts; after a restart members join again, and tickets and tokens go on above those of before.

mod locks;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::member::{Load, MEMBERS_MAX, Member};
use locks::Locks;

pub use locks::{LOCKS_MAX, LOCKS_PER_MEMBER_MAX, Locking};

/// The last of so many members that went are remembered by name; who has not heard of an earlier one is told everything anew.
pub const GONE_MAX: usize = 1024;
/// Tokens that members say they saw count up to so far ahead of the registry's own: a year of microseconds.
const TOKEN_LEAP_MAX: u64 = 366 * 86_400 * 1_000_000;

/// Why a registry refuses what it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody has this ticket: the member went, or the registry began anew. It is to join again.
    Stranger,
    /// A node of the same name that began later is there.
    NameTaken {
        /// Its first address.
        address: String,
    },
    /// Something is too long, or too many.
    Refused(String),
}

/// How far somebody has followed the changes of a registry. The default has seen nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Which life of the registry.
    pub life: u64,
    /// Which of its changes.
    pub version: u64,
}

/// What changed: first who went, then who came or changed, then loads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct News {
    /// How far this goes.
    pub seen: Seen,
    /// Whether `members` are all there are.
    pub whole: bool,
    /// Who went.
    pub gone: Vec<Arc<str>>,
    /// Who came or changed.
    pub members: Vec<Arc<Member>>,
    /// Whose load alone changed.
    pub loads: Vec<(Arc<str>, Load)>,
}

impl News {
    /// Brings members that were known up to date.
    pub fn apply(self, members: &mut BTreeMap<Arc<str>, Arc<Member>>) {
        if self.whole {
            members.clear();
        }
        for name in self.gone {
            members.remove(&name);
        }
        for member in self.members {
            members.insert(Arc::clone(&member.name), member);
        }
        for (name, load) in self.loads {
            if let Some(member) = members.get_mut(&name) {
                Arc::make_mut(member).load = load;
            }
        }
    }
}

/// Who is there, and who holds which lock.
#[derive(Debug)]
pub struct Registry {
    life: u64,
    ttl_us: u64,
    /// The last ticket or token that was given: both rise through all lives of the registry, as far as its first does.
    last: u64,
    version: u64,
    /// The version that last changed more than a load.
    urgent: u64,
    members: BTreeMap<Arc<str>, Entry>,
    tickets: BTreeMap<u64, Arc<str>>,
    gone: VecDeque<(u64, Arc<str>)>,
    /// Who went up to this version is not remembered.
    forgotten: u64,
    swept_us: u64,
    locks: Locks,
}

#[derive(Debug)]
struct Entry {
    member: Arc<Member>,
    ticket: u64,
    heard_us: u64,
    /// The version that changed it last.
    changed: u64,
    /// The version that changed its load last.
    loaded: u64,
}

impl Registry {
    /// One with nobody in it. `first` is greater with each life: the date in microseconds. A member that is silent for `ttl_us` is gone.
    #[must_use]
    pub fn new(first: u64, ttl_us: u64, now_us: u64) -> Self {
        Self {
            life: first,
            ttl_us,
            last: first,
            version: 0,
            urgent: 0,
            members: BTreeMap::new(),
            tickets: BTreeMap::new(),
            gone: VecDeque::new(),
            forgotten: 0,
            swept_us: now_us,
            locks: Locks::default(),
        }
    }

    /// Takes a member in, or what it says anew if `ticket` is its own; returns its ticket. `token_seen` is the highest token of a lock
    /// that it ever had: those to come are higher.
    ///
    /// Another life of the same name takes the place of an earlier one, whose locks are free then. Which is later is said by
    /// [`Member::started_us`], then by the incarnation.
    ///
    /// # Errors
    ///
    /// A later life of that name is there; what it says is too long; there are too many.
    pub fn join(
        &mut self,
        mut member: Member,
        ticket: Option<u64>,
        token_seen: u64,
        now_us: u64,
    ) -> Result<u64, Refusal> {
        if let Some(excess) = member.excess() {
            return Err(Refusal::Refused(excess));
        }
        member.strange = Arc::default();
        let name = Arc::clone(&member.name);
        if let Some(entry) = self.members.get_mut(&name) {
            if Some(entry.ticket) == ticket {
                entry.heard_us = now_us;
                if *entry.member != member {
                    self.version += 1;
                    self.urgent = self.version;
                    (entry.changed, entry.loaded) = (self.version, self.version);
                    entry.member = Arc::new(member);
                }
                return Ok(entry.ticket);
            }
            let age = |it: &Member| (it.started_us, it.incarnation);
            if age(&entry.member) > age(&member) {
                let address = entry.member.addresses.first().cloned();
                let address = address.unwrap_or_default();
                return Err(Refusal::NameTaken { address });
            }
            let old = entry.ticket;
            self.forget_ticket(old);
        } else if self.members.len() >= MEMBERS_MAX {
            let why = format!("a cluster has at most {MEMBERS_MAX} members");
            return Err(Refusal::Refused(why));
        }
        if token_seen <= self.last.saturating_add(TOKEN_LEAP_MAX) {
            self.last = self.last.max(token_seen);
        }
        self.last += 1;
        self.version += 1;
        self.urgent = self.version;
        let entry = Entry {
            member: Arc::new(member),
            ticket: self.last,
            heard_us: now_us,
            changed: self.version,
            loaded: self.version,
        };
        self.tickets.insert(self.last, Arc::clone(&name));
        self.members.insert(name, entry);
        Ok(self.last)
    }

    /// A member is still there, and so busy.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn report(&mut self, ticket: u64, load: Load, now_us: u64) -> Result<(), Refusal> {
        let version = self.version + 1;
        let entry = self.entry(ticket)?;
        entry.heard_us = now_us;
        if entry.member.load != load {
            Arc::make_mut(&mut entry.member).load = load;
            entry.loaded = version;
            self.version = version;
        }
        Ok(())
    }

    /// A member goes; its locks are free.
    pub fn leave(&mut self, ticket: u64) {
        if let Some(name) = self.forget_ticket(ticket) {
            self.remove(name);
        }
    }

    /// Lets go of members that have been silent for too long, and returns them.
    ///
    /// To be asked several times in each lease. If it was not asked for half of one, the registry itself stood still, and everybody is heard again first.
    pub fn sweep(&mut self, now_us: u64) -> Vec<Arc<Member>> {
        let paused = now_us.saturating_sub(self.swept_us) > self.ttl_us / 2;
        self.swept_us = now_us;
        let mut silent = Vec::new();
        for entry in self.members.values_mut() {
            if paused {
                entry.heard_us = now_us;
            }
            if now_us.saturating_sub(entry.heard_us) >= self.ttl_us {
                silent.push((entry.ticket, Arc::clone(&entry.member)));
            }
        }
        for (ticket, _) in &silent {
            self.leave(*ticket);
        }
        silent.into_iter().map(|(_, member)| member).collect()
    }

    /// What changed since.
    ///
    /// # Errors
    ///
    /// Who asks is not a member.
    pub fn news(&self, ticket: u64, since: Seen) -> Result<News, Refusal> {
        if !self.tickets.contains_key(&ticket) {
            return Err(Refusal::Stranger);
        }
        let whole = since.life != self.life || since.version < self.forgotten;
        let after = if whole { 0 } else { since.version };
        let mut news = News {
            seen: self.seen(),
            whole,
            ..News::default()
        };
        if !whole {
            let gone = self.gone.iter().filter(|(version, _)| *version > after);
            news.gone = gone.map(|(_, name)| Arc::clone(name)).collect();
        }
        for (name, entry) in &self.members {
            if entry.changed > after {
                news.members.push(Arc::clone(&entry.member));
            } else if entry.loaded > after {
                news.loads.push((Arc::clone(name), entry.member.load));
            }
        }
        Ok(news)
    }

    /// The version that last changed more than loads: who has not seen it is told at once.
    #[must_use]
    pub const fn urgent(&self) -> u64 {
        self.urgent
    }

    /// How far it has come itself.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        Seen {
            life: self.life,
            version: self.version,
        }
    }

    /// Asks for a lock, by a number of the member's own: asking again with it is asking once. Who waits is told when it asks again.
    ///
    /// # Errors
    ///
    /// Who asks is not a member; the name is too long; there are too many.
    pub fn lock(
        &mut self,
        ticket: u64,
        number: u64,
        name: &str,
        waits: bool,
    ) -> Result<Locking, Refusal> {
        if !self.tickets.contains_key(&ticket) {
            return Err(Refusal::Stranger);
        }
        self.locks
            .ask((ticket, number), name, waits, &mut self.last)
    }

    /// What became of a member's request for a lock; none if it has let it go.
    ///
    /// # Errors
    ///
    /// Who asks is not a member.
    pub fn locking(&self, ticket: u64, number: u64) -> Result<Option<Locking>, Refusal> {
        if !self.tickets.contains_key(&ticket) {
            return Err(Refusal::Stranger);
        }
        Ok(self.locks.state((ticket, number)))
    }

    /// Lets go of a lock, or waits for it no more.
    ///
    /// # Errors
    ///
    /// Who asks is not a member.
    pub fn unlock(&mut self, ticket: u64, number: u64) -> Result<(), Refusal> {
        if !self.tickets.contains_key(&ticket) {
            return Err(Refusal::Stranger);
        }
        self.locks.release((ticket, number), &mut self.last);
        Ok(())
    }

    /// The members.
    pub fn members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values().map(|entry| &entry.member)
    }

    /// How often a lock went to somebody who had waited: whoever waits looks when this rises.
    #[must_use]
    pub const fn grants(&self) -> u64 {
        self.locks.grants
    }

    fn entry(&mut self, ticket: u64) -> Result<&mut Entry, Refusal> {
        let name = self.tickets.get(&ticket).ok_or(Refusal::Stranger)?;
        self.members.get_mut(name).ok_or(Refusal::Stranger)
    }

    /// Frees the locks of a ticket, and returns whose it was.
    fn forget_ticket(&mut self, ticket: u64) -> Option<Arc<str>> {
        let name = self.tickets.remove(&ticket)?;
        self.locks.release_all(ticket, &mut self.last);
        Some(name)
    }

    fn remove(&mut self, name: Arc<str>) {
        self.members.remove(&name);
        self.version += 1;
        self.urgent = self.version;
        self.gone.push_back((self.version, name));
        if self.gone.len() > GONE_MAX
            && let Some((version, _)) = self.gone.pop_front()
        {
            self.forgotten = version;
        }
    }
}

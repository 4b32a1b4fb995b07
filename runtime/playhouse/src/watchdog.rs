//! Finds handlers that don't yield: while one runs, nothing else on its shard does.
//!
//! A shard marks what it polls with a few relaxed stores and no clock. The checker runs elsewhere, on the system
//! runtime: if it finds a shard in the same poll again and again, that poll stalls.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::descriptor::{self, Call};

/// How long a handler may run without yielding before it is reported.
pub const STALL_AFTER: Duration = Duration::from_millis(100);

/// How many times the checker looks within the time after which it reports.
const LOOKS: u32 = 4;

const RUNNING: u64 = 1 << 63;
const HAS_KEY: u64 = 1 << 62;

/// What a shard runs: written by the shard, read by the checker.
#[derive(Debug, Default)]
pub struct Mark {
    /// Counts beginnings and ends of polls: odd while one runs.
    polls: AtomicU64,
    what: AtomicU64,
    key: AtomicU64,
    stalls: AtomicU64,
}

/// A handler, or one's hook or timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polled {
    /// The type, as an index into the owners that the [`Watchdog`] knows.
    pub owner: u32,
    /// The component's slot; 0: the owner itself.
    pub slot: u8,
    /// The call; 0: a hook or a closure.
    pub tag: u8,
    /// Which entity, if its key is one integer.
    pub key: Option<u64>,
}

/// What was marked before: see [`Mark::enter`].
#[derive(Debug, Clone, Copy)]
#[must_use = "hand it to `leave` when the poll ends"]
pub struct Outer {
    what: u64,
    key: u64,
}

/// A type whose handlers are polled.
#[derive(Debug, Clone, Copy)]
pub enum Owner {
    /// An entity type.
    Entity(&'static descriptor::Entity),
    /// A service.
    Service(&'static descriptor::Service),
}

/// A poll that did not end in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// The shard's number.
    pub shard: usize,
    /// What runs: `Avatar(7).bag.trade`. Of calls that run inside of one another, the innermost.
    pub what: String,
    /// For how long, at least.
    pub lasted: Duration,
}

/// Looks at every shard's mark, and reports each stall once.
#[derive(Debug)]
pub struct Watchdog {
    owners: Vec<Owner>,
    shards: Vec<Watched>,
    stall_after: Duration,
}

#[derive(Debug)]
struct Watched {
    mark: Arc<Mark>,
    /// The poll that was running at the last look, when it was seen first, and whether it was reported.
    running: Option<(u64, Instant, bool)>,
}

impl Mark {
    /// Begins a poll, or a call within one. Only the shard's own thread may call it.
    pub fn enter(&self, polled: Polled) -> Outer {
        let outer = Outer {
            what: self.what.load(Ordering::Relaxed),
            key: self.key.load(Ordering::Relaxed),
        };
        self.key.store(polled.key.unwrap_or(0), Ordering::Relaxed);
        self.what.store(polled.pack(), Ordering::Relaxed);
        if outer.what == 0 {
            self.count();
        }
        outer
    }

    /// Ends what [`Mark::enter`] began.
    pub fn leave(&self, outer: Outer) {
        self.key.store(outer.key, Ordering::Relaxed);
        self.what.store(outer.what, Ordering::Relaxed);
        if outer.what == 0 {
            self.count();
        }
    }

    /// How many stalls were reported.
    #[must_use]
    pub fn stalls(&self) -> u64 {
        self.stalls.load(Ordering::Relaxed)
    }

    fn count(&self) {
        // One thread writes it, so that this needs no atomic addition.
        let polls = self.polls.load(Ordering::Relaxed);
        self.polls.store(polls.wrapping_add(1), Ordering::Relaxed);
    }
}

impl Polled {
    fn pack(self) -> u64 {
        let has_key = if self.key.is_some() { HAS_KEY } else { 0 };
        RUNNING
            | has_key
            | u64::from(self.owner) << 16
            | u64::from(self.slot) << 8
            | u64::from(self.tag)
    }

    const fn unpack(what: u64, key: u64) -> Self {
        Self {
            owner: (what >> 16) as u32,
            slot: (what >> 8) as u8,
            tag: what as u8,
            key: if what & HAS_KEY == 0 { None } else { Some(key) },
        }
    }
}

impl Watchdog {
    /// Watches these shards, in order of their numbers. [`Polled::owner`] counts `owners`.
    #[must_use]
    pub fn new(owners: Vec<Owner>, shards: Vec<Arc<Mark>>, stall_after: Duration) -> Self {
        let watched = |mark| Watched {
            mark,
            running: None,
        };
        Self {
            owners,
            shards: shards.into_iter().map(watched).collect(),
            stall_after,
        }
    }

    /// Looks at every shard at this moment, and returns the stalls that were not reported yet.
    pub fn check(&mut self, now: Instant) -> Vec<Stall> {
        let mut stalls = Vec::new();
        for (shard, watched) in self.shards.iter_mut().enumerate() {
            let polls = watched.mark.polls.load(Ordering::Relaxed);
            let running = match &mut watched.running {
                _ if polls % 2 == 0 => {
                    watched.running = None;
                    continue;
                }
                Some(running) if running.0 == polls => running,
                other => {
                    *other = Some((polls, now, false));
                    continue;
                }
            };
            let (_, since, reported) = *running;
            let lasted = now.saturating_duration_since(since);
            if reported || lasted < self.stall_after {
                continue;
            }
            running.2 = true;
            watched.mark.stalls.fetch_add(1, Ordering::Relaxed);
            let what = watched.mark.what.load(Ordering::Relaxed);
            let key = watched.mark.key.load(Ordering::Relaxed);
            let polled = Polled::unpack(what, key);
            let name = match self.owners.get(polled.owner as usize) {
                Some(owner) => owner.describe(polled),
                None => "an unknown type".to_owned(),
            };
            stalls.push(Stall {
                shard,
                what: name,
                lasted,
            });
        }
        stalls
    }

    /// Looks again and again, and logs each stall as a warning. It runs on the system runtime, and never ends.
    pub async fn run(mut self) {
        let pause = self.stall_after / LOOKS;
        loop {
            tokio::time::sleep(pause).await;
            for stall in self.check(Instant::now()) {
                tracing::warn!(shard = stall.shard, "{stall}");
            }
        }
    }
}

impl Owner {
    /// `Avatar(7).bag.trade`
    fn describe(self, polled: Polled) -> String {
        let (name, calls, slots) = match self {
            Self::Entity(entity) => (entity.head.name, entity.calls, entity.slots),
            Self::Service(service) => (service.head.name, service.calls, &[][..]),
        };
        let mut text = match polled.key {
            Some(key) => format!("{name}({key})"),
            None => name.to_owned(),
        };
        let slot = slots.iter().find(|slot| slot.tag == polled.slot);
        let calls = slot.map_or(calls, |slot| slot.component.calls);
        if let Some(slot) = slot {
            text.push('.');
            text.push_str(slot.name);
        }
        if let Some(Call { name, .. }) = calls.iter().find(|call| call.tag == polled.tag) {
            text.push('.');
            text.push_str(name);
        }
        text
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "handler of {} has not yielded for {} ms on shard {}: let it await, or move the work to a thread of its own",
            self.what,
            self.lasted.as_millis(),
            self.shard
        )
    }
}

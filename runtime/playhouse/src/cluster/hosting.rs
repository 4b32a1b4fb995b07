//! The registry that a node hosts, for all of its shards.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use playhouse_cluster::watch;
use playhouse_cluster::{
    Load, Locking, MEMBER_TTL, Member, News, REPORT_EVERY, Refusal, Registry, Seen,
};
use tokio::time::Instant;

/// How often a registry looks for members that are silent.
const SWEEP_EVERY: Duration = Duration::from_millis(500);
/// Changes are told so much later, so that those that come together are told together.
const GATHER: Duration = Duration::from_millis(20);
/// Who asks for news hears of loads after so long, if nothing else happens.
const FOLLOW: Duration = REPORT_EVERY;
/// Who waits for a lock is told so after so long, and asks again.
const LOCK_WAIT: Duration = Duration::from_secs(4);

/// A registry that has begun, or will.
#[derive(Default)]
pub(super) struct Hosting {
    open: Mutex<Option<Open>>,
    /// Rises when something happened that somebody may wait for.
    bell: watch::Sender<Rung>,
}

struct Open {
    registry: Registry,
    /// The registry's times count from here.
    began: Instant,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rung {
    urgent: u64,
    grants: u64,
    open: bool,
}

/// Why the registry did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unserved {
    Refused(Refusal),
    /// No registry is open here.
    Closed,
}

impl From<Refusal> for Unserved {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Hosting {
    /// Opens it anew, and lets go of silent members until what is returned is dropped. `first` is the date in microseconds.
    pub(super) async fn run(self: &Arc<Self>, first: u64) {
        let began = Instant::now();
        let registry = Registry::new(first, micros(MEMBER_TTL), 0);
        *self.lock() = Some(Open { registry, began });
        let _closing = Closing(Arc::clone(self));
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            let silent = self.with(|registry, now_us| Ok(registry.sweep(now_us)));
            for member in silent.into_iter().flatten() {
                tracing::warn!(
                    member = &*member.name,
                    "a node was silent for too long and is gone"
                );
            }
        }
    }

    pub(super) fn join(
        &self,
        member: Member,
        ticket: Option<u64>,
        token_seen: u64,
    ) -> Result<u64, Unserved> {
        self.with(|registry, now_us| registry.join(member, ticket, token_seen, now_us))
    }

    pub(super) fn report(&self, ticket: u64, load: Load) -> Result<(), Unserved> {
        self.with(|registry, now_us| registry.report(ticket, load, now_us))
    }

    pub(super) fn unlock(&self, ticket: u64, number: u64) -> Result<(), Unserved> {
        self.with(|registry, _| registry.unlock(ticket, number))
    }

    pub(super) fn leave(&self, ticket: u64) -> Result<(), Unserved> {
        self.with(|registry, _| {
            registry.leave(ticket);
            Ok(())
        })
    }

    /// What changed since, at once if somebody came or went, else after a while.
    pub(super) async fn follow(&self, ticket: u64, seen: Seen) -> Result<News, Unserved> {
        let mut bell = self.bell.subscribe();
        let is_behind = self.with(|registry, _| {
            let now = registry.seen();
            Ok(now.life != seen.life || registry.urgent() > seen.version)
        })?;
        if !is_behind {
            let before = *bell.borrow_and_update();
            let rung = bell.wait_for(|now| (now.urgent, now.open) != (before.urgent, before.open));
            // What `wait_for` gives locks the bell, and goes with this statement.
            let is_rung = tokio::time::timeout(FOLLOW, rung).await.is_ok();
            if is_rung {
                tokio::time::sleep(GATHER).await;
            }
        }
        self.with(|registry, _| registry.news(ticket, seen))
    }

    /// Asks for a lock, and waits for it for a while.
    pub(super) async fn obtain(
        &self,
        ticket: u64,
        number: u64,
        name: &str,
        waits: bool,
    ) -> Result<Locking, Unserved> {
        let mut bell = self.bell.subscribe();
        let end = Instant::now() + LOCK_WAIT;
        let mut before = *bell.borrow_and_update();
        let mut locking = self.with(|registry, _| registry.lock(ticket, number, name, waits))?;
        while locking == Locking::Waiting {
            let rung = bell.wait_for(|now| (now.grants, now.open) != (before.grants, before.open));
            let is_over = tokio::time::timeout_at(end, rung).await.is_err();
            before = *bell.borrow_and_update();
            // It is not asked for anew: whoever asked may have let it go by now, and not wait for this any more.
            let state = self.with(|registry, _| registry.locking(ticket, number))?;
            locking = state.unwrap_or(Locking::Held);
            if is_over {
                break;
            }
        }
        Ok(locking)
    }

    fn with<T>(
        &self,
        act: impl FnOnce(&mut Registry, u64) -> Result<T, Refusal>,
    ) -> Result<T, Unserved> {
        let mut open = self.lock();
        let Some(open) = open.as_mut() else {
            return Err(Unserved::Closed);
        };
        let now_us = micros(open.began.elapsed());
        let result = act(&mut open.registry, now_us);
        let rung = Rung {
            urgent: open.registry.urgent(),
            grants: open.registry.grants(),
            open: true,
        };
        self.bell.send_if_modified(|last| {
            let differs = *last != rung;
            *last = rung;
            differs
        });
        Ok(result?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Open>> {
        // Nothing panics while it holds this lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the registry when the node that hosts it has ended.
struct Closing(Arc<Hosting>);

impl Drop for Closing {
    fn drop(&mut self) {
        *self.0.lock() = None;
        self.0.bell.send_modify(|rung| rung.open = false);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Hosting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosting")
            .field("bell", &*self.bell.borrow())
            .finish_non_exhaustive()
    }
}

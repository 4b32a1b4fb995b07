//! A node's standing in its cluster: whether it may run entities that have owners, and who has lost that right.
//!
//! Each node has a lease: a document in the store that it claims anew all the time. While that goes well the node *holds*
//! its lease, and starts calls and timers. Past the margin it starts nothing. Whoever sees a lease unchanged for too long
//! takes it away by claiming it; from then on that life of the node is *over*, and what it owned may be claimed. The store
//! is the one authority on that: discovery only hints.
//!
//! [`Standing`] is what all threads of the node look at. The [`LeaseTask`] runs on the system's shard: it renews the node's
//! own lease ([`own`]) and watches those of others ([`others`]). The machines behind both are playhouse-cluster's.
//!
//! Limits: `WATCHERS` nodes watch all leases, the rest looks when somebody asks; `DEMANDS_MAX` questions wait,
//! `LEASES_MAX` leases are looked at, `OVER_MAX` lives that are over are remembered.

mod clock;
mod lock;
mod others;
mod own;
mod problem;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use playhouse_cluster::Seat;
use playhouse_cluster::placement::{LeaseTerms, Rules};
use playhouse_cluster::watch;
use playhouse_store::{DocumentId, Owner, Store, key_to_text};
use playhouse_wire::message::Incarnation;
use playhouse_wire::{EntityKey, KeyPart};
use tokio::sync::{mpsc, oneshot};

use crate::call::{Failure, FailureKind};
use crate::host::Shard;
use crate::persist::NODES;
use clock::Clock;

pub(crate) use lock::NameLock;
use others::DEMANDS_MAX;
pub use problem::NoStanding;

/// So many lives of other nodes that are over are remembered. One that is forgotten is proven over again.
const OVER_MAX: usize = 4096;

/// The standing of a node in this life, and the task that keeps it.
pub(crate) fn standing(
    name: &str,
    incarnation: Incarnation,
    terms: LeaseTerms,
) -> (Standing, LeaseTask) {
    let (demands, asked) = mpsc::channel(DEMANDS_MAX);
    let shared = Arc::new(Shared {
        node: name.into(),
        incarnation: AtomicU64::new(incarnation.boot.wrapping_add(incarnation.lease)),
        clock: Clock::default(),
        holds_until_us: AtomicU64::new(0),
        over: RwLock::default(),
        any_over: AtomicBool::new(false),
        demands,
        phase: watch::Sender::new(Phase::Asking),
        found_over: watch::Sender::new(0),
        leaving: watch::Sender::new(false),
    });
    let task = LeaseTask {
        standing: Standing(Arc::clone(&shared)),
        terms,
        rules: Rules::default(),
        lock: None,
        asked,
    };
    (Standing(shared), task)
}

/// The lease of a node.
pub(crate) fn lease_id(node: &str) -> DocumentId {
    DocumentId::new(NODES, lease_key(node))
}

fn lease_key(node: &str) -> String {
    key_to_text(&EntityKey::new([KeyPart::from(node)]))
}

/// Whether a node may run entities that have owners, as all its threads see it. Its clones are the same standing.
#[derive(Clone)]
pub(crate) struct Standing(Arc<Shared>);

struct Shared {
    node: Arc<str>,
    /// Which of its lives.
    incarnation: AtomicU64,
    clock: Clock,
    /// By the clock; 0 if nothing may start.
    holds_until_us: AtomicU64,
    over: RwLock<Over>,
    /// Whether any life is known to be over, so that calls need not look while none is.
    any_over: AtomicBool,
    demands: mpsc::Sender<Demand>,
    phase: watch::Sender<Phase>,
    /// Raised whenever a life of another node is found to be over.
    found_over: watch::Sender<u64>,
    leaving: watch::Sender<bool>,
}

/// How far the lease task is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Asking,
    Granted,
    Refused(NoStanding),
    /// The lease was given back, or nobody keeps it any more.
    Ended,
}

/// Lives of nodes that are over, the longest known first.
#[derive(Default)]
struct Over {
    known: BTreeSet<Owner>,
    order: VecDeque<Owner>,
}

/// Somebody wants to know whether a life of a node is over.
struct Demand {
    owner: Owner,
    /// The epoch that its lease was seen with.
    seen: Option<u64>,
    answer: oneshot::Sender<Result<(), Failure>>,
}

impl Standing {
    /// As whom the node runs entities now.
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            node: Arc::clone(&self.0.node),
            incarnation: self.incarnation(),
        }
    }

    /// Whether this is the node, in the life that it has.
    #[inline]
    pub(crate) fn is(&self, owner: &Owner) -> bool {
        owner.incarnation == self.incarnation() && owner.node == self.0.node
    }

    /// Which life of the node this is: a new one begins when its lease is lost.
    #[inline]
    pub(crate) fn incarnation(&self) -> u64 {
        self.0.incarnation.load(Ordering::Acquire)
    }

    /// Whether something may start now on an entity that has an owner. Reads the clock.
    #[inline]
    pub(crate) fn holds(&self) -> bool {
        let until_us = self.0.holds_until_us.load(Ordering::Acquire);
        until_us != 0 && self.0.clock.now_us() < until_us
    }

    /// For how many microseconds it still holds, if nothing renews it.
    pub(crate) fn left_us(&self) -> u64 {
        let until_us = self.0.holds_until_us.load(Ordering::Acquire);
        until_us.saturating_sub(self.0.clock.now_us())
    }

    /// Whether this life of a node is known to be over.
    pub(crate) fn known_over(&self, other: &Owner) -> bool {
        if other.node == self.0.node && self.is_granted() {
            // The lease has one holder of the name.
            return other.incarnation != self.incarnation();
        }
        if !self.0.any_over.load(Ordering::Acquire) {
            return false;
        }
        let over = self.0.over.read().unwrap_or_else(PoisonError::into_inner);
        over.known.contains(other)
    }

    /// Waits until this life of a node is proven to be over, so that what it owned may be claimed.
    ///
    /// # Errors
    ///
    /// It shows that it is alive, the store can't say, or this node is stopping.
    pub(crate) async fn prove_over(&self, other: Owner) -> Result<(), Failure> {
        if self.known_over(&other) {
            return Ok(());
        }
        let (answer, answered) = oneshot::channel();
        let demand = Demand {
            owner: other,
            seen: None,
            answer,
        };
        if let Err(error) = self.0.demands.try_send(demand) {
            let (kind, why) = match error {
                mpsc::error::TrySendError::Full(_) => {
                    (FailureKind::Overloaded, "too many leases are doubted")
                }
                mpsc::error::TrySendError::Closed(_) => {
                    (FailureKind::Unreachable, "the node is stopping")
                }
            };
            return Err(Failure::not_executed(kind).because(why));
        }
        answered.await.unwrap_or_else(|_| {
            Err(Failure::not_executed(FailureKind::Unreachable).because("the node is stopping"))
        })
    }

    /// Lives of nodes that were found to be over since: the count rises with each.
    pub(crate) fn found_over(&self) -> watch::Receiver<u64> {
        self.0.found_over.subscribe()
    }

    /// Waits until the store has granted the lease.
    ///
    /// # Errors
    ///
    /// Why it never will.
    pub(crate) async fn granted(&self) -> Result<(), NoStanding> {
        let mut phase = self.0.phase.subscribe();
        let phase = phase.wait_for(|phase| *phase != Phase::Asking).await;
        match phase.as_deref() {
            Ok(Phase::Granted) => Ok(()),
            Ok(Phase::Refused(why)) => Err(why.clone()),
            Ok(Phase::Asking | Phase::Ended) | Err(_) => Err(NoStanding::Ended),
        }
    }

    /// Waits until it is clear that the node will not have its lease any more, though it had it.
    pub(crate) async fn refused(&self) -> NoStanding {
        let mut phase = self.0.phase.subscribe();
        let refused = |phase: &Phase| matches!(phase, Phase::Refused(_));
        match phase.wait_for(refused).await.as_deref() {
            Ok(Phase::Refused(why)) => why.clone(),
            // The sender is this standing's.
            _ => NoStanding::Ended,
        }
    }

    /// Gives the lease back, so that others need not wait for its end: entities were released before. Returns when that is
    /// done, or was tried once.
    pub(crate) async fn give_up(&self) {
        self.0.leaving.send_replace(true);
        let mut phase = self.0.phase.subscribe();
        let over = |phase: &Phase| matches!(phase, Phase::Ended | Phase::Refused(_));
        let _ = phase.wait_for(over).await;
    }

    fn is_granted(&self) -> bool {
        *self.0.phase.borrow() == Phase::Granted
    }

    /// A life of a node is over, for good.
    fn remember(&self, owner: Owner) {
        let mut over = self.0.over.write().unwrap_or_else(PoisonError::into_inner);
        if !over.known.insert(owner.clone()) {
            return;
        }
        over.order.push_back(owner);
        if over.order.len() > OVER_MAX
            && let Some(oldest) = over.order.pop_front()
        {
            over.known.remove(&oldest);
        }
        self.0.any_over.store(true, Ordering::Release);
        drop(over);
        self.0.found_over.send_modify(|count| *count += 1);
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing")
            .field("owner", &self.owner())
            .field("holds", &self.holds())
            .finish_non_exhaustive()
    }
}

/// Keeps the lease of a node, and watches those of others, for as long as it runs.
pub(crate) struct LeaseTask {
    standing: Standing,
    terms: LeaseTerms,
    rules: Rules,
    lock: Option<NameLock>,
    asked: mpsc::Receiver<Demand>,
}

impl LeaseTask {
    /// With the rules of placement: all of them, but where a test plants a bug.
    pub(crate) const fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// With a lock that proves that earlier lives under it are over.
    pub(crate) fn with_lock(mut self, lock: NameLock) -> Self {
        self.lock = Some(lock);
        self
    }

    /// Runs on the system's shard, until the lease is given up or refused.
    pub(crate) async fn run(self, store: Rc<dyn Store>, seat: Seat, shard: Rc<Shard>) {
        let Self {
            standing,
            terms,
            rules,
            lock,
            asked,
        } = self;
        standing
            .0
            .clock
            .begin(shard.clock(), shard.clock_rate_ppm());
        let others = others::Others::new(
            standing.clone(),
            terms,
            rules,
            Rc::clone(&store),
            seat.clone(),
        );
        let watching = others.run(asked);
        let keeping = own::Own::new(standing.clone(), terms, rules, lock, store, seat, shard).run();
        tokio::select! {
            biased;
            () = keeping => {}
            () = watching => {}
        }
        standing.0.holds_until_us.store(0, Ordering::Release);
        standing.0.phase.send_if_modified(|phase| {
            let refused = matches!(phase, Phase::Refused(_));
            if !refused {
                *phase = Phase::Ended;
            }
            !refused
        });
    }
}

impl fmt::Debug for LeaseTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseTask")
            .field("standing", &self.standing)
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

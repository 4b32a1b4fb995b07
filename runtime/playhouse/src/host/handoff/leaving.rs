//! A node that drains: its shards hand over what they run, to the nodes that would run it first without this one.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use playhouse_cluster::{Member, rendezvous};
use playhouse_store::Owner;
use playhouse_wire::{EntityKey, EntityRef};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::cell::{Hosted, Life};
use super::super::placement::entity_hash;
use super::super::shard::Shard;
use super::{HANDOFFS_MAX, HandedOver, Receiver};

/// How long a shard waits before it tries again what could not be moved.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How long an entity that a client is bound to is left alone after it was refused: each attempt takes the client's link
/// from its session.
const CLIENT_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often an entity of a node that drains is refused before it is released instead, for whoever is called next. One that
/// a client is bound to is offered until the time of the drain is over.
pub const REFUSALS_MAX: u32 = 8;

/// How far a node is that drains: all its shards together.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    /// Entities that have been handed over.
    pub(crate) moved: AtomicUsize,
    /// Entities that are still to be.
    pub(crate) left: AtomicUsize,
    /// Attempts that came to nothing.
    pub(crate) failed: AtomicUsize,
    /// Which shards have nothing left that others could run.
    empty: Box<[AtomicBool]>,
}

impl Drained {
    /// Of a node with so many shards.
    pub(crate) fn of(shards: usize) -> Self {
        Self {
            empty: (0..shards).map(|_| AtomicBool::new(false)).collect(),
            ..Self::default()
        }
    }

    /// Whether no shard has anything left that others could run.
    pub(crate) fn is_over(&self) -> bool {
        self.empty.iter().all(|empty| empty.load(Ordering::Relaxed))
    }
}

/// One round of a shard: who gets what.
struct Round {
    shard: Rc<Shard>,
    drained: Arc<Drained>,
    until: Instant,
    /// Lanes that have not ended.
    lanes: Cell<usize>,
    ended: Notify,
    /// Receivers that refused an entity, by type and key.
    refused: RefCell<Refused>,
    counted: Cell<usize>,
}

/// Who refused what, by type and key.
type Refused = BTreeMap<(u32, EntityKey), Refusals>;

#[derive(Default)]
struct Refusals {
    times: u32,
    last: Option<Instant>,
    /// Since everybody was asked.
    by: BTreeSet<Arc<str>>,
}

/// What waits for a lane to one receiver.
type Queue = Rc<RefCell<VecDeque<Rc<dyn Hosted>>>>;

/// By the name of the receiver.
type Queues = BTreeMap<Arc<str>, (Receiver, Queue)>;

impl Shard {
    /// Nothing of other nodes is taken over from now on.
    pub(crate) fn begin_draining(&self) {
        if let Some(keeper) = self.keeper() {
            keeper.draining.set(true);
        }
    }

    /// Hands over every entity of this shard that has an owner among the nodes, until no shard of the node has any left
    /// that can run elsewhere, or the time is over.
    pub(crate) async fn drain(self: &Rc<Self>, drained: Arc<Drained>, until: Instant) {
        let mut refused = Refused::new();
        let mut counted = 0;
        while self.env.now() < until {
            let (queues, waits) = self.round(&mut refused);
            let queued = queues.values().map(|(_, queue)| queue.borrow().len());
            let left = waits + queued.sum::<usize>();
            drained.left.fetch_add(left, Ordering::Relaxed);
            drained.left.fetch_sub(counted, Ordering::Relaxed);
            counted = left;
            if let Some(empty) = drained.empty.get(self.index as usize) {
                empty.store(left == 0, Ordering::Relaxed);
            }
            if drained.is_over() {
                return;
            }
            let round = Rc::new(Round {
                shard: Rc::clone(self),
                drained: Arc::clone(&drained),
                until,
                lanes: Cell::new(0),
                ended: Notify::new(),
                refused: RefCell::new(std::mem::take(&mut refused)),
                counted: Cell::new(counted),
            });
            round.run(queues).await;
            counted = round.counted.get();
            refused = round.refused.take();
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Who gets what, by the name of the receiver, and how many wait for a later round. What nobody else runs stays.
    fn round(self: &Rc<Self>, refused: &mut Refused) -> (Queues, usize) {
        let (mut queues, mut waits) = (Queues::new(), 0);
        let Some(cluster) = self.clustered() else {
            return (queues, waits);
        };
        let now = self.env.now();
        let view = cluster.seat.view();
        for kind in self.kinds.iter().filter(|kind| self.is_placed(kind)) {
            let (package, number) = (kind.descriptor.package, kind.descriptor.number);
            let others: Vec<Arc<Member>> = view
                .with_entity(package, number)
                .iter()
                .filter(|member| *member.name != *self.node && !member.addresses.is_empty())
                .cloned()
                .collect();
            if others.is_empty() {
                continue;
            }
            for cell in kind.live() {
                if cell.header().life.get() != Life::Live {
                    continue;
                }
                let key = cell.header().key.clone();
                let known = (kind.index, key.clone());
                let entity = EntityRef {
                    package,
                    number,
                    slot: 0,
                    key,
                };
                let least = cell.header().persisted();
                let least = least.map_or(0, |it| it.release_least.get());
                let others: Cow<'_, [Arc<Member>]> =
                    match others.iter().all(|it| it.release >= least) {
                        true => Cow::Borrowed(&others),
                        // A hook of a newer release has changed its document: an older node could not read it.
                        false => others
                            .iter()
                            .filter(|it| it.release >= least)
                            .cloned()
                            .collect(),
                    };
                if others.is_empty() {
                    continue;
                }
                let refusals = refused.get(&known);
                // A client can't follow what is released: what has one is offered as long as there is time.
                let has_client = cell.header().rare(|rare| rare.session).flatten().is_some();
                let last = refusals.and_then(|it| it.last).filter(|_| has_client);
                if last.is_some_and(|last| now < last + CLIENT_AGAIN_AFTER) {
                    waits += 1;
                    continue;
                }
                if !has_client && refusals.is_some_and(|it| it.times >= REFUSALS_MAX) {
                    refused.remove(&known);
                    self.passivate(&cell);
                    continue;
                }
                let willing: Vec<Arc<Member>> = others
                    .iter()
                    .filter(|member| refusals.is_none_or(|it| !it.by.contains(&member.name)))
                    .cloned()
                    .collect();
                if willing.is_empty()
                    && let Some(refusals) = refused.get_mut(&known)
                {
                    // All of them may think better of it.
                    refusals.by.clear();
                }
                let candidates = if willing.is_empty() {
                    &*others
                } else {
                    &*willing
                };
                if let Some(member) = rendezvous(candidates, entity_hash(&entity)) {
                    let queue = queues
                        .entry(Arc::clone(&member.name))
                        .or_insert_with(|| (receiver(member), Queue::default()));
                    queue.1.borrow_mut().push_back(cell);
                }
            }
        }
        (queues, waits)
    }
}

impl Round {
    async fn run(self: &Rc<Self>, queues: Queues) {
        let shards = usize::try_from(self.shard.count).unwrap_or(1);
        for (receiver, queue) in queues.into_values() {
            let lanes = (HANDOFFS_MAX / shards).max(1).min(queue.borrow().len());
            for _ in 0..lanes {
                let (round, receiver, queue) =
                    (Rc::clone(self), receiver.clone(), Rc::clone(&queue));
                self.lanes.set(self.lanes.get() + 1);
                self.shard.spawn(async move {
                    round.lane(&receiver, &queue).await;
                    round.lanes.set(round.lanes.get() - 1);
                    round.ended.notify_one();
                });
            }
        }
        while self.lanes.get() > 0 {
            self.ended.notified().await;
        }
    }

    async fn lane(&self, to: &Receiver, queue: &Queue) {
        while self.shard.env.now() < self.until {
            let Some(cell) = queue.borrow_mut().pop_front() else {
                return;
            };
            let header = cell.header();
            match self.shard.hand_off(&cell, to).await {
                HandedOver::Moved | HandedOver::Gone => {
                    self.drained.moved.fetch_add(1, Ordering::Relaxed);
                    self.drained.left.fetch_sub(1, Ordering::Relaxed);
                    self.counted.set(self.counted.get().saturating_sub(1));
                }
                HandedOver::Refused(_) => {
                    self.drained.failed.fetch_add(1, Ordering::Relaxed);
                    let known = (header.kind, header.key.clone());
                    let mut refused = self.refused.borrow_mut();
                    let refusals = refused.entry(known).or_default();
                    refusals.times += 1;
                    refusals.last = Some(self.shard.env.now());
                    refusals.by.insert(Arc::clone(&to.owner.node));
                }
                HandedOver::Busy | HandedOver::Aborted => {
                    self.drained.failed.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

fn receiver(member: &Member) -> Receiver {
    let address = member.addresses.first().map_or("", |address| address);
    Receiver {
        owner: Owner {
            node: Arc::clone(&member.name),
            incarnation: member.incarnation,
        },
        address: address.into(),
    }
}

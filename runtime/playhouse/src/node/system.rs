//! The system's own shard of a node in a cluster: it holds the node's place among the others, and no entities.
//!
//! It has links and the store like any shard, and a thread of its own, so that a busy shard never costs the node its
//! place. The others take links before it is done, since what keeps the cluster may run on one of them, but begin their
//! entities after it, and end before it does.

use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use playhouse_cluster::placement::LeaseTerms;
use playhouse_cluster::watch;
use playhouse_cluster::{Driver, Seat};
use playhouse_store::Store;
use tokio::runtime::Handle;
use tokio::time::Duration;

use super::problem::StartError;
use super::running::Stopped;
use super::shard::ShardNode;
use super::shared::{Jobs, Shared};
use super::{judging, member, strangers};
use crate::cluster::measure;
use crate::standing::{self, LeaseTask, NameLock, Standing};

/// How long a node that stops waits for the others to hear that it leaves.
pub const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// How far a node has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits for its place in the cluster; nothing of the game runs.
    Joining,
    /// It has all that entities need.
    Runs,
}

/// What the shards of a node tell one another of how far they are.
pub(super) struct Progress {
    phase: watch::Sender<Phase>,
    /// How many shards have not ended, the system's not counted.
    alive: watch::Sender<usize>,
}

/// A node's place among others, as all its threads see it.
pub(super) struct Place {
    pub(super) seat: Seat,
    pub(super) standing: Standing,
    /// What keeps them, until the system's shard takes it.
    keepers: Mutex<Option<(Driver, LeaseTask)>>,
    /// Whether the lease is kept by now.
    leases: AtomicBool,
}

impl Progress {
    pub(super) fn new(phase: Phase) -> Self {
        Self {
            phase: watch::Sender::new(phase),
            alive: watch::Sender::new(0),
        }
    }

    pub(super) fn runs(&self) -> bool {
        *self.phase.borrow() == Phase::Runs
    }

    /// Waits until entities may begin.
    pub(super) async fn until_runs(&self) {
        let mut phase = self.phase.subscribe();
        // The sender lives as long as this.
        let _ = phase.wait_for(|phase| *phase == Phase::Runs).await;
    }

    /// One more shard that counts, until what is returned is dropped.
    pub(super) fn begin_shard(&self) -> Alive {
        self.alive.send_modify(|count| *count += 1);
        Alive(self.alive.clone())
    }

    async fn until_all_ended(&self) {
        let mut alive = self.alive.subscribe();
        let _ = alive.wait_for(|count| *count == 0).await;
    }
}

/// A shard that has not ended; dropped when it has, however it does.
pub(super) struct Alive(watch::Sender<usize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Place {
    /// The place of a node whose addresses are known. `started_us` is when its process began, in microseconds since 1970.
    pub(super) fn new(shared: &Shared, started_us: i64, lock: Option<NameLock>) -> Self {
        let (seat, driver) = playhouse_cluster::seat(member::member(shared, started_us));
        let schema = shared.about.schema;
        seat.judge_by(move |member| judging::member(schema, member));
        let incarnation = shared.places().incarnation;
        let terms = LeaseTerms::default();
        let (standing, lease) = standing::standing(&shared.about.name, incarnation, terms);
        let mut lease = lease.with_rules(shared.policy.placement_rules);
        if let Some(lock) = lock {
            lease = lease.with_lock(lock);
        }
        Self {
            seat,
            standing,
            keepers: Mutex::new(Some((driver, lease))),
            leases: AtomicBool::new(false),
        }
    }

    /// For how many microseconds the node's lease still holds, if it needs one.
    pub(super) fn lease_left_us(&self) -> Option<u64> {
        let leases = self.leases.load(Ordering::Relaxed);
        leases.then(|| self.standing.left_us())
    }

    fn take_keepers(&self) -> Option<(Driver, LeaseTask)> {
        // Nothing panics while it holds this lock.
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.take()
    }
}

impl ShardNode {
    /// Does what the thread of the system's own shard does, until all others have ended. `joined` is told once how
    /// taking the node's place went. The node's lease is kept in `store`, and asynchronous work of the machine goes to
    /// `system`.
    pub(super) async fn run_system(
        self: &Rc<Self>,
        mut jobs: Jobs,
        mut stopping: watch::Receiver<bool>,
        store: Option<Rc<dyn Store>>,
        system: Handle,
        joined: impl FnOnce(Result<(), StartError>),
    ) -> Stopped {
        tokio::task::spawn_local(Rc::clone(self.host()).pump());
        self.serve_joining(&mut jobs, &mut stopping, self.join(store, system), joined)
            .await;
        let shared = Arc::clone(&self.shared);
        let mut ended = std::pin::pin!(shared.progress.until_all_ended());
        loop {
            tokio::select! {
                biased;
                Some(job) = jobs.recv() => job(self),
                () = &mut ended => break,
            }
        }
        self.leave_cluster().await;
        self.end_system().await;
        Stopped::Regularly
    }

    /// Does its jobs while the node takes its place and then, until it stops.
    async fn serve_joining(
        self: &Rc<Self>,
        jobs: &mut Jobs,
        stopping: &mut watch::Receiver<bool>,
        joining: impl Future<Output = Result<(), StartError>>,
        joined: impl FnOnce(Result<(), StartError>),
    ) {
        let stopped = async {
            // The sender outlives the shards.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let mut stopped = std::pin::pin!(stopped);
        let mut joining = std::pin::pin!(joining);
        let mut joined = Some(joined);
        loop {
            tokio::select! {
                biased;
                job = jobs.recv() => match job {
                    Some(job) => job(self),
                    None => return,
                },
                result = &mut joining, if joined.is_some() => {
                    if result.is_ok() {
                        self.shared.progress.phase.send_replace(Phase::Runs);
                    }
                    if let Some(joined) = joined.take() {
                        joined(result);
                    }
                }
                () = &mut stopped => return,
            }
        }
    }

    /// Takes the node's place in the cluster: its lease, then its seat.
    fn join(
        self: &Rc<Self>,
        store: Option<Rc<dyn Store>>,
        system: Handle,
    ) -> impl Future<Output = Result<(), StartError>> + use<> {
        let shared = Arc::clone(&self.shared);
        let host = Rc::clone(self.host());
        async move {
            let Some((place, cluster)) = shared.place().zip(shared.policy.cluster.as_ref()) else {
                return Ok(());
            };
            let Some((driver, lease)) = place.take_keepers() else {
                return Ok(());
            };
            let waited = shared.policy.join_timeout;
            let limit = tokio::time::Instant::now() + waited;
            // One that has no store owns nothing.
            if let Some(store) = store {
                let task = lease.run(store, place.seat.clone(), Rc::clone(&host));
                place.leases.store(true, Ordering::Relaxed);
                tokio::task::spawn_local(task);
                let granted = tokio::time::timeout_at(limit, place.standing.granted()).await;
                let granted = granted.map_err(|_| StartError::NoLease { waited })?;
                granted.map_err(StartError::Lease)?;
            }
            let incarnation = place.standing.incarnation();
            place.seat.update(|me| me.incarnation = incarnation);
            // Inside of it proxies call: a registry may be asked by calls of ours.
            host.spawn(cluster.drive(driver, system));
            tokio::task::spawn_local(measure(place.seat.clone(), Rc::clone(&host)));
            // In the simulation nobody looks.
            if host.env().processors().is_some() {
                tokio::task::spawn_local(Arc::clone(&shared).tell_load(place.seat.clone()));
            }
            tokio::task::spawn_local(strangers::watch(place.seat.clone()));
            let opened = tokio::time::timeout_at(limit, place.seat.opened()).await;
            let opened = opened.map_err(|_| StartError::NoCluster {
                registry: format!("{cluster:?}"),
                waited,
            })?;
            opened.map_err(StartError::Cluster)?;
            tokio::task::spawn_local(stop_if_ousted(shared));
            Ok(())
        }
    }

    /// Tells the others that the node is gone, and gives its lease back.
    async fn leave_cluster(&self) {
        let Some(place) = self.shared.place() else {
            return;
        };
        // What never began needs no end.
        if place.take_keepers().is_some() {
            return;
        }
        let left = async {
            place.seat.leave().await;
            if place.leases.load(Ordering::Relaxed) {
                place.standing.give_up().await;
            }
        };
        if tokio::time::timeout(LEAVE_TIMEOUT, left).await.is_err() {
            tracing::warn!("the cluster did not hear in time that the node leaves");
        }
    }
}

/// Stops a node whose name another one has by now: it has no place any more, and would go on by half.
async fn stop_if_ousted(shared: Arc<Shared>) {
    let Some(place) = shared.place() else {
        return;
    };
    let why = tokio::select! {
        biased;
        why = place.standing.refused() => why.to_string(),
        why = place.seat.ousted() => why.to_string(),
    };
    if !shared.control.is_stopping() {
        let node = &*shared.about.name;
        tracing::error!(
            node,
            "the node has lost its place in the cluster, and stops: {why}"
        );
        shared.control.oust(why);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("phase", &*self.phase.borrow())
            .field("alive", &*self.alive.borrow())
            .finish()
    }
}

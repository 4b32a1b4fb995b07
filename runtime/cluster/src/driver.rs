//! The backend's end of a seat.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, RwLock};

use tokio::sync::mpsc;

use crate::lock::LockRequest;
use crate::member::{Member, Strange};
use crate::problem::OpenError;
use crate::view::View;
use crate::watch;

/// So many requests for locks wait for the backend to take them; whoever asks for another waits.
pub const LOCK_REQUESTS_MAX: usize = 1024;

pub(crate) type Opened = Option<Result<(), OpenError>>;
pub(crate) type Judge = Arc<RwLock<Option<Box<dyn Fn(&Member) -> Vec<Strange> + Send + Sync>>>>;

/// What keeps a membership going.
pub trait Backend: fmt::Debug + Send + Sync + 'static {
    /// Runs the membership of one node until its seat leaves. Called on the node's system shard, inside of a `LocalSet`; `system` is
    /// that shard's runtime.
    ///
    /// It joins, and joins again whenever it was lost, for as long as the node lives; it reports every [`REPORT_EVERY`](crate::REPORT_EVERY)
    /// and publishes what it hears. When the seat is leaving it tells the others, and ends.
    fn drive(
        &self,
        driver: Driver,
        system: tokio::runtime::Handle,
    ) -> Pin<Box<dyn Future<Output = ()>>>;
}

/// The end of a seat that a backend has. The node has left once it is dropped.
#[derive(Debug)]
pub struct Driver {
    /// What the node says of itself.
    pub me: watch::Receiver<Arc<Member>>,
    /// The locks that it asks for.
    pub locks: mpsc::Receiver<LockRequest>,
    /// Whether it leaves.
    pub leaving: Leaving,
    /// Where to put what is heard.
    pub board: Board,
}

/// Tells when a node leaves.
#[derive(Debug, Clone)]
pub struct Leaving(watch::Receiver<bool>);

impl Leaving {
    pub(crate) const fn new(leaving: watch::Receiver<bool>) -> Self {
        Self(leaving)
    }

    /// Whether it leaves.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it leaves, or every clone of its seat is gone.
    pub async fn wait(&self) {
        let _ = self.0.clone().wait_for(|leaving| *leaving).await;
    }
}

/// Where a backend puts what it hears.
#[derive(Clone)]
pub struct Board {
    /// The node that looks.
    name: Arc<str>,
    views: Arc<watch::Sender<Arc<View>>>,
    opened: Arc<watch::Sender<Opened>>,
    judge: Judge,
}

impl Board {
    pub(crate) fn new(
        name: Arc<str>,
        views: watch::Sender<Arc<View>>,
        opened: watch::Sender<Opened>,
        judge: Judge,
    ) -> Self {
        Self {
            name,
            views: Arc::new(views),
            opened: Arc::new(opened),
            judge,
        }
    }

    /// These are the members now, all of them; the time is microseconds since 1970. Nothing comes of it if all is as before.
    pub fn publish(&self, members: impl IntoIterator<Item = Arc<Member>>, now_us: i64) {
        let judged = self.judged(members);
        self.views.send_if_modified(|view| {
            let next = view.followed(judged, now_us);
            let differs = next != **view;
            if differs {
                *view = Arc::new(next);
            }
            differs
        });
    }

    /// These members as this node understands them. Of itself it says which types it does not take on: those that a member
    /// runs which is behind. So nothing is given to a newer node while those that are there can't follow it.
    fn judged(&self, members: impl IntoIterator<Item = Arc<Member>>) -> Vec<Arc<Member>> {
        let mut members: Vec<Arc<Member>> = members.into_iter().collect();
        let judge = self.judge.read().unwrap_or_else(|it| it.into_inner());
        let mut left: Vec<Strange> = Vec::new();
        for member in &mut members {
            let strange = judge.as_ref().map_or_else(Vec::new, |judge| judge(member));
            if *member.strange != *strange {
                Arc::make_mut(member).strange = strange.into();
            }
            for strange in member.strange.iter().filter(|it| it.behind) {
                if member.runs(strange.of) && left.iter().all(|it| it.of != strange.of) {
                    left.push(strange.clone());
                }
            }
        }
        if !left.is_empty()
            && let Some(me) = members.iter_mut().find(|member| member.name == self.name)
        {
            Arc::make_mut(me).strange = left.into();
        }
        members
    }

    /// Nothing is heard of the others since this time, in microseconds since 1970: the last view stays, and says so.
    pub fn away(&self, since_us: i64) {
        self.views.send_if_modified(|view| {
            let differs = view.away_since_us.is_none();
            if differs {
                *view = Arc::new(view.away(since_us));
            }
            differs
        });
    }

    /// The node has joined, or never will. The first word counts.
    pub fn opened(&self, result: Result<(), OpenError>) {
        self.opened.send_if_modified(|opened| {
            let first = opened.is_none();
            opened.get_or_insert(result);
            first
        });
    }

    /// The node is not in the cluster and never will be again, though it may have joined: another one has its name.
    pub fn ousted(&self, why: OpenError) {
        self.opened.send_replace(Some(Err(why)));
    }

    /// What was published last.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.views.borrow())
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Board");
        debug
            .field("view", &self.views.borrow().version)
            .finish_non_exhaustive()
    }
}

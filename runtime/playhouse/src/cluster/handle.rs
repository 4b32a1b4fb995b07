//! The cluster as handlers see it.

use std::fmt;
use std::sync::Arc;

use playhouse_cluster::watch;
use playhouse_cluster::{Lock, LockError, Seat, View};

/// The cluster that a node is one of: [`Cx::cluster`](crate::Cx::cluster). Its clones are the same.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) seat: Seat,
}

impl Cluster {
    /// Who is there, as far as this node knows: hints, since a node may have ended a moment ago.
    ///
    /// ```
    /// # use playhouse::Cx;
    /// fn lobbies(cx: &Cx) -> Vec<String> {
    ///     let Some(cluster) = cx.cluster() else {
    ///         return Vec::new();
    ///     };
    ///     let view = cluster.view();
    ///     view.with_role("lobby").iter().map(|member| member.name.to_string()).collect()
    /// }
    /// ```
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.seat.view()
    }

    /// The views as they change. The receiver has seen the present one.
    ///
    /// A new view comes when nodes come, go, begin to drain or change their load, so look at what matters to you. An entity
    /// that waits for changes does so beside its calls:
    ///
    /// ```
    /// # use playhouse::{Cx, Failure};
    /// fn follow_battle_nodes(cx: &mut Cx) -> Result<(), Failure> {
    ///     let Some(cluster) = cx.cluster() else {
    ///         return Ok(());
    ///     };
    ///     let mut changes = cluster.changes();
    ///     cx.spawn(async move {
    ///         let mut known = 0;
    ///         while changes.changed().await.is_ok() {
    ///             let count = changes.borrow_and_update().with_role("battle").len();
    ///             if count != known {
    ///                 println!("{count} nodes take battles now");
    ///                 known = count;
    ///             }
    ///         }
    ///     })
    /// }
    /// ```
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<View>> {
        self.seat.views()
    }

    /// Which life of this node it is: another number after a restart, and after the node lost its lease. What a node tells
    /// a coordinator of itself carries it, so that what an earlier life said can be told apart.
    #[must_use]
    pub fn life(&self) -> u64 {
        self.seat.me().incarnation
    }

    /// Takes a lock that one node of the cluster has at a time, and waits for it as long as somebody else holds it; to stop
    /// waiting, drop the future. It is free when the guard is dropped, or when the node is gone.
    ///
    /// Who waits for a lock stands for an election: whoever gets it leads for as long as it is not
    /// [lost](Lock::lost). What a leader writes elsewhere should carry the lock's [token](Lock::token), which rises with each
    /// holder: a leader that stood still may not know yet that it is none any more.
    ///
    /// ```
    /// # use playhouse::{Cx, Failure};
    /// async fn close_the_season(cx: &Cx) -> Result<(), Box<dyn std::error::Error>> {
    ///     let cluster = cx.cluster().ok_or("a node alone has no cluster")?;
    ///     let lock = cluster.lock("season").await?;
    ///     println!("closing it with token {}", lock.token);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The name is refused, or this node leaves.
    pub async fn lock(&self, name: &str) -> Result<Lock, LockError> {
        self.seat.lock(name).await
    }

    /// Takes a lock if nobody holds it.
    ///
    /// # Errors
    ///
    /// Somebody holds it, the registry can't be reached, the name is refused, or this node leaves.
    pub async fn try_lock(&self, name: &str) -> Result<Lock, LockError> {
        self.seat.try_lock(name).await
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("members", &self.seat.view().members.len())
            .finish_non_exhaustive()
    }
}

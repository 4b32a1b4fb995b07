//! Seats: the place that a node has in a cluster.

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::driver::{Board, Driver, Judge, LOCK_REQUESTS_MAX, Leaving, Opened};
use crate::lock::{LOCK_NAME_MAX, Lock, LockRequest};
use crate::member::{Member, Strange};
use crate::problem::{LockError, OpenError};
use crate::view::View;
use crate::watch;

/// A seat for this node, and the end of it that a backend drives. Until the backend has joined, the node sees only itself.
#[must_use]
pub fn seat(me: Member) -> (Seat, Driver) {
    let name = Arc::clone(&me.name);
    let (me_sender, me_receiver) = watch::channel(Arc::new(me.clone()));
    let (views_sender, views) = watch::channel(Arc::new(View::of([Arc::new(me)])));
    let (opened_sender, opened) = watch::channel(None);
    let (leaving, leaving_receiver) = watch::channel(false);
    let (locks, lock_requests) = mpsc::channel(LOCK_REQUESTS_MAX);
    let judge: Judge = Arc::default();
    let seat = Seat {
        shared: Arc::new(Shared {
            me: me_sender,
            leaving,
            locks,
            judge: Arc::clone(&judge),
        }),
        views,
        opened,
    };
    let driver = Driver {
        me: me_receiver,
        locks: lock_requests,
        leaving: Leaving::new(leaving_receiver),
        board: Board::new(name, views_sender, opened_sender, judge),
    };
    (seat, driver)
}

/// A node's place in the cluster. Its clones are the same seat.
#[derive(Clone)]
pub struct Seat {
    shared: Arc<Shared>,
    views: watch::Receiver<Arc<View>>,
    opened: watch::Receiver<Opened>,
}

struct Shared {
    me: watch::Sender<Arc<Member>>,
    leaving: watch::Sender<bool>,
    locks: mpsc::Sender<LockRequest>,
    judge: Judge,
}

impl Seat {
    /// Who is there now, as far as is known.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.views.borrow())
    }

    /// The views as they change. The receiver has seen the present one.
    #[must_use]
    pub fn views(&self) -> watch::Receiver<Arc<View>> {
        let mut views = self.views.clone();
        views.mark_unchanged();
        views
    }

    /// What this node says of itself.
    #[must_use]
    pub fn me(&self) -> Arc<Member> {
        Arc::clone(&self.shared.me.borrow())
    }

    /// Changes what this node says of itself. Others see a new load with the next report, anything else at once.
    pub fn update(&self, change: impl FnOnce(&mut Member)) {
        self.shared.me.send_if_modified(|me| {
            let mut changed = Member::clone(me);
            change(&mut changed);
            let differs = changed != **me;
            if differs {
                *me = Arc::new(changed);
            }
            differs
        });
    }

    /// Says in which types members and this node don't understand each other: [`Member::strange`] in every view from the next
    /// on. Until it is said, it is none. It is asked of a member with each view, so it had better be quick.
    pub fn judge_by(&self, judge: impl Fn(&Member) -> Vec<Strange> + Send + Sync + 'static) {
        let mut place = self
            .shared
            .judge
            .write()
            .unwrap_or_else(|it| it.into_inner());
        *place = Some(Box::new(judge));
    }

    /// Waits until the node has joined.
    ///
    /// A registry that can't be reached is waited for, with a line in the log every few seconds.
    ///
    /// # Errors
    ///
    /// Why it never will: it was refused.
    pub async fn opened(&self) -> Result<(), OpenError> {
        let mut opened = self.opened.clone();
        match opened.wait_for(Option::is_some).await {
            Ok(opened) => opened.clone().unwrap_or(Err(OpenError::Closed)),
            Err(_) => Err(OpenError::Closed),
        }
    }

    /// Waits until it is clear that the node will not be in the cluster any more, though it had joined: another node has its name.
    pub async fn ousted(&self) -> OpenError {
        let mut opened = self.opened.clone();
        let refused = |opened: &Opened| matches!(opened, Some(Err(_)));
        match opened.wait_for(refused).await.as_deref() {
            Ok(Some(Err(why))) => why.clone(),
            // A backend that has ended without a word was told to.
            _ => std::future::pending().await,
        }
    }

    /// Takes a lock, and waits for it as long as somebody else holds it. To stop waiting, drop the future.
    ///
    /// # Errors
    ///
    /// The name is refused, or this node has left.
    pub async fn lock(&self, name: &str) -> Result<Lock, LockError> {
        self.ask(name, true).await
    }

    /// Takes a lock if nobody holds it.
    ///
    /// # Errors
    ///
    /// Somebody holds it, the registry can't be reached, the name is refused, or this node has left.
    pub async fn try_lock(&self, name: &str) -> Result<Lock, LockError> {
        self.ask(name, false).await
    }

    async fn ask(&self, name: &str, waits: bool) -> Result<Lock, LockError> {
        if name.is_empty() || name.len() > LOCK_NAME_MAX {
            let why = format!("the name of a lock has 1 to {LOCK_NAME_MAX} bytes");
            return Err(LockError::Refused(why));
        }
        let (request, answer) = LockRequest::new(name.into(), waits);
        self.shared
            .locks
            .send(request)
            .await
            .map_err(|_| LockError::Left)?;
        answer.await.unwrap_or(Err(LockError::Left))
    }

    /// Leaves the cluster: the others hear of it at once, and its locks are free. Waits until that is done, or the backend has given it up.
    pub async fn leave(&self) {
        self.shared.leaving.send_replace(true);
        // The driver's end goes when it has left.
        self.shared.locks.closed().await;
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let me = self.shared.me.borrow();
        let mut debug = f.debug_struct("Seat");
        debug
            .field("name", &me.name)
            .field("incarnation", &me.incarnation);
        debug.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Member {
        Member::new("a", 1, "127.0.0.1:1")
    }

    #[tokio::test]
    async fn a_node_sees_itself_before_it_joined() {
        let (seat, driver) = seat(me());
        assert!(seat.view().get("a").is_some());
        let mut views = seat.views();
        driver
            .board
            .publish([Arc::new(me()), Arc::new(Member::new("b", 1, "x"))], 1);
        views.changed().await.unwrap();
        assert_eq!(seat.view().members.len(), 2);
    }

    #[tokio::test]
    async fn the_same_members_make_no_new_view() {
        let (seat, driver) = seat(me());
        let views = seat.views();
        driver.board.publish([Arc::new(me())], 1);
        assert!(!views.has_changed().unwrap());
    }

    /// Types of other roots are strange to this seat, and their members behind it if they are of no release.
    fn judging() -> (Seat, Driver) {
        let (seat, driver) = seat(me());
        seat.judge_by(|member| {
            let strange = member.entities.iter().map(|of| Strange {
                of: *of,
                why: "it differs".into(),
                behind: member.release == 0,
            });
            strange.filter(|_| member.root != 0).collect()
        });
        (seat, driver)
    }

    fn running(name: &str, root: u64, release: u32) -> Arc<Member> {
        let mut member = Member::new(name, 1, "x");
        (member.root, member.release) = (root, release);
        member.entities = vec![(1, 2)];
        Arc::new(member)
    }

    #[tokio::test]
    async fn a_member_that_is_not_understood_is_marked_in_what_it_runs() {
        let (seat, driver) = judging();
        let me = running("a", 0, 0);
        driver
            .board
            .publish([Arc::clone(&me), running("b", 7, 1)], 1);
        let view = seat.view();
        assert!(!view.get("b").unwrap().accepts());
        assert!(view.get("a").unwrap().accepts(), "it is behind itself");
        assert_eq!(view.with_entity(1, 2).len(), 1);
        driver.board.publish([me, running("b", 0, 1)], 1);
        assert!(seat.view().get("b").unwrap().accepts());
    }

    #[tokio::test]
    async fn the_newer_one_leaves_to_those_behind_it_what_they_run() {
        let (seat, driver) = judging();
        let me = running("a", 0, 0);
        driver
            .board
            .publish([Arc::clone(&me), running("b", 7, 0)], 1);
        let view = seat.view();
        assert!(view.get("a").unwrap().strange_in((1, 2)).is_some());
        assert!(view.with_entity(1, 2).is_empty());
        driver.board.publish([me], 1);
        assert_eq!(seat.view().with_entity(1, 2).len(), 1, "they are gone");
    }

    #[tokio::test]
    async fn a_lock_tells_both_ends_of_its_end() {
        let (seat, mut driver) = seat(me());
        let ask = async { seat.lock("x").await.unwrap() };
        let grant = async { driver.locks.recv().await.unwrap().grant(7).unwrap() };
        let (lock, mut held) = tokio::join!(ask, grant);
        assert_eq!(
            (lock.token, lock.is_lost(), held.is_released()),
            (7, false, false)
        );
        drop(lock);
        held.released().await;

        let ask = async { seat.try_lock("x").await.unwrap() };
        let grant = async { driver.locks.recv().await.unwrap().grant(8).unwrap() };
        let (lock, held) = tokio::join!(ask, grant);
        held.lose();
        lock.lost().await;
        assert!(lock.is_lost());
    }

    #[tokio::test]
    async fn names_of_locks_are_bounded() {
        let (seat, _driver) = seat(me());
        for name in ["", &"x".repeat(LOCK_NAME_MAX + 1)] {
            assert!(matches!(seat.lock(name).await, Err(LockError::Refused(_))));
        }
    }

    #[tokio::test]
    async fn a_seat_without_a_driver_has_left() {
        let (seat, driver) = seat(me());
        drop(driver);
        seat.leave().await;
        assert_eq!(seat.opened().await, Err(OpenError::Closed));
        assert!(matches!(seat.lock("x").await, Err(LockError::Left)));
    }

    #[tokio::test]
    async fn a_node_that_had_joined_is_told_that_it_has_lost_its_name() {
        let (seat, driver) = seat(me());
        driver.board.opened(Ok(()));
        assert_eq!(seat.opened().await, Ok(()));
        let taken = OpenError::NameTaken {
            name: "a".to_owned(),
            address: "x".to_owned(),
        };
        driver.board.ousted(taken.clone());
        // The backend may end at once.
        drop(driver);
        assert_eq!(seat.ousted().await, taken);
    }

    #[tokio::test]
    async fn a_lock_that_nobody_waits_for_is_not_granted() {
        let (seat, mut driver) = seat(me());
        let asking = seat.lock("x");
        let request = tokio::select! {
            biased;
            _ = asking => unreachable!("nobody grants it"),
            request = driver.locks.recv() => request.unwrap(),
        };
        assert!(request.is_abandoned());
        assert!(request.grant(1).is_none());
    }
}

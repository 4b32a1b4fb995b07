//! A member's part: it joins, reports, follows the others, and does so anew for as long as its node lives.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use playhouse_cluster::watch;
use playhouse_cluster::{Board, Driver, MEMBER_TTL, Member, OpenError};
use tokio::time::Instant;

use super::asking::{Asking, Trouble};
use super::following::Following;
use super::locking::Wishing;
use super::staying::Stay;
use crate::host::Shard;

/// The pause before a member joins again, which doubles up to the longest. What is left of each is chance.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause before a member joins again.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often at most the log hears that the registry is away.
const COMPLAIN_EVERY: Duration = Duration::from_secs(5);
/// For so long a name that is taken may yet be that of a node which has ended.
const NAME_PATIENCE: Duration = Duration::from_secs(MEMBER_TTL.as_secs() + 2);

/// Keeps the membership of one node, until it leaves. Runs on the node's system shard.
pub(super) async fn drive(asking: Asking, driver: Driver) {
    // The whole of it: the seat ends with any part of it.
    let driver = driver;
    let Some(shard) = Shard::current() else {
        tracing::error!("a membership was begun outside of a shard, and ends");
        return;
    };
    let Driver {
        me,
        mut locks,
        leaving,
        board,
    } = driver;
    let wishing = Wishing::new(asking.clone());
    let hosts = async {
        match &asking {
            Asking::Here(hosting) => {
                let first = u64::try_from(shard.env().utc().0).unwrap_or_default();
                hosting.run(first).await;
            }
            Asking::There(_) => std::future::pending().await,
        }
    };
    let membership = async {
        let mut member = Membership {
            asking: &asking,
            shard: &shard,
            me,
            board: &board,
            wishing: &wishing,
            following: Following::default(),
            heard: Instant::now(),
            heard_us: shard.env().utc().0,
        };
        tokio::select! {
            biased;
            () = leaving.wait() => {}
            () = member.keep() => {}
            () = wishing.take(&mut locks, &shard) => {}
        }
        wishing.leave().await;
    };
    // A registry here is there before the member asks.
    tokio::select! {
        biased;
        () = hosts => {}
        () = membership => {}
    }
}

/// A node as a member.
struct Membership<'a> {
    asking: &'a Asking,
    shard: &'a Rc<Shard>,
    me: watch::Receiver<Arc<Member>>,
    board: &'a Board,
    wishing: &'a Wishing,
    following: Following,
    /// When the last report that was heard was sent.
    heard: Instant,
    /// The same as microseconds since 1970.
    heard_us: i64,
}

impl Membership<'_> {
    /// Joins, and joins again.
    async fn keep(&mut self) {
        let mut pause = PAUSE_MIN;
        let mut taken: Option<Instant> = None;
        let mut complained: Option<Instant> = None;
        loop {
            let sent = (Instant::now(), self.shard.env().utc().0);
            let me = Arc::clone(&self.me.borrow_and_update());
            let token_seen = self.wishing.token_seen.get();
            match self.asking.join(&me, None, token_seen).await {
                Ok(ticket) => {
                    (self.heard, self.heard_us) = sent;
                    (pause, taken, complained) = (PAUSE_MIN, None, None);
                    self.wishing.tickets.send_replace(Some(ticket));
                    let why = self.stay(ticket, me).await;
                    self.wishing.tickets.send_replace(None);
                    self.board.away(self.heard_us);
                    tracing::warn!(
                        ?why,
                        "the cluster's registry lost this node, which joins again"
                    );
                }
                Err(trouble) => {
                    self.board.away(self.heard_us);
                    let now = Instant::now();
                    let due = complained.is_none_or(|last| now - last >= COMPLAIN_EVERY);
                    if due {
                        complained = Some(now);
                        tracing::warn!(?trouble, registry = ?self.asking, "this node can't join its cluster yet and tries again");
                    }
                    match trouble {
                        Trouble::NameTaken(address)
                            if now - *taken.get_or_insert(now) >= NAME_PATIENCE =>
                        {
                            let name = me.name.to_string();
                            self.board.ousted(OpenError::NameTaken { name, address });
                        }
                        Trouble::Refused(why) => self.board.opened(Err(OpenError::Refused(why))),
                        _ => {}
                    }
                }
            }
            tokio::time::sleep(jittered(self.shard, pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Until the registry knows this member no more, or has not been heard for too long.
    async fn stay(&mut self, ticket: u64, said: Arc<Member>) -> Trouble {
        let stay = Stay {
            asking: self.asking,
            shard: self.shard,
            board: self.board,
            ticket,
            heard: Cell::new((self.heard, self.heard_us)),
        };
        let token_seen = &self.wishing.token_seen;
        let why = tokio::select! {
            biased;
            why = stay.report(&mut self.me, said, token_seen) => why,
            why = stay.follow(&mut self.following) => why,
        };
        (self.heard, self.heard_us) = stay.heard.get();
        why
    }
}

/// Between half of a pause and all of it, so that those that lost the same registry don't come back together.
pub(super) fn jittered(shard: &Shard, pause: Duration) -> Duration {
    let most = u64::try_from(pause.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(most / 2 + shard.env().random() % (most / 2 + 1))
}

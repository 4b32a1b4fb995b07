//! One connection to etcd: the lease is renewed on it, the node's entry written, and the others watched.

use std::convert::Infallible;
use std::time::Duration;

use etcd_client::{Client, LeaseKeepAliveStream, LeaseKeeper, WatchResponse, WatchStream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};

use crate::etcd::dialer::{CALL_MAX, unanswered};
use crate::etcd::fault::Fault;
use crate::etcd::keys::Key;
use crate::etcd::listing::{self, News};
use crate::etcd::node::Node;
use crate::etcd::registration;
use crate::etcd::report::is_news;
use crate::etcd::roster::Change;
use crate::member::{Member, REPORT_EVERY};

/// Loads that come within so long make one view.
const LOAD_GATHER: Duration = Duration::from_millis(250);
/// A watch that ends sooner than this is not simply begun again.
const WATCH_MIN: Duration = Duration::from_secs(1);

/// A connection with a lease.
pub(super) struct Session {
    client: Client,
    lease: i64,
    keeper: LeaseKeeper,
    kept: LeaseKeepAliveStream,
    /// When the renewal was sent that has not been answered yet.
    sent: Option<Instant>,
    watch: WatchStream,
    watched_since: Instant,
    /// What the others know of this node.
    told: Member,
    /// When they see what has come since.
    publish_at: Option<Instant>,
}

impl Session {
    /// Connects, goes on with the node's lease or takes one, writes the node's entry, and lists the others.
    pub(super) async fn open(node: &mut Node) -> Result<Self, Fault> {
        let client = node.dialer.dial(&node.settings).await?;
        let (keeper, kept) = hold(&client, node).await?;
        let lease = keeper.id();
        let me = node.me.borrow_and_update().clone();
        if let Some(excess) = me.excess() {
            return Err(Fault::Wrong(excess));
        }
        registration::register(&client, &node.keys, &me, lease, &mut node.rival).await?;
        let watch = look(&client, node).await?;
        node.connected(client.clone());
        Ok(Self {
            client,
            lease,
            keeper,
            kept,
            sent: None,
            watch,
            watched_since: Instant::now(),
            told: Member::clone(&me),
            publish_at: None,
        })
    }

    /// Keeps it up until it fails.
    pub(super) async fn serve(&mut self, node: &mut Node) -> Result<Infallible, Fault> {
        let mut beat = beat(node.settings.ttl);
        node.publish();
        loop {
            let wake = [self.publish_at, node.roster.next_expiry()];
            let wake = wake.into_iter().flatten().min();
            tokio::select! {
                biased;
                _ = beat.tick() => self.renew(node).await?,
                answer = self.kept.message() => {
                    let answer = answer?.ok_or_else(ended)?;
                    if answer.ttl() <= 0 {
                        return Err(Fault::LeaseOver);
                    }
                    if let Some(sent) = self.sent.take() {
                        node.renewed(self.lease, sent);
                    }
                }
                answer = self.watch.message() => {
                    let answer = answer?.ok_or_else(ended)?;
                    self.hear(node, &answer).await?;
                }
                changed = node.me.changed() => {
                    if changed.is_err() {
                        // The node leaves, which is heard elsewhere.
                        std::future::pending::<()>().await;
                    }
                    self.tell(node).await?;
                }
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    node.roster.expire(Instant::now());
                    self.publish_at = None;
                    node.publish();
                }
            }
        }
    }

    /// Renews the lease, and tells how busy the node is if that is news.
    async fn renew(&mut self, node: &mut Node) -> Result<(), Fault> {
        if self.sent.is_some() {
            return Err(unanswered());
        }
        self.sent = Some(Instant::now());
        self.keeper.keep_alive().await?;
        let me = node.me.borrow().clone();
        if is_news(&self.told.load, &me.load) {
            registration::put_load(&self.client, &node.keys, &me, self.lease).await?;
            self.told.load = me.load;
        }
        Ok(())
    }

    /// The node says something else of itself. A load waits for the next renewal.
    async fn tell(&mut self, node: &mut Node) -> Result<(), Fault> {
        let me = node.me.borrow_and_update().clone();
        let mut said = Member::clone(&me);
        said.load = self.told.load;
        if said == self.told {
            return Ok(());
        }
        if let Some(excess) = me.excess() {
            tracing::error!(excess, "what this node says of itself now is not told");
            return Ok(());
        }
        registration::put_member(&self.client, &node.keys, &me, self.lease).await?;
        self.told = Member::clone(&me);
        Ok(())
    }

    async fn hear(&mut self, node: &mut Node, answer: &WatchResponse) -> Result<(), Fault> {
        if answer.canceled() {
            let why = answer.cancel_reason();
            if self.watched_since.elapsed() < WATCH_MIN {
                return Err(Fault::Away(format!("it ends our watch at once: {why}")));
            }
            tracing::debug!(
                why,
                compacted = answer.compact_revision(),
                "etcd ended our watch: the nodes are listed anew"
            );
            self.watched_since = Instant::now();
            self.watch = look(&self.client, node).await?;
            node.publish();
            return Ok(());
        }
        let now = Instant::now();
        for news in listing::news(&node.keys, answer) {
            if self.is_unseating(&news) {
                return Err(Fault::Unseated);
            }
            let change = match news {
                News::Put(key, value, _) => node.roster.put(key, &value),
                News::Delete(key) => node.roster.delete(&key),
            };
            let at = match change {
                Change::None => continue,
                Change::Load => now + LOAD_GATHER,
                Change::Members => now,
            };
            self.publish_at = Some(self.publish_at.map_or(at, |before| before.min(at)));
        }
        Ok(())
    }

    /// Whether our entry is gone, or somebody else's.
    fn is_unseating(&self, news: &News) -> bool {
        let name = &self.told.name;
        match news {
            News::Put(Key::Node(of), _, lease) => of == name && *lease != self.lease,
            News::Delete(Key::Node(of)) => of == name,
            _ => false,
        }
    }
}

/// Goes on with the node's lease, or takes one if that is over.
async fn hold(
    client: &Client,
    node: &mut Node,
) -> Result<(LeaseKeeper, LeaseKeepAliveStream), Fault> {
    let mut leases = client.lease_client();
    if let Some(lease) = node.lease {
        let sent = Instant::now();
        let keeping = timeout(CALL_MAX, leases.keep_alive(lease)).await;
        match keeping.map_err(|_| unanswered())?.map_err(Fault::from) {
            Ok(kept) => {
                node.renewed(lease, sent);
                return Ok(kept);
            }
            Err(Fault::LeaseOver) => node.lease_over(),
            Err(fault) => return Err(fault),
        }
    }
    let seconds = i64::try_from(node.settings.ttl.as_secs()).unwrap_or(i64::MAX);
    let granting = timeout(CALL_MAX, leases.grant(seconds, None)).await;
    let lease = granting.map_err(|_| unanswered())??.id();
    let sent = Instant::now();
    node.lease = Some(lease);
    let keeping = timeout(CALL_MAX, leases.keep_alive(lease)).await;
    let kept = keeping.map_err(|_| unanswered())??;
    node.renewed(lease, sent);
    Ok(kept)
}

/// Lists the others, and watches them from there.
async fn look(client: &Client, node: &mut Node) -> Result<WatchStream, Fault> {
    let (entries, revision) = listing::list(client, &node.keys).await?;
    let watch = listing::watch(client, &node.keys, revision + 1).await?;
    node.roster
        .list(entries, Instant::now() + node.settings.ttl);
    Ok(watch)
}

fn beat(ttl: Duration) -> Interval {
    let every = REPORT_EVERY.min(ttl / 3);
    let mut beat = interval_at(Instant::now() + every, every);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

fn ended() -> Fault {
    Fault::Away("it has closed the connection".to_owned())
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("Session");
        debug.field("lease", &self.lease).finish_non_exhaustive()
    }
}

//! A node's membership from its first attempt to its leave: one session after another.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etcd_client::Client;
use tokio::time::{Instant, sleep, timeout};

use crate::driver::{Board, Driver};
use crate::etcd::Settings;
use crate::etcd::dialer::{CALL_MAX, Dialer};
use crate::etcd::fault::Fault;
use crate::etcd::keys::Keys;
use crate::etcd::link::Link;
use crate::etcd::locks;
use crate::etcd::registration::Rival;
use crate::etcd::roster::Roster;
use crate::etcd::session::Session;
use crate::member::Member;
use crate::problem::OpenError;
use crate::watch;

/// How often the log says that etcd is waited for.
const SAY_EVERY: Duration = Duration::from_secs(5);
/// A session that lasted so long was a good one.
const GOOD_MIN: Duration = Duration::from_secs(5);
/// How often is looked whether the name is free, while its holder may be dead.
const TAKEN_EVERY: Duration = Duration::from_millis(500);
/// The pause while this node is not let in, though it was.
const DENIED_EVERY: Duration = Duration::from_secs(2);

/// What outlives sessions.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) settings: Arc<Settings>,
    pub(super) keys: Keys,
    pub(super) me: watch::Receiver<Arc<Member>>,
    pub(super) dialer: Dialer,
    pub(super) roster: Roster,
    /// It may be over without our knowing.
    pub(super) lease: Option<i64>,
    pub(super) rival: Option<Rival>,
    board: Board,
    links: watch::Sender<Link>,
    /// When etcd was heard last; before that, when the node began. Microseconds since 1970.
    heard_us: i64,
    joined: bool,
    began: Instant,
    said: Option<Instant>,
}

/// Until the node leaves, can't join, or has lost its name to another.
pub(super) async fn run(settings: Arc<Settings>, driver: Driver) {
    let Driver {
        me,
        mut locks,
        leaving,
        board,
    } = driver;
    if let Some(mistake) = settings.mistake() {
        board.opened(Err(OpenError::Refused(mistake)));
        return;
    }
    let links = watch::Sender::new(Link::none());
    let first = me.borrow().clone();
    let keys = settings.keys();
    let mut node = Node {
        dialer: Dialer::new(&first.name, first.incarnation),
        keys: keys.clone(),
        settings,
        me,
        roster: Roster::default(),
        lease: None,
        rival: None,
        board: board.clone(),
        links: links.clone(),
        heard_us: now_us(),
        joined: false,
        began: Instant::now(),
        said: None,
    };
    tokio::select! {
        biased;
        () = leaving.wait() => {}
        why = node.keep() => board.ousted(why),
        () = locks::serve(&mut locks, links.subscribe(), keys, &first.name) => {}
    }
    node.leave().await;
}

impl Node {
    /// One session after another, until it is clear that the node can't join, or that a later one of its name has.
    async fn keep(&mut self) -> OpenError {
        loop {
            let fault = match Session::open(self).await {
                Ok(mut session) => {
                    let since = Instant::now();
                    let fault = match session.serve(self).await {
                        Ok(never) => match never {},
                        Err(fault) => fault,
                    };
                    if since.elapsed() >= GOOD_MIN {
                        self.dialer.succeed();
                    }
                    tracing::debug!(%fault, "a session with etcd has ended");
                    fault
                }
                Err(fault) => {
                    self.board.away(self.heard_us);
                    self.say(&fault);
                    fault
                }
            };
            self.links.send_modify(|link| link.client = None);
            if fault == Fault::LeaseOver {
                self.lease_over();
            }
            if let Some(end) = self.end(&fault) {
                return end;
            }
            sleep(self.pause(&fault)).await;
        }
    }

    /// Why a node never will be in the cluster, if so. One that has joined goes on whatever comes, but for another life of its name.
    fn end(&self, fault: &Fault) -> Option<OpenError> {
        match fault {
            Fault::Taken {
                address,
                lives: true,
            } => Some(OpenError::NameTaken {
                name: self.me.borrow().name.to_string(),
                address: address.clone(),
            }),
            _ if self.joined => None,
            Fault::Denied(why) => Some(OpenError::Denied(why.clone())),
            Fault::Wrong(why) => Some(OpenError::Refused(why.clone())),
            _ if self.began.elapsed() < self.settings.wait_max => None,
            _ => Some(OpenError::Away(format!(
                "{} was waited for for {:?}: {fault}: start it, or check the endpoints",
                self.settings, self.settings.wait_max
            ))),
        }
    }

    fn pause(&mut self, fault: &Fault) -> Duration {
        match fault {
            Fault::Away(_) => self.dialer.fail(&self.settings),
            Fault::Denied(_) | Fault::Wrong(_) => {
                self.dialer.fail(&self.settings).max(DENIED_EVERY)
            }
            Fault::LeaseOver | Fault::Unseated => self.dialer.pause(),
            Fault::Taken { .. } => TAKEN_EVERY,
        }
    }

    /// Says every few seconds what is waited for.
    fn say(&mut self, fault: &Fault) {
        if self.said.is_some_and(|said| said.elapsed() < SAY_EVERY) {
            return;
        }
        self.said = Some(Instant::now());
        let endpoint = self.dialer.endpoint(&self.settings);
        if matches!(fault, Fault::Taken { .. }) {
            tracing::warn!(%fault, "this node is not in the cluster: its name is waited for");
        } else if self.joined {
            tracing::warn!(endpoint, %fault, "etcd is away: who was there last counts as there");
        } else {
            let waited = self.began.elapsed().as_secs();
            tracing::warn!(endpoint, %fault, waited, "etcd is waited for");
        }
    }

    /// There is a session, and the roster is up to date.
    pub(super) fn connected(&mut self, client: Client) {
        self.heard_us = now_us();
        self.links.send_modify(|link| link.client = Some(client));
        if self.said.take().is_some() || !self.joined {
            let endpoint = self.dialer.endpoint(&self.settings);
            tracing::info!(endpoint, "this node is in the cluster");
        }
        self.publish();
        self.joined = true;
        self.board.opened(Ok(()));
    }

    /// The lease was renewed by what was sent then.
    pub(super) fn renewed(&mut self, lease: i64, sent: Instant) {
        self.heard_us = now_us();
        self.links.send_modify(|link| {
            link.lease = Some(lease);
            link.until = sent + self.settings.ttl;
        });
    }

    /// The lease is over: all that stood under it is gone.
    pub(super) fn lease_over(&mut self) {
        self.lease = None;
        self.links.send_modify(|link| link.lease = None);
    }

    /// Shows who is there.
    pub(super) fn publish(&self) {
        self.board.publish(self.roster.members(), now_us());
    }

    /// Ends the lease, so that the others hear of it at once.
    async fn leave(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        let connected = self.links.borrow().client.clone();
        let leaving = async {
            let client = match connected {
                Some(client) => client,
                None => self.dialer.dial(&self.settings).await?,
            };
            client.lease_client().revoke(lease).await?;
            Ok::<_, Fault>(())
        };
        let left = timeout(CALL_MAX, leaving).await;
        if !matches!(left, Ok(Ok(()))) {
            let ttl = self.settings.ttl;
            tracing::warn!(
                "etcd can't be told that this node leaves: it is listed for up to {ttl:?}"
            );
        }
    }
}

/// What the clocks of people say, for what people read.
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}

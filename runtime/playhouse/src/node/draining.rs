//! A node of a cluster that stops: it hands over what it runs before it takes leave, so that nobody's call fails.
//!
//! It says in its seat that it drains, so that nothing new comes to it; its shards hand their entities over; what can't
//! run elsewhere is released by the stop that follows. Until then it serves as ever.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use playhouse_net::link::Link;
use playhouse_wire::message::{GoAwayReason, Role};
use tokio::time::{Duration, Instant};

use super::shard::{STOP_POLL, ShardNode};
use super::shared::Jobs;

/// How long a node that is to stop hands its entities over to others.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// After how long the log hears how far it is, ...
const SAID_AFTER: Duration = Duration::from_secs(2);

/// ... and how often from then on.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// So many clients are told to go at once, ...
pub const FAREWELLS_AT_ONCE: usize = 100;

/// ... and then none for so long: they come to other gates one after another.
pub const FAREWELLS_EVERY: Duration = Duration::from_millis(50);

/// How long a node waits for the cluster to know that it drains.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);

impl ShardNode {
    /// Hands over what this shard runs, if the node is in a cluster; then waits for the others.
    pub(super) async fn drain(self: &Rc<Self>, jobs: &mut Jobs) {
        let shared = Arc::clone(&self.shared);
        let Some(place) = shared.place().filter(|_| shared.progress.runs()) else {
            return;
        };
        let began = self.now();
        let until = began + shared.policy.drain_timeout;
        self.host().begin_draining();
        if self.index == 0 {
            place.seat.update(|me| me.draining = true);
            tracing::info!(node = %shared.about.name, "draining");
        }
        let drained = Arc::clone(&shared.drained);
        let host = Rc::clone(self.host());
        self.host()
            .spawn(async move { host.drain(drained, until).await });
        let known_until = began + KNOWN_WITHIN;
        let mut said = began + SAID_AFTER;
        loop {
            while let Ok(job) = jobs.try_recv() {
                job(self);
            }
            let now = self.now();
            let known = now >= known_until
                || place
                    .seat
                    .view()
                    .get(&shared.about.name)
                    .is_none_or(|me| me.draining);
            if now >= until || known && shared.drained.is_over() {
                break;
            }
            if self.index == 0 && now >= said {
                said = now + SAID_EVERY;
                self.say_how_far("still draining");
            }
            tokio::time::sleep(STOP_POLL).await;
        }
        if self.index == 0 {
            let seconds = self.now().saturating_duration_since(began).as_secs_f64();
            self.say_how_far(&format!("drained in {seconds:.1} s"));
        }
    }

    fn say_how_far(&self, what: &str) {
        let drained = &self.shared.drained;
        tracing::info!(
            moved = drained.moved.load(Ordering::Relaxed),
            left = drained.left.load(Ordering::Relaxed),
            failed_attempts = drained.failed.load(Ordering::Relaxed),
            "{what}"
        );
    }

    /// Tells the other sides of all links that the node goes away: nodes first, then clients, a few after another.
    pub(super) async fn tell_to_go(
        self: &Rc<Self>,
        links: &[Link],
        jobs: &mut Jobs,
        until: Instant,
    ) {
        let is_client = |link: &&Link| link.peer().is_some_and(|peer| peer.role == Role::Client);
        let (clients, others): (Vec<&Link>, Vec<&Link>) = links.iter().partition(is_client);
        for link in others {
            link.go_away(GoAwayReason::Stopping, "the node stops");
        }
        for some in clients.chunks(FAREWELLS_AT_ONCE) {
            for link in some {
                link.go_away(GoAwayReason::Stopping, "the node stops");
            }
            let pause_until = until.min(self.now() + FAREWELLS_EVERY);
            while some.len() == FAREWELLS_AT_ONCE && self.now() < pause_until {
                while let Ok(job) = jobs.try_recv() {
                    job(self);
                }
                tokio::time::sleep(STOP_POLL).await;
            }
        }
    }

    /// Waits until the other sides of all links to this node have read that it goes away, and send nothing new.
    pub(super) async fn until_told(
        self: &Rc<Self>,
        links: &[Link],
        jobs: &mut Jobs,
        until: Instant,
    ) {
        if self.shared.place().is_none() {
            return;
        }
        let tells = || {
            links
                .iter()
                .any(|link| !link.is_drained() && !link.is_closed())
        };
        while tells() && self.now() < until {
            while let Ok(job) = jobs.try_recv() {
                job(self);
            }
            tokio::time::sleep(STOP_POLL).await;
        }
    }

    /// Every shard hears that this one has nothing left to say to clients, behind all that it had.
    pub(super) fn take_leave(self: &Rc<Self>) {
        for shard in 0..self.shared.about.shards {
            let shard = u32::try_from(shard).unwrap_or(u32::MAX);
            self.post(shard, |node| node.farewells.set(node.farewells.get() + 1));
        }
    }

    /// Waits until the other shards have said what they had to say to clients over the links of this one.
    pub(super) async fn until_all_took_leave(self: &Rc<Self>, jobs: &mut Jobs, until: Instant) {
        while self.farewells.get() < self.shared.about.shards && self.now() < until {
            while let Ok(job) = jobs.try_recv() {
                job(self);
            }
            tokio::time::sleep(STOP_POLL).await;
        }
    }
}

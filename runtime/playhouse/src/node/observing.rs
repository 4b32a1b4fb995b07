//! The node as those see it who watch it: its shards' numbers, and whether it is ready.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::StatusCode;
use hyper::body::Bytes;
use playhouse_cluster::{Load, Member, REPORT_EVERY, Seat, View};
use serde_json::{Value, json};
use tokio::sync::{Mutex, oneshot};
use tokio::time::{Instant, timeout_at};

use super::accepting::is_tcp;
use super::shared::Shared;
use super::system::Place;
use crate::log::Logging;
use crate::login::TokenKeys;
use crate::metrics::{FRESH_FOR, Members, PATIENCE, Page, Pages, Reply, Snapshot, Sum};

/// What is known of a node's shards, by those who watch it.
pub(super) struct Watching {
    began: Instant,
    /// Whoever comes while the shards are asked waits for what they say.
    collected: Mutex<Collected>,
}

/// What the shards said last.
#[derive(Default)]
struct Collected {
    at: Option<Instant>,
    shards: Vec<Asked>,
    seen: Arc<Seen>,
}

/// A shard that is asked. It has one question at a time, so that nothing piles up before one that is busy.
#[derive(Default)]
struct Asked {
    answer: Option<oneshot::Receiver<Snapshot>>,
    last: Option<Snapshot>,
}

/// The node at one moment.
#[derive(Default)]
pub(super) struct Seen {
    sum: Sum,
    silent: usize,
    /// Why it is not ready; empty if it is.
    reasons: Vec<String>,
    uptime_seconds: f64,
    metrics: Bytes,
}

impl Watching {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            collected: Mutex::default(),
        }
    }
}

impl Seen {
    /// What there is on the node, without what its processor has to do.
    fn load(&self) -> Load {
        let rest = &self.sum.rest;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let clients: u64 = rest.gates.attached.iter().sum();
        Load {
            entities: count(self.sum.entities.values().sum()),
            links: count(rest.links_accepted + rest.links_dialled),
            sessions: count(rest.sessions),
            clients: u32::try_from(clients).unwrap_or(u32::MAX),
            ..Load::default()
        }
    }
}

impl Shared {
    /// Says again and again what there is on the node, for the others of its cluster to see, for as long as it is polled.
    pub(super) async fn tell_load(self: Arc<Self>, seat: Seat) {
        loop {
            let now = self.look().await.load();
            seat.update(|me| {
                me.load = Load {
                    score: me.load.score,
                    cpu: me.load.cpu,
                    ..now
                }
            });
            tokio::time::sleep(REPORT_EVERY).await;
        }
    }

    /// The node as it is, or was a moment ago.
    pub(super) async fn look(&self) -> Arc<Seen> {
        let mut collected = self.watching.collected.lock().await;
        let now = Instant::now();
        let fresh = collected.at.is_some_and(|at| now < at + FRESH_FOR);
        // That the node stops is to be seen at once.
        if !fresh || self.control.is_stopping() {
            let silent = self.ask(&mut collected.shards, now + PATIENCE).await;
            let shards = collected.shards.iter();
            let sum = Snapshot::sum(shards.filter_map(|shard| shard.last.as_ref()));
            let mut seen = Seen {
                silent: silent.len(),
                reasons: self.reasons(&silent, &sum),
                uptime_seconds: self.watching.began.elapsed().as_secs_f64(),
                metrics: Bytes::new(),
                sum,
            };
            seen.metrics = self.page(&seen).into();
            collected.seen = Arc::new(seen);
            collected.at = Some(Instant::now());
        }
        Arc::clone(&collected.seen)
    }

    /// Has all shards say their numbers. Those that don't in time are named.
    async fn ask(&self, shards: &mut Vec<Asked>, until: Instant) -> Vec<usize> {
        let mailboxes = self.mailboxes();
        shards.resize_with(mailboxes.len(), Asked::default);
        for (shard, mailbox) in shards.iter_mut().zip(mailboxes) {
            if shard.answer.is_none() {
                let (give, take) = oneshot::channel();
                mailbox.post(move |node| {
                    // Whoever asked may be gone.
                    let _ = give.send(node.measures());
                });
                shard.answer = Some(take);
            }
        }
        let mut silent = Vec::new();
        for (index, shard) in shards.iter_mut().enumerate() {
            let Some(answer) = &mut shard.answer else {
                continue;
            };
            match timeout_at(until, answer).await {
                Ok(answer) => {
                    // A shard that has ended says nothing more.
                    if let Ok(snapshot) = answer {
                        shard.last = Some(snapshot);
                    }
                    shard.answer = None;
                }
                Err(_) => silent.push(index),
            }
        }
        silent
    }

    /// Why the node is not ready.
    fn reasons(&self, silent: &[usize], sum: &Sum) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.progress.runs() {
            reasons.push("the node waits for its place in the cluster".to_owned());
        } else if !self.control.is_started() {
            reasons.push("the node is starting".to_owned());
        }
        if self.control.is_stopping() {
            reasons.push("the node is stopping".to_owned());
        }
        for shard in silent {
            let text = if *shard < self.about.shards {
                format!("shard {shard} does not answer: a handler holds its thread")
            } else {
                "the system's own shard does not answer".to_owned()
            };
            reasons.push(text);
        }
        if self.place().and_then(Place::lease_left_us) == Some(0) {
            reasons.push(
                "the node does not hold its lease: it runs nothing that has an owner".to_owned(),
            );
        }
        if sum.rest.store.is_some_and(|store| store.is_away) {
            reasons.push("the store does not answer".to_owned());
        }
        reasons
    }

    /// The page of metrics.
    fn page(&self, seen: &Seen) -> String {
        let about = &self.about;
        let page = Page {
            node: &about.name,
            release: about.schema.release,
            digest: about.schema.digest,
            uptime_seconds: seen.uptime_seconds,
            is_ready: seen.reasons.is_empty(),
            shards: about.shards,
            silent: seen.silent,
            log_dropped: Logging::installed().map_or(0, |log| log.dropped()),
            handed_over: self.drained.moved.load(Ordering::Relaxed),
            handoffs_failed: self.drained.failed.load(Ordering::Relaxed),
            lease_seconds: self.place().and_then(Place::lease_left_us).map(seconds),
            members: self.place().map(|place| members(&place.seat.view())),
            tokens: self
                .policy
                .tokens
                .as_ref()
                .map_or_else(Vec::new, TokenKeys::counts),
            noise: self.policy.keys.counts.read(),
            kcp: self.policy.kcp.clone(),
            #[cfg(feature = "login-http")]
            logins: self.policy.logins.all(),
            #[cfg(not(feature = "login-http"))]
            logins: Vec::new(),
            doors: self.doors.counts(),
            sum: &seen.sum,
        };
        page.text()
    }

    /// How far the node is in its life, in a word.
    fn state(&self) -> &'static str {
        if self.place().is_some_and(|place| place.seat.me().draining) {
            "draining"
        } else if self.control.is_stopping() {
            "stopping"
        } else if self.control.is_started() {
            "running"
        } else {
            "starting"
        }
    }

    /// What operators hear of the node.
    pub(super) async fn status(&self) -> Value {
        let seen = self.look().await;
        let places = self.places();
        let incarnation = places.incarnation;
        let load = seen.load();
        json!({
            "node": self.about.name,
            "state": self.state(),
            "ready": seen.reasons.is_empty(),
            "reasons": seen.reasons,
            "uptime_seconds": seen.uptime_seconds,
            "life": format!("{:016x}", incarnation.boot.wrapping_add(incarnation.lease)),
            "release": self.about.schema.release,
            "roles": self.about.roles,
            "address": places.addresses.iter().find(|it| is_tcp(it)),
            "entities": load.entities,
            "sessions": load.sessions,
            "clients": load.clients,
            "links": load.links,
            "calls_open": seen.sum.rest.calls_open,
            "unsaved": seen.sum.rest.store.map_or(0, |store| store.unsaved),
        })
    }
}

/// Microseconds as Prometheus' unit.
#[expect(
    clippy::cast_precision_loss,
    reason = "a lease is seconds, which a double holds exactly enough"
)]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// How many members a view has: those that new things may go to, those that leave, and those that this node does not
/// understand.
fn members(view: &View) -> Members {
    let count = |what: fn(&Member) -> bool| {
        let members = view.members.values();
        members.filter(|member| what(member)).count()
    };
    Members {
        available: count(Member::is_candidate),
        draining: count(|member| member.accepts() && member.draining),
        incompatible: count(|member| !member.accepts()),
        is_away: view.away_since_us.is_some(),
    }
}

/// Answers those who watch a node over HTTP.
pub(super) struct Observed(pub(super) Arc<Shared>);

impl Observed {
    async fn reply(&self, path: &str) -> Option<Reply> {
        match path {
            "/metrics" => Some(Reply {
                status: StatusCode::OK,
                content_type: "text/plain; version=0.0.4; charset=utf-8",
                text: self.0.look().await.metrics.clone(),
            }),
            "/health" => Some(Reply::plain(StatusCode::OK, "ok\n")),
            "/ready" => {
                let seen = self.0.look().await;
                let ready = seen.reasons.is_empty();
                let text = json!({
                    "ready": ready,
                    "node": self.0.about.name,
                    "reasons": seen.reasons,
                });
                Some(Reply {
                    status: if ready {
                        StatusCode::OK
                    } else {
                        StatusCode::SERVICE_UNAVAILABLE
                    },
                    content_type: "application/json",
                    text: format!("{text}\n").into(),
                })
            }
            _ => None,
        }
    }
}

impl Pages for Observed {
    fn page<'a>(
        &'a self,
        path: &'a str,
    ) -> Pin<Box<dyn Future<Output = Option<Reply>> + Send + 'a>> {
        Box::pin(self.reply(path))
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observed({})", self.0.about.name)
    }
}

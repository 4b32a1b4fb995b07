//! The node as those see it who watch it: its shards' numbers, and whether it is ready.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::json;
use tokio::sync::{Mutex, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::shared::Shared;
use crate::log::Logging;
use crate::metrics::{FRESH_FOR, PATIENCE, Page, Pages, Reply, Snapshot};

/// Answers those who watch a node.
pub(super) struct Observed {
    shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
    began: Instant,
    /// Whoever comes while the shards are asked waits for what they say.
    collected: Mutex<Collected>,
}

/// What the shards said last.
#[derive(Default)]
struct Collected {
    at: Option<Instant>,
    shards: Vec<Asked>,
    metrics: Bytes,
    reasons: Vec<String>,
}

/// A shard that is asked. It has one question at a time, so that nothing piles up before one that is busy.
#[derive(Default)]
struct Asked {
    answer: Option<oneshot::Receiver<Snapshot>>,
    last: Option<Snapshot>,
}

impl Observed {
    pub(super) fn new(shared: &Arc<Shared>, stopping: watch::Receiver<bool>) -> Self {
        Self {
            shared: Arc::clone(shared),
            stopping,
            began: Instant::now(),
            collected: Mutex::default(),
        }
    }

    /// The page of metrics, and why the node is not ready, if it isn't.
    async fn look(&self) -> (Bytes, Vec<String>) {
        let mut collected = self.collected.lock().await;
        let now = Instant::now();
        let fresh = collected.at.is_some_and(|at| now < at + FRESH_FOR);
        // That the node stops is to be seen at once.
        if !fresh || *self.stopping.borrow() {
            let silent = self.ask(&mut collected.shards, now + PATIENCE).await;
            let shards = collected.shards.iter();
            let sum = Snapshot::sum(shards.filter_map(|shard| shard.last.as_ref()));
            let reasons = self.reasons(&silent, sum.rest.store.is_some_and(|it| it.is_away));
            let about = &self.shared.about;
            let page = Page {
                node: &about.name,
                release: about.schema.release,
                digest: about.schema.digest,
                uptime_seconds: self.began.elapsed().as_secs_f64(),
                is_ready: reasons.is_empty(),
                shards: about.shards,
                silent: silent.len(),
                log_dropped: Logging::installed().map_or(0, |log| log.dropped()),
                sum: &sum,
            };
            collected.metrics = page.text().into();
            collected.reasons = reasons;
            collected.at = Some(Instant::now());
        }
        (collected.metrics.clone(), collected.reasons.clone())
    }

    /// Has all shards say their numbers. Those that don't in time are named.
    async fn ask(&self, shards: &mut Vec<Asked>, until: Instant) -> Vec<usize> {
        let mailboxes = self.shared.mailboxes();
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
    fn reasons(&self, silent: &[usize], store_is_away: bool) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.shared.is_started() {
            reasons.push("the node is starting".to_owned());
        }
        if *self.stopping.borrow() {
            reasons.push("the node is stopping".to_owned());
        }
        for shard in silent {
            let text = format!("shard {shard} does not answer: a handler holds its thread");
            reasons.push(text);
        }
        if store_is_away {
            reasons.push("the store does not answer".to_owned());
        }
        reasons
    }

    async fn reply(&self, path: &str) -> Option<Reply> {
        match path {
            "/metrics" => {
                let (text, _) = self.look().await;
                Some(Reply {
                    status: StatusCode::OK,
                    content_type: "text/plain; version=0.0.4; charset=utf-8",
                    text,
                })
            }
            "/health" => Some(Reply::plain(StatusCode::OK, "ok\n")),
            "/ready" => {
                let (_, reasons) = self.look().await;
                let ready = reasons.is_empty();
                let text = json!({
                    "ready": ready,
                    "node": self.shared.about.name,
                    "reasons": reasons,
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
        write!(f, "Observed({})", self.shared.about.name)
    }
}

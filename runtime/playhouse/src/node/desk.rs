//! The node behind its login over HTTP: questions come from the system runtime and are answered on the shards.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use playhouse_wire::Duration;
use playhouse_wire::message::Method;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::guests::Place;
use super::shared::Shared;
use crate::call::{Failure, FailureKind};
use crate::login::http::{self, ANSWER_TIME, Answering, BANNED_RETRY, Counts, RATE};
use crate::login::{Answer, Asked, Claims, Http, Refused};

/// What stands for a question where calls of guests are counted; no call of a schema has it.
const QUESTION: Method = Method {
    package: 0,
    number: 0,
    slot: 0,
    tag: 1,
};

/// Answers for a node.
struct Counter {
    shared: Arc<Shared>,
    /// The shard that answers next.
    next: AtomicUsize,
}

/// Serves the login until it is dropped.
pub(super) async fn serve(listener: std::net::TcpListener, http: Http, shared: Arc<Shared>) {
    let next = AtomicUsize::new(0);
    let counter = Arc::new(Counter { shared, next });
    match TcpListener::from_std(listener) {
        Ok(listener) => http::serve(listener, http, counter).await,
        Err(error) => tracing::error!(%error, "the listener for logins can't be used"),
    }
}

impl Counter {
    /// Whoever may not connect may not log in either: for how long.
    fn banned_for(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let left = self.shared.doors.bans.left(address, now)?;
        if (self.shared.policy.trust)(&SocketAddr::new(address, 0).to_string()) {
            return None;
        }
        let micros = i64::try_from(left.as_micros()).ok();
        Some(micros.map_or(BANNED_RETRY, Duration::from_micros))
    }
}

impl Answering for Counter {
    fn admit(&self, address: IpAddr) -> Result<(), Duration> {
        let place = Place::of_ip(address);
        let now = Instant::now();
        if let Some(left) = self.banned_for(address, now) {
            return Err(left);
        }
        if self.shared.guests.take(place, QUESTION.pack(), RATE, now) {
            return Ok(());
        }
        let micros = i64::try_from(RATE.period_us).unwrap_or(i64::MAX);
        Err(Duration::from_micros(micros))
    }

    fn holder(&self, pass: &[u8]) -> Option<Claims> {
        let keys = self.shared.policy.tokens.as_ref()?;
        keys.holder(pass).ok()
    }

    fn answer(
        &self,
        asked: Asked,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Refused>> + Send + '_>> {
        let (give, take) = oneshot::channel();
        let shards = self.shared.about.shards;
        let index = self.next.fetch_add(1, Ordering::Relaxed) % shards;
        let posted = self.shared.mailbox(index).is_some_and(|mailbox| {
            let shared = Arc::clone(&self.shared);
            mailbox.post(move |node| {
                let host = Rc::clone(node.host());
                node.host().spawn(async move {
                    let answered =
                        host.attend(ANSWER_TIME, async move |cx| match &shared.policy.desk {
                            Some(desk) => desk.answer(cx, asked).await,
                            None => Err(Refused::Closed),
                        });
                    let answer = answered.await.map_err(Refused::Failed);
                    // Whoever asked may be gone.
                    let _ = give.send(answer.and_then(|answer| answer));
                });
            })
        });
        Box::pin(async move {
            if !posted || !self.shared.progress.runs() {
                return Err(Refused::Closed);
            }
            match timeout(ANSWER_TIME, take).await {
                Ok(Ok(answer)) => answer,
                _ => Err(Failure::unknown(FailureKind::Timeout).into()),
            }
        })
    }

    fn counts(&self) -> &Counts {
        &self.shared.policy.logins
    }

    fn server_key(&self) -> Option<String> {
        let key = self.shared.policy.keys.server.as_ref()?;
        Some(key.public_key().to_string())
    }
}

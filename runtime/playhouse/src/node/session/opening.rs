//! How a session begins: a token, an entity, and what may come between.

use std::cell::RefCell;
use std::rc::Rc;

use playhouse_net::link::Link;
use playhouse_wire::message::{ElementBuffer, Method, Open, Opened, Refused, SessionReason, Terms};
use playhouse_wire::{Bytes, EntityRef, Uuid};
use tokio::time::{Duration, timeout_at};

use super::{Client, Phase, Session};
use crate::call::{Failure, FailureKind};
use crate::host::SessionId;
use crate::node::shard::ShardNode;
use crate::rate::Rate;

/// How long the authenticator and the entity's own beginning may take together.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a client may show a token: each has the authenticator run.
pub const OPEN_RATE: Rate = Rate {
    count: 1,
    period_us: 1_000_000,
    burst: 10,
};

/// What stands for the opening of a session where calls are counted; no call of a schema has it.
const OPENING: Method = Method {
    package: 0,
    number: 0,
    slot: 0,
    tag: 0,
};

/// Why a session ends that another one takes over.
const ELSEWHERE: &str = "the account logged in elsewhere";

/// An `Open` that has left the read buffer.
struct Opening {
    token: Bytes,
    attempt: u64,
    number: u64,
}

impl ShardNode {
    /// A client shows its token.
    pub(in crate::node) fn open(
        self: &Rc<Self>,
        client: &Rc<Client>,
        link: &Link,
        open: &Open<'_>,
    ) {
        let refuse = |reason, text: &str| refuse(link, open.session, open.attempt, reason, text);
        if !matches!(*client.phase.borrow(), Phase::Guest) {
            let text = "the link has a session already: one at a time";
            return refuse(SessionReason::Protocol, text);
        }
        if open.session.is_some() {
            let text = "sessions end with their links: log in anew";
            return refuse(SessionReason::Lost, text);
        }
        if self.shared.policy.authenticator.is_none() {
            let text = "the node takes no sessions: it has no `.authenticate(..)`";
            return refuse(SessionReason::Unavailable, text);
        }
        if let Err(failure) = self.count(client, true, OPENING, OPEN_RATE) {
            return refuse_for(link, open.attempt, &failure);
        }
        let number = client.openings.get() + 1;
        client.openings.set(number);
        *client.phase.borrow_mut() = Phase::Opening(number, open.attempt);
        let opening = Opening {
            token: Bytes(open.token.to_vec()),
            attempt: open.attempt,
            number,
        };
        let (node, client, link) = (Rc::clone(self), Rc::clone(client), link.clone());
        self.host().spawn(async move {
            let attempt = opening.attempt;
            if let Err(failure) = node.attach(&client, &link, opening).await {
                client.is_over(number);
                refuse_for(&link, attempt, &failure);
            }
        });
    }

    async fn attach(
        self: &Rc<Self>,
        client: &Rc<Client>,
        link: &Link,
        opening: Opening,
    ) -> Result<(), Failure> {
        let Opening {
            token,
            attempt,
            number,
        } = opening;
        let until = self.now() + OPEN_TIMEOUT;
        let shared = Rc::clone(self);
        let entity = self
            .host()
            .attend(OPEN_TIMEOUT, async move |cx| {
                let Some(authenticator) = &shared.shared.policy.authenticator else {
                    return Err(Failure::not_executed(FailureKind::Denied));
                };
                authenticator.authenticate(cx, token).await
            })
            .await??;
        if client.is_given_up(number) || link.is_closed() {
            client.is_over(number);
            return Ok(());
        }
        let mut entities = ElementBuffer::new();
        if !entities.push(&entity) {
            return Err(Failure::not_executed(FailureKind::Internal));
        }
        let id = self.sessions.next();
        let session = Rc::new(Session {
            id,
            entity: entity.clone(),
            name: Uuid(random_16(|| self.random())),
            attempt,
            opening: number,
            link: link.clone(),
            client: Rc::clone(client),
            held: RefCell::new(Some(Vec::new())),
        });
        // Known before it is bound: the entity may speak as soon as it hears of it.
        self.sessions.add(&session);
        let (host, whom) = (Rc::clone(self.host()), entity.clone());
        let mut binding = Box::pin(async move { host.bind(&whom, id).await });
        let replaced = match timeout_at(until, &mut binding).await {
            Ok(Ok(replaced)) => replaced,
            Ok(Err(failure)) => {
                self.sessions.remove(id);
                return Err(failure);
            }
            Err(_) => {
                self.sessions.remove(id);
                self.host()
                    .spawn(Rc::clone(self).unbind(binding, entity, id));
                return Err(Failure::unknown(FailureKind::Timeout)
                    .because("what the session is for is busy: try again later"));
            }
        };
        if let Some(replaced) = replaced {
            self.end_anywhere(replaced, SessionReason::Replaced, ELSEWHERE);
        }
        if self.sessions.get(id).is_none() {
            // A third login was faster: its client has the entity, and this one was told of its end.
            client.is_over(number);
            return Ok(());
        }
        if link.is_closed() || client.is_given_up(number) {
            // Whoever showed the token is gone by now.
            self.sessions.remove(id);
            self.host().lost(&entity, id);
            client.is_over(number);
            return Ok(());
        }
        *client.phase.borrow_mut() = Phase::Bound(Rc::clone(&session));
        let opened = Opened {
            session: session.name,
            attempt,
            rx: 0,
            terms: Terms::DEFAULT,
            entities: entities.elements(),
        };
        // If it doesn't go out the link is closing, which ends the session.
        let _ = link.send(|w| opened.put(w));
        session.release();
        Ok(())
    }

    /// Waits for a binding that took too long, and takes it back.
    async fn unbind(
        self: Rc<Self>,
        binding: impl Future<Output = Result<Option<SessionId>, Failure>>,
        entity: EntityRef,
        id: SessionId,
    ) {
        if let Ok(replaced) = binding.await {
            if let Some(replaced) = replaced {
                self.end_anywhere(replaced, SessionReason::Replaced, ELSEWHERE);
            }
            self.host().lost(&entity, id);
        }
    }
}

/// Tells a client why it gets no session.
fn refuse_for(link: &Link, attempt: u64, failure: &Failure) {
    let reason = match failure.kind() {
        FailureKind::Timeout
        | FailureKind::Unreachable
        | FailureKind::Overloaded
        | FailureKind::RateLimited
        | FailureKind::Cancelled => SessionReason::Unavailable,
        FailureKind::Incompatible => SessionReason::Incompatible,
        _ => SessionReason::Denied,
    };
    let text = match failure.text() {
        "" => failure.kind().as_str(),
        text => text,
    };
    refuse(link, None, attempt, reason, text);
}

fn refuse(link: &Link, session: Option<Uuid>, attempt: u64, reason: SessionReason, text: &str) {
    let refused = Refused {
        session,
        attempt,
        reason,
        ran: None,
        text,
    };
    let _ = link.send(|w| refused.put(w));
}

fn random_16(random: impl Fn() -> u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&random().to_be_bytes());
    bytes[8..].copy_from_slice(&random().to_be_bytes());
    bytes
}

//! How a client's `Open` comes to its session's home: who it is, where its entity is, and the way there.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::message::{
    Admission as Admitted, Message, Method, Open, Refused, SessionReason, put_attached, put_detach,
};
use playhouse_wire::session::Found;
use playhouse_wire::{Bytes, Uuid, Writer};
use tokio::time::{Duration, timeout_at};

use super::super::admission::{Admission, Shown, by_token};
use super::super::home::{Arrival, Via};
use super::super::shard::ShardNode;
use super::{Client, HERE};
use crate::call::{Failure, FailureKind};
use crate::host::Whereabouts;
use crate::metrics::GateTurn;
use crate::rate::Rate;

/// How long it may take to find out who a client is and where its entity is, and as long again until the entity has begun.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a client may open a session: each time the authenticator runs.
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

/// An `Open` that has left the read buffer.
struct Opening {
    session: Option<Uuid>,
    attempt: u64,
    token: Bytes,
    /// All of it.
    bytes: Vec<u8>,
}

impl Opening {
    fn of(open: &Open<'_>) -> Self {
        let mut w = Writer::new();
        open.put(&mut w);
        Self {
            session: open.session,
            attempt: open.attempt,
            token: Bytes(open.token.to_vec()),
            bytes: w.into_bytes(),
        }
    }
}

impl ShardNode {
    /// A client opens its session, a new one or one that it had before.
    pub(super) fn open(self: &Rc<Self>, client: &Rc<Client>, open: &Open<'_>) {
        let refuse =
            |reason, text: &str| self.refuse(client, open.session, open.attempt, reason, text);
        if client.opens.get() {
            // Whoever opens and ends in turn would have the authenticator run as often as it likes.
            let text = "an opening of this link is still looked at: one at a time";
            return refuse(SessionReason::Unavailable, text);
        }
        let policy = &self.shared.policy;
        if policy.authenticator.is_none() && policy.tokens.is_none() {
            let text =
                "the node takes no sessions: it has no `.authenticate(..)` and no `.tokens(..)`";
            return refuse(SessionReason::Unavailable, text);
        }
        if let Err(failure) = self.count(client, true, OPENING, OPEN_RATE) {
            return refuse(reason_of(&failure), text_of(&failure));
        }
        client.opens.set(true);
        let (node, client, opening) = (Rc::clone(self), Rc::clone(client), Opening::of(open));
        self.host().spawn(async move {
            let found = node.find_home(&opening).await;
            client.opens.set(false);
            match found {
                Ok((admission, whereabouts)) => {
                    node.send_open(
                        &client,
                        &opening.bytes,
                        opening.attempt,
                        admission,
                        &whereabouts,
                    );
                }
                Err(failure) => {
                    node.token_refused(&client.link, &failure);
                    let (reason, text) = (reason_of(&failure), text_of(&failure));
                    node.refuse(&client, opening.session, opening.attempt, reason, text);
                }
            }
        });
    }

    async fn find_home(
        self: &Rc<Self>,
        opening: &Opening,
    ) -> Result<(Admission, Whereabouts), Failure> {
        let until = self.now() + OPEN_TIMEOUT;
        let shared = Arc::clone(&self.shared);
        let shown = Shown {
            token: opening.token.clone(),
            resumes: opening.session.is_some(),
        };
        let admission = self
            .host()
            .attend(OPEN_TIMEOUT, async move |cx| {
                let policy = &shared.policy;
                match (&policy.authenticator, &policy.tokens) {
                    (Some(authenticator), _) => authenticator.authenticate(cx, shown).await,
                    (None, Some(keys)) => by_token(cx, keys, &shown),
                    (None, None) => Err(Failure::not_executed(FailureKind::Denied)),
                }
            })
            .await??;
        let found = timeout_at(until, self.host().whereabouts(&admission.entity)).await;
        let late = |_| {
            Failure::not_executed(FailureKind::Timeout)
                .because("nobody said in time who runs what the session is for: try again later")
        };
        Ok((admission, found.map_err(late)??))
    }

    /// Sends an `Open` to where its session's home is.
    fn send_open(
        self: &Rc<Self>,
        client: &Rc<Client>,
        open: &[u8],
        attempt: u64,
        admission: Admission,
        whereabouts: &Whereabouts,
    ) {
        let (home, shard) = match whereabouts {
            Whereabouts::Here(shard) => (HERE, *shard),
            Whereabouts::At(address) => match self.outbound().hop(address) {
                Ok(serial) => (serial, 0),
                Err(failure) => {
                    let (reason, text) = (reason_of(&failure), text_of(&failure));
                    return self.refuse(client, None, attempt, reason, text);
                }
            },
        };
        let found = client.state.borrow_mut().found(attempt, home);
        self.tell_lost_of(client, found);
        if !found.is_wanted || client.link.is_closed() {
            return;
        }
        let binding = client.link.binding();
        let before = client.admitted.replace(Some((admission.clone(), shard)));
        if let Some((_, before)) = before.filter(|(_, before)| *before != shard) {
            let via = self.via(client, attempt);
            self.post(before, move |node| node.home_link_moved(via));
        }
        if home == HERE {
            let arrival = Arrival {
                admission,
                binding: binding.as_deref().map(Into::into),
                open: open.into(),
            };
            let via = self.via(client, attempt);
            return self.post(shard, move |node| node.home_open(via, &arrival));
        }
        let admitted = Admitted {
            binding: binding.as_deref(),
            entity: admission.entity,
            login_no: admission.login_no,
        };
        let carried = self.outbound().carry_by(home, |w| {
            put_attached(w, client.number, attempt, Some(&admitted), |w| w.raw(open));
        });
        self.carried(client, home, carried);
    }

    /// A home says that a session lives elsewhere by now: the `Open` goes there, as it came.
    pub(in crate::node) fn redirected(
        self: &Rc<Self>,
        home: u64,
        link: u64,
        attempt: u64,
        open: &[u8],
    ) {
        let Some(client) = self.clients.get(link) else {
            return;
        };
        if !client.state.borrow_mut().handle_redirect(home, attempt) {
            return;
        }
        self.gates.gate(GateTurn::Redirected);
        let admitted = client.admitted.borrow().clone();
        let (Some((admission, _)), Ok(Message::Open(_))) = (admitted, Message::decode(open)) else {
            return self.turn_back(&client, attempt);
        };
        let (node, open) = (Rc::clone(self), open.to_vec());
        self.host().spawn(async move {
            let until = node.now() + OPEN_TIMEOUT;
            let found = timeout_at(until, node.host().whereabouts(&admission.entity)).await;
            match found {
                Ok(Ok(whereabouts)) => {
                    node.send_open(&client, &open, attempt, admission, &whereabouts);
                }
                Ok(Err(_)) | Err(_) => node.turn_back(&client, attempt),
            }
        });
    }

    /// There is no way to the home just now: the client tries again later.
    fn turn_back(self: &Rc<Self>, client: &Client, attempt: u64) {
        let found = client.state.borrow_mut().not_found(attempt);
        self.tell_lost_of(client, found);
        if found.is_wanted {
            self.gates.gate(GateTurn::Detached);
            let _ = client.link.send(|w| put_detach(w, attempt));
        }
    }

    /// The home that a link's session was at before learns that this link does not serve it any more.
    fn tell_lost_of(self: &Rc<Self>, client: &Client, found: Found) {
        if let Some((home, attempt)) = found.lost {
            self.tell_lost(client, home, attempt);
        }
    }

    fn refuse(
        self: &Rc<Self>,
        client: &Client,
        session: Option<Uuid>,
        attempt: u64,
        reason: SessionReason,
        text: &str,
    ) {
        let found = client.state.borrow_mut().not_found(attempt);
        self.tell_lost_of(client, found);
        if !found.is_wanted {
            return;
        }
        self.strangers.open_refused(reason);
        let refused = Refused {
            session,
            attempt,
            reason,
            ran: None,
            text,
        };
        let _ = client.link.send(|w| refused.put(w));
    }

    /// The way to a client of this shard, for a home of this node.
    pub(super) fn via(&self, client: &Client, attempt: u64) -> Via {
        Via {
            gate: self.index as u64,
            link: client.number,
            attempt,
        }
    }
}

/// What a client hears that gets no session for this.
pub(in crate::node) fn reason_of(failure: &Failure) -> SessionReason {
    match failure.kind() {
        FailureKind::Timeout
        | FailureKind::Unreachable
        | FailureKind::Overloaded
        | FailureKind::RateLimited
        | FailureKind::Cancelled => SessionReason::Unavailable,
        FailureKind::Incompatible => SessionReason::Incompatible,
        _ => SessionReason::Denied,
    }
}

/// The same in words.
pub(in crate::node) fn text_of(failure: &Failure) -> &str {
    match failure.text() {
        "" => failure.kind().as_str(),
        text => text,
    }
}

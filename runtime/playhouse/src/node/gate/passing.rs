//! What passes the gate: a client's messages up to its session's home, judged by their headers, and the home's down.

use std::rc::Rc;

use playhouse_wire::message::{
    Aside, End, FanLink, GoAwayReason, Header, Lost, Message, Method, Msg, Notify, Request,
    SessionReason, kind, put_attached, put_detach, put_msg, put_notify, put_request,
    put_response_failure,
};
use playhouse_wire::session::{Down, GateUp};
use playhouse_wire::{Limits, Reader, Uuid, Writer};

use super::super::egress::Carried;
use super::super::home::Via;
use super::super::shard::ShardNode;
use super::holding::Way;
use super::{Client, HERE};
use crate::call::Failure;
use crate::descriptor::CallKind;
use crate::metrics::GateTurn;

/// Stands for a call that the gate has refused: its message keeps its number in the session, and its arguments are the
/// answer. No call of a schema has it, so that no client gets one past the gate.
pub(in crate::node) const REFUSED: Method = Method {
    package: 0,
    number: 0,
    slot: 0,
    tag: 1,
};

/// A client's message of its session, apart from `Open`, that has left the read buffer.
enum Passed {
    Msg {
        seq: u64,
        ack: Option<u64>,
        body: Box<[u8]>,
    },
    Aside {
        number: u64,
        body: Box<[u8]>,
    },
    Ack(u64),
    End {
        session: Uuid,
    },
}

impl ShardNode {
    /// A client's message that is neither a guest's call nor an answer to one.
    pub(in crate::node) fn from_client(
        self: &Rc<Self>,
        client: &Rc<Client>,
        message: &Message<'_>,
    ) {
        if !matches!(
            message,
            Message::Open(_)
                | Message::Msg(_)
                | Message::Aside(_)
                | Message::Ack(_)
                | Message::End(_)
        ) {
            self.strangers.unwanted.add(1);
            tracing::debug!(?message, "a client's message that nobody here takes");
            return;
        }
        let up = client.state.borrow_mut().handle_up(message);
        match (up, message) {
            (GateUp::Locate { .. }, Message::Open(open)) => self.open(client, open),
            (GateUp::Forward { home, attempt }, _) => self.pass_up(client, home, attempt, message),
            (GateUp::Drop, Message::Aside(_)) => self.strangers.unwanted.add(1),
            (GateUp::Broken(why), _) => client.link.close(GoAwayReason::Protocol, why),
            (GateUp::Locate { .. } | GateUp::Drop, _) => {}
        }
    }

    fn pass_up(
        self: &Rc<Self>,
        client: &Rc<Client>,
        home: u64,
        attempt: u64,
        message: &Message<'_>,
    ) {
        let msg = match message {
            Message::Msg(msg) => msg,
            Message::Aside(aside) => {
                if self.lets_aside_pass(client, aside) {
                    self.send_up(client, home, attempt, message);
                }
                return;
            }
            _ => return self.send_up(client, home, attempt, message),
        };
        self.gates.up(client.carrier, msg.body.len());
        let refused = match self.judge_body(client, msg.body) {
            Ok(None) => return self.send_up(client, home, attempt, message),
            Ok(Some(refused)) => refused,
            Err(why) => return client.link.close(GoAwayReason::Protocol, why),
        };
        let msg = Msg {
            body: &refused,
            ..*msg
        };
        self.send_up(client, home, attempt, &Message::Msg(msg));
    }

    /// Judges what stands inside of a session's message. What goes on instead of it, if it is refused; an error if it
    /// can't stand there.
    fn judge_body(&self, client: &Client, body: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
        let message = Message::decode(body).map_err(|_| "a session's message can't be read")?;
        let mut w = Writer::new();
        let refused = |failure: &Failure| self.host().count_refused(failure.kind());
        match message {
            Message::Request(Request {
                id, method, header, ..
            }) => {
                let Err(failure) = self.judge_call(client, method, &header, CallKind::Rpc) else {
                    return Ok(None);
                };
                refused(&failure);
                put_request(&mut w, id, REFUSED, &Header::EMPTY, |w| {
                    put_response_failure(w, id, &(&failure).into());
                });
            }
            Message::Notify(Notify { method, header, .. }) => {
                let Err(failure) = self.judge_call(client, method, &header, CallKind::Oneway)
                else {
                    return Ok(None);
                };
                refused(&failure);
                tracing::debug!(?method, %failure, "a client's oneway is refused");
                put_notify(&mut w, REFUSED, &Header::EMPTY, Writer::nil);
            }
            message if message.in_session() => return Ok(None),
            _ => return Err("a message that no session has"),
        }
        Ok(Some(w.into_bytes()))
    }

    /// Judges a call that may as well be lost: what is refused goes no further.
    fn lets_aside_pass(&self, client: &Client, aside: &Aside<'_>) -> bool {
        let Ok(Message::Notify(Notify { method, header, .. })) = Message::decode(aside.body) else {
            self.strangers.unwanted.add(1);
            return false;
        };
        let judged = self.judge_call(client, method, &header, CallKind::Oneway);
        if let Err(failure) = &judged {
            self.host().count_refused(failure.kind());
            tracing::debug!(?method, %failure, "a client's oneway is refused");
        }
        judged.is_ok()
    }

    fn judge_call(
        &self,
        client: &Client,
        method: Method,
        header: &Header<'_>,
        kind: CallKind,
    ) -> Result<(), Failure> {
        let admitted = client.admitted.borrow();
        let bound = admitted.as_ref().map(|(admission, _)| &admission.entity);
        // Who is in an audience, the home knows.
        let (rule, exposed) = self.shared.gate.judge(method, header, bound, |_, _| true)?;
        self.count(client, false, method, exposed.into())?;
        if rule.kind == kind {
            Ok(())
        } else {
            Err(rule.wrong_kind())
        }
    }

    fn send_up(
        self: &Rc<Self>,
        client: &Rc<Client>,
        home: u64,
        attempt: u64,
        message: &Message<'_>,
    ) {
        let may_be_lost = matches!(message, Message::Aside(_));
        if may_be_lost && !self.has_room_up(client, home) {
            return;
        }
        if home != HERE {
            let carried = self.outbound().carry_by(home, |w| {
                put_attached(w, client.number, attempt, None, |w| message.put(w));
            });
            return self.carried(client, home, carried);
        }
        let shard = client.admitted.borrow().as_ref().map(|(_, shard)| *shard);
        let Some(shard) = shard else {
            return;
        };
        match self.pass_on(shard, self.via(client, attempt), message) {
            Carried::Crowded => self.hold_back(client, Way::Inbox(shard)),
            Carried::Gone => {
                self.detach(client, HERE);
                self.tell_lost(client, HERE, attempt);
            }
            Carried::Taken | Carried::TooLong => {}
        }
    }

    /// Whether the way to a home has room for what may as well be lost.
    fn has_room_up(&self, client: &Client, home: u64) -> bool {
        if home != HERE {
            return self.outbound().is_writable(home);
        }
        let shard = client.admitted.borrow().as_ref().map(|(_, shard)| *shard);
        shard.is_some_and(|shard| shard as usize == self.index || !self.host().is_crowded(shard))
    }

    /// Hands a client's message to the shard of its session's home, if there is room for it there.
    pub(super) fn pass_on(self: &Rc<Self>, shard: u32, via: Via, message: &Message<'_>) -> Carried {
        if shard as usize == self.index {
            self.home_message(via, message);
            return Carried::Taken;
        }
        let passed = match message {
            Message::Msg(msg) => Passed::Msg {
                seq: msg.seq,
                ack: msg.ack,
                body: msg.body.into(),
            },
            Message::Aside(aside) => Passed::Aside {
                number: aside.number,
                body: aside.body.into(),
            },
            Message::Ack(seq) => Passed::Ack(*seq),
            Message::End(end) => Passed::End {
                session: end.session,
            },
            _ => return Carried::Taken,
        };
        if !self.host().has_room(shard) {
            return Carried::Gone;
        }
        self.post(shard, move |node| {
            passed.show(via, |message| node.home_message(via, message))
        });
        match self.host().is_crowded(shard) {
            true => Carried::Crowded,
            false => Carried::Taken,
        }
    }

    /// Tells the home of a client's session that its link is gone, or serves it no more.
    pub(super) fn tell_lost(self: &Rc<Self>, client: &Client, home: u64, attempt: u64) {
        if home != HERE {
            let lost = Lost {
                link: client.number,
                attempt,
            };
            // If the hop can't take it, it is closed, which says the same.
            self.outbound().carry_by(home, |w| lost.put(w));
            return;
        }
        let shard = client.admitted.borrow().as_ref().map(|(_, shard)| *shard);
        if let Some(shard) = shard {
            let via = self.via(client, attempt);
            self.post(shard, move |node| node.home_link_lost(via));
        }
    }

    /// The hop to a home is broken, or takes nothing more: a client whose session is there opens it anew.
    pub(super) fn detach(&self, client: &Client, home: u64) {
        let attempt = client.state.borrow_mut().handle_home_lost(home);
        if let Some(attempt) = attempt {
            self.gates.gate(GateTurn::Detached);
            self.write_down(client, |w| put_detach(w, attempt));
        }
    }

    /// A home of this node sends a client of this shard something.
    pub(in crate::node) fn pass_down(&self, via: Via, down: &Down) {
        if let Some(client) = self.served(HERE, via.link, via.attempt, down.kind()) {
            match down {
                Down::Latest(_) => drop(client.link.pass(|w| down.put(w))),
                Down::Refused(refused) => {
                    self.proof_refused(&client.link, refused.reason);
                    self.write_down(&client, |w| down.put(w));
                }
                _ => self.write_down(&client, |w| down.put(w)),
            }
        }
    }

    /// A home of another node does.
    pub(in crate::node) fn pass_down_of(&self, home: u64, link: u64, attempt: u64, message: &[u8]) {
        let Some(of_kind) = kind_of(message) else {
            return;
        };
        if let Some(client) = self.served(home, link, attempt, of_kind) {
            if of_kind == kind::REFUSED
                && let Ok(Message::Refused(refused)) = Message::decode(message)
            {
                self.proof_refused(&client.link, refused.reason);
            }
            match of_kind {
                kind::LATEST => drop(client.link.pass(|w| w.raw(message))),
                _ => self.write_down(&client, |w| w.raw(message)),
            }
        }
    }

    /// A home of another node has an event for a client, among others.
    pub(super) fn pass_event_down(&self, home: u64, to: FanLink, body: &[u8]) {
        if let Some(client) = self.served(home, to.link, to.attempt, kind::MSG) {
            self.write_down(&client, |w| put_msg(w, to.seq, None, |w| w.raw(body)));
        }
    }

    /// Whom a home's message is for, if it is for anybody still.
    fn served(&self, home: u64, link: u64, attempt: u64, of_kind: u8) -> Option<Rc<Client>> {
        let client = self.clients.get(link)?;
        let is_served = client
            .state
            .borrow_mut()
            .handle_down(home, attempt, of_kind);
        if !is_served {
            self.gates.gate(GateTurn::Stale);
        }
        is_served.then_some(client)
    }

    fn write_down(&self, client: &Client, message: impl FnOnce(&mut Writer)) {
        let counted = |w: &mut Writer| {
            let before = w.len();
            message(w);
            self.gates.down(client.carrier, w.len() - before);
        };
        if let Err(refused) = client.link.send(counted)
            && !client.link.is_closed()
        {
            // A session has no gaps. The home keeps what the client has not acknowledged, for its next link.
            client.link.close(GoAwayReason::Overloaded, &refused.text);
        }
    }
}

impl Passed {
    /// Shows the message as it came.
    fn show<R>(&self, via: Via, show: impl FnOnce(&Message<'_>) -> R) -> R {
        show(&match self {
            Self::Msg { seq, ack, body } => Message::Msg(Msg {
                seq: *seq,
                ack: *ack,
                body,
            }),
            Self::Aside { number, body } => Message::Aside(Aside {
                attempt: via.attempt,
                number: *number,
                body,
            }),
            Self::Ack(seq) => Message::Ack(*seq),
            Self::End { session } => Message::End(End {
                session: *session,
                attempt: via.attempt,
                reason: SessionReason::LoggedOut,
                ran: None,
                text: "",
            }),
        })
    }
}

/// The kind of a message, which is passed on unread.
fn kind_of(message: &[u8]) -> Option<u8> {
    let mut r = Reader::new(message, &Limits::STRICT);
    r.enter_array().ok().filter(|length| *length > 0)?;
    r.u8().ok()
}

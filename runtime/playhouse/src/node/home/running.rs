//! What a client's messages bring about: calls that run, answers to what it was asked.

use std::cell::Cell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use playhouse_wire::message::{
    Aside, Header, Message, Notify, Request, Response, SessionReason, put_response_failure,
    put_response_ok, put_response_thrown,
};
use playhouse_wire::session::{Ended, NotKept, Run};
use playhouse_wire::{Limits, Writer};
use rustc_hash::FxHashMap;

use super::super::gate::REFUSED;
use super::super::shard::ShardNode;
use super::Home;
use crate::call::{Failure, FailureKind};
use crate::descriptor::CallKind;
use crate::host::{Answer, Incoming, MAILBOX_MAX, Origin, ReplyTo, Serving, SessionId};

/// Most calls of one session that run or wait for their turn on an entity; those behind them wait in the session.
pub const RUNNING_MAX: usize = MAILBOX_MAX;

/// Set in the number of a call that passed by the sequence. Those of messages never come so far.
const ASIDE: u64 = 1 << 63;

/// Bytes that most answers fit into, so that writing them asks for memory once.
const ANSWER_EXPECTED: usize = 128;

/// Calls of a client that have not ended.
#[derive(Default)]
pub(super) struct Running {
    /// By the number of the message that made it.
    calls: FxHashMap<u64, Call>,
    /// The numbers of those that are answered, by their ids.
    ids: FxHashMap<u32, u64>,
}

struct Call {
    serving: Serving,
    reply: Rc<Reply>,
    /// What made it, in case it has to be made elsewhere. None for one that passed by the sequence.
    run: Option<Run>,
}

/// A call of a client that goes on.
type Begun = Option<(Serving, Rc<Reply>)>;

/// Takes the outcome of a client's call.
struct Reply {
    node: Weak<ShardNode>,
    home: Rc<Home>,
    session: SessionId,
    seq: u64,
    /// None for a oneway.
    id: Option<u32>,
    answered: Cell<bool>,
}

impl ShardNode {
    /// Begins what accepted messages of a session ask for, as far as there is room for it.
    pub(super) fn run_accepted(self: &Rc<Self>, home: &Rc<Home>) {
        if home.begins.replace(true) {
            // Whoever is at it goes on.
            return;
        }
        while home.running.borrow().calls.len() < RUNNING_MAX {
            let run = {
                let mut door = home.door.borrow_mut();
                match home.settles.get() {
                    true => door.poll_answer(),
                    false => door.poll_run(),
                }
            };
            match run {
                Some(run) => self.begin_run(home, run),
                None => break,
            }
        }
        home.begins.set(false);
    }

    /// Begins a call that passed by the sequence; one for which there is no room is lost.
    pub(super) fn run_aside(self: &Rc<Self>, home: &Rc<Home>, aside: &Aside<'_>) {
        let has_room = aside.number < ASIDE && home.running.borrow().calls.len() < RUNNING_MAX;
        let Ok(Message::Notify(notify)) = Message::decode(aside.body) else {
            return;
        };
        let begun = has_room.then(|| self.begin_notify(home, ASIDE | aside.number, notify));
        if let Some((serving, reply)) = begun.flatten() {
            self.note_run(home, serving, reply, None);
        }
    }

    fn begin_run(self: &Rc<Self>, home: &Rc<Home>, run: Run) {
        let begun = match Message::decode(&run.body) {
            Ok(Message::Request(request)) => self.begin_request(home, run.seq, request),
            Ok(Message::Notify(notify)) => self.begin_notify(home, run.seq, notify),
            Ok(Message::Cancel(id)) => {
                self.cancel_run(home, id);
                None
            }
            Ok(Message::Response(Response { id, outcome })) => {
                let asked = home.asked.borrow_mut().remove(&id);
                if let Some(asked) = asked {
                    asked.complete(outcome.into());
                }
                None
            }
            // What later parts of the protocol add.
            Ok(message) if message.in_session() => {
                self.strangers.unwanted.add(1);
                tracing::debug!(?message, "a session's message that nobody here takes");
                None
            }
            Ok(_) | Err(_) => {
                let text = "a session's message can't be read";
                self.end_session(home.session.get(), SessionReason::Protocol, text);
                None
            }
        };
        if let Some((serving, reply)) = begun {
            self.note_run(home, serving, reply, Some(run));
        }
    }

    fn begin_request(self: &Rc<Self>, home: &Rc<Home>, seq: u64, request: Request<'_>) -> Begun {
        let Request {
            id,
            method,
            mut header,
            args,
        } = request;
        if method == REFUSED {
            // What stands for its arguments is the gate's answer.
            if matches!(Message::decode(args), Ok(Message::Response(answer)) if answer.id == id) {
                self.send_body(home, args.into());
            }
            return None;
        }
        if home.running.borrow().ids.contains_key(&id) {
            // Whoever numbers two calls alike can't know which was answered, nor give one up.
            let text = "two requests that run have one number";
            self.end_session(home.session.get(), SessionReason::Protocol, text);
            return None;
        }
        let reply = self.reply(home, seq, Some(id));
        if let Err(failure) = self.judge_at_home(home, method, &mut header, CallKind::Rpc) {
            self.host().count_refused(failure.kind());
            reply.answer(Answer::Failed(&failure));
            return None;
        }
        let incoming = Incoming {
            method,
            header: &header,
            args,
            origin: Origin::Client(Some(home.session.get())),
            limits: Limits::STRICT,
        };
        let serving = self.host().serve(incoming, Rc::clone(&reply))?;
        Some((serving, reply))
    }

    fn begin_notify(self: &Rc<Self>, home: &Rc<Home>, seq: u64, notify: Notify<'_>) -> Begun {
        let Notify {
            method,
            mut header,
            args,
        } = notify;
        if method == REFUSED {
            return None;
        }
        if let Err(failure) = self.judge_at_home(home, method, &mut header, CallKind::Oneway) {
            self.host().count_refused(failure.kind());
            tracing::debug!(?method, %failure, "a client's oneway is refused");
            return None;
        }
        let incoming = Incoming {
            method,
            header: &header,
            args,
            origin: Origin::Client(Some(home.session.get())),
            limits: Limits::STRICT,
        };
        let reply = self.reply(home, seq, None);
        let host = self.host();
        let serving = host.serve_oneway_until_done(incoming, Rc::clone(&reply))?;
        Some((serving, reply))
    }

    /// What a client may do in its session; fills in what goes without saying.
    fn judge_at_home(
        &self,
        home: &Home,
        method: playhouse_wire::message::Method,
        header: &mut Header<'_>,
        kind: CallKind,
    ) -> Result<(), Failure> {
        if self.is_stopping() {
            return Err(Failure::not_executed(FailureKind::Unreachable).because("the node stops"));
        }
        let policy = &self.shared.policy;
        let in_audience = |entity: &playhouse_wire::EntityRef, audience| {
            let rule = policy.audience.as_ref();
            rule.is_some_and(|rule| rule(entity, audience))
        };
        let gate = &self.shared.gate;
        let (rule, _) = gate.judge(method, header, Some(&home.entity), in_audience)?;
        if rule.kind != kind {
            return Err(rule.wrong_kind());
        }
        if rule.is_entity() && header.target.is_none() {
            header.target = Some(home.entity.key.clone());
        }
        // Nobody waits for a client that this node has to know of, and its traces are its own: here another begins.
        header.chain = playhouse_wire::message::Chain::default();
        header.trace = Some(self.host().begin_trace().into());
        header.epoch = None;
        Ok(())
    }

    fn reply(self: &Rc<Self>, home: &Rc<Home>, seq: u64, id: Option<u32>) -> Rc<Reply> {
        Rc::new(Reply {
            node: Rc::downgrade(self),
            home: Rc::clone(home),
            session: home.session.get(),
            seq,
            id,
            answered: Cell::new(false),
        })
    }

    fn note_run(&self, home: &Home, serving: Serving, reply: Rc<Reply>, run: Option<Run>) {
        if reply.session != home.session.get() || !home.has_session() {
            // What it did has ended the session.
            return serving.cancel();
        }
        let mut running = home.running.borrow_mut();
        let seq = reply.seq;
        if let Some(id) = reply.id {
            running.ids.insert(id, seq);
        }
        let call = Call {
            serving,
            reply,
            run,
        };
        running.calls.insert(seq, call);
    }

    /// The client waits for an answer no more.
    fn cancel_run(self: &Rc<Self>, home: &Rc<Home>, id: u32) {
        let call = {
            let mut running = home.running.borrow_mut();
            let seq = running.ids.remove(&id);
            seq.and_then(|seq| running.calls.remove(&seq))
        };
        if let Some(Call { serving, reply, .. }) = call {
            serving.cancel();
            // The handler may run on, but the client may ask for something else already.
            reply.answer(Answer::Failed(&Failure::unknown(FailureKind::Cancelled)));
        }
    }

    /// Takes back what only waits for its turn: it has not begun, and does not here.
    pub(super) fn put_back(&self, home: &Home) {
        let mut running = home.running.borrow_mut();
        let calls = running.calls.iter();
        let waits = calls.filter(|(_, call)| call.serving.only_waits());
        let mut waits: Vec<u64> = waits.map(|(seq, _)| *seq).collect();
        waits.sort_unstable();
        for seq in waits.into_iter().rev() {
            if let Some(call) = running.calls.remove(&seq) {
                if let Some(id) = call.reply.id {
                    running.ids.remove(&id);
                }
                call.reply.answered.set(true);
                call.serving.cancel();
                if let Some(run) = call.run {
                    home.door.borrow_mut().put_back(run);
                }
            }
        }
    }

    /// A session is over: nobody waits any more for what its client called, and what it was asked is not answered.
    pub(super) fn close(self: &Rc<Self>, home: &Rc<Home>, ended: &Ended) {
        self.strangers.session_over(ended.reason);
        let running = home.running.take();
        let mut calls: Vec<Call> = running.calls.into_values().collect();
        // A map's order would differ from run to run of the simulation.
        calls.sort_unstable_by_key(|call| call.reply.seq);
        for call in calls {
            call.reply.answered.set(true);
            call.serving.cancel();
        }
        self.tell_settled(home);
        let mut asked: Vec<_> = home.asked.take().into_iter().collect();
        asked.sort_unstable_by_key(|(id, _)| *id);
        for (_, asked) in asked {
            asked.lost(ended);
        }
    }

    /// An entity that is about to move may do so once nothing runs that its client asked for.
    fn tell_settled(&self, home: &Home) {
        if home.settles.get() && home.is_settled() {
            self.host().client_settled(&home.entity);
        }
    }

    /// Sends an answer, or anything else that the session has to carry.
    pub(super) fn send_body(self: &Rc<Self>, home: &Rc<Home>, body: Arc<[u8]>) {
        let sent = home.door.borrow_mut().send(self.session_time(), body);
        if let Err(NotKept::Overflow(ended)) = sent {
            self.ended(home, &ended);
        }
    }
}

impl ReplyTo for Reply {
    fn answer(&self, answer: Answer<'_>) {
        let Some(node) = self.node.upgrade() else {
            return;
        };
        let home = &self.home;
        if self.answered.replace(true) || home.session.get() != self.session {
            return;
        }
        {
            let mut running = home.running.borrow_mut();
            running.calls.remove(&self.seq);
            if let Some(id) = self.id {
                running.ids.remove(&id);
            }
        }
        match self.id {
            Some(id) => self.respond(&node, id, answer),
            None => {
                if let Answer::Failed(failure) = answer {
                    // A oneway has no answer: the log says why not.
                    tracing::debug!(seq = self.seq, %failure, "a client's oneway failed");
                }
            }
        }
        node.tell_settled(home);
        node.run_accepted(home);
        node.flush(home);
    }
}

impl Home {
    /// Whether nothing runs that the client asked for.
    pub(super) fn is_settled(&self) -> bool {
        self.running.borrow().calls.is_empty()
    }
}

impl Reply {
    fn respond(&self, node: &Rc<ShardNode>, id: u32, answer: Answer<'_>) {
        let mut w = Writer::with_capacity(ANSWER_EXPECTED);
        match answer {
            Answer::Ok(result) => put_response_ok(&mut w, id, |w| w.put(result)),
            Answer::Thrown(error) => put_response_thrown(&mut w, id, |w| w.put(error)),
            Answer::Failed(failure) => put_response_failure(&mut w, id, &failure.into()),
        }
        let body: Arc<[u8]> = w.into_bytes().into();
        let sent = {
            let mut door = self.home.door.borrow_mut();
            door.send(node.session_time(), body)
        };
        match sent {
            Ok(_) => {}
            Err(NotKept::Overflow(ended)) => node.ended(&self.home, &ended),
            Err(_) => {
                let failure = Failure::unknown(FailureKind::Overloaded)
                    .because("the answer is longer than a session may carry");
                let mut w = Writer::new();
                put_response_failure(&mut w, id, &(&failure).into());
                node.send_body(&self.home, w.into_bytes().into());
            }
        }
    }
}

//! What comes to a home: clients that open sessions, their messages, and the loss of their links.

use std::rc::Rc;
use std::sync::Arc;

use playhouse_wire::message::{Message, Open, SessionReason};
use playhouse_wire::session::{
    Admitted, DoorEvent, Down, Ended, HomeSession, OwnedRefused, Rule, SessionKey,
};
use playhouse_wire::{EntityRef, Timestamp, Uuid};
use tokio::time::timeout;

use super::super::admission::Admission;
use super::super::gate::{OPEN_TIMEOUT, reason_of, text_of};
use super::super::shard::ShardNode;
use super::{Home, Via};
use crate::call::{Failure, FailureKind};
use crate::host::SessionId;
use crate::login::TokenKind;
use crate::metrics::SessionTurn;

/// Why the sessions of a node end that stops.
const STOPS: &str = "the node stops";

/// An `Open` that a gate has let in.
#[derive(Clone)]
pub(in crate::node) struct Arrival {
    pub(in crate::node) admission: Admission,
    /// What the client's link is bound to.
    pub(in crate::node) binding: Option<Box<[u8]>>,
    /// The message.
    pub(in crate::node) open: Box<[u8]>,
}

impl ShardNode {
    /// A client opens a session with an entity of this shard, or goes on with it.
    pub(in crate::node) fn home_open(self: &Rc<Self>, via: Via, arrival: &Arrival) {
        let Ok(Message::Open(open)) = Message::decode(&arrival.open) else {
            return;
        };
        let entity = EntityRef {
            slot: 0,
            ..arrival.admission.entity.clone()
        };
        if self.host().is_arriving(&entity) {
            // Its session may come with it.
            self.homes.awaited.borrow_mut().push(via);
            let (node, arrival) = (Rc::clone(self), arrival.clone());
            return self.host().spawn(async move {
                // If it does not come, opening the session says why.
                let _ = node.host().ready(&entity).await;
                if node.homes.no_longer_awaited(via) {
                    node.home_open(via, &arrival);
                }
            });
        }
        let is_known = self.homes.of(&entity).is_some();
        if open.session.is_some() && !is_known && self.host().may_be_elsewhere(&entity) {
            // It has moved since the gate asked: whoever has it now knows the session.
            return self.redirect(via, &arrival.open, "");
        }
        let home = self.home_of(&entity);
        if let Some(before) = self.homes.add_link(via, &home) {
            self.leave(&before, via);
        }
        self.open_at(&home, via, &open, arrival);
    }

    fn open_at(self: &Rc<Self>, home: &Rc<Home>, via: Via, open: &Open<'_>, arrival: &Arrival) {
        let (login_no, key) = match self.check_token(open, arrival) {
            Ok(checked) => checked,
            Err(text) => return self.refuse_at_home(via, open, SessionReason::Denied, &text),
        };
        let admitted = Admitted {
            login_no,
            key: key.as_ref(),
            binding: arrival.binding.as_deref(),
        };
        let now_us = self.session_time();
        let event = home
            .door
            .borrow_mut()
            .handle_open(now_us, via, open, &admitted);
        if let DoorEvent::Login(login_no) = event {
            let (node, home) = (Rc::clone(self), Rc::clone(home));
            return self
                .host()
                .spawn(async move { node.begin(&home, login_no).await });
        }
        if event == DoorEvent::Held {
            return self.hold(home, via, arrival);
        }
        self.take_event(home, event);
    }

    /// Looks at the token again that a gate has let in: which login it is of, and the key that goes with it, if this node
    /// can tell.
    fn check_token(
        &self,
        open: &Open<'_>,
        arrival: &Arrival,
    ) -> Result<(Option<u64>, Option<SessionKey>), String> {
        let admission = &arrival.admission;
        let policy = &self.shared.policy;
        let Some(keys) = &policy.tokens else {
            return Ok((admission.login_no, None));
        };
        let now = open.session.is_none().then(|| Timestamp(self.utc_us()));
        let (claims, key) = match keys.at_home(open.token, now) {
            Ok(opened) => opened,
            // The game has tokens of its own making.
            Err(_) if policy.authenticator.is_some() => return Ok((admission.login_no, None)),
            Err(error) => return Err(error.to_string()),
        };
        if claims.kind == TokenKind::Login && claims.entity != admission.entity {
            return Err("the token is another entity's".to_owned());
        }
        let is_login = claims.kind == TokenKind::Login && claims.login_no > 0;
        // Of several tickets of one login each may open a session.
        let login_no = is_login.then_some(claims.login_no);
        Ok((login_no, Some(key)))
    }

    pub(super) fn refuse_at_home(
        self: &Rc<Self>,
        via: Via,
        open: &Open<'_>,
        reason: SessionReason,
        text: &str,
    ) {
        let refused = OwnedRefused {
            session: open.session,
            attempt: via.attempt,
            reason,
            ran: None,
            text: text.into(),
        };
        self.send_down(via, Down::Refused(Box::new(refused)));
    }

    /// A new login: the session begins once its entity is there.
    async fn begin(self: &Rc<Self>, home: &Rc<Home>, login_no: u64) {
        let host = Rc::clone(self.host());
        let ready = timeout(OPEN_TIMEOUT, host.ready(&home.entity)).await;
        let ready = ready.unwrap_or_else(|_| {
            Err(Failure::not_executed(FailureKind::Timeout)
                .because("what the session is for is busy: try again later"))
        });
        let ready = match ready {
            Ok(()) => self.take_login(home, login_no).await,
            Err(failure) => Err((reason_of(&failure), text_of(&failure).to_owned())),
        };
        let now_us = self.session_time();
        let event = match ready {
            Ok(()) => {
                let entities: Arc<[EntityRef]> = [home.entity.clone()].into();
                let name = self.random_uuid();
                let mut door = home.door.borrow_mut();
                door.begin(now_us, login_no, name, entities)
            }
            Err((reason, text)) => {
                let mut door = home.door.borrow_mut();
                door.turn_away(login_no, reason, &text);
                DoorEvent::Nothing
            }
        };
        self.take_event(home, event);
    }

    /// Stores a login before its session begins, so that none before it counts again, whoever runs the entity then.
    async fn take_login(&self, home: &Home, login_no: u64) -> Result<(), (SessionReason, String)> {
        let stored = self.host().last_login(&home.entity);
        if !self
            .shared
            .policy
            .session_limits
            .rules
            .has(Rule::LoginStored)
            || login_no == stored
        {
            return Ok(());
        }
        if login_no < stored {
            // Logins without numbers have 0: whoever comes is newer.
            return match login_no {
                0 => Ok(()),
                _ => Err((
                    SessionReason::Replaced,
                    "there was a later login".to_owned(),
                )),
            };
        }
        let stored = timeout(
            OPEN_TIMEOUT,
            self.host().store_login(&home.entity, login_no),
        )
        .await;
        let unavailable = |text| Err((SessionReason::Unavailable, text));
        match stored {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => unavailable(format!("the login could not be stored: {error}")),
            Err(_) => {
                unavailable("the login could not be stored in time: try again later".to_owned())
            }
        }
    }

    /// A message of a client whose session is of this shard: `Msg`, `Aside`, `Ack` or `End`.
    pub(in crate::node) fn home_message(self: &Rc<Self>, via: Via, message: &Message<'_>) {
        let Some(home) = self.homes.by_link(via) else {
            return;
        };
        let now_us = self.session_time();
        let event = home.door.borrow_mut().handle_message(now_us, via, message);
        match (event, message) {
            (DoorEvent::Aside, Message::Aside(aside)) => self.run_aside(&home, aside),
            (event, _) => self.take_event(&home, event),
        }
    }

    /// The link of a client whose session is of this shard is gone, or serves it no more.
    pub(in crate::node) fn home_link_lost(self: &Rc<Self>, via: Via) {
        if self.homes.no_longer_awaited(via) {
            return;
        }
        if let Some(home) = self.homes.forget_link(via) {
            let now_us = self.session_time();
            let event = home.door.borrow_mut().handle_lost(now_us, via);
            self.take_event(&home, event);
        }
    }

    /// A client's link serves a session of another shard from now on.
    pub(in crate::node) fn home_link_moved(self: &Rc<Self>, via: Via) {
        if let Some(home) = self.homes.forget_link(via) {
            self.leave(&home, via);
        }
    }

    /// A client's link serves another session from now on.
    fn leave(self: &Rc<Self>, home: &Rc<Home>, via: Via) {
        let attached = {
            let door = home.door.borrow();
            door.session().and_then(HomeSession::attached)
        };
        if let Some(attached) = attached.filter(|it| (it.gate, it.link) == (via.gate, via.link)) {
            let now_us = self.session_time();
            let event = home.door.borrow_mut().handle_lost(now_us, attached);
            self.take_event(home, event);
        }
    }

    /// The gate by which a client is attached takes no message as long as one that is for it.
    pub(in crate::node) fn home_is_too_long(self: &Rc<Self>, via: Via) {
        let Some(home) = self.homes.by_link(via) else {
            return;
        };
        let attached = {
            let door = home.door.borrow();
            door.session().and_then(HomeSession::attached)
        };
        if attached == Some(via) {
            let text = "a message for the client is longer than its gate takes";
            self.end_session(home.session.get(), SessionReason::Overflow, text);
        }
    }

    /// The hop to a gate is broken: whoever is attached by it is away.
    pub(in crate::node) fn home_gate_lost(self: &Rc<Self>, gate: u64) {
        self.homes.forget_gate(gate);
        let now_us = self.session_time();
        for home in self.homes.all() {
            let event = home.door.borrow_mut().handle_gate_lost(now_us, gate);
            self.take_event(&home, event);
        }
    }

    /// A time has come that a session waits for.
    pub(super) fn home_due(self: &Rc<Self>, home: &Rc<Home>) {
        home.wakes_us.set(u64::MAX);
        let now_us = self.session_time();
        let event = home.door.borrow_mut().handle_timeout(now_us);
        self.take_event(home, event);
    }

    /// Does what follows from what a session has come to.
    pub(super) fn take_event(self: &Rc<Self>, home: &Rc<Home>, event: DoorEvent) {
        match event {
            DoorEvent::Began { replaced } => self.began(home, replaced),
            DoorEvent::Attached {
                is_first,
                was_attached,
            } => {
                if was_attached {
                    self.gates.session(SessionTurn::Switched);
                } else if !is_first {
                    self.gates.session(SessionTurn::Resumed);
                }
                // It may have been let go and come back without the entity's hearing of it, while that was about to move.
                let was_there = home.is_there.replace(true);
                if !is_first && !was_there {
                    self.host().resumed(&home.entity, home.session.get());
                }
                // What waited for room may have got it.
                self.run_accepted(home);
            }
            DoorEvent::Accepted => self.run_accepted(home),
            DoorEvent::Detached => {
                home.is_there.set(false);
                self.gates.session(SessionTurn::Lost);
                self.host().lost(&home.entity, home.session.get());
            }
            DoorEvent::Ended(ended) => self.ended(home, &ended),
            DoorEvent::Nothing | DoorEvent::Aside | DoorEvent::Login(_) | DoorEvent::Held => {}
        }
        self.flush(home);
    }

    fn began(self: &Rc<Self>, home: &Rc<Home>, replaced: Option<Ended>) {
        if let Some(ended) = &replaced {
            self.close(home, ended);
        }
        let session = self.homes.next(self.index);
        self.gates.session(SessionTurn::Opened);
        self.homes.name(home, session);
        self.host()
            .attach(&home.entity, session, replaced.is_some());
        let now_us = self.session_time();
        match home.door.borrow_mut().attach(now_us) {
            DoorEvent::Attached { .. } => home.is_there.set(true),
            // Its client has gone meanwhile, and may come back.
            _ => self.host().lost(&home.entity, session),
        }
    }

    /// A session is over.
    pub(super) fn ended(self: &Rc<Self>, home: &Rc<Home>, ended: &Ended) {
        let was_there = home.is_there.replace(false);
        self.close(home, ended);
        self.host()
            .left(&home.entity, home.session.get(), was_there);
    }

    /// Ends a session for good and tells its client why.
    pub(in crate::node) fn end_session(
        self: &Rc<Self>,
        session: SessionId,
        reason: SessionReason,
        text: &str,
    ) {
        let Some(home) = self.homes.with(session) else {
            return;
        };
        self.put_back(&home);
        let now_us = self.session_time();
        let event = home.door.borrow_mut().end(now_us, reason, text);
        self.take_event(&home, event);
    }

    /// Ends all sessions of the shard, since the node stops and what their clients called is answered.
    pub(in crate::node) fn end_sessions(self: &Rc<Self>) {
        for home in self.homes.all() {
            if home.has_session() {
                self.end_session(home.session.get(), SessionReason::Unavailable, STOPS);
            }
        }
    }

    /// Ends those whose clients have no link. What handlers ask of them would be answered by nobody, and the node would wait.
    pub(in crate::node) fn end_sessions_without_link(self: &Rc<Self>) {
        for home in self.homes.all() {
            if home.is_without_link() {
                self.end_session(home.session.get(), SessionReason::Unavailable, STOPS);
            }
        }
    }

    fn random_uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&self.random().to_be_bytes());
        low.copy_from_slice(&self.random().to_be_bytes());
        Uuid(bytes)
    }
}

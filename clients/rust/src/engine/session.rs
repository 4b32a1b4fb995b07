//! The session's side of a client: what comes through it and what goes.

use std::rc::Rc;

use playhouse::{EntityRef, Failure, FailureKind};
use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::Writer;
use playhouse_wire::message::{
    self, Executed, Header, Message, Method, Notify, SessionReason, WireFailure,
};
use playhouse_wire::session::{ClientEvent, ClientSession, NotSent, Over, Pass};
use tokio::sync::oneshot;

use super::{Engine, Opening};
use crate::Origin;
use crate::state::{Closed, State};

impl Engine {
    /// Opens a session with what the login gave, on the link of the guest. What comes of it is told once.
    pub(crate) fn open(
        self: &Rc<Self>,
        pass: &[u8],
    ) -> Result<oneshot::Receiver<Opening>, Failure> {
        if self.in_session.get() {
            let why = "the client has a session already: another one takes another client";
            return Err(Failure::not_executed(FailureKind::Invalid).because(why));
        }
        let link = self.guest_link()?;
        let line = self.current.get().unwrap_or_default();
        let now_us = self.now_us();
        let (sender, receiver) = oneshot::channel();
        let earlier = self.opening.replace(Some(sender));
        drop(earlier);
        self.forget_session();
        let (limits, attempt) = (self.setup.session.clone(), self.attempt.get());
        let pass = Pass::split(pass);
        let mut session = ClientSession::new(pass, self.setup.root, attempt, limits, now_us);
        session.open(now_us, line, link.binding().as_deref());
        let had = self.session.replace(Some(session)).is_some();
        debug_assert!(!had, "the earlier one was forgotten");
        self.keep();
        self.transmit();
        Ok(receiver)
    }

    /// Lets go of a session that never came about.
    fn forget_session(&self) {
        if let Some(session) = self.session.take() {
            self.attempt.set(session.attempt());
        }
    }

    /// A message came that concerns the session.
    pub(crate) fn handle_message(self: &Rc<Self>, line: u64, message: Message<'_>) {
        let now_us = self.now_us();
        let event = match &mut *self.session.borrow_mut() {
            Some(session) => session.handle_message(now_us, line, message),
            None => ClientEvent::Other(message),
        };
        self.handle_event(event);
    }

    /// The time that the session named has come.
    pub(super) fn handle_timeout(self: &Rc<Self>) {
        let now_us = self.now_us();
        let event = match &mut *self.session.borrow_mut() {
            Some(session) => session.handle_timeout(now_us),
            None => return,
        };
        self.handle_event(event);
        self.transmit();
    }

    /// A link of the session is gone.
    pub(super) fn lose_link(self: &Rc<Self>, line: u64) {
        let now_us = self.now_us();
        let event = match &mut *self.session.borrow_mut() {
            Some(session) => session.handle_link_lost(now_us, line),
            None => return,
        };
        self.handle_event(event);
        self.transmit();
    }

    fn handle_event(self: &Rc<Self>, event: ClientEvent<'_>) {
        match event {
            ClientEvent::Nothing => {}
            ClientEvent::Message { body, .. } => self.receive(body),
            ClientEvent::Opened {
                link,
                is_resumed,
                entities,
            } => {
                let entities: Vec<EntityRef> = entities.iter().collect();
                self.opened(link, is_resumed, entities);
            }
            ClientEvent::Latest(latest) => match Message::decode(latest.body) {
                Ok(Message::Notify(notify)) => self.tell(&notify),
                _ => tracing::trace!("state that this client keeps no copy of"),
            },
            ClientEvent::Detached { .. } | ClientEvent::LinkLost => self.detached(),
            ClientEvent::Unanswered { link } => {
                if self.in_session.get() {
                    self.drop_line(link);
                    self.detached();
                } else {
                    let failure = Failure::unknown(FailureKind::Timeout)
                        .because("the server did not answer to the session's opening");
                    self.not_opened(failure);
                }
            }
            ClientEvent::Refused { reason, text, .. } if self.in_session.get() => {
                self.not_resumed(reason, text);
            }
            ClientEvent::Refused { reason, text, .. } => self.not_opened(refusal(reason, text)),
            ClientEvent::Broken { link, why } => {
                tracing::warn!(why, "the server broke the rules of the session");
                self.drop_line(link);
                self.detached();
            }
            ClientEvent::Over(over) => self.session_over(&over),
            ClientEvent::Other(_) => {
                tracing::debug!("a message that this client has no use for");
            }
        }
    }

    /// The session is attached to this link, from now on the only one.
    fn opened(self: &Rc<Self>, line: u64, resumed: bool, entities: Vec<EntityRef>) {
        self.current.set(Some(line));
        self.failures.set(0);
        self.farewell.take();
        self.bound.borrow_mut().clone_from(&entities);
        self.in_session.set(true);
        let others = {
            let mut lines = self.lines.borrow_mut();
            let others = lines.extract_if(.., |other| other.id() != line);
            others.collect::<Vec<_>>()
        };
        drop(others);
        self.stop_seeking();
        if let Some((_, moved)) = self.moving.borrow_mut().take_if(|(to, _)| *to == line) {
            // Whoever moved may have given up.
            let _ = moved.send(());
        }
        if let Some(opening) = self.opening.take() {
            let _ = opening.send(Ok(entities));
        }
        let link = self.current_link();
        if let Some((link, transport)) =
            link.and_then(|link| Some((link.clone(), link.transport()?)))
        {
            self.states.tell(State::Live {
                transport,
                resumed,
                encrypted: link.binding().is_some(),
            });
        }
    }

    /// The session has no link now.
    fn detached(self: &Rc<Self>) {
        if !self.in_session.get() {
            let why = "the link was lost while the session was opened";
            return self.not_opened(Failure::unknown(FailureKind::Unreachable).because(why));
        }
        self.moving.take();
        self.states.tell(State::Detached);
        self.seek();
    }

    /// The first `Open` came to nothing: the client is a guest as before.
    fn not_opened(&self, failure: Failure) {
        self.forget_session();
        if let Some(opening) = self.opening.take() {
            let _ = opening.send(Err(failure));
        }
    }

    fn not_resumed(self: &Rc<Self>, reason: SessionReason, text: &str) {
        if reason == SessionReason::Denied {
            // Trying again would be denied again.
            let text = match text {
                "" => "the server does not take the session's token any more",
                text => text,
            };
            return self.close(Closed::Session(reason, text.to_owned()));
        }
        self.detached();
    }

    fn session_over(&self, over: &Over<'_>) {
        let (reason, text) = match over {
            Over::Told(reason, text) => (*reason, (*text).to_owned()),
            Over::GaveUp => {
                let limit = self.setup.session.give_up_us / 1_000_000;
                let text = format!("no link for {limit} s: the client gave up");
                (SessionReason::Expired, text)
            }
            Over::LoggedOut => (SessionReason::LoggedOut, String::new()),
        };
        if self.in_session.get() {
            self.transmit();
            self.close(Closed::Session(reason, text));
        } else {
            self.not_opened(refusal(reason, &text));
        }
    }

    /// Ends the session by the client's own will; the home is told if there is a link.
    pub(super) fn log_out(&self) {
        let over = match &mut *self.session.borrow_mut() {
            Some(session) => matches!(session.log_out(), ClientEvent::Over(_)),
            None => false,
        };
        if over {
            self.session_over(&Over::LoggedOut);
        }
    }

    /// Takes a message of the session, which has been acknowledged, or soon will be.
    fn receive(self: &Rc<Self>, body: &[u8]) {
        match Message::decode(body) {
            Ok(Message::Response(response)) => {
                // None: its caller gave up.
                let sink = self.calls.borrow_mut().take(response.id);
                if let Some(sink) = sink {
                    sink.complete(response.outcome.into());
                }
            }
            Ok(Message::Notify(notify)) => self.tell(&notify),
            Ok(Message::Request(request)) => self.answers.begin(self, &request),
            Ok(Message::Cancel(id)) => self.answers.cancel(self, id),
            Ok(_) => tracing::debug!("a message of the session that this client has no use for"),
            Err(error) => tracing::warn!(%error, "a message of the session can't be read"),
        }
    }

    fn tell(&self, notify: &Notify<'_>) {
        let call = self.owners.of(notify.method);
        let origin = Origin::of(notify.method, &notify.header);
        let (Some(call), Some(origin)) = (call, origin) else {
            tracing::debug!(method = ?notify.method, "an event that the client's schema doesn't have");
            return;
        };
        if !self.events.tell(call, notify.args, &origin) {
            tracing::trace!(method = ?notify.method, "an event that nobody listens for");
        }
    }

    pub(super) fn request_in_session(
        self: &Rc<Self>,
        method: Method,
        header: &Header<'_>,
        sink: Rc<dyn ReplySink>,
        args: impl FnOnce(&mut Writer),
    ) -> Result<u32, Failure> {
        let id = {
            let mut calls = self.calls.borrow_mut();
            if calls.len() >= self.setup.options.queues.pending_max {
                let why = "too many calls of this client wait for a response";
                return Err(Failure::not_executed(FailureKind::Overloaded).because(why));
            }
            calls.free_id()
        };
        let mut body = Writer::new();
        message::put_request(&mut body, id, method, header, args);
        let seq = self.send(body)?;
        self.calls.borrow_mut().add(id, seq, sink);
        Ok(id)
    }

    /// Gives a request of the session up.
    pub(super) fn cancel(&self, id: u32) {
        let waited = self.calls.borrow_mut().take(id).is_some();
        if waited && self.in_session.get() {
            let mut body = Writer::new();
            message::put_cancel(&mut body, id);
            // A cancel that doesn't fit is left out: the response comes and is ignored.
            let _ = self.send(body);
        }
    }

    /// Sends a message through the session: now, or when it has a link again.
    pub(crate) fn send(&self, body: Writer) -> Result<u64, Failure> {
        let body = body.into_bytes().into();
        let sent = match &mut *self.session.borrow_mut() {
            Some(session) => session.send(body),
            None => return Err(self.refusal()),
        };
        let seq = sent.map_err(|not_sent| self.unsent(&not_sent))?;
        self.transmit();
        Ok(seq)
    }

    /// Sends a call that may be lost, if it can go now.
    pub(super) fn send_aside(&self, body: Writer) -> Result<(), Failure> {
        let body = body.into_bytes().into();
        let aside = match &mut *self.session.borrow_mut() {
            Some(session) => session.aside(body),
            None => return Err(self.refusal()),
        };
        let aside = aside.map_err(|not_sent| self.unsent(&not_sent))?;
        if let Some((line, up)) = aside
            && let Some(link) = self.link(line)
        {
            link.pass(|w| up.put(w));
        }
        Ok(())
    }

    #[cold]
    fn unsent(&self, not_sent: &NotSent) -> Failure {
        let kind = match not_sent {
            NotSent::WindowFull => FailureKind::Overloaded,
            NotSent::TooLong => FailureKind::Invalid,
            _ => return self.refusal(),
        };
        Failure::not_executed(kind).because(not_sent.to_string())
    }

    /// Puts onto links what the session has for them.
    pub(crate) fn transmit(&self) {
        loop {
            let now_us = self.now_us();
            let next = match &mut *self.session.borrow_mut() {
                Some(session) => session.poll_transmit(now_us),
                None => return,
            };
            let Some((line, up)) = next else {
                break;
            };
            let sent = self
                .link(line)
                .is_some_and(|link| link.send(|w| up.put(w)).is_ok());
            if !sent {
                // What a link doesn't take is a gap on it: nothing may follow. Its end is handled when it comes.
                self.drop_line(line);
            }
        }
        let session = self.session.borrow();
        let timeout = session.as_ref().and_then(ClientSession::poll_timeout);
        if timeout.is_some_and(|us| us < self.armed_us.get()) {
            self.timeouts.notify_one();
        }
    }

    /// Closes a link; the session learns of it as of any other that is lost.
    fn drop_line(&self, line: u64) {
        let link = self.link(line);
        if let Some(link) = link {
            link.close(message::GoAwayReason::Stopping, "");
        }
    }

    /// Ends what waits in a session that is over, each call with its own tag.
    pub(super) fn fail_calls(&self, session: Option<&ClientSession>) {
        let all = self.calls.borrow_mut().take_all();
        if all.is_empty() {
            return;
        }
        let text = self.refusal().text().to_owned();
        for (seq, sink) in all {
            let executed = session.map_or(Executed::Unknown, |session| session.executed(seq));
            sink.complete(ReplyOutcome::Lost(WireFailure {
                text: &text,
                ..WireFailure::new(message::FailureKind::Unreachable, executed)
            }));
        }
    }
}

fn refusal(reason: SessionReason, text: &str) -> Failure {
    let kind = match reason {
        SessionReason::Denied | SessionReason::Kicked => FailureKind::Denied,
        SessionReason::Incompatible => FailureKind::Incompatible,
        SessionReason::Unavailable | SessionReason::Overflow => FailureKind::Overloaded,
        SessionReason::Protocol => FailureKind::Invalid,
        _ => FailureKind::NotFound,
    };
    let failure = Failure::not_executed(kind);
    match text {
        "" => failure.because(format!("the session was refused: {reason:?}")),
        text => failure.because(text),
    }
}

//! Calls of clients on services that other nodes serve: passed on as they came.
//!
//! A node that only lets clients in has none of the services that guests log in by. The node that serves one takes the call as
//! this node's, and so learns nothing of the client: what only those with a session may call is not passed on.

use std::cell::Cell;
use std::rc::Rc;

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::message::Header;

use super::away::{Away, Route};
use super::calls::CallId;
use super::egress::Outgoing;
use super::forward::Raw;
use super::handler::Answer;
use super::ingress::{Incoming, Origin, ReplyTo, Serving};
use super::shard::Shard;
use crate::call::{Address, Failure, FailureKind, Target};
use crate::descriptor::Call;

/// A call that another node serves.
pub(super) struct Relay {
    to: Address,
    call: &'static Call,
}

impl Shard {
    /// Where a client's call goes that only other nodes serve; none if it is served here, or is no service's.
    ///
    /// # Errors
    ///
    /// Nobody serves it, or whoever does would have to know the client.
    pub(super) fn relay(
        &self,
        target: &Target,
        incoming: &Incoming<'_>,
    ) -> Result<Option<Relay>, Failure> {
        let Origin::Client(session) = incoming.origin else {
            return Ok(None);
        };
        let Some(to) = self.discover(target)? else {
            return Ok(None);
        };
        let method = incoming.method;
        let service = self
            .schema
            .get()
            .and_then(|it| it.service(method.package, method.number));
        let Some(call) = service.and_then(|it| it.calls.iter().find(|it| it.tag == method.tag))
        else {
            return Ok(None);
        };
        if session.is_some() && !call.exposed.is_some_and(|exposed| exposed.guest) {
            return Err(Failure::not_executed(FailureKind::Denied).because(
                "other nodes run the service, and could not tell whose client calls: have the client's entity call it",
            ));
        }
        Ok(Some(Relay { to, call }))
    }

    /// Passes a request on. `reply` gets its answer.
    ///
    /// # Errors
    ///
    /// If it can't be sent. Then `reply` is not told.
    pub(super) fn pass_on(
        self: &Rc<Self>,
        relay: &Relay,
        incoming: &Incoming<'_>,
        reply: Rc<dyn ReplyTo>,
    ) -> Result<Serving, Failure> {
        let egress = self.egress_or_refuse(&relay.to)?;
        let away = Rc::new(Away::default());
        let call = self.enter_away(&away, incoming.method, None);
        let silent = Rc::new(Cell::new(false));
        let sink = Rc::new(Passed {
            shard: Rc::clone(self),
            call,
            reply,
            silent: Rc::clone(&silent),
        });
        match relay.send(incoming, |outgoing| egress.request(outgoing, sink)) {
            Ok(id) => away.route.set(Route::Link(id)),
            Err(failure) => {
                self.caller_done(call);
                self.handler_done(call);
                return Err(failure);
            }
        }
        Ok(Serving::new(self, call, silent))
    }

    /// Passes a oneway on.
    ///
    /// # Errors
    ///
    /// If it can't be sent.
    pub(super) fn pass_oneway_on(
        &self,
        relay: &Relay,
        incoming: &Incoming<'_>,
    ) -> Result<(), Failure> {
        let egress = self.egress_or_refuse(&relay.to)?;
        relay.send(incoming, |outgoing| egress.notify(outgoing))
    }
}

impl Relay {
    /// The call as it goes on. Nobody waits for a client that another node has to know of.
    fn send<T>(&self, incoming: &Incoming<'_>, send: impl FnOnce(&Outgoing<'_>) -> T) -> T {
        let header = Header {
            deadline_us: incoming.header.deadline_us,
            trace: incoming.header.trace,
            ..Header::EMPTY
        };
        send(&Outgoing {
            to: &self.to,
            method: incoming.method,
            header: &header,
            args: &Raw(incoming.args),
            idempotent: self.call.idempotent,
        })
    }
}

/// Gives the answer of the node that serves it to whoever called.
pub(super) struct Passed {
    pub(super) shard: Rc<Shard>,
    pub(super) call: CallId,
    pub(super) reply: Rc<dyn ReplyTo>,
    pub(super) silent: Rc<Cell<bool>>,
}

impl ReplySink for Passed {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        self.shard.caller_done(self.call);
        self.shard.handler_done(self.call);
        if self.silent.get() {
            return;
        }
        match outcome.into_result() {
            Ok(Ok(bytes)) => self.reply.answer(Answer::Ok(&Raw(bytes))),
            Ok(Err(bytes)) => self.reply.answer(Answer::Thrown(&Raw(bytes))),
            Err(failure) => self.reply.answer(Answer::Failed(&failure.into())),
        }
    }
}

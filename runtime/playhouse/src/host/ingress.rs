//! Calls that come in as bytes, from links and tools.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use playhouse_wire::message::{Header, Method, Waiting as Waits};
use playhouse_wire::{EntityRef, Limits};

use super::calls::CallId;
use super::dispatch::{Lead, Prepared, no_such_target};
use super::forward::Back;
use super::handler::{Answer, Settled};
use super::interceptor::Direction;
use super::route::Home;
use super::shard::Shard;
use super::{Caller, SessionId};
use crate::call::{Failure, FailureKind, Target};
use crate::descriptor::CallKind;

/// A call that came in as bytes.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The call.
    pub method: Method,
    /// Key, deadline, trace and chain.
    pub header: &'a Header<'a>,
    /// Its arguments, to the end.
    pub args: &'a [u8],
    /// Who sent it.
    pub origin: Origin,
    /// How the arguments are read.
    pub limits: Limits,
}

/// Who sent a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Another node, or a tool.
    Peer,
    /// A client, with its session once it has one.
    Client(Option<SessionId>),
}

/// Where a call came from that nothing of this shard made.
#[derive(Debug, Default, Clone)]
pub(super) struct From {
    /// Who waits for it elsewhere, outermost first.
    pub(super) chain: Vec<Waits>,
    pub(super) caller: Option<Caller>,
    pub(super) session: Option<SessionId>,
    /// The activation that the caller means.
    pub(super) epoch: Option<u64>,
}

/// Takes the outcome of a call that came in.
pub trait ReplyTo: 'static {
    /// Takes it. Called once, unless the call is cancelled; inline if the handler never waited.
    fn answer(&self, answer: Answer<'_>);
}

/// A call whose handler has not ended.
pub struct Serving {
    shard: Rc<Shard>,
    call: CallId,
    silent: Rc<Cell<bool>>,
}

impl Serving {
    /// Nobody waits for the answer any more, and none is given. What has not begun never does.
    pub fn cancel(self) {
        self.silent.set(true);
        self.shard.give_up(self.call);
    }

    /// Whether it only waits for its turn: cancelled now, it never begins.
    pub(crate) fn only_waits(&self) -> bool {
        let calls = self.shard.calls.borrow();
        calls.get(self.call).is_some_and(|call| call.queued)
    }
}

impl Serving {
    pub(super) fn new(shard: &Rc<Shard>, call: CallId, silent: Rc<Cell<bool>>) -> Self {
        Self {
            shard: Rc::clone(shard),
            call,
            silent,
        }
    }

    pub(super) const fn call(&self) -> CallId {
        self.call
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serving({})", self.shard.call_path(self.call))
    }
}

/// Whom a method and a header mean.
pub(super) fn target(method: Method, header: &Header<'_>) -> Target {
    match &header.target {
        Some(key) => Target::Entity(EntityRef {
            package: method.package,
            number: method.number,
            slot: method.slot,
            key: key.clone(),
        }),
        None => Target::Service {
            package: method.package,
            number: method.number,
            key: None,
        },
    }
}

impl From {
    pub(super) fn new(origin: Origin, header: &Header<'_>) -> Self {
        let session = match origin {
            Origin::Peer => None,
            Origin::Client(session) => session,
        };
        let mut chain: Vec<Waits> = header.chain.iter().collect();
        let caller = match session {
            Some(session) => Some(Caller::Client(session)),
            None => chain.last().map(|waits| {
                Caller::Entity(EntityRef {
                    package: waits.method.package,
                    number: waits.method.number,
                    slot: waits.method.slot,
                    key: waits.key.clone(),
                })
            }),
        };
        chain.shrink_to_fit();
        Self {
            chain,
            caller,
            session,
            epoch: header.epoch,
        }
    }
}

impl Shard {
    /// Serves a request. `reply` gets its answer: at once, in which case nothing is returned, or later.
    pub fn serve(
        self: &Rc<Self>,
        incoming: Incoming<'_>,
        reply: Rc<impl ReplyTo>,
    ) -> Option<Serving> {
        self.serve_with(&incoming, reply)
    }

    fn serve_with(
        self: &Rc<Self>,
        incoming: &Incoming<'_>,
        reply: Rc<dyn ReplyTo>,
    ) -> Option<Serving> {
        let target = target(incoming.method, incoming.header);
        match self.home(&target) {
            Ok(Home::Here) if self.clustered().is_some() => {
                self.serve_in_cluster(&target, incoming, reply)
            }
            Ok(Home::Here) => self.serve_here(&target, incoming, CallKind::Rpc, reply),
            Ok(Home::Shard(shard)) => {
                let silent = Rc::new(Cell::new(false));
                let back = Back {
                    reply,
                    silent: Rc::clone(&silent),
                };
                let call = self.forward(shard, incoming, Some(back))?;
                Some(Serving {
                    shard: Rc::clone(self),
                    call,
                    silent,
                })
            }
            Err(failure) => {
                reply.answer(Answer::Failed(&failure));
                None
            }
        }
    }

    /// Serves a oneway.
    ///
    /// # Errors
    ///
    /// If it is known at once that it can't be served.
    pub fn serve_oneway(self: &Rc<Self>, incoming: Incoming<'_>) -> Result<(), Failure> {
        if incoming.origin == Origin::Peer
            && let Some(taken) = self.take_ack_of_node(incoming.method, incoming.args)
        {
            return taken;
        }
        let target = target(incoming.method, incoming.header);
        if let Some(relay) = self.relay(&target, &incoming)? {
            return self.pass_oneway_on(&relay, &incoming);
        }
        match self.home(&target)? {
            Home::Here if self.is_elsewhere(&target) => {
                self.place_incoming(&target, &incoming, None).map(drop)
            }
            Home::Here => self.serve_oneway_here(&target, &incoming),
            Home::Shard(shard) => {
                self.may_post(shard)?;
                self.forward(shard, &incoming, None);
                Ok(())
            }
        }
    }

    /// Serves a oneway whose end somebody waits for all the same: `reply` is told, at once or later.
    pub(crate) fn serve_oneway_until_done(
        self: &Rc<Self>,
        incoming: Incoming<'_>,
        reply: Rc<impl ReplyTo>,
    ) -> Option<Serving> {
        let target = target(incoming.method, incoming.header);
        let is_relayed = !matches!(self.relay(&target, &incoming), Ok(None));
        if matches!(self.home(&target), Ok(Home::Here))
            && !self.is_for_others(&target, incoming.origin)
            && !is_relayed
        {
            return self.serve_here(&target, &incoming, CallKind::Oneway, reply);
        }
        match self.serve_oneway(incoming) {
            Ok(()) => reply.answer(Answer::Ok(&())),
            Err(failure) => reply.answer(Answer::Failed(&failure)),
        }
        None
    }

    /// Whether a call is to be placed. A client's session has come here with its entity: its calls wait for none that this
    /// node still has on their way to where the entity was.
    fn is_for_others(&self, target: &Target, origin: Origin) -> bool {
        let in_session = matches!(origin, Origin::Client(Some(_)));
        self.is_elsewhere(target) && !(in_session && self.is_live(target))
    }

    fn is_live(&self, target: &Target) -> bool {
        let Target::Entity(address) = target else {
            return false;
        };
        let kind = self.find_kind(address.package, address.number);
        kind.is_some_and(|kind| kind.find(&address.key).is_some())
    }

    /// A call that names an epoch is that activation's; any other goes to wherever its entity is.
    fn serve_in_cluster(
        self: &Rc<Self>,
        target: &Target,
        incoming: &Incoming<'_>,
        reply: Rc<dyn ReplyTo>,
    ) -> Option<Serving> {
        if incoming.header.epoch.is_some() && incoming.origin == Origin::Peer {
            return self.serve_of_link_at_epoch(target, incoming, reply);
        }
        let taken = match self.relay(target, incoming) {
            Ok(Some(relay)) => self.pass_on(&relay, incoming, Rc::clone(&reply)).map(Some),
            Ok(None) if !self.is_for_others(target, incoming.origin) => {
                return self.serve_here(target, incoming, CallKind::Rpc, reply);
            }
            Ok(None) => self.place_incoming(target, incoming, Some(Rc::clone(&reply))),
            Err(failure) => Err(failure),
        };
        match taken {
            Ok(serving) => serving,
            Err(failure) => {
                reply.answer(Answer::Failed(&failure));
                None
            }
        }
    }

    pub(super) fn serve_here(
        self: &Rc<Self>,
        target: &Target,
        incoming: &Incoming<'_>,
        kind: CallKind,
        reply: Rc<dyn ReplyTo>,
    ) -> Option<Serving> {
        let prepared = self.prepare_incoming(target, incoming, kind);
        let Prepared { host, place, call } = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => {
                reply.answer(Answer::Failed(&failure));
                return None;
            }
        };
        let seen = self.seen(&place, host.call);
        let began = host.tally.begin(|| self.env.now());
        let mut answer = |answer: Answer<'_>| {
            host.tally.end(began, || self.env.now(), answer.into());
            self.ended(call);
            self.after(Direction::In, || seen, || answer.into());
            reply.answer(answer);
        };
        let parked = host.encoded.start_encoded(
            self,
            &place,
            call,
            incoming.args,
            &incoming.limits,
            &mut answer,
        )?;
        let silent = Rc::new(Cell::new(false));
        let hushed = Rc::clone(&silent);
        let waits = host.tally.wait(self.now_us());
        let shard = Rc::downgrade(self);
        self.park(call, parked, fail, move |settled| {
            if let Some(shard) = shard.upgrade() {
                waits.end(shard.now_us(), settled.answer().into());
                shard.after(Direction::In, || seen, || settled.answer().into());
            }
            if !hushed.get() {
                reply.answer(settled.answer());
            }
            if let Some(shard) = shard.upgrade() {
                shard.caller_done(call);
            }
        });
        // Only so that what waits in a mailbox past its deadline never begins: the caller keeps its own time.
        self.arm_deadline(call);
        Some(Serving {
            shard: Rc::clone(self),
            call,
            silent,
        })
    }

    fn serve_oneway_here(
        self: &Rc<Self>,
        target: &Target,
        incoming: &Incoming<'_>,
    ) -> Result<(), Failure> {
        let prepared = self.prepare_incoming(target, incoming, CallKind::Oneway)?;
        let Prepared { host, place, call } = prepared;
        let mut refused = Ok(());
        let seen = self.seen(&place, host.call);
        let began = host.tally.begin(|| self.env.now());
        let mut answer = |answer: Answer<'_>| {
            host.tally.end(began, || self.env.now(), answer.into());
            self.ended(call);
            self.after(Direction::In, || seen, || answer.into());
            if let Answer::Failed(failure) = answer
                && failure.executed() == crate::Executed::NotExecuted
            {
                refused = Err(failure.clone());
            }
        };
        let parked = host.encoded.start_encoded(
            self,
            &place,
            call,
            incoming.args,
            &incoming.limits,
            &mut answer,
        );
        if let Some(parked) = parked {
            let shard = Rc::downgrade(self);
            let waits = host.tally.wait(self.now_us());
            self.park(call, parked, fail, move |settled| {
                if let Some(shard) = shard.upgrade() {
                    waits.end(shard.now_us(), settled.answer().into());
                    shard.after(Direction::In, || seen, || settled.answer().into());
                }
            });
            self.caller_done(call);
        }
        refused
    }

    fn prepare_incoming(
        self: &Rc<Self>,
        target: &Target,
        incoming: &Incoming<'_>,
        kind: CallKind,
    ) -> Result<Prepared<'_>, Failure> {
        let header = incoming.header;
        if header.local.is_some() {
            self.tally.refuse(FailureKind::NotFound);
            return Err(no_such_target());
        }
        let from = From::new(incoming.origin, header);
        let plain = from.caller.is_none() && from.session.is_none() && from.epoch.is_none();
        let lead = Lead {
            left_us: (kind == CallKind::Rpc).then(|| header.deadline_or_default_us()),
            trace: header.trace.map(Into::into),
            from: (!plain).then(|| Rc::new(from)),
        };
        let prepared = self
            .prepare_from_outside(target, incoming.method.tag, lead)
            .inspect_err(|failure| self.tally.refuse(failure.kind()))?;
        // A oneway that names an epoch comes as a request, so that it can go back.
        if prepared.host.call.kind != kind && header.epoch.is_none() {
            self.ended(prepared.call);
            self.tally.refuse(FailureKind::Invalid);
            return Err(wrong_kind());
        }
        Ok(prepared)
    }
}

#[cold]
pub(super) fn wrong_kind() -> Failure {
    Failure::not_executed(FailureKind::Invalid)
        .because("a oneway is sent without waiting for an answer, an rpc with")
}

pub(super) fn fail(failure: Failure) -> Box<dyn Settled> {
    let outcome: Result<(), Failure> = Err(failure);
    Box::new(outcome)
}

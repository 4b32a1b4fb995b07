//! Calls to other nodes: what the node does for the host, and how answers come back.

use std::rc::Rc;

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::codec::Codec;
use playhouse_wire::message::{ChainBuffer, Header, Method, WaitFound, WaitProbe};
use playhouse_wire::{Encode, EntityKey, EntityRef, Limits, Reader};

use super::away::{Away, Route};
use super::calls::{CallId, Place};
use super::interceptor::{CallOutcome, Direction, Seen, outcome_of};
use super::park::{Manner, Outcome, Reply, Started, Waiting};
use super::shard::{NEVER, Shard};
use crate::call::{Address, Arguments, Failure, FailureKind, Fault, Proxy, Rpc, Target};

/// A request that an [`Egress`] has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EgressId(pub u64);

/// A link of one of the node's shards, which can be named on all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId {
    /// The shard that drives it.
    pub shard: u32,
    /// Its number there: no other link of the shard ever has it.
    pub serial: u64,
}

/// Sends calls to other nodes. The node sets it on each shard: [`Shard::set_egress`].
pub trait Egress {
    /// Sends a request. `sink` is told its outcome exactly once, unless it is cancelled or this fails; never before this
    /// has returned.
    ///
    /// # Errors
    ///
    /// If it can't be sent.
    fn request(
        &self,
        outgoing: &Outgoing<'_>,
        sink: Rc<dyn ReplySink>,
    ) -> Result<EgressId, Failure>;

    /// Gives a request up.
    fn cancel(&self, id: EgressId);

    /// Sends a oneway.
    ///
    /// # Errors
    ///
    /// If it can't be sent.
    fn notify(&self, outgoing: &Outgoing<'_>) -> Result<(), Failure>;

    /// Sends a search for a deadlock after a request, by the same link.
    fn probe(&self, after: EgressId, probe: &WaitProbe<'_>) {
        let _ = (after, probe);
    }

    /// Sends a message that is neither call nor answer. Gives the serial of the link that it goes by.
    ///
    /// # Errors
    ///
    /// If it can't be sent.
    fn send_message(&self, to: &Address, message: &[u8]) -> Result<u64, Failure> {
        let _ = message;
        Err(Failure::not_executed(FailureKind::Unreachable)
            .because(format!("this shard has no way to {to}")))
    }

    /// Whether an address could not be reached, so that it is left alone just now.
    fn leaves_alone(&self, to: &Address) -> bool {
        let _ = to;
        false
    }

    /// Closes the link of this serial, if it is still there.
    fn close(&self, link: u64) {
        let _ = link;
    }

    /// Takes messages of the link of this serial, if it is still there: the one before it is over.
    fn take_on(&self, link: u64) {
        let _ = link;
    }

    /// Sends a message by the link of this serial, if it is still there.
    fn answer(&self, link: u64, message: &[u8]) {
        let _ = (link, message);
    }

    /// The same for a message that may as well be lost: it is dropped if much waits on the link.
    fn pass(&self, link: u64, message: &[u8]) {
        let _ = (link, message);
    }

    /// Sends what a search has found back to where it came from: [`Shard::probed`] was given the token.
    fn found(&self, token: u64, found: &WaitFound<'_>) {
        let _ = (token, found);
    }
}

/// A call on its way out.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The node.
    pub to: &'a Address,
    /// The call.
    pub method: Method,
    /// Key, deadline, trace and chain.
    pub header: &'a Header<'a>,
    /// Its arguments.
    pub args: &'a dyn Encode,
    /// Whether it may be made again if it is not known what became of it.
    pub idempotent: bool,
}

impl std::fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outgoing({:?} to {})", self.method, self.to)
    }
}

/// The method and the key of what a proxy stands for.
pub(super) fn address(target: &Target, tag: u8) -> (Method, Option<EntityKey>) {
    match target {
        Target::Entity(EntityRef {
            package,
            number,
            slot,
            key,
        }) => {
            let method = Method {
                package: *package,
                number: *number,
                slot: *slot,
                tag,
            };
            (method, Some(key.clone()))
        }
        Target::Service {
            package, number, ..
        } => {
            let method = Method {
                package: *package,
                number: *number,
                slot: 0,
                tag,
            };
            (method, None)
        }
    }
}

impl Shard {
    /// Sends calls to other nodes through this from now on.
    pub fn set_egress(&self, egress: Rc<dyn Egress>) {
        *self.egress.borrow_mut() = Some(egress);
    }

    pub(super) fn egress(&self) -> Option<Rc<dyn Egress>> {
        self.egress.borrow().clone()
    }

    /// Sends a message by a link, whichever shard drives it.
    pub(crate) fn answer_on(self: &Rc<Self>, link: LinkId, message: Vec<u8>) {
        self.do_on(link.shard, move |shard| {
            if let Some(egress) = shard.egress() {
                egress.answer(link.serial, &message);
            }
        });
    }

    /// Sends a message that may as well be lost by a link, whichever shard drives it.
    pub(crate) fn pass_on_link(self: &Rc<Self>, link: LinkId, message: Vec<u8>) {
        self.do_on(link.shard, move |shard| {
            if let Some(egress) = shard.egress() {
                egress.pass(link.serial, &message);
            }
        });
    }

    /// Closes a link, whichever shard drives it.
    pub(crate) fn close_link(self: &Rc<Self>, link: LinkId) {
        self.do_on(link.shard, move |shard| {
            if let Some(egress) = shard.egress() {
                egress.close(link.serial);
            }
        });
    }

    /// Has a link that was held taken on, whichever shard drives it, when all that came by links of this shard has been
    /// handed on.
    pub(crate) fn take_link_on(self: &Rc<Self>, link: LinkId) {
        self.flush_packets();
        self.do_on(link.shard, move |shard| {
            if let Some(egress) = shard.egress() {
                egress.take_on(link.serial);
            }
        });
    }

    pub(super) fn egress_or_refuse(&self, to: &Address) -> Result<Rc<dyn Egress>, Failure> {
        self.egress().ok_or_else(|| {
            Failure::not_executed(FailureKind::Unreachable).because(format!(
                "this shard has no way to {to}: it belongs to no node"
            ))
        })
    }

    pub(super) fn start_link<A: Rpc>(
        self: &Rc<Self>,
        proxy: &Proxy,
        to: &Address,
        args: &A,
    ) -> Started<A> {
        match self.request_link(proxy, to, args) {
            Ok(waiting) => Started::Waiting(waiting),
            Err(failure) => Started::Ready(Err(failure.into())),
        }
    }

    fn request_link<A: Rpc>(
        self: &Rc<Self>,
        proxy: &Proxy,
        to: &Address,
        args: &A,
    ) -> Result<Waiting<Outcome<A>>, Failure> {
        check(args)?;
        let egress = self.egress_or_refuse(to)?;
        let (method, key) = address(&proxy.target, A::TAG);
        let seen = Seen {
            owner: self.owner_name(method.package, method.number),
            call: A::call(),
        };
        let lead = self.outbound::<A>(proxy.deadline_us, seen)?;
        let mut chain = ChainBuffer::new();
        for waits in &lead.chain {
            chain.push(waits.method, &waits.key).map_err(|full| {
                Failure::not_executed(FailureKind::Overloaded).because(full.to_string())
            })?;
        }
        let header = Header {
            target: key.clone(),
            deadline_us: lead.left_us,
            trace: lead.trace.map(Into::into),
            chain: chain.as_chain(),
            ..Header::EMPTY
        };
        let outgoing = Outgoing {
            to,
            method,
            header: &header,
            args,
            idempotent: A::call().idempotent,
        };
        let reply: Reply<Outcome<A>> = Rc::default();
        let away = Rc::new(Away {
            target: key.map(|key| playhouse_wire::message::Waiting { method, key }),
            ..Away::default()
        });
        let call = self.enter_away(&away, method, lead.left_us);
        let sink = Rc::new(Sink::<A> {
            shard: Rc::clone(self),
            call,
            reply: Rc::clone(&reply),
        });
        match egress.request(&outgoing, sink) {
            Ok(id) => away.route.set(Route::Link(id)),
            Err(failure) => {
                self.ended(call);
                let outcome = || CallOutcome::Failed(failure.kind());
                self.after(Direction::Out, || seen, outcome);
                return Err(failure);
            }
        }
        self.await_call(call);
        Ok(Waiting::new(self, call, reply, Manner::of(seen)))
    }

    /// The caller of a call that is served elsewhere.
    pub(super) fn enter_away(
        &self,
        away: &Rc<Away>,
        method: Method,
        left_us: Option<u64>,
    ) -> CallId {
        let deadline_us = left_us.map_or(NEVER, |left| self.call_time().saturating_add(left));
        let place = Place::Away(Rc::clone(away));
        let caller = self.current.get();
        let mut calls = self.calls.borrow_mut();
        calls.insert(place, method.slot, method.tag, caller, deadline_us, None)
    }

    pub(super) fn notify_link<A: Arguments>(
        &self,
        proxy: &Proxy,
        to: &Address,
        args: &A,
    ) -> Result<(), Failure> {
        check(args)?;
        let egress = self.egress_or_refuse(to)?;
        let (method, target) = address(&proxy.target, A::TAG);
        let seen = || Seen {
            owner: self.owner_name(method.package, method.number),
            call: A::call(),
        };
        let trace = self.current_trace();
        self.before(Direction::Out, seen, None, trace)?;
        let trace = trace.map(Into::into);
        let header = Header {
            target,
            trace,
            ..Header::EMPTY
        };
        let sent = egress.notify(&Outgoing {
            to,
            method,
            header: &header,
            args,
            idempotent: A::call().idempotent,
        });
        self.after(Direction::Out, seen, || outcome_of(&sent));
        sent
    }
}

/// Holds arguments to their bounds before they are sent.
pub(super) fn check<A: Arguments>(args: &A) -> Result<(), Failure> {
    args.check()
        .map_err(|error| Failure::not_executed(FailureKind::Invalid).because(error.to_string()))
}

/// Takes the answer of another node, or of a client.
pub(super) struct Sink<A: Rpc> {
    pub(super) shard: Rc<Shard>,
    pub(super) call: CallId,
    pub(super) reply: Reply<Outcome<A>>,
}

/// Reads what came back.
pub(super) fn decode_outcome<A: Rpc>(outcome: ReplyOutcome<'_>) -> Outcome<A> {
    let decoded = match outcome.into_result() {
        Ok(Ok(bytes)) => {
            let mut reader = Reader::new(bytes, &Limits::DEFAULT);
            A::Codec::decode(&mut reader).and_then(|output| reader.end().map(|()| Ok(output)))
        }
        Ok(Err(bytes)) => {
            let mut reader = Reader::new(bytes, &Limits::DEFAULT);
            A::Fault::decode_thrown(&mut reader).and_then(|fault| reader.end().map(|()| Err(fault)))
        }
        Err(failure) => return Err(Failure::from(failure).into()),
    };
    decoded.unwrap_or_else(|error| {
        let failure = Failure::unknown(FailureKind::Invalid)
            .because(format!("what came back can't be read: {error}"));
        Err(failure.into())
    })
}

impl<A: Rpc> ReplySink for Sink<A> {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let outcome = decode_outcome::<A>(outcome);
        *self.reply.borrow_mut() = Some(outcome);
        self.shard.handler_done(self.call);
    }
}

impl<A: Rpc> std::fmt::Debug for Sink<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sink({})", A::call().name)
    }
}

//! Calls that leave for where their entity is: those of this shard's handlers, of other shards, and of links.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::EntityRef;
use playhouse_wire::message::Waiting as Waits;

use super::super::away::Away;
use super::super::calls::{CallId, Place};
use super::super::dispatch::no_such_target;
use super::super::egress::{Sink, address, check};
use super::super::ingress::{From, Incoming, Origin, ReplyTo, Serving};
use super::super::interceptor::{CallOutcome, Direction, Seen};
use super::super::park::{Manner, Outcome, Reply, Started, Waiting};
use super::super::relay::Passed;
use super::super::shard::Shard;
use super::internal::INTERNAL_SLOT;
use super::placed::{Letter, written};
use super::table::whole;
use crate::call::{Arguments, Failure, Proxy, Rpc, Target};
use crate::descriptor::CallKind;

/// Reads an outcome that came as bytes.
pub(in crate::host) type Decoded<T> = fn(ReplyOutcome<'_>) -> T;

impl Shard {
    /// Begins an rpc on an entity that is not live here.
    #[cold]
    #[inline(never)]
    pub(in crate::host) fn start_placed<A: Rpc>(
        self: &Rc<Self>,
        proxy: &Proxy,
        args: &A,
    ) -> Started<A> {
        match self.request_placed(proxy, args) {
            Ok(waiting) => Started::Waiting(waiting),
            Err(failure) => Started::Ready(Err(failure.into())),
        }
    }

    fn request_placed<A: Rpc>(
        self: &Rc<Self>,
        proxy: &Proxy,
        args: &A,
    ) -> Result<Waiting<Outcome<A>>, Failure> {
        check(args)?;
        let (method, key) = address(&proxy.target, A::TAG);
        let (Some(key), Target::Entity(entity)) = (key, &proxy.target) else {
            return Err(no_such_target());
        };
        let seen = Seen {
            owner: self.owner_name(method.package, method.number),
            call: A::call(),
        };
        let lead = self.outbound::<A>(proxy.deadline_us, seen)?;
        let reply: Reply<Outcome<A>> = Rc::default();
        let away = Rc::new(Away {
            target: Some(Waits { method, key }),
            ..Away::default()
        });
        let call = self.enter_away(&away, method, lead.left_us);
        let sink = Rc::new(Sink::<A> {
            shard: Rc::clone(self),
            call,
            reply: Rc::clone(&reply),
        });
        self.await_call(call);
        let letter = Letter {
            method,
            args: written(args),
            idempotent: A::call().idempotent,
            oneway: false,
            deadline_us: self.deadline_of(call),
            trace: lead.trace,
            chain: lead.chain,
            origin: Origin::Peer,
        };
        if let Err(failure) = self.place_call(whole(entity), letter, call, sink) {
            self.caller_done(call);
            self.handler_done(call);
            let outcome = || CallOutcome::Failed(failure.kind());
            self.after(Direction::Out, || seen, outcome);
            return Err(failure);
        }
        Ok(Waiting::new(self, call, reply, Manner::of(seen)))
    }

    /// Sends a oneway to an entity that is not live here: as a request, so that it comes back if it arrives too late.
    #[cold]
    #[inline(never)]
    pub(in crate::host) fn send_placed_oneway<A: Arguments>(
        self: &Rc<Self>,
        proxy: &Proxy,
        args: &A,
    ) -> Result<(), Failure> {
        check(args)?;
        let (method, _) = address(&proxy.target, A::TAG);
        let Target::Entity(entity) = &proxy.target else {
            return Err(no_such_target());
        };
        let seen = || Seen {
            owner: self.owner_name(method.package, method.number),
            call: A::call(),
        };
        let trace = self.current_trace();
        self.before(Direction::Out, seen, None, trace)?;
        let letter = Letter {
            method,
            args: written(args),
            idempotent: A::call().idempotent,
            oneway: true,
            deadline_us: 0,
            trace,
            chain: Vec::new(),
            origin: Origin::Peer,
        };
        let sent = self.place_oneway(whole(entity), letter, |_| ());
        self.after(Direction::Out, seen, || match &sent {
            Ok(()) => CallOutcome::Ok,
            Err(failure) => CallOutcome::Failed(failure.kind()),
        });
        sent
    }

    /// Places what nobody waits for. It waits to be sent for no longer than a call would.
    fn place_oneway(
        self: &Rc<Self>,
        entity: EntityRef,
        mut letter: Letter,
        told: impl FnOnce(Option<Failure>) + 'static,
    ) -> Result<(), Failure> {
        let away = Rc::new(Away {
            target: Some(Waits {
                method: letter.method,
                key: entity.key.clone(),
            }),
            ..Away::default()
        });
        let left_us = super::super::kind::DEADLINE_DEFAULT_US;
        let call = self.enter_away(&away, letter.method, Some(left_us));
        letter.deadline_us = self.deadline_of(call);
        let sink = Rc::new(Unheard {
            shard: Rc::clone(self),
            call,
            told: RefCell::new(Some(told)),
        });
        self.arm_deadline(call);
        let placed = self.place_call(entity, letter, call, sink);
        if placed.is_err() {
            self.caller_done(call);
            self.handler_done(call);
        }
        placed
    }

    /// Places a request of a link, or a oneway. A request's `reply` gets its answer.
    pub(in crate::host) fn place_incoming(
        self: &Rc<Self>,
        target: &Target,
        incoming: &Incoming<'_>,
        reply: Option<Rc<dyn ReplyTo>>,
    ) -> Result<Option<Serving>, Failure> {
        let (header, method) = (incoming.header, incoming.method);
        let Target::Entity(entity) = target else {
            return Err(no_such_target());
        };
        if header.local.is_some() || method.slot == INTERNAL_SLOT {
            return Err(no_such_target());
        }
        let known = self
            .find_kind(method.package, method.number)
            .and_then(|kind| kind.call(method.slot, method.tag));
        let left_us = header.deadline_or_default_us();
        let mut letter = Letter {
            method,
            args: incoming.args.into(),
            idempotent: known.is_some_and(|host| host.call.idempotent),
            oneway: reply.is_none(),
            deadline_us: self.call_time().saturating_add(left_us),
            trace: header.trace.map(Into::into),
            chain: header.chain.iter().collect(),
            origin: incoming.origin,
        };
        let Some(reply) = reply else {
            self.place_oneway(whole(entity), letter, |_| ())?;
            return Ok(None);
        };
        if known.is_some_and(|host| host.call.kind == CallKind::Oneway) {
            return Err(super::super::ingress::wrong_kind());
        }
        let away = Rc::new(Away {
            target: Some(Waits {
                method,
                key: entity.key.clone(),
            }),
            ..Away::default()
        });
        let call = self.enter_away(&away, method, Some(left_us));
        letter.deadline_us = self.deadline_of(call);
        let silent = Rc::new(Cell::new(false));
        let sink = Rc::new(Passed {
            shard: Rc::clone(self),
            call,
            reply,
            silent: Rc::clone(&silent),
        });
        self.arm_deadline(call);
        if let Err(failure) = self.place_call(whole(entity), letter, call, sink) {
            self.caller_done(call);
            self.handler_done(call);
            return Err(failure);
        }
        let still = self.away(call).is_some();
        Ok(still.then(|| Serving::new(self, call, silent)))
    }

    /// Places a call of another shard of the node. `give` gets its outcome.
    pub(in crate::host) fn place_parcel<A: Arguments, T: 'static>(
        self: &Rc<Self>,
        entity: &EntityRef,
        (args, from): (A, From),
        (left_us, trace): (Option<u64>, Option<super::super::TraceContext>),
        decode: Option<Decoded<T>>,
        give: impl FnOnce(&Rc<Self>, Option<T>) + 'static,
    ) -> Option<CallId> {
        let (method, key) = address(&Target::Entity(entity.clone()), A::TAG);
        let away = Rc::new(Away {
            target: key.map(|key| Waits { method, key }),
            ..Away::default()
        });
        let held_us = left_us.unwrap_or(super::super::kind::DEADLINE_DEFAULT_US);
        let call = self.enter_away(&away, method, Some(held_us));
        let letter = Letter {
            method,
            args: written(&args),
            idempotent: A::call().idempotent,
            oneway: left_us.is_none(),
            deadline_us: self.deadline_of(call),
            trace,
            chain: from.chain,
            origin: Origin::Peer,
        };
        let sink = Rc::new(Given {
            shard: Rc::clone(self),
            call,
            decode,
            give: RefCell::new(Some(give)),
        });
        self.arm_deadline(call);
        if let Err(failure) = self.place_call(whole(entity), letter, call, Rc::clone(&sink) as _) {
            sink.complete(ReplyOutcome::Failed((&failure).into()));
        }
        // It may be over already.
        self.away(call).map(|_| call)
    }

    /// Makes a call anew whose turn never came, since its entity's activation is over.
    pub(in crate::host) async fn place_again<A: Arguments, T: 'static>(
        self: Rc<Self>,
        call: CallId,
        args: A,
        decode: Decoded<T>,
    ) -> Result<T, Failure> {
        let (whole_cell, slot, deadline_us, trace, parent, from) = {
            let calls = self.calls.borrow();
            let entry = calls.get(call).ok_or_else(no_such_target)?;
            let Place::Entity(cell) = &entry.place else {
                return Err(no_such_target());
            };
            (
                super::super::lease::leased(cell),
                entry.slot,
                entry.deadline_us,
                entry.trace.as_ref().map(|trace| trace.context),
                entry.parent,
                entry.from.clone(),
            )
        };
        let header = whole_cell.header();
        let descriptor = self.kind(header.kind).descriptor;
        let entity = EntityRef {
            package: descriptor.package,
            number: descriptor.number,
            slot,
            key: header.key.clone(),
        };
        let (method, key) = address(&Target::Entity(entity.clone()), A::TAG);
        let mut chain = self.chain_above(parent);
        if let Some(from) = from {
            let mut outer = from.chain.clone();
            outer.append(&mut chain);
            chain = outer;
        }
        let away = Rc::new(Away {
            target: key.map(|key| Waits { method, key }),
            ..Away::default()
        });
        if let Some(entry) = self.calls.borrow_mut().get_mut(call) {
            entry.place = Place::Away(Rc::clone(&away));
            entry.queued = false;
            entry.granted = false;
        }
        let letter = Letter {
            method,
            args: written(&args),
            idempotent: A::call().idempotent,
            oneway: A::call().kind == CallKind::Oneway,
            deadline_us,
            trace,
            chain,
            origin: Origin::Peer,
        };
        let reply: Reply<T> = Rc::default();
        let sink = Rc::new(Laid {
            shard: Rc::clone(&self),
            call,
            decode,
            reply: Rc::clone(&reply),
        });
        self.place_call(whole(&entity), letter, call, sink)?;
        Ok(poll_fn(|cx| {
            if let Some(outcome) = reply.borrow_mut().take() {
                return Poll::Ready(outcome);
            }
            if let Some(entry) = self.calls.borrow_mut().get_mut(call) {
                entry.handler_waker = Some(cx.waker().clone());
            }
            Poll::Pending
        })
        .await)
    }

    fn deadline_of(&self, call: CallId) -> u64 {
        let calls = self.calls.borrow();
        calls
            .get(call)
            .map_or(super::super::shard::NEVER, |call| call.deadline_us)
    }
}

/// What a oneway came to.
pub(in crate::host) fn decode_nothing(outcome: ReplyOutcome<'_>) -> Result<(), Failure> {
    match outcome.into_result() {
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

/// Nobody waits for the outcome.
struct Unheard<F> {
    shard: Rc<Shard>,
    call: CallId,
    told: RefCell<Option<F>>,
}

impl<F: FnOnce(Option<Failure>)> ReplySink for Unheard<F> {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let failure = outcome.into_result().err().map(Failure::from);
        if let Some(failure) = &failure {
            let call = self.shard.call_path(self.call);
            tracing::debug!(call, %failure, "a oneway did not arrive");
        }
        self.shard.caller_done(self.call);
        self.shard.handler_done(self.call);
        if let Some(told) = self.told.take() {
            told(failure);
        }
    }
}

/// Gives an outcome away, read.
struct Given<T, G> {
    shard: Rc<Shard>,
    call: CallId,
    decode: Option<Decoded<T>>,
    give: RefCell<Option<G>>,
}

impl<T, G: FnOnce(&Rc<Shard>, Option<T>)> ReplySink for Given<T, G> {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let outcome = self.decode.map(|decode| decode(outcome));
        self.shard.caller_done(self.call);
        self.shard.handler_done(self.call);
        if let Some(give) = self.give.take() {
            give(&self.shard, outcome);
        }
    }
}

/// Lays an outcome down for the handler's own task.
struct Laid<T> {
    shard: Rc<Shard>,
    call: CallId,
    decode: Decoded<T>,
    reply: Reply<T>,
}

impl<T> ReplySink for Laid<T> {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        *self.reply.borrow_mut() = Some((self.decode)(outcome));
        let waker = {
            let mut calls = self.shard.calls.borrow_mut();
            calls
                .get_mut(self.call)
                .and_then(|call| call.handler_waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

//! Calls that come in as bytes on a link of one shard and are served by another.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use playhouse_wire::message::{Header, Method, Waiting as Waits};
use playhouse_wire::{Encode, EntityKey, Limits, Writer};

use super::away::{Away, Route};
use super::calls::CallId;
use super::cross::Envelope;
use super::fabric::Packet;
use super::handler::Answer;
use super::ingress::{Incoming, Origin, ReplyTo};
use super::shard::Shard;
use super::trace::TraceContext;
use crate::call::Failure;

impl Shard {
    /// Sends a call that came in as bytes on to the shard that serves it.
    pub(super) fn forward(
        self: &Rc<Self>,
        to: u32,
        incoming: &Incoming<'_>,
        back: Option<Back>,
    ) -> Option<CallId> {
        if let Err(failure) = self.may_post(to) {
            if let Some(back) = back {
                back.reply.answer(Answer::Failed(&failure));
            }
            return None;
        }
        let header = incoming.header;
        let caller = back.map(|back| {
            let away = Rc::new(Away {
                target: None,
                route: Cell::new(Route::Shard(to)),
                reply: Some(Rc::new(back)),
                ..Away::default()
            });
            self.enter_away(&away, incoming.method, None)
        });
        let forwarded = Forwarded {
            home: self.index,
            caller,
            method: incoming.method,
            key: header.target.clone(),
            epoch: header.epoch,
            left_us: header.deadline_or_default_us(),
            trace: header.trace.map(Into::into),
            chain: header.chain.iter().collect(),
            origin: incoming.origin,
            args: incoming.args.into(),
            limits: incoming.limits,
            outcome: None,
        };
        self.post(to, Packet::Call(Box::new(forwarded)));
        caller
    }
}

/// Where the outcome of a forwarded call goes in the end.
pub(super) struct Back {
    pub(super) reply: Rc<dyn ReplyTo>,
    /// The call was cancelled: nobody wants it any more.
    pub(super) silent: Rc<Cell<bool>>,
}

/// A call that came in as bytes on a link of another shard.
pub(super) struct Forwarded {
    home: u32,
    caller: Option<CallId>,
    method: Method,
    key: Option<EntityKey>,
    epoch: Option<u64>,
    left_us: u64,
    trace: Option<TraceContext>,
    chain: Vec<Waits>,
    origin: Origin,
    args: Box<[u8]>,
    limits: Limits,
    outcome: Option<Encoded>,
}

/// An outcome as bytes.
enum Encoded {
    Ok(Vec<u8>),
    Thrown(Vec<u8>),
    Failed(Failure),
}

/// Bytes that are encoded already.
pub(super) struct Raw<'a>(pub(super) &'a [u8]);

impl Encode for Raw<'_> {
    fn encode(&self, w: &mut Writer) {
        w.raw(self.0);
    }
}

impl Encoded {
    fn of(answer: Answer<'_>) -> Self {
        let bytes = |value: &dyn Encode| {
            let mut writer = Writer::new();
            value.encode(&mut writer);
            writer.into_bytes()
        };
        match answer {
            Answer::Ok(result) => Self::Ok(bytes(result)),
            Answer::Thrown(error) => Self::Thrown(bytes(error)),
            Answer::Failed(failure) => Self::Failed(failure.clone()),
        }
    }

    fn give(&self, reply: &dyn ReplyTo) {
        match self {
            Self::Ok(bytes) => reply.answer(Answer::Ok(&Raw(bytes))),
            Self::Thrown(bytes) => reply.answer(Answer::Thrown(&Raw(bytes))),
            Self::Failed(failure) => reply.answer(Answer::Failed(failure)),
        }
    }
}

/// Sends the outcome of a forwarded call back to the shard that has the link.
struct SendBack {
    shard: std::rc::Weak<Shard>,
    forwarded: RefCell<Option<Box<Forwarded>>>,
    from: (u32, CallId),
}

impl ReplyTo for SendBack {
    fn answer(&self, answer: Answer<'_>) {
        let (Some(shard), Some(mut forwarded)) =
            (self.shard.upgrade(), self.forwarded.borrow_mut().take())
        else {
            return;
        };
        shard.served.borrow_mut().remove(&self.from);
        forwarded.outcome = Some(Encoded::of(answer));
        shard.post(forwarded.home, Packet::Reply(forwarded));
    }
}

impl Envelope for Forwarded {
    fn serve(mut self: Box<Self>, shard: &Rc<Shard>) {
        let args = std::mem::take(&mut self.args);
        let mut chain = playhouse_wire::message::ChainBuffer::new();
        for waits in &self.chain {
            // It came in a chain, so it fits into one.
            let _ = chain.push(waits.method, &waits.key);
        }
        let header = Header {
            target: self.key.take(),
            epoch: self.epoch,
            deadline_us: Some(self.left_us),
            trace: self.trace.map(Into::into),
            chain: chain.as_chain(),
            ..Header::EMPTY
        };
        let incoming = Incoming {
            method: self.method,
            header: &header,
            args: &args,
            origin: self.origin,
            limits: self.limits,
        };
        let Some(caller) = self.caller else {
            if let Err(failure) = shard.serve_oneway(incoming) {
                tracing::debug!(method = ?self.method, %failure, "a oneway can't be served");
            }
            return;
        };
        let from = (self.home, caller);
        let back = Rc::new(SendBack {
            shard: Rc::downgrade(shard),
            forwarded: RefCell::new(None),
            from,
        });
        *back.forwarded.borrow_mut() = Some(self);
        if let Some(serving) = shard.serve(incoming, back) {
            shard.served.borrow_mut().insert(from, serving.call());
        }
    }

    fn deliver(self: Box<Self>, shard: &Rc<Shard>) {
        let (Some(call), Some(outcome)) = (self.caller, self.outcome) else {
            return;
        };
        let reply = shard.away(call).and_then(|away| away.reply.clone());
        shard.handler_done(call);
        shard.caller_done(call);
        if let Some(Ok(back)) = reply.map(Rc::downcast::<Back>)
            && !back.silent.get()
        {
            outcome.give(&*back.reply);
        }
    }
}

//! Calls that may be made again: `@idempotent` ones whose link broke.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use playhouse_net::link::{CallId, CloseReason, Link, ReplyOutcome, ReplySink};
use playhouse_wire::message::{Chain, ChainBuffer, FailureKind, Header, Method, Waiting};
use playhouse_wire::{EntityKey, Writer};
use slab::Slab;
use tokio::time::{Duration, Instant};

use super::{Outbound, pack};
use crate::call::{Address, Failure};
use crate::host::{EgressId, Outgoing};

/// How often a call is made again at most.
pub const RETRIES_MAX: u32 = 2;

/// Wait before the first time; twice as long before the second. Long enough for a link to be dialled again.
pub const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// What the ids of such calls begin with, which no link has.
pub(super) const NUMBER: u32 = 0;

/// Calls that may have to be made again.
#[derive(Default)]
pub(super) struct Retries(RefCell<Slab<Rc<Retry>>>);

/// All that is needed to make a call once more.
struct Retry {
    outbound: Rc<Outbound>,
    place: Cell<usize>,
    to: Address,
    method: Method,
    target: Option<EntityKey>,
    trace: Option<playhouse_wire::message::Trace>,
    chain: Vec<Waiting>,
    args: Vec<u8>,
    until: Option<Instant>,
    left: Cell<u32>,
    /// Where it is underway.
    underway: RefCell<Option<(Link, CallId)>>,
    sink: RefCell<Option<Rc<dyn ReplySink>>>,
}

/// Makes a call that is made again if its link breaks.
pub(super) fn request(
    outbound: &Rc<Outbound>,
    outgoing: &Outgoing<'_>,
    sink: Rc<dyn ReplySink>,
) -> Result<EgressId, Failure> {
    let mut args = Writer::new();
    outgoing.args.encode(&mut args);
    let header = outgoing.header;
    let deadline = header.deadline_us.map(Duration::from_micros);
    let retry = Rc::new(Retry {
        outbound: Rc::clone(outbound),
        place: Cell::new(0),
        to: outgoing.to.clone(),
        method: outgoing.method,
        target: header.target.clone(),
        trace: header.trace,
        chain: header.chain.iter().collect(),
        args: args.into_bytes(),
        until: deadline.map(|left| Instant::now() + left),
        left: Cell::new(RETRIES_MAX),
        underway: RefCell::new(None),
        sink: RefCell::new(Some(sink)),
    });
    let mut retries = outbound.retries.0.borrow_mut();
    let place = retries.insert(Rc::clone(&retry));
    drop(retries);
    retry.place.set(place);
    // A shard has fewer calls underway than that.
    let call = u32::try_from(place).unwrap_or(u32::MAX);
    if let Err(failure) = retry.send() {
        retry.end();
        return Err(failure);
    }
    Ok(pack(NUMBER, call))
}

impl Retries {
    /// The link that a call is underway on.
    pub(super) fn link(&self, call: u32) -> Option<Link> {
        let retries = self.0.borrow();
        let underway = retries.get(call as usize)?.underway.borrow();
        underway.as_ref().map(|(link, _)| link.clone())
    }

    pub(super) fn cancel(&self, _outbound: &Outbound, call: u32) {
        let retry = self.0.borrow().get(call as usize).cloned();
        if let Some(retry) = retry {
            retry.sink.borrow_mut().take();
            let underway = retry.underway.borrow_mut().take();
            if let Some((link, id)) = underway {
                link.cancel(id);
            }
            retry.end();
        }
    }
}

impl Retry {
    fn send(self: &Rc<Self>) -> Result<(), Failure> {
        let mut chain = ChainBuffer::new();
        for waiting in &self.chain {
            // They fitted when the call was made.
            let _ = chain.push(waiting.method, &waiting.key);
        }
        let left = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        let header = Header {
            target: self.target.clone(),
            deadline_us: left.map(|left| u64::try_from(left.as_micros()).unwrap_or(u64::MAX)),
            trace: self.trace,
            chain: if self.chain.is_empty() {
                Chain::EMPTY
            } else {
                chain.as_chain()
            },
            ..Header::EMPTY
        };
        let (_, link) = self.outbound.link(&self.to)?;
        let sink: Rc<dyn ReplySink> = Rc::<Self>::clone(self);
        let id = link
            .request(self.method, &header, sink, |w| w.raw(&self.args))
            .map_err(|refused| super::refusal(&refused))?;
        *self.underway.borrow_mut() = Some((link, id));
        Ok(())
    }

    /// Makes the call once more after a pause, if there is time for it.
    fn again_later(self: &Rc<Self>) -> bool {
        let Some(left) = self.left.get().checked_sub(1) else {
            return false;
        };
        let pause = RETRY_PAUSE * (RETRIES_MAX - left);
        if self
            .until
            .is_some_and(|until| Instant::now() + pause >= until)
        {
            return false;
        }
        self.left.set(left);
        let this = Rc::clone(self);
        tokio::task::spawn_local(async move {
            tokio::time::sleep(pause).await;
            if this.sink.borrow().is_none() {
                return;
            }
            if let Err(failure) = this.send()
                && !this.again_later()
            {
                this.give(ReplyOutcome::Failed((&failure).into()));
            }
        });
        true
    }

    /// Whether a link was there and is no more. An address that can't be reached fails fast, unless it was reached
    /// before.
    fn link_broke(&self) -> bool {
        let underway = self.underway.borrow();
        let reason = underway.as_ref().and_then(|(link, _)| link.close_reason());
        match reason {
            None => false,
            Some(CloseReason::Unreached(_)) => self.left.get() < RETRIES_MAX,
            Some(_) => true,
        }
    }

    fn give(&self, outcome: ReplyOutcome<'_>) {
        let sink = self.sink.borrow_mut().take();
        self.end();
        if let Some(sink) = sink {
            sink.complete(outcome);
        }
    }

    fn end(&self) {
        self.underway.borrow_mut().take();
        self.outbound
            .retries
            .0
            .borrow_mut()
            .try_remove(self.place.get());
    }
}

impl ReplySink for Retry {
    fn complete(&self, outcome: ReplyOutcome<'_>) {
        let unreachable = matches!(&outcome, ReplyOutcome::Lost(failure) if failure.kind == FailureKind::Unreachable);
        if unreachable && self.link_broke() {
            let this = self
                .outbound
                .retries
                .0
                .borrow()
                .get(self.place.get())
                .cloned();
            if this.is_some_and(|this| this.again_later()) {
                return;
            }
        }
        self.give(outcome);
    }
}

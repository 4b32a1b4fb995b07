//! A call on an entity that is not live here: what it takes to make it, as often as it must be.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use playhouse_net::link::{ReplyOutcome, ReplySink};
use playhouse_wire::message::{Method, Waiting as Waits};
use playhouse_wire::{Encode, EntityRef, Writer};

use super::super::away::Route;
use super::super::calls::CallId;
use super::super::egress::EgressId;
use super::super::ingress::{Origin, Serving};
use super::super::lease::MAILBOX_MAX;
use super::super::shard::Shard;
use super::super::trace::TraceContext;
use super::table::Entry;
use crate::call::{Failure, FailureKind};

/// Most calls of one shard on entities elsewhere that wait or are underway.
pub const PLACED_MAX: usize = 65_536;

/// What a call says, whoever takes it.
pub(in crate::host) struct Letter {
    pub(in crate::host) method: Method,
    pub(in crate::host) args: Box<[u8]>,
    /// Whether it may be made again if it is not known what became of it.
    pub(in crate::host) idempotent: bool,
    /// Nobody waits for its outcome.
    pub(in crate::host) oneway: bool,
    /// By the shard's clock, in microseconds.
    pub(in crate::host) deadline_us: u64,
    pub(in crate::host) trace: Option<TraceContext>,
    /// Who waits for it, outermost first.
    pub(in crate::host) chain: Vec<Waits>,
    pub(in crate::host) origin: Origin,
}

/// Where an attempt is.
#[derive(Default)]
pub(super) enum Underway {
    /// Nowhere: the call waits.
    #[default]
    No,
    Link(EgressId),
    /// The entity has come to live here.
    Here(Option<Serving>),
}

/// A call on an entity that is not live here.
pub(in crate::host) struct Placed {
    pub(super) entry: Rc<Entry>,
    /// Its number among the calls of the entity.
    pub(super) id: u64,
    pub(super) letter: Letter,
    pub(super) underway: RefCell<Underway>,
    /// Why the last attempt came to nothing.
    pub(super) failure: RefCell<Option<Failure>>,
    sink: RefCell<Option<Rc<dyn ReplySink>>>,
}

impl Placed {
    /// Tells whoever waits what came of it, once.
    pub(super) fn complete(&self, outcome: ReplyOutcome<'_>) {
        let sink = self.sink.borrow_mut().take();
        if let Some(sink) = sink {
            sink.complete(outcome);
        }
    }

    /// Whoever waited has been told, or waits no longer.
    pub(super) fn is_over(&self) -> bool {
        self.sink.borrow().is_none()
    }

    pub(super) fn is_underway(&self) -> bool {
        !matches!(*self.underway.borrow(), Underway::No)
    }

    /// Which way it is just now.
    pub(in crate::host) fn way(&self) -> Route {
        match *self.underway.borrow() {
            Underway::No => Route::Nowhere,
            Underway::Link(id) => Route::Link(id),
            Underway::Here(_) => Route::Here,
        }
    }
}

/// Bytes that most arguments and results fit into, so that writing them asks for memory once.
const WRITTEN_EXPECTED: usize = 128;

/// A value as bytes.
pub(in crate::host) fn written(value: &dyn Encode) -> Box<[u8]> {
    let mut writer = Writer::with_capacity(WRITTEN_EXPECTED);
    value.encode(&mut writer);
    writer.into_bytes().into()
}

impl Shard {
    /// Takes a call on an entity that is not live here. `sink` is told its outcome exactly once; perhaps at once.
    ///
    /// # Errors
    ///
    /// If too many wait already. Then the sink is not told.
    pub(in crate::host) fn place_call(
        self: &Rc<Self>,
        entity: EntityRef,
        letter: Letter,
        call: CallId,
        sink: Rc<dyn ReplySink>,
    ) -> Result<(), Failure> {
        let Some(cluster) = self.clustered() else {
            return Err(super::super::dispatch::no_such_target());
        };
        let entry = self.placements.entry(entity, cluster.rules);
        let held = entry.caller.borrow().held();
        let (in_line, is_kept) = self.placements.line_of(&entry.entity, call);
        let is_full = held + in_line >= MAILBOX_MAX && !is_kept;
        if is_full || self.placements.open.get() >= PLACED_MAX {
            return Err(Failure::not_executed(FailureKind::Overloaded)
                .because("too many calls wait for the entity, or for others elsewhere"));
        }
        let id = entry.last.get() + 1;
        entry.last.set(id);
        let idempotent = letter.idempotent;
        let placed = Rc::new(Placed {
            entry: Rc::clone(&entry),
            id,
            letter,
            underway: RefCell::default(),
            failure: RefCell::default(),
            sink: RefCell::new(Some(sink)),
        });
        if let Some(away) = self.away(call) {
            away.place(&placed);
        }
        self.placements.open.set(self.placements.open.get() + 1);
        if in_line > 0 {
            self.placements.stand_in_line(call, placed);
            self.move_up(&entry.entity);
            return Ok(());
        }
        entry.caller.borrow_mut().call(id, idempotent, placed);
        self.drive(&entry);
        Ok(())
    }
}

impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Placed({:?}, {:?})",
            self.letter.method, self.entry.entity.key
        )
    }
}

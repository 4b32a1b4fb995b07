//! Handing an entity over to another node. Sent between nodes alone.

use crate::error::Result;
use crate::value::{EntityRef, KeyPart};
use crate::{Encode, Reader, Writer};

use super::bounded::{Bin, Raw, decode_bytes, decode_raw, decode_text};
use super::call::NIL;
use super::elements::{Element, Elements};
use super::fields::Fields;
use super::hello::Incarnation;
use super::kind;
use super::reason::reasons;
use super::wait::decode_entity;

/// Most timers of one [`Handoff`].
pub const HANDOFF_TIMERS_MAX: usize = 4096;

/// Most bytes of one value in a [`Handoff`]: its volatile state, or a timer's arguments.
pub const HANDOFF_VALUE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most bytes of a timer's cron expression in a [`Handoff`].
pub const HANDOFF_CRON_BYTES_MAX: usize = 256;

/// Most bytes of the session in a [`Handoff`].
pub const HANDOFF_SESSION_BYTES_MAX: usize = 4 * 1024 * 1024;

/// `[24, entity, epoch, from, to, schema, volatile, timers, session]`: take this entity over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handoff<'a> {
    /// The entity.
    pub entity: EntityRef,
    /// The epoch that it runs at; the receiver claims the next one.
    pub epoch: u64,
    /// The sender's life.
    pub from: Incarnation,
    /// The receiver's life that is meant.
    pub to: Incarnation,
    /// Digest of the entity's type as the sender has it.
    pub schema: u64,
    /// What is marked `@handoff`, as MessagePack; nil for nothing. At most [`HANDOFF_VALUE_BYTES_MAX`].
    pub volatile: &'a [u8],
    /// Its timers, at most [`HANDOFF_TIMERS_MAX`].
    pub timers: Elements<'a, TimerState<'a>>,
    /// What the entity keeps of its client, in a form of the nodes' own, if it had one. At most
    /// [`HANDOFF_SESSION_BYTES_MAX`].
    pub session: Option<&'a [u8]>,
}

/// A timer that moves. On the wire `[slot, tag, key, remaining, every, times, args, cron]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerState<'a> {
    /// The slot of the component that it belongs to; 0 for the entity.
    pub slot: u8,
    /// The tag of the timer call that it fires.
    pub tag: u8,
    /// The key that cancels it, if it has one: as text, in the form that documents have.
    pub key: Option<KeyPart>,
    /// Microseconds until it fires.
    pub remaining_us: u64,
    /// Microseconds between its firings, if it repeats.
    pub every_us: Option<u64>,
    /// How many firings are left, if that is limited.
    pub times: Option<u32>,
    /// The arguments as MessagePack.
    pub args: &'a [u8],
    /// The moments at which it fires, if it goes by the clock on the wall. At most [`HANDOFF_CRON_BYTES_MAX`] bytes.
    pub cron: Option<&'a str>,
}

/// `[25, entity, epoch, ok, reason]`: the entity was taken over at this epoch, or wasn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoffDone {
    /// The entity.
    pub entity: EntityRef,
    /// If it was taken over, the new epoch; else the one that was offered.
    pub epoch: u64,
    /// Whether it was.
    pub ok: bool,
    /// Why not; [`HandoffReason::None`] if it was.
    pub reason: HandoffReason,
}

reasons! {
    /// Why an entity was not taken over.
    HandoffReason {
        /// It was.
        None = 0,
        /// The receiver has no room.
        Overloaded = 1,
        /// The receiver goes away itself.
        Stopping = 2,
        /// The receiver's schema doesn't fit.
        Incompatible = 3,
        /// The record had another epoch, or the store couldn't be reached.
        Claim = 4,
        /// The receiver is another life than the one that was meant.
        Incarnation = 5,
    }
}

impl<'a> Handoff<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let message = Self {
            entity: slots.required_with("entity", decode_entity)?,
            epoch: slots.required::<u64>("epoch")?,
            from: slots.required::<Incarnation>("from")?,
            to: slots.required::<Incarnation>("to")?,
            schema: slots.required::<u64>("schema")?,
            volatile: slots
                .optional_with("volatile", |r| decode_raw(r, HANDOFF_VALUE_BYTES_MAX))?
                .unwrap_or(NIL),
            timers: slots
                .optional_with("timers", Elements::decode)?
                .unwrap_or_default(),
            session: slots
                .optional_with("session", |r| decode_bytes(r, HANDOFF_SESSION_BYTES_MAX))?,
        };
        slots.end()?;
        Ok(message)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let volatile = (self.volatile != NIL).then_some(Raw(self.volatile));
        Fields::of_kind(w, kind::HANDOFF)
            .put(&self.entity)
            .put(&self.epoch)
            .put(&self.from)
            .put(&self.to)
            .put(&self.schema)
            .maybe(volatile.as_ref())
            .or(&self.timers, &Elements::EMPTY)
            .maybe(self.session.map(Bin).as_ref())
            .end();
    }
}

impl<'a> Element<'a> for TimerState<'a> {
    const COUNT_MAX: u32 = 4096;

    fn read(r: &mut Reader<'a>) -> Result<Self> {
        let mut slots = r.slots()?;
        let timer = Self {
            slot: slots.required::<u8>("slot")?,
            tag: slots.required::<u8>("tag")?,
            key: slots.optional_with("key", crate::Decode::decode)?,
            remaining_us: slots.required::<u64>("remaining")?,
            every_us: slots.optional::<u64>("every")?,
            times: slots.optional::<u32>("times")?,
            args: slots.required_with("args", |r| decode_raw(r, HANDOFF_VALUE_BYTES_MAX))?,
            cron: slots.optional_with("cron", |r| decode_text(r, HANDOFF_CRON_BYTES_MAX))?,
        };
        slots.end()?;
        Ok(timer)
    }
}

const _: () = assert!(<TimerState<'_> as Element<'_>>::COUNT_MAX as usize == HANDOFF_TIMERS_MAX);

impl Encode for TimerState<'_> {
    fn encode(&self, w: &mut Writer) {
        Fields::new(w)
            .put(&self.slot)
            .put(&self.tag)
            .maybe(self.key.as_ref())
            .put(&self.remaining_us)
            .maybe(self.every_us.as_ref())
            .maybe(self.times.as_ref())
            .put(&Raw(self.args))
            .maybe(self.cron.as_ref())
            .end();
    }
}

impl HandoffDone {
    pub(super) fn decode_rest(r: &mut Reader<'_>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let message = Self {
            entity: slots.required_with("entity", decode_entity)?,
            epoch: slots.required::<u64>("epoch")?,
            ok: slots.required::<bool>("ok")?,
            reason: HandoffReason::from_number(slots.or_default::<u8>("reason")?),
        };
        slots.end()?;
        Ok(message)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        Fields::of_kind(w, kind::HANDOFF_DONE)
            .put(&self.entity)
            .put(&self.epoch)
            .put(&self.ok)
            .or(&self.reason.number(), &0)
            .end();
    }
}

//! What a request says besides its method and arguments: for whom, for how long, on whose behalf.

use crate::error::{Error, Problem, Result};
use crate::value::EntityKey;
use crate::{Encode, Reader, Writer};

use super::Chain;
use super::bounded::decode_array;

/// Microseconds that a call has whose header names no deadline.
pub const DEADLINE_DEFAULT_US: u64 = 5_000_000;

/// Most microseconds that a call may have: a day.
pub const DEADLINE_US_MAX: u64 = 24 * 3600 * 1_000_000;

/// The header of a request or notification.
///
/// On the wire nil, or an array `[key, deadline, local, epoch, trace, chain]` with nil for what isn't there, trailing
/// ones left off. Newer peers append.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header<'a> {
    /// Which entity; none for a service. Empty for a singleton.
    pub target: Option<EntityKey>,
    /// Microseconds that are left, at most [`DEADLINE_US_MAX`]; none is [`DEADLINE_DEFAULT_US`].
    pub deadline_us: Option<u64>,
    /// Which local entity of the target; none for the target itself.
    pub local: Option<u32>,
    /// The activation that the caller means; none takes any.
    pub epoch: Option<u64>,
    /// The trace that the call belongs to.
    pub trace: Option<Trace>,
    /// Who waits for the call already.
    pub chain: Chain<'a>,
}

/// Trace context as W3C and OpenTelemetry have it. On the wire `[trace id, span, flags]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Trace {
    /// The whole trace's id.
    pub id: [u8; 16],
    /// The caller's span.
    pub span: u64,
    /// Bit 0: sampled.
    pub flags: u8,
}

impl Trace {
    /// The flag that says that spans are recorded.
    pub const SAMPLED: u8 = 1;
}

impl<'a> Header<'a> {
    /// The header of a call of a service: nothing said.
    pub const EMPTY: Self = Self {
        target: None,
        deadline_us: None,
        local: None,
        epoch: None,
        trace: None,
        chain: Chain::EMPTY,
    };

    /// The header of a call of this entity.
    #[must_use]
    pub const fn to(target: EntityKey) -> Self {
        Self {
            target: Some(target),
            ..Self::EMPTY
        }
    }

    /// Microseconds that the call has.
    #[must_use]
    pub fn deadline_or_default_us(&self) -> u64 {
        self.deadline_us.unwrap_or(DEADLINE_DEFAULT_US)
    }

    #[inline]
    pub(super) fn decode(r: &mut Reader<'a>) -> Result<Self> {
        if r.take_nil() {
            return Ok(Self::EMPTY);
        }
        Self::decode_some(r).map_err(|error| error.member("header"))
    }

    #[inline]
    fn decode_some(r: &mut Reader<'a>) -> Result<Self> {
        let mut header = Self::EMPTY;
        let mut slots = r.slots()?;
        header.target = slots.optional_with("key", crate::Decode::decode)?;
        header.deadline_us = slots.optional_with("deadline", decode_deadline)?;
        header.local = slots.optional_with("local", crate::Decode::decode)?;
        header.epoch = slots.optional_with("epoch", crate::Decode::decode)?;
        header.trace = slots.optional_with("trace", crate::Decode::decode)?;
        let chain = slots.optional_with("chain", Chain::decode)?;
        header.chain = chain.unwrap_or_default();
        slots.end()?;
        Ok(header)
    }
}

#[inline]
fn decode_deadline(r: &mut Reader<'_>) -> Result<u64> {
    let start = r.offset();
    let value = r.u64()?;
    if value > DEADLINE_US_MAX {
        let problem = Problem::Integer {
            value: value.into(),
            min: 0,
            max: DEADLINE_US_MAX.into(),
        };
        return Err(Error::at(problem, start));
    }
    Ok(value)
}

impl Header<'_> {
    /// The fields up to the last that says something.
    #[inline]
    const fn slots(&self) -> usize {
        if !self.chain.is_empty() {
            6
        } else if self.trace.is_some() {
            5
        } else if self.epoch.is_some() {
            4
        } else if self.local.is_some() {
            3
        } else if self.deadline_us.is_some() {
            2
        } else if self.target.is_some() {
            1
        } else {
            0
        }
    }
}

impl Encode for Header<'_> {
    #[inline]
    fn encode(&self, w: &mut Writer) {
        let count = self.slots();
        if count == 0 {
            return w.nil();
        }
        let mut slots = w.slots(count);
        slots.put(&self.target);
        slots.put(&self.deadline_us.map(|us| us.min(DEADLINE_US_MAX)));
        slots.put(&self.local);
        slots.put(&self.epoch);
        slots.put(&self.trace);
        slots.put(&self.chain);
    }
}

impl Encode for Trace {
    fn encode(&self, w: &mut Writer) {
        w.array(3);
        w.bin(&self.id);
        w.unsigned(self.span);
        w.unsigned(self.flags.into());
    }
}

impl crate::Decode for Trace {
    fn decode(r: &mut Reader<'_>) -> Result<Self> {
        let mut slots = r.slots()?;
        let id = slots.required_with("id", decode_array::<16>)?;
        let span = slots.or_default::<u64>("span")?;
        let flags = slots.or_default::<u8>("flags")?;
        slots.end()?;
        Ok(Self { id, span, flags })
    }
}

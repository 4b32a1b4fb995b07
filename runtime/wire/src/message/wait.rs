//! Wait-for probes: how nodes find two chains of calls that wait on each other.
//!
//! A node whose entity begins to wait for one of another node sends a probe after the call. Whoever holds the target
//! adds it to the path and sends the probe on to what the target waits for; a probe whose target is its own initiator,
//! still in the same call, has found a cycle. The idea is Chandy, Misra and Haas's edge chasing.

use crate::error::Result;
use crate::value::EntityRef;
use crate::{Decode, Encode, Reader, Writer};

use super::bounded::{decode_text, shortened};
use super::fields::Fields;
use super::hello::NAME_BYTES_MAX;
use super::{Chain, Waiting, kind};

/// `[15, probe, initiator, path, target]`: does this target wait, in the end, for the initiator?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitProbe<'a> {
    /// The probe's id on the initiator's node. A node passes a probe on once for each entity.
    pub probe: u64,
    /// Who asks.
    pub initiator: Initiator<'a>,
    /// Those who wait between the initiator and the target, in order. A probe that would need more ends.
    pub path: Chain<'a>,
    /// Who may wait for the initiator.
    pub target: EntityRef,
}

/// `[16, probe, initiator, path]`: it does. Goes to the initiator's node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitFound<'a> {
    /// As in the probe.
    pub probe: u64,
    /// As in the probe.
    pub initiator: Initiator<'a>,
    /// The cycle without the initiator, in order.
    pub path: Chain<'a>,
}

/// Who asks whether it waits for itself. On the wire `[node, waiting, call]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initiator<'a> {
    /// The name of its node, to which the answer goes. At most [`NAME_BYTES_MAX`] bytes.
    pub node: &'a str,
    /// The entity, and the call that it runs.
    pub entity: Waiting,
    /// The call that it waits in, as its node counts them: a later one is another wait.
    pub call: u64,
}

impl<'a> Initiator<'a> {
    fn read(r: &mut Reader<'a>) -> Result<Self> {
        let mut slots = r.slots()?;
        let node = slots.required_with("node", |r| decode_text(r, NAME_BYTES_MAX))?;
        let entity = slots.required::<Waiting>("waiting")?;
        let call = slots.required::<u64>("call")?;
        slots.end()?;
        Ok(Self { node, entity, call })
    }
}

impl Encode for Initiator<'_> {
    fn encode(&self, w: &mut Writer) {
        w.array(3);
        w.str(shortened(self.node, NAME_BYTES_MAX));
        w.put(&self.entity);
        w.unsigned(self.call);
    }
}

impl<'a> WaitProbe<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let message = Self {
            probe: slots.required::<u64>("probe")?,
            initiator: slots.required_with("initiator", Initiator::read)?,
            path: slots.required_with("path", Chain::decode)?,
            target: slots.required_with("target", decode_entity)?,
        };
        slots.end()?;
        Ok(message)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        Fields::of_kind(w, kind::WAIT_PROBE)
            .put(&self.probe)
            .put(&self.initiator)
            .put(&self.path)
            .put(&self.target)
            .end();
    }
}

impl<'a> WaitFound<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let message = Self {
            probe: slots.required::<u64>("probe")?,
            initiator: slots.required_with("initiator", Initiator::read)?,
            path: slots.required_with("path", Chain::decode)?,
        };
        slots.end()?;
        Ok(message)
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        Fields::of_kind(w, kind::WAIT_FOUND)
            .put(&self.probe)
            .put(&self.initiator)
            .put(&self.path)
            .end();
    }
}

/// The address of an entity as such: slot 0.
pub(super) fn decode_entity(r: &mut Reader<'_>) -> Result<EntityRef> {
    let start = r.offset();
    let entity = EntityRef::decode(r)?;
    if entity.slot != 0 {
        let why = "it points at a component, not at the entity";
        let problem = crate::error::Problem::Reference(why);
        return Err(crate::Error::at(problem, start));
    }
    Ok(entity)
}

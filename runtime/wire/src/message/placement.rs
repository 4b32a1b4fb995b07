//! Which node owns an entity. Sent between nodes alone.

use crate::error::Result;
use crate::value::EntityRef;
use crate::{Encode, Reader, Writer};

use super::bounded::{decode_text, shortened};
use super::fields::Fields;
use super::hello::{Incarnation, NAME_BYTES_MAX};
use super::kind;
use super::reason::reasons;
use super::wait::decode_entity;

/// `[20, entity, epoch seen]`: who owns this entity?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locate {
    /// The entity.
    pub entity: EntityRef,
    /// The newest epoch that the asker knows to be over; 0 for none. The answer has a later one.
    pub epoch_seen: u64,
}

/// `[21, entity, owner]`: this activation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<'a> {
    /// The entity.
    pub entity: EntityRef,
    /// Where it is active.
    pub owner: Owner<'a>,
}

/// An activation. On the wire `[node, incarnation, epoch]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The node's name. At most [`NAME_BYTES_MAX`] bytes.
    pub node: &'a str,
    /// Which life of it.
    pub incarnation: Incarnation,
    /// The activation's number.
    pub epoch: u64,
}

/// `[22, entity, reason]`: nobody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoOwner {
    /// The entity.
    pub entity: EntityRef,
    /// Why.
    pub reason: NoOwnerReason,
}

/// `[23, id, epoch, hint]`: the answer to a request whose epoch is over here. It was not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved<'a> {
    /// The request's.
    pub id: u32,
    /// The epoch that is gone, for good.
    pub epoch: u64,
    /// Where it went, if known: worth something only with a later epoch than the one tried.
    pub hint: Option<Owner<'a>>,
}

/// `[26, entity, epoch]`: give this activation up, if you still have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The entity.
    pub entity: EntityRef,
    /// The activation.
    pub epoch: u64,
}

reasons! {
    /// Why nobody owns an entity.
    NoOwnerReason {
        /// No node that may run it is there.
        NoNode = 1,
        /// The store can't be reached.
        StoreAway = 2,
        /// It is of a kind that is not activated on demand, and isn't active.
        NotActive = 3,
        /// The asked node doesn't know its type, or takes no entity of it any more.
        UnknownType = 4,
        /// The asked node can't run it: its document is of a later release of the schema, or its type is left to other nodes.
        Incompatible = 5,
    }
}

impl<'a> Owner<'a> {
    fn read(r: &mut Reader<'a>) -> Result<Self> {
        let mut slots = r.slots()?;
        let owner = Self {
            node: slots.required_with("node", |r| decode_text(r, NAME_BYTES_MAX))?,
            incarnation: slots.required::<Incarnation>("incarnation")?,
            epoch: slots.required::<u64>("epoch")?,
        };
        slots.end()?;
        Ok(owner)
    }
}

impl Encode for Owner<'_> {
    fn encode(&self, w: &mut Writer) {
        w.array(3);
        w.str(shortened(self.node, NAME_BYTES_MAX));
        w.put(&self.incarnation);
        w.unsigned(self.epoch);
    }
}

impl Locate {
    pub(super) fn decode_rest(r: &mut Reader<'_>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let entity = slots.required_with("entity", decode_entity)?;
        let epoch_seen = slots.or_default::<u64>("epoch_seen")?;
        slots.end()?;
        Ok(Self { entity, epoch_seen })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let mut fields = Fields::of_kind(w, kind::LOCATE);
        fields.put(&self.entity).or(&self.epoch_seen, &0).end();
    }
}

impl<'a> At<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let entity = slots.required_with("entity", decode_entity)?;
        let owner = slots.required_with("owner", Owner::read)?;
        slots.end()?;
        Ok(Self { entity, owner })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let mut fields = Fields::of_kind(w, kind::AT);
        fields.put(&self.entity).put(&self.owner).end();
    }
}

impl NoOwner {
    pub(super) fn decode_rest(r: &mut Reader<'_>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let entity = slots.required_with("entity", decode_entity)?;
        let reason = NoOwnerReason::from_number(slots.required::<u8>("reason")?);
        slots.end()?;
        Ok(Self { entity, reason })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let mut fields = Fields::of_kind(w, kind::NO_OWNER);
        fields.put(&self.entity).put(&self.reason.number()).end();
    }
}

impl<'a> Moved<'a> {
    pub(super) fn decode_rest(r: &mut Reader<'a>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let id = slots.required::<u32>("id")?;
        let epoch = slots.required::<u64>("epoch")?;
        let hint = slots.optional_with("hint", Owner::read)?;
        slots.end()?;
        Ok(Self { id, epoch, hint })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let mut fields = Fields::of_kind(w, kind::MOVED);
        fields
            .put(&self.id)
            .put(&self.epoch)
            .maybe(self.hint.as_ref())
            .end();
    }
}

impl Release {
    pub(super) fn decode_rest(r: &mut Reader<'_>, left: usize) -> Result<Self> {
        let mut slots = r.slots_left(left);
        let entity = slots.required_with("entity", decode_entity)?;
        let epoch = slots.required::<u64>("epoch")?;
        slots.end()?;
        Ok(Self { entity, epoch })
    }

    /// Appends the message.
    pub fn put(&self, w: &mut Writer) {
        let mut fields = Fields::of_kind(w, kind::RELEASE);
        fields.put(&self.entity).put(&self.epoch).end();
    }
}

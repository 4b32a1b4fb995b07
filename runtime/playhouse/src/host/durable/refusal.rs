//! What the sender of a durable oneway is told that will never take effect.

use std::fmt;

use playhouse_wire::{EntityRef, Limits};

use crate::Numbered;
use crate::call::Arguments;

/// A durable oneway that will never take effect: the hook `refused` of the part that sent it gets this.
///
/// Its receiver said so, for good: what the message would have done is not done and never will be. What the sender took for
/// it, such as the gold that it was to bring, is given back in the hook, whose changes are saved in one with the end of the message.
#[non_exhaustive]
pub struct Refusal {
    /// Whom it was sent to.
    pub to: EntityRef,
    /// The call, by its name in the schema.
    pub call: String,
    /// Which one it is of those from this sender to that receiver, counted from 1.
    pub seq: u64,
    /// Why: what the receiver's handler failed with, or what stands against delivering it at all.
    pub why: String,
    pub(super) tag: u8,
    pub(super) args: Vec<u8>,
    /// Package and number of whose call it is; none if this node does not know the receiver's type any more.
    pub(super) owner: Option<(u16, u16)>,
}

impl Refusal {
    /// The arguments, if it is this call: `refusal.args::<InventoryDeliverArgs>()`. None for another call, and for
    /// arguments of an older schema that can't be read any more.
    #[must_use]
    pub fn args<A: Arguments>(&self) -> Option<A> {
        let owner = (
            <A::Owner as Numbered>::PACKAGE,
            <A::Owner as Numbered>::NUMBER,
        );
        let same = A::TAG == self.tag
            && A::call().name == self.call
            && self.owner.is_none_or(|own| own == owner);
        if !same {
            return None;
        }
        crate::host::handler::decode(&self.args, &Limits::DEFAULT).ok()
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments may hold what must not be written to logs.
        f.debug_struct("Refusal")
            .field("to", &self.to)
            .field("call", &self.call)
            .field("seq", &self.seq)
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

//! Where an event or a client rpc came from.

use playhouse::EntityRef;
use playhouse_wire::Method;
use playhouse_wire::message::Header;

/// Which entity sent an event or asked a client rpc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The entity, and the slot of the component that sent it, 0 for the entity itself.
    pub entity: EntityRef,
    /// The number of the local entity inside of it that sent it, if one did.
    pub local: Option<u32>,
}

impl Origin {
    /// The origin of a message with this header; none if it names no entity.
    pub(crate) fn of(method: Method, header: &Header<'_>) -> Option<Self> {
        let key = header.target.clone()?;
        Some(Self {
            entity: EntityRef {
                package: method.package,
                number: method.number,
                slot: method.slot,
                key,
            },
            local: header.local,
        })
    }
}

//! The arguments of a call, by which everything about it is found at compile time.

use playhouse_wire::codec::Codec;
use playhouse_wire::{Check, Decode, Encode};

use super::Fault;
use crate::Numbered;
use crate::descriptor::Call;

/// The arguments of a call. Generated code implements it.
pub trait Arguments: Encode + Decode + Check + Send + 'static {
    /// The call's tag.
    const TAG: u8;

    /// Whose call it is: a component, an entity or a service.
    type Owner: Numbered + 'static;

    /// The arguments by position, as a tuple: what a handler takes.
    type Parts: 'static;

    /// The arguments by position.
    fn into_parts(self) -> Self::Parts;

    /// What the schema says about the call.
    fn call() -> &'static Call;
}

/// The arguments of a call that is answered: an rpc or a client rpc. Generated code implements it.
pub trait Rpc: Arguments {
    /// What comes back.
    type Output: Encode + Send + 'static;
    /// How what comes back is read and checked.
    type Codec: Codec<Value = Self::Output>;
    /// How the call fails: [`Failure`](super::Failure), or [`CallError`](super::CallError) of what it throws.
    type Fault: Fault;
}

/// A component, entity or service with a call of this tag. Generated code implements it.
pub trait HasCall<const TAG: u8> {
    /// The arguments of that call.
    type Args: Arguments;
}

//! The numbers by which peers know what both have generated.

use playhouse_wire::{Check, Decode, Encode};

use crate::descriptor::Call;

/// A component, entity or service type. Generated code implements it.
pub trait Numbered {
    /// The number of its package.
    const PACKAGE: u16;
    /// Its number in the package.
    const NUMBER: u16;
    /// Digest of all that decides how peers read it.
    const DIGEST: u64;
}

/// The arguments of a call. Generated code implements it.
pub trait Arguments: Encode + Decode + Check {
    /// The call's tag.
    const TAG: u8;

    /// What the schema says about the call.
    fn call() -> &'static Call;
}

//! Playhouse: code-generated RPC for game servers. This is the crate that users and generated code depend on.
//!
//! What stands here so far is what generated types need: the values of the wire format, property structs that track
//! what changed, and the description of a schema at run time. Entities, calls and nodes build on these.
//!
//! - [`Encode`], [`Decode`], [`Check`]: what each generated type can do; [`Limits`] is what a reader allows a peer
//!   (by default 64 deep, 16 x input + 256 KiB of memory; [`Limits::STRICT`] for strangers).
//! - [`properties`]: changes of components and entities, for two consumers at their own pace.
//! - [`descriptor`]: packages, types, components, calls and attributes as plain data; [`descriptor::dynamic`] turns
//!   values into named form and back by it.
//! - [`math`]: the package `playhouse.math`, made by our own generator.
//!
//! There are no feature flags yet.

extern crate self as playhouse;

pub mod call;
pub mod descriptor;
pub mod host;
pub mod logic;
pub mod math;
pub mod node;
pub mod properties;
pub mod pool;
pub mod rate;
pub mod sim;
pub mod timer;
pub mod watchdog;

mod enumeration;
mod flags;
mod named;
mod newtype;
mod numbered;
mod redacted;

#[doc(hidden)]
pub mod __private;

pub use call::{
    Address, Arguments, CallError, Callable, Calling, Executed, Failure, FailureKind, Reach,
};
pub use host::{Asking, Cx};
pub use numbered::Numbered;
pub use playhouse_macros::{component, entity, hook, rpc, service};
pub use playhouse_wire::{
    Bytes, Check, Decode, Duration, Encode, EntityKey, EntityRef, Error, KeyPart, Limits, Problem,
    Reader, Ref, Result, Timestamp, UnknownArm, Uuid, Writer, from_slice, to_vec,
};

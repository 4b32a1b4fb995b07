//! Playhouse: code-generated RPC for game servers. This is the crate that users and generated code depend on.
//!
//! A team writes entities, components, services and their calls in an IDL; `playhouse gen` makes types, proxies and a
//! description of it, and the attributes here hold handlers against it while they are compiled:
//!
//! ```text
//! component 34 Inventory {                          #[component(Inventory)]
//!     1 bag: map<BagSlot, Stack>[..=64] @persist;   struct InventoryLogic { props: Inventory }
//!
//!     @exposed(10/s, burst: 20)                     #[component(Inventory)]
//!     rpc 1 trade(to: ref<Inventory>, ..)           impl InventoryLogic {
//!         -> Receipt throws TradeError;                 #[rpc]
//! }                                                     async fn trade(&mut self, cx: &mut Cx, ..) { .. }
//!                                                   }
//! ```
//!
//! Read first: [`Cx`], which every handler gets; [`node::Node`], which runs it all; [`Failure`], which every call may
//! end in. The reference game in `servers/arena` is built on this crate alone.
//!
//! - [`node`]: a process with its shards, links, sessions and tools.
//! - [`call`]: proxies, failures, addresses. [`host`]: entities and services of a shard, and what handlers may do.
//! - [`persist`]: what is saved of entities, and when; [`store`]: where to.
//! - [`timer`], [`rate`], [`pool`], [`watchdog`]: time, limits, background work, and who holds it up.
//! - [`config`]: JSON with comments, macros and includes, into types; [`node::ClusterConfig`] for nodes.
//! - [`db`]: a node that owns saving for other nodes.
//! - [`log`]: where lines go, and whose they are.
//! - [`login`]: the tokens by which clients get in.
//! - [`sim`]: whole nodes and their clients in virtual time, decided by a seed.
//! - [`Encode`], [`Decode`], [`Check`]: what each generated type can do; [`Limits`] is what a reader allows a peer
//!   (by default 64 deep, 16 x input + 256 KiB of memory; [`Limits::STRICT`] for strangers).
//! - [`properties`]: changes of components and entities, for two consumers at their own pace.
//! - [`descriptor`]: packages, types, components, calls and attributes as plain data; [`descriptor::dynamic`] turns
//!   values into named form and back by it.
//! - [`math`]: the package `playhouse.math`, made by our own generator.
//! - [`logic`] and `__private`: what macros and generated code stand on.
//!
//! Limits are named where they hold, and listed at the roots of [`node`] and [`host`]: a call has five seconds unless
//! the schema or the caller says otherwise, 1,024 calls wait for one entity, 65,536 run on one service of a shard or
//! wait on one link, a message has at most 16 MiB.
//!
//! Feature flags, off by default since they pull much: `login-http`, logins over HTTP; `websocket`, `tls` and `quic`, more ways
//! for clients to come in; `etcd`, membership over an etcd cluster; `mongodb`, the store over a MongoDB server;
//! `opentelemetry`, the spans of sampled traces for a collector.

extern crate self as playhouse;

pub mod call;
pub mod cluster;
pub mod db;
pub mod descriptor;
pub mod document;
pub mod host;
pub mod log;
pub mod logic;
pub mod login;
pub mod math;
pub mod metrics;
pub mod node;
pub mod persist;
pub mod pool;
pub mod properties;
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
mod standing;

#[doc(hidden)]
pub mod __private;

pub use call::{
    Address, Arguments, CallError, Callable, Calling, Executed, Failure, FailureKind, Reach,
};
pub use host::{Asking, Cx, Interceptor, Refusal, SessionId};
pub use node::{Node, NodeBuilder, Running};
pub use numbered::Numbered;
pub use persist::SaveError;
pub use playhouse_config as config;
pub use playhouse_macros::{component, entity, hook, rpc, service};
pub use playhouse_store as store;
pub use playhouse_wire::{
    Bytes, Check, Decode, Duration, Encode, EntityKey, EntityRef, Error, KeyPart, Limits, Problem,
    Reader, Ref, Result, Timestamp, UnknownArm, Uuid, Writer, from_slice, to_vec,
};

/// What most files of a game need: `use playhouse::prelude::*;`.
pub mod prelude {
    pub use crate::{
        CallError, Cx, EntityRef, Failure, FailureKind, Node, Reach, Ref, component, entity, hook,
        rpc, service,
    };
}

//! Playhouse's cluster: who is there, who is picked, and who holds which lock.
//!
//! A node has a *seat* among the others ([`seat`]): the [`Seat`] is the node's end, by which it sees the [`View`] of all members,
//! says what it runs and how busy it is, and takes locks; the [`Driver`] is the end of a [`Backend`], which keeps the
//! membership going. What a view says are hints. Who owns an entity is said by the store alone.
//!
//! - [`Picker`], [`rendezvous`] and [`consistent`] choose among members; [`NoMember`] is an empty choice.
//! - [`Registry`] is a membership as plain data without a clock: what the embedded backend hosts.
//!
//! This crate knows neither calls nor entities, and but for a backend's feature it does no IO.

mod consistent;
mod driver;
#[cfg(feature = "etcd")]
mod etcd;
mod load;
mod lock;
mod member;
mod picker;
pub mod placement;
mod problem;
mod registry;
mod seat;
mod view;
pub mod watch;

pub use consistent::{OVERLOAD_FACTOR, OVERLOAD_MIN, consistent, rendezvous};
pub use driver::{Backend, Board, Driver, LOCK_REQUESTS_MAX, Leaving};
#[cfg(feature = "etcd")]
pub use etcd::{
    ETCD_ENDPOINTS_MAX, ETCD_LOCKS_MAX, ETCD_PREFIX_MAX, ETCD_TTL_MAX, ETCD_TTL_MIN, ETCD_WAIT_MAX,
    Etcd, Tls,
};
pub use load::LoadMeter;
pub use lock::{Held, LOCK_NAME_MAX, Lock, LockRequest};
pub use member::{
    ADDRESSES_MAX, BREAKS_MAX, Break, ENTITIES_MAX, Load, MEMBER_TTL, MEMBERS_MAX, Member,
    NAME_MAX, REPORT_EVERY, ROLES_MAX, Strange, TypeId,
};
pub use picker::Picker;
pub use problem::{LockError, NoMember, OpenError};
pub use registry::{
    GONE_MAX, LOCKS_MAX, LOCKS_PER_MEMBER_MAX, Locking, News, Refusal, Registry, Seen,
};
pub use seat::{Seat, seat};
pub use view::{View, What};

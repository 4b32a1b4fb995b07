//! The host: entities and services of one shard, and the calls among them.
//!
//! A call goes from a proxy (`dispatch`) through the interceptors to a live entity (`cell`), waits for its turn (`lease`)
//! and is polled at once, on the caller's stack (`handler`). A handler that waits gets a task of its own (`park`) and
//! outlives its caller. Every call that has not ended stands in one list (`calls`), in which deadlocks are looked for
//! (`deadlock`) and through which deadlines and callers that give up find it (`endings`).
//!
//! Limits: [`MAILBOX_MAX`] calls wait for one entity, [`SERVICE_CALLS_MAX`] run on one service, [`BACKGROUND_MAX`]
//! futures run beside them, [`INLINE_DEPTH_MAX`] handlers on one stack; a call has [`DEADLINE_DEFAULT_US`]; a search for
//! a deadlock looks at [`DEADLOCK_STEPS_MAX`] calls. [`DELIVERIES_MAX`] durable oneways wait for one entity, one that panics
//! [`POISON_ATTEMPTS_MAX`] times is refused, and a committed rpc keeps back [`HELD_MAX`] oneways and events.

// Where everything stands: the shard, what it is made of, and the world as it sees it.
mod due;
mod env;
mod setup;
mod shard;

// The way of a call, from its proxy to its end.
mod calls;
mod dispatch;
mod endings;
mod handler;
mod lease;
mod park;

// What a handler is given, and who looks on.
mod attend;
mod background;
mod context;
mod discovery;
mod identity;
mod interceptor;
mod measures;
#[cfg(feature = "opentelemetry")]
mod spans;
mod trace;

// Entities and services: their types, their parts, their lives.
mod cell;
mod claiming;
mod clearing;
mod hooks;
mod kind;
mod lifecycle;
mod locals;
mod rare;
mod services;
mod ticks;
mod timers;

// The store: who claims, saves and gives back documents.
mod gone;
mod handoff;
mod keeper;
mod loading;
mod passivation;
mod persisted;
mod releasing;
mod saved;
mod saving;
mod standing;
mod sweeping;
mod together;

// Clients: sessions that are bound to entities, and who else hears of them.
mod sessions;

// Messages that outlive crashes.
mod durable;

// Beyond the shard: other shards of the node, and links.
mod away;
mod cross;
mod egress;
mod fabric;
mod find;
mod forward;
mod ingress;
mod placement;
mod relay;
mod route;

// Who waits for whom: here, on other shards, on other nodes.
mod afar;
mod deadlock;
mod probe;

pub use afar::FAR_SEARCHES_MAX;
pub use attend::{NodeInfo, Random};
pub use context::{BACKGROUND_MAX, Caller, Cx, SessionId};
pub use deadlock::DEADLOCK_STEPS_MAX;
pub use durable::{
    DELIVERIES_MAX, HELD_MAX, POISON_ATTEMPTS_MAX, RESEND_MAX, RESEND_US, Refusal, SENDERS_MAX,
};
pub use egress::{Egress, EgressId, LinkId, Outgoing};
pub use env::{Env, Processors};
pub use fabric::{INBOX_HIGH, INBOX_MAX};
pub use find::{FIND_PATIENCE, Finding, find_all, find_one};
pub use handler::Answer;
pub use handoff::{ARRIVALS_MAX, HANDOFF_WITHIN, HANDOFFS_MAX, QUIET_WITHIN, REFUSALS_MAX};
pub use ingress::{Incoming, Origin, ReplyTo, Serving};
pub use interceptor::{CallInfo, CallOutcome, Direction, Interceptor};
pub use keeper::Keeping;
pub use kind::{DEADLINE_DEFAULT_US, EntitySlots};
pub use lease::MAILBOX_MAX;
pub use locals::LOCALS_MAX;
pub use park::INLINE_DEPTH_MAX;
pub use placement::{LOCATES_MAX, LOCATIONS_MAX, PLACED_MAX};
pub use probe::PROBE_STEPS_MAX;
pub use rare::Observer;
pub use services::SERVICE_CALLS_MAX;
pub use sessions::{
    Asking, EVENT_SLICE, EVENTS_WAITING_MAX, OBSERVERS_MAX, SessionPort, ask, event,
};
pub use setup::Setup;
pub use shard::{Entered, SPIN_US, Shard};
pub use timers::TimerBuilder;
pub use together::{TOGETHER_MAX, TOGETHER_WITHIN};
pub use trace::TraceContext;

pub(crate) use dispatch::{send, start};
pub(crate) use handoff::Drained;
pub(crate) use park::{Outcome, Started, Waiting};
pub(crate) use placement::{Clustered, Whereabouts};
#[cfg(feature = "opentelemetry")]
pub(crate) use spans::{EndedSpan, Recorder};

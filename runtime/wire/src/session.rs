//! Sessions, sans-IO: a client's logical connection to the home of its entity, over links one after another.
//!
//! `docs/sessions.md` has the rules and what each is for. Three machines keep them, one at each place:
//!
//! - [`ClientSession`]: in the client's process, over whatever links it has.
//! - [`GateLink`]: at the gate, one a client link. It forwards, and keeps nothing that is worth keeping.
//! - [`Door`]: at the home, one a bound entity. It holds the [`HomeSession`], if there is one.
//!
//! They neither read a clock nor make random numbers: `now_us` counts microseconds from any start, the same for all calls of a
//! machine, and does not go back. After any call that may change something the driver calls `poll_transmit` until it
//! gives nothing, and asks `poll_timeout` again. The shape comes from quinn-proto.
//!
//! A message's body is an [`Arc`], so that one event to many sessions is encoded once.

mod client;
mod door;
mod frame;
mod gate;
mod home;
mod limits;
mod pass;
mod receiving;
mod rules;
mod sending;
mod snapshot;
mod views;

pub use client::{ClientEvent, ClientSession, ClientState, Over};
pub use door::{Admitted, Door, DoorEvent};
pub use frame::{
    Body, Down, OwnedEnd, OwnedLatest, OwnedOpen, OwnedOpened, OwnedRefused, Up, first_latest,
};
pub use gate::{Found, GateLink, GateUp, HomeId};
pub use home::{Ended, HomeSession, NotKept, Run, Via};
pub use limits::SessionLimits;
pub use pass::{PASS_MAGIC, Pass, SessionKey, is_open_mac_right, open_mac};
pub use rules::{Rule, Rules};

pub use client::NotSent;

#[cfg(doc)]
use std::sync::Arc;

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    reason = "a test that is wrong about its own bytes must fail"
)]
mod tests;

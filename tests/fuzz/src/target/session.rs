//! Sessions: whatever comes in whatever order at whatever time, the machines of client, gate and home keep their bounds.
//!
//! An input is steps: a byte of time (milliseconds), a byte of what to do, a byte that says more. Most messages are made from
//! few bytes, near to what would be right; one step takes its message from the input as it stands.

mod client;
mod gate;
mod home;

pub(super) use client::run as client;
pub(super) use gate::run as gate;
pub(super) use home::run as home;

use std::sync::Arc;

use playhouse_wire::message::{Header, Method, put_notify, put_request, put_response_ok};
use playhouse_wire::session::{Body, SessionLimits, first_latest};
use playhouse_wire::{EntityRef, Message, Uuid, Writer};

use crate::allocation;

/// Bytes that a machine holds at most besides what its input is long.
const HELD_MAX: usize = 64 * 1024;

/// Bounds that inputs come to.
const LIMITS: SessionLimits = SessionLimits {
    window: 4,
    window_bytes: 256,
    buffer: 4,
    buffer_bytes: 256,
    grace_us: 100_000,
    give_up_us: 200_000,
    tombstone_us: 400_000,
    ack_us: 10_000,
    ack_messages: 3,
    open_us: 50_000,
    views: 4,
    ..SessionLimits::DEFAULT
};

/// What is left of an input.
struct Steps<'a> {
    bytes: &'a [u8],
    now_us: u64,
}

impl<'a> Steps<'a> {
    /// The next step: what to do, and what says more of it.
    fn next(&mut self) -> Option<(u8, u8)> {
        let [time, what, more, rest @ ..] = self.bytes else {
            return None;
        };
        self.now_us += u64::from(*time) * 1000;
        self.bytes = rest;
        Some((*what, *more))
    }

    /// Bytes of the input as they stand.
    fn take(&mut self, length: u8) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(self.bytes.len().min(length.into()));
        self.bytes = rest;
        taken
    }
}

/// Drives something with an input, and holds it to its memory.
fn within_bounds(bytes: &[u8], drive: impl FnOnce(&mut Steps<'_>)) {
    let mut steps = Steps { bytes, now_us: 0 };
    let ((), held) = allocation::peak(|| drive(&mut steps));
    let allowed = HELD_MAX + 32 * bytes.len();
    assert!(
        held <= allowed,
        "{} bytes of input took {held} bytes, {allowed} are allowed",
        bytes.len()
    );
}

fn limits() -> Arc<SessionLimits> {
    Arc::new(LIMITS)
}

/// A name of a session: one of few.
fn name(of: u8) -> Uuid {
    Uuid([of % 4; 16])
}

/// One of few entities, but more than a session follows.
fn entity(of: u8) -> EntityRef {
    EntityRef {
        package: 1,
        number: u16::from(of % 8),
        slot: 0,
        key: Default::default(),
    }
}

/// A body of some kind.
fn body(of: u8) -> Body {
    let mut w = Writer::new();
    let method = Method::default();
    let id = u32::from(of / 8);
    match of % 8 {
        0..=2 => put_request(&mut w, id, method, &Header::EMPTY, |w| w.array(0)),
        3 | 4 => put_response_ok(&mut w, id, |w| w.bin(&[of; 40])),
        5 => put_notify(&mut w, method, &Header::EMPTY, |w| w.bin(&[of; 200])),
        6 => playhouse_wire::message::put_cancel(&mut w, id),
        _ if of >= 128 => return first_latest(&entity(of / 8), 0, &[0x91, of]),
        _ => w.raw(&[0x91, of]),
    }
    w.into_bytes().into()
}

/// What a machine writes can be read.
fn can_be_read(write: impl FnOnce(&mut Writer)) {
    let mut w = Writer::new();
    write(&mut w);
    let message = Message::decode(w.as_bytes()).expect("it writes what peers can read");
    assert!(message.of_session(), "{message:?} belongs to no session");
}

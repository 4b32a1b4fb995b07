//! Links: whatever frames come at whatever time, a link says one thing about each, and keeps little.
//!
//! The first byte of an input chooses the side and the role; then follow steps: a byte of time (eighths of a second), a
//! byte of what to do, and for a frame its length and bytes.

use playhouse_wire::frame::{FRAME_BYTES_MAX, Frames};
use playhouse_wire::link::{Event, Identity, Link, LinkLimits, Side};
use playhouse_wire::message::{GoAwayReason, Role, TypeDigest, put_hello, put_hello_reply};
use playhouse_wire::{Message, Writer};

use crate::allocation;

/// Bytes that a link holds at most besides what its peer said of itself.
const HELD_MAX: usize = 16 * 1024;

pub(super) fn run(bytes: &[u8]) {
    let Some((&first, steps)) = bytes.split_first() else {
        return;
    };
    let ((), held) = allocation::peak(|| drive(first, steps));
    let allowed = HELD_MAX + 32 * bytes.len();
    assert!(
        held <= allowed,
        "{} bytes of input took {held} bytes, {allowed} are allowed",
        bytes.len()
    );
}

fn drive(first: u8, mut steps: &[u8]) {
    let side = if first & 1 == 0 {
        Side::Accepted
    } else {
        Side::Dialled
    };
    let mut link = Link::new(side, identity(first & 2 != 0), LinkLimits::DEFAULT, 0);
    let mut out = Writer::new();
    let mut now_us = 0_u64;
    if first & 4 != 0 {
        greet(&mut link, side, first);
    }
    while let [time, step, rest @ ..] = steps {
        now_us += u64::from(*time) * 125_000;
        steps = rest;
        let closed = link.closed().is_some();
        match step {
            0..=7 => drop(link.handle_timeout(now_us)),
            8 => drop(link.go_away(now_us, GoAwayReason::Stopping, "")),
            9 => drop(link.close(GoAwayReason::Denied, "denied")),
            10 => drop(link.handle_disconnect()),
            11 => link.handle_bytes(now_us),
            _ => {
                let Some((&length, rest)) = steps.split_first() else {
                    return;
                };
                let (frame, rest) = rest.split_at(rest.len().min(length.into()));
                steps = rest;
                let event = link.handle_frame(now_us, frame);
                assert!(
                    !closed || matches!(event, Event::Closed(_)),
                    "a link that is over went on"
                );
            }
        }
        after(&mut link, &mut out, now_us, closed);
    }
}

/// What holds after every step.
fn after(link: &mut Link, out: &mut Writer, now_us: u64, closed: bool) {
    out.clear();
    let wrote = link.poll_transmit(out);
    assert!(!(wrote && closed), "a link that was over already said more");
    let mut frames = Frames::new(out.as_bytes(), FRAME_BYTES_MAX);
    while let Some(frame) = frames.poll().expect("its own frames are short") {
        Message::decode(frame).expect("it writes what peers can read");
    }
    assert_eq!(frames.consumed(), out.len(), "it writes whole frames");
    assert!(!link.poll_transmit(out), "it says everything once");
    match link.poll_timeout() {
        Some(at) if at <= now_us => {
            drop(link.handle_timeout(now_us));
            let next = link.poll_timeout();
            assert!(
                next.is_none_or(|next| next > now_us),
                "its time never comes"
            );
        }
        Some(_) => {}
        None => assert!(link.closed().is_some(), "a link that lives has a timeout"),
    }
    assert!(!link.may_begin() || link.peer().is_some());
    out.clear();
    let _ = link.poll_transmit(out);
}

fn identity(with_schema: bool) -> Identity {
    let digest = TypeDigest {
        package: 1,
        number: 2,
        digest: 3,
    };
    Identity {
        root: u64::from(with_schema),
        digests: vec![digest].into(),
        ..Identity::new(Role::Node, "fuzz")
    }
}

/// Opens the link, so that inputs reach what comes behind the hellos.
fn greet(link: &mut Link, side: Side, first: u8) {
    let role = if first & 8 == 0 {
        Role::Node
    } else {
        Role::Client
    };
    let hello = playhouse_wire::message::Hello::new(role, "peer");
    let mut w = Writer::new();
    match side {
        Side::Accepted => put_hello(&mut w, &hello),
        Side::Dialled => put_hello_reply(&mut w, &hello, None),
    }
    let event = link.handle_frame(0, w.as_bytes());
    assert_eq!(event, Event::Opened, "a hello opens a link");
    w.clear();
    assert!(link.poll_transmit(&mut w));
}

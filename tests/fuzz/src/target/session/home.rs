//! The home's machine.

use std::sync::Arc;

use playhouse_wire::Message;
use playhouse_wire::message::{Aside, End, Msg, Open, SessionReason, kind};
use playhouse_wire::session::{Admitted, Door, DoorEvent, Run, SessionKey, Via, first_latest};

use super::{LIMITS, Steps, body, can_be_read, entity, limits, name, within_bounds};

pub(in crate::target) fn run(bytes: &[u8]) {
    within_bounds(bytes, drive);
}

fn drive(steps: &mut Steps<'_>) {
    let mut door = Door::new(limits(), 0);
    let mut given: Vec<Run> = Vec::new();
    let mut login = None;
    let mut names = 0_u8;
    let mut ran = 0;
    while let Some((what, more)) = steps.next() {
        let now_us = steps.now_us;
        let via = Via {
            gate: u64::from(more % 2),
            link: u64::from(more / 2 % 4),
            attempt: u64::from(more / 8),
        };
        let current = door.session().and_then(|session| session.attached());
        let event = match what % 20 {
            0..=2 => open(&mut door, now_us, via, what, more),
            3 => {
                let login = login.take().unwrap_or(u64::from(more));
                names = names.wrapping_add(1);
                door.begin(now_us, login, name(names), Arc::from([]))
            }
            4 => door.attach(now_us),
            5 | 6 => {
                let run = door.poll_run();
                if let Some(run) = run {
                    if run.body.get(1) == Some(&kind::REQUEST) {
                        assert!(run.seq != ran, "each begins once");
                        ran = run.seq;
                    }
                    given.push(run);
                }
                DoorEvent::Nothing
            }
            7 => {
                if let Some(run) = given.pop().filter(|_| more % 4 == 0) {
                    ran = 0;
                    door.put_back(run);
                }
                DoorEvent::Nothing
            }
            9 if more.is_multiple_of(3) => {
                let (of, body) = (entity(more / 8), body(more));
                match door.latest(&of, Arc::clone(&body)) {
                    Some((_, down)) => can_be_read(|w| down.put(w)),
                    None => drop(door.follow(&of, 0, first_latest(&of, 0, &body))),
                }
                DoorEvent::Nothing
            }
            8 | 9 => {
                let _ = door.send(now_us, body(more));
                DoorEvent::Nothing
            }
            10 => door.handle_lost(now_us, current.filter(|_| more % 2 == 0).unwrap_or(via)),
            11 => door.handle_gate_lost(now_us, via.gate),
            12 => door.handle_timeout(now_us),
            13 if more % 8 == 0 => door.end(now_us, SessionReason::Kicked, ""),
            14 => {
                door.freeze(now_us);
                DoorEvent::Nothing
            }
            15 => {
                if more % 2 == 0 {
                    door.unfreeze(now_us);
                } else {
                    door = moved(&door, now_us);
                    given.clear();
                    ran = 0;
                }
                DoorEvent::Nothing
            }
            16 => {
                let bytes = steps.take(more);
                drop(Door::thaw(bytes, limits(), now_us));
                match Message::decode(bytes) {
                    Ok(message) => door.handle_message(now_us, current.unwrap_or(via), &message),
                    Err(_) => DoorEvent::Nothing,
                }
            }
            _ => message(&mut door, now_us, current.unwrap_or(via), what, more),
        };
        match event {
            DoorEvent::Login(number) => login = Some(number),
            DoorEvent::Began { .. } => (ran, given) = (0, Vec::new()),
            _ => {}
        }
        after(&mut door, now_us);
    }
}

fn open(door: &mut Door, now_us: u64, via: Via, what: u8, more: u8) -> DoorEvent {
    let key = SessionKey([1; 32]);
    let current = door.session();
    let named = current.map(|session| session.id()).unwrap_or(name(more));
    let rx = current.map_or(0, |session| session.rx());
    let mut open = Open::new(&[0], via.attempt);
    open.session = (!what.is_multiple_of(3)).then_some(named);
    open.tx_highest = rx + u64::from(more % 3);
    open.tx_lowest = rx.saturating_sub(u64::from(more % 5));
    open.rx = u64::from(more % 4);
    let admitted = Admitted {
        login_no: (!more.is_multiple_of(7)).then_some(u64::from(more % 7)),
        key: (more == 255).then_some(&key),
        binding: None,
    };
    door.handle_open(now_us, via, &open, &admitted)
}

/// A message that is near to a right one.
fn message(door: &mut Door, now_us: u64, via: Via, what: u8, more: u8) -> DoorEvent {
    let session = door.session();
    let rx = session.map_or(0, |session| session.rx());
    let id = session.map_or(name(more), |session| session.id());
    let body = body(more);
    let message = match what % 20 {
        17 | 18 => Message::Msg(Msg {
            seq: rx + 1 - u64::from(more % 5 == 4).min(rx) + u64::from(more % 61 == 60),
            ack: more.is_multiple_of(3).then_some(u64::from(more / 32)),
            body: &body,
        }),
        _ if more % 32 == 31 => Message::End(End {
            session: id,
            attempt: via.attempt,
            reason: SessionReason::LoggedOut,
            ran: None,
            text: "",
        }),
        _ if more % 4 == 2 => Message::Aside(Aside {
            attempt: via.attempt,
            number: u64::from(more / 16),
            body: &body,
        }),
        _ => Message::Ack(u64::from(more / 16)),
    };
    let event = door.handle_message(now_us, via, &message);
    if door.session().is_some_and(|session| session.is_frozen()) {
        assert_eq!(event, DoorEvent::Nothing, "a frozen session takes nothing");
    }
    event
}

/// The door at another home.
fn moved(door: &Door, now_us: u64) -> Door {
    let bytes = door.snapshot(now_us);
    let thawed = Door::thaw(&bytes, limits(), now_us).expect("it reads what it writes");
    assert_eq!(thawed.snapshot(now_us), bytes, "nothing is lost on the way");
    thawed
}

/// What holds after every step.
fn after(door: &mut Door, now_us: u64) {
    let mut sent = 0;
    while let Some((_, down)) = door.poll_transmit(now_us) {
        can_be_read(|w| down.put(w));
        sent += 1;
        assert!(sent < 100, "it says everything once");
    }
    if let Some(session) = door.session() {
        let (kept, waiting) = (session.kept(), session.waiting());
        assert!(kept.0 <= 2 * LIMITS.buffer as usize, "{kept:?} are kept");
        assert!(
            kept.1 <= 2 * LIMITS.buffer_bytes as usize,
            "{kept:?} are kept"
        );
        assert!(waiting.0 <= 8 * LIMITS.window as usize, "{waiting:?} wait");
        assert!(session.ran() <= session.rx(), "what began was taken");
        assert!(!session.is_frozen() || session.attached().is_none());
    }
    match door.poll_timeout() {
        Some(at) if at <= now_us => {
            let _ = door.handle_timeout(now_us);
            while door.poll_transmit(now_us).is_some() {}
            let next = door.poll_timeout();
            assert!(
                next.is_none_or(|next| next > now_us),
                "its time never comes"
            );
        }
        _ => {}
    }
}

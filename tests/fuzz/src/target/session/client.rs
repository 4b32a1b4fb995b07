//! The client's machine.

use playhouse_wire::Message;
use playhouse_wire::message::{Elements, End, Latest, Msg, Opened, Refused, SessionReason, Terms};
use playhouse_wire::session::{ClientEvent, ClientSession, ClientState, Pass, SessionKey, Up};

use super::{LIMITS, Steps, body, can_be_read, entity, limits, name, within_bounds};

pub(in crate::target) fn run(bytes: &[u8]) {
    within_bounds(bytes, drive);
}

fn drive(steps: &mut Steps<'_>) {
    let pass = Pass {
        key: (steps.bytes.first() == Some(&1)).then_some(SessionKey([1; 32])),
        token: [0].into(),
    };
    let mut client = ClientSession::new(pass, 0, 0, limits(), 0);
    while let Some((what, more)) = steps.next() {
        let was_over = client.state() == ClientState::Over;
        let link = u64::from(more % 4);
        let now_us = steps.now_us;
        match what % 16 {
            0 => client.open(now_us, link, Some(&[more])),
            1 => drop(client.handle_link_lost(now_us, link)),
            2 => drop(client.handle_timeout(now_us)),
            3 | 4 => drop(client.send(body(more))),
            5 if more == 0 => drop(client.log_out()),
            6 if more == 0 => drop(client.give_up()),
            7 => {
                client.structural(&entity(more), 1, u64::from(more / 16));
            }
            8 if more.is_multiple_of(2) => client.gone(&entity(more)),
            8 => {
                if let Ok(Some((_, aside))) = client.aside(body(more)) {
                    can_be_read(|w| aside.put(w));
                }
            }
            9 => {
                let bytes = steps.take(more);
                if let Ok(message) = Message::decode(bytes) {
                    handle(&mut client, now_us, link, message);
                }
            }
            _ => {
                let body = body(more);
                let message = message(&client, what, more, &body);
                let link = client.link().unwrap_or(link);
                handle(&mut client, now_us, link, message);
            }
        }
        after(&mut client, now_us, was_over);
    }
}

fn handle(client: &mut ClientSession, now_us: u64, link: u64, message: Message<'_>) {
    let rx = client.rx();
    let was_over = client.state() == ClientState::Over;
    let event = client.handle_message(now_us, link, message);
    if let ClientEvent::Message { seq, .. } = event {
        assert_eq!(seq, rx + 1, "messages come in order, each once");
    }
    let is_quiet = matches!(event, ClientEvent::Nothing | ClientEvent::Other(_));
    assert!(!was_over || is_quiet, "a session that is over went on");
}

/// A message that is near to a right one.
fn message<'a>(client: &ClientSession, what: u8, more: u8, body: &'a [u8]) -> Message<'a> {
    let attempt = client.attempt().wrapping_sub(u64::from(more / 8 % 2));
    let session = client.id().unwrap_or(name(more));
    let reason = SessionReason::from_number(more % 16);
    match what % 16 {
        10 => Message::Opened(Opened {
            session,
            attempt,
            rx: u64::from(more % 8),
            terms: Terms {
                window: u32::from(more % 8),
                ..LIMITS.terms()
            },
            entities: Elements::EMPTY,
        }),
        11 | 12 => Message::Msg(Msg {
            seq: client.rx() + 1 - u64::from(more % 5 == 4) + u64::from(more % 31 == 30),
            ack: more.is_multiple_of(3).then_some(u64::from(more / 16)),
            body,
        }),
        13 => Message::Ack(u64::from(more / 8)),
        14 if more.is_multiple_of(4) => Message::Detach(attempt),
        14 if more % 4 == 1 => Message::Refused(Refused {
            session: None,
            attempt,
            reason,
            ran: Some(u64::from(more / 16)),
            text: "",
        }),
        14 if more % 16 == 2 => Message::End(End {
            session,
            attempt,
            reason,
            ran: None,
            text: "",
        }),
        _ => Message::Latest(Latest {
            session: 0,
            entity: entity(more),
            incarnation: 1,
            base: u64::from(more / 16),
            version: u64::from(more / 8),
            body,
        }),
    }
}

/// What holds after every step.
fn after(client: &mut ClientSession, now_us: u64, was_over: bool) {
    let mut sent = 0;
    while let Some((link, up)) = client.poll_transmit(now_us) {
        can_be_read(|w| up.put(w));
        sent += 1;
        assert!(sent < 100, "it says everything once");
        if !matches!(up, Up::End(_)) {
            assert_eq!(client.link(), Some(link), "it sends to who serves it");
        }
    }
    assert!(sent == 0 || !was_over, "a session that was over said more");
    let (messages, bytes) = client.unacknowledged();
    assert!(messages <= 2 * 8 && bytes <= 2 * LIMITS.window_bytes as usize);
    match client.poll_timeout() {
        Some(at) if at <= now_us => {
            drop(client.handle_timeout(now_us));
            while client.poll_transmit(now_us).is_some() {}
            let next = client.poll_timeout();
            assert!(
                next.is_none_or(|next| next > now_us),
                "its time never comes"
            );
        }
        Some(_) => {}
        None => {
            let is_quiet = matches!(client.state(), ClientState::Over | ClientState::Live { .. });
            assert!(is_quiet, "a session that waits has a timeout");
        }
    }
}

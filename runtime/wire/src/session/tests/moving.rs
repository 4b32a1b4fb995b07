//! Sessions that move with their entity, and newest state.

use std::sync::Arc;

use crate::message::{Executed, Latest, SessionReason};
use crate::session::{ClientEvent, ClientState, Door, DoorEvent, SessionLimits};

use super::trio::{SECOND, Trio, entity, event, request, response};

/// Moves the door to another home.
fn hand_over(trio: &mut Trio) {
    trio.door.freeze(trio.now_us);
    assert!(
        trio.door.poll_run().is_none(),
        "a frozen session begins nothing"
    );
    let bytes = trio.door.snapshot(trio.now_us);
    trio.drive();
    trio.door = Door::thaw(&bytes, Arc::clone(&trio.limits), trio.now_us).unwrap();
}

#[test]
fn a_session_moves_with_what_was_not_begun() {
    let mut trio = Trio::open();
    trio.runs = false;
    trio.answers = false;
    for id in 1..=4 {
        trio.call(id);
    }
    trio.drive();
    trio.run();
    let given = trio.door.poll_run().unwrap();
    assert_eq!(given.seq, 2);
    trio.door.put_back(given);
    trio.door.freeze(0);
    trio.door.send(0, response(1)).unwrap();
    trio.call(5);
    trio.transmit();
    trio.up(1);
    hand_over(&mut trio);
    assert_eq!(trio.told, ["Detached { link: 1 }"]);
    trio.runs = true;
    trio.dial(1);
    trio.drive();
    assert_eq!(trio.began, [1, 2, 3, 4, 5]);
    assert_eq!(trio.got, [1]);
    trio.wait(SECOND);
    assert_eq!(trio.client.unacknowledged(), (0, 0));
}

#[test]
fn answers_pass_what_may_not_begin_any_more() {
    let mut trio = Trio::open();
    trio.runs = false;
    trio.call(1);
    trio.client.send(response(7)).unwrap();
    trio.call(2);
    trio.drive();
    let answer = trio.door.poll_answer().unwrap();
    assert_eq!(answer.seq, 2);
    assert!(trio.door.poll_answer().is_none());
    hand_over(&mut trio);
    trio.runs = true;
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.began, [1, 2]);
}

#[test]
fn a_move_that_is_called_off_leaves_the_session() {
    let mut trio = Trio::open();
    trio.door.freeze(0);
    trio.drive();
    trio.call(1);
    trio.dial(1);
    trio.drive();
    assert_eq!(trio.seen, [DoorEvent::Held]);
    trio.door.unfreeze(0);
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.got, [1]);
    assert_eq!(trio.client.state(), ClientState::Live { link: 2 });
}

#[test]
fn a_frozen_session_has_no_grace() {
    let mut trio = Trio::open();
    trio.door.freeze(0);
    assert_eq!(trio.door.poll_timeout(), None);
    trio.now_us += 2 * trio.limits.grace_us;
    assert_eq!(trio.door.handle_timeout(trio.now_us), DoorEvent::Nothing);
    trio.door.unfreeze(trio.now_us);
    let grace_at = trio.now_us + trio.limits.grace_us;
    assert_eq!(trio.door.poll_timeout(), Some(grace_at));
}

#[test]
fn a_tombstone_moves_along() {
    let mut trio = Trio::open();
    trio.call(1);
    trio.drive();
    trio.cut(1);
    trio.call(2);
    trio.end(SessionReason::Kicked);
    hand_over(&mut trio);
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.told, ["LinkLost", "over Kicked"]);
    assert_eq!(trio.client.executed(1), Executed::Unknown);
    assert_eq!(trio.client.executed(2), Executed::NotExecuted);
}

#[test]
fn a_snapshot_is_read_as_it_was_written_or_refused() {
    let mut trio = Trio::open();
    trio.runs = false;
    trio.call(1);
    trio.call(2);
    trio.drive();
    trio.door.send(0, event(1)).unwrap();
    trio.door.freeze(0);
    let bytes = trio.door.snapshot(0);
    let limits = Arc::new(SessionLimits::DEFAULT);
    let thawed = Door::thaw(&bytes, Arc::clone(&limits), 0).unwrap();
    assert_eq!(thawed.snapshot(0), bytes);
    for length in 0..bytes.len() {
        Door::thaw(&bytes[..length], Arc::clone(&limits), 0).unwrap_err();
    }
    for index in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0x80, 0x90, 0xc0, 0xff] {
            let mut other = bytes.clone();
            other[index] = value;
            // Some are other sessions, most are none.
            drop(Door::thaw(&other, Arc::clone(&limits), 0));
        }
    }
}

fn latest(session: u32, base: u64, version: u64) -> Latest<'static> {
    Latest {
        session,
        entity: entity(),
        incarnation: 1,
        base,
        version,
        body: &[0xc0],
    }
}

#[test]
fn newest_state_is_taken_onto_its_base_and_only_if_newer() {
    let mut trio = Trio::open();
    let short = 0x0101_0101;
    let take = |client: &mut crate::session::ClientSession, latest: Latest<'_>| {
        let event = client.handle_message(0, 1, crate::Message::Latest(latest));
        assert!(matches!(
            event,
            ClientEvent::Nothing | ClientEvent::Latest(_)
        ));
        matches!(event, ClientEvent::Latest(_))
    };
    let client = &mut trio.client;
    assert!(!take(client, latest(short, 1, 1)), "nothing is known of it");
    client.structural(&entity(), 1, 1);
    assert!(take(client, latest(short, 1, 1)));
    assert!(!take(client, latest(short, 1, 1)), "not newer");
    assert!(take(client, latest(short, 1, 3)));
    assert!(!take(client, latest(short, 1, 2)), "overtaken");
    assert!(!take(client, latest(short + 1, 1, 4)), "of another session");
    client.structural(&entity(), 1, 2);
    assert!(!take(client, latest(short, 1, 4)), "of what was before");
    assert!(take(client, latest(short, 2, 4)));
    client.structural(&entity(), 2, 3);
    assert!(!take(client, latest(short, 3, 5)), "of an earlier life");
    client.gone(&entity());
    assert!(!take(client, latest(short, 3, 6)));
    assert_eq!(
        trio.door.latest(&entity(), event(1)),
        None,
        "it is not followed"
    );
    assert!(trio.client.send(request(1)).is_ok());
}

#[test]
fn newest_state_goes_on_where_it_was_after_a_move() {
    let mut trio = Trio::open();
    let seq = trio.door.send(0, event(1)).unwrap();
    assert!(trio.door.structural(&entity(), 1, seq));
    trio.drive();
    assert!(trio.client.structural(&entity(), 1, seq));
    let mut versions = Vec::new();
    for round in 0..2 {
        if round == 1 {
            hand_over(&mut trio);
            assert_eq!(
                trio.door.latest(&entity(), event(2)),
                None,
                "nobody hears it"
            );
            trio.dial(1);
            trio.drive();
        }
        let (via, down) = trio.door.latest(&entity(), event(2)).unwrap();
        assert_eq!(via.attempt, trio.client.attempt());
        let bytes = super::trio::bytes(|w| down.put(w));
        let message = crate::Message::decode(&bytes).unwrap();
        if let ClientEvent::Latest(latest) = trio.client.handle_message(0, 1, message) {
            versions.push(latest.version);
        }
    }
    assert_eq!(versions, [1, 2]);
}

#[test]
fn a_session_follows_so_many_entities_and_lets_the_first_go_then() {
    let mut trio = Trio::open();
    let of = numbered;
    for number in 0..=1024 {
        let seq = u64::from(number) + 1;
        assert!(trio.door.structural(&of(number), 1, seq));
        assert!(trio.client.structural(&of(number), 1, seq));
    }
    assert_eq!(trio.door.latest(&of(0), event(1)), None);
    for number in [1, 1024] {
        let (_, down) = trio.door.latest(&of(number), event(1)).unwrap();
        let bytes = super::trio::bytes(|w| down.put(w));
        let message = crate::Message::decode(&bytes).unwrap();
        let event = trio.client.handle_message(0, 1, message);
        assert!(matches!(event, ClientEvent::Latest(_)), "{event:?}");
    }
    let none = SessionLimits {
        views: 0,
        ..SessionLimits::DEFAULT
    };
    assert!(!Trio::open_with(none).door.structural(&of(0), 1, 1));
}

fn numbered(number: u16) -> crate::EntityRef {
    crate::EntityRef { number, ..entity() }
}

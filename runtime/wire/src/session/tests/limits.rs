//! Each bound, at it and beyond.

use crate::Message;
use crate::message::{SessionReason, put_msg};
use crate::session::{DoorEvent, NotKept, NotSent, SessionLimits};

use super::trio::{SECOND, Trio, bytes, event, request, response};

#[test]
fn a_full_window_refuses_calls_and_takes_answers() {
    let mut trio = Trio::open();
    trio.cut(1);
    for id in 0..256 {
        trio.call(id);
    }
    assert_eq!(trio.client.send(request(256)), Err(NotSent::WindowFull));
    for id in 0..256 {
        trio.client.send(response(id)).unwrap();
    }
    assert_eq!(trio.client.send(response(256)), Err(NotSent::WindowFull));
    trio.dial(2);
    trio.drive();
    trio.wait(SECOND);
    assert_eq!(trio.began.len(), 256);
    assert_eq!(trio.client.unacknowledged(), (0, 0));
}

#[test]
fn a_window_is_bounded_in_bytes() {
    let mut trio = Trio::open();
    trio.cut(1);
    let of_length = |length: usize| {
        let mut bytes = request(1).to_vec();
        bytes.resize(length, 0xc0);
        crate::session::Body::from(bytes)
    };
    assert_eq!(
        trio.client.send(of_length(128 * 1024 + 1)),
        Err(NotSent::TooLong)
    );
    trio.client.send(of_length(128 * 1024)).unwrap();
    assert_eq!(trio.client.send(request(2)), Err(NotSent::WindowFull));
}

#[test]
fn an_event_that_does_not_fit_ends_the_session() {
    let mut trio = Trio::open();
    trio.cut(1);
    for number in 0..1024 {
        trio.door.send(0, event(number)).unwrap();
    }
    assert_eq!(trio.door.send(0, request(1)), Err(NotKept::Full));
    let refused = trio.door.send(0, event(1024));
    assert!(
        matches!(refused, Err(NotKept::Overflow(ended)) if ended.reason == SessionReason::Overflow),
        "{refused:?}"
    );
    assert_eq!(trio.door.send(0, event(1025)), Err(NotKept::NoSession));
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.told, ["LinkLost", "over Overflow"]);
}

#[test]
fn events_are_bounded_in_bytes() {
    let mut trio = Trio::open();
    trio.cut(1);
    let mut bytes = event(1).to_vec();
    bytes.resize(256 * 1024 + 1, 0xc0);
    assert_eq!(
        trio.door.send(0, bytes.clone().into()),
        Err(NotKept::TooLong)
    );
    bytes.truncate(256 * 1024);
    trio.door.send(0, bytes.into()).unwrap();
    assert!(matches!(
        trio.door.send(0, event(1)),
        Err(NotKept::Overflow(_))
    ));
}

#[test]
fn calls_wait_while_their_responses_have_no_room() {
    let limits = SessionLimits {
        buffer: 4,
        ..SessionLimits::DEFAULT
    };
    let mut trio = Trio::open_with(limits);
    trio.answers = false;
    trio.door.send(0, event(1)).unwrap();
    trio.door.send(0, event(2)).unwrap();
    trio.transmit();
    for id in 1..=3 {
        trio.call(id);
    }
    trio.client.send(response(9)).unwrap();
    trio.call(4);
    trio.transmit();
    while trio.up(1) {}
    while trio.run() {}
    assert_eq!(trio.began, [1, 2], "two more have room for their responses");
    let waiting = trio.door.session().unwrap().waiting().0;
    assert_eq!(waiting, 2, "the response passed them");
    trio.door.send(0, response(1)).unwrap();
    while trio.run() {}
    assert_eq!(trio.began, [1, 2]);
    trio.drive();
    trio.wait(SECOND);
    assert_eq!(trio.began, [1, 2, 3, 4], "acknowledged events made room");
}

#[test]
fn a_client_that_outruns_the_entity_is_slowed_down() {
    let mut trio = Trio::open();
    trio.runs = false;
    for id in 0..256 {
        trio.call(id);
    }
    trio.drive();
    trio.wait(SECOND);
    assert_eq!(trio.door.session().unwrap().waiting().0, 256);
    let left = trio.client.unacknowledged().0;
    assert!(left > 0, "not all is acknowledged while so much waits");
    let mut more = 0;
    while trio.client.send(request(1000 + more)).is_ok() {
        more += 1;
    }
    assert_eq!(more as usize, 256 - left);
    trio.drive();
    trio.wait(SECOND);
    assert_eq!(trio.client.send(request(1)), Err(NotSent::WindowFull));
    trio.runs = true;
    trio.drive();
    trio.wait(SECOND);
    assert_eq!(trio.client.unacknowledged(), (0, 0));
    assert_eq!(trio.began.len(), 256 + more as usize);
}

#[test]
fn who_sends_far_beyond_its_window_is_let_go() {
    let mut trio = Trio::open();
    trio.runs = false;
    let via = trio.door.session().unwrap().attached().unwrap();
    let mut send = |seq| {
        let msg = bytes(|w| put_msg(w, seq, None, |w| w.raw(&request(1))));
        trio.door
            .handle_message(0, via, &Message::decode(&msg).unwrap())
    };
    for seq in 1..=1024 {
        assert_eq!(send(seq), DoorEvent::Accepted);
    }
    assert_eq!(send(1025), DoorEvent::Detached);
    assert_eq!(trio.door.session().unwrap().waiting().0, 1024);
}

#[test]
fn an_idle_session_is_small() {
    let mut trio = Trio::open();
    trio.call(1);
    trio.drive();
    trio.wait(SECOND);
    let session = trio.door.session().unwrap();
    assert_eq!(session.tx.kept.capacity(), 0, "empty queues have no memory");
    assert_eq!(session.inbox.capacity(), 0);
    let bytes = size_of::<crate::session::Door>() + size_of::<crate::session::HomeSession>();
    assert!(bytes <= 512, "{bytes} bytes");
}

//! A client, a gate and a home: what each is told, on a clock of their own.

mod aside;
mod limits;
mod moving;
mod parts;
mod trio;

use std::sync::Arc;

use crate::Message;
use crate::message::{Executed, Open, SessionReason, put_ack, put_msg};
use crate::session::{
    Admitted, ClientEvent, ClientSession, ClientState, Door, DoorEvent, Down, NotSent, Over, Pass,
    SessionLimits, Up, Via, open_mac,
};
use crate::value::Uuid;

use trio::{KEY, MS, SECOND, TOKEN, Trio, bytes, event, request, response};

#[test]
fn a_session_is_opened_and_carries_calls_and_events() {
    let mut trio = Trio::new(SessionLimits::DEFAULT);
    trio.dial(1);
    assert_eq!(trio.client.send(request(1)), Err(NotSent::NotOpen));
    trio.drive();
    assert_eq!(trio.told, ["opened false"]);
    assert_eq!(trio.client.id(), Some(Uuid([1; 16])));
    assert_eq!(trio.call(1), 1);
    assert_eq!(trio.call(2), 2);
    trio.door.send(0, event(7)).unwrap();
    trio.drive();
    assert_eq!(trio.began, [1, 2]);
    assert_eq!(trio.got, [7, 1, 2]);
    trio.wait(SECOND);
    assert_eq!(trio.client.unacknowledged(), (0, 0));
    assert_eq!(trio.door.session().unwrap().kept(), (0, 0));
}

#[test]
fn events_before_the_first_open_come_after_it() {
    let mut trio = Trio::new(SessionLimits::DEFAULT);
    let via = Via {
        gate: 1,
        link: 1,
        attempt: 1,
    };
    let mut open = Open::new(TOKEN, 1);
    open.mac = Some(open_mac(&KEY, &open, None));
    let admitted = Admitted {
        login_no: Some(3),
        key: Some(&KEY),
        binding: None,
    };
    let event_of = trio.door.handle_open(0, via, &open, &admitted);
    assert_eq!(event_of, DoorEvent::Login(3));
    let begun = trio.door.begin(0, 3, Uuid([1; 16]), Arc::from([]));
    assert_eq!(begun, DoorEvent::Began { replaced: None });
    assert_eq!(trio.door.send(0, event(7)), Ok(1));
    assert_eq!(trio.door.poll_transmit(0), None);
    trio.door.attach(0);
    let (_, first) = trio.door.poll_transmit(0).unwrap();
    assert!(matches!(first, Down::Opened(_)), "{first:?}");
    let (_, second) = trio.door.poll_transmit(0).unwrap();
    assert!(matches!(second, Down::Msg { seq: 1, .. }), "{second:?}");
}

#[test]
fn a_session_that_ends_before_it_is_heard_of_refuses_who_waits() {
    let mut door = Door::new(Arc::new(SessionLimits::DEFAULT), 0);
    let via = Via {
        gate: 1,
        link: 1,
        attempt: 1,
    };
    door.handle_open(0, via, &Open::new(TOKEN, 1), &Admitted::default());
    door.begin(0, 0, Uuid([1; 16]), Arc::from([]));
    door.end(0, SessionReason::Overflow, "");
    assert_eq!(door.attach(0), DoorEvent::Nothing);
    let (told, refused) = door.poll_transmit(0).unwrap();
    assert_eq!(told, via);
    assert!(
        matches!(&refused, Down::Refused(it) if it.reason == SessionReason::Overflow),
        "{refused:?}"
    );
}

#[test]
fn what_a_broken_link_lost_comes_on_the_next_one() {
    let mut trio = Trio::open();
    trio.call(1);
    trio.call(2);
    trio.transmit();
    trio.up(1);
    trio.run();
    trio.door.send(0, event(7)).unwrap();
    trio.transmit();
    trio.cut(1);
    assert_eq!(trio.told, ["LinkLost"]);
    trio.call(3);
    trio.dial(2);
    trio.drive();
    trio.wait(SECOND);
    assert_eq!(trio.told, ["LinkLost", "opened true"]);
    assert_eq!(trio.began, [1, 2, 3]);
    assert_eq!(trio.got, [1, 7, 2, 3]);
    let attached = DoorEvent::Attached {
        is_first: false,
        was_attached: false,
    };
    assert_eq!(trio.seen, [DoorEvent::Detached, attached]);
}

#[test]
fn an_opened_that_is_lost_is_answered_again() {
    let mut trio = Trio::new(SessionLimits::DEFAULT);
    trio.dial(1);
    trio.transmit();
    trio.up(1);
    trio.transmit();
    trio.cut(1);
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.told, ["LinkLost", "opened false"]);
    assert_eq!(trio.client.id(), Some(Uuid([1; 16])));
}

#[test]
fn a_session_moves_to_another_link_while_the_old_one_delivers() {
    let mut trio = Trio::open();
    trio.door.send(0, event(5)).unwrap();
    trio.transmit();
    trio.dial(2);
    trio.call(1);
    trio.transmit();
    assert!(trio.down(1), "the old link is read on");
    assert_eq!(trio.got, [5]);
    trio.drive();
    assert_eq!(trio.client.state(), ClientState::Live { link: 2 });
    assert_eq!(
        (trio.began.as_slice(), trio.got.as_slice()),
        (&[1][..], &[5, 1][..])
    );
    assert_eq!(trio.told, ["opened true"]);
}

#[test]
fn a_link_that_the_home_lets_go_is_opened_again() {
    let mut trio = Trio::open();
    let link = trio.links.get_mut(&1).unwrap();
    assert_eq!(link.gate.handle_home_lost(1), Some(1));
    link.down
        .push_back(bytes(|w| crate::message::put_detach(w, 1)));
    let event = trio.door.handle_gate_lost(0, 1);
    assert_eq!(event, DoorEvent::Detached);
    trio.drive();
    assert_eq!(trio.told, ["Detached { link: 1 }"]);
    trio.call(1);
    trio.dial(1);
    trio.drive();
    assert_eq!(trio.client.attempt(), 2);
    assert_eq!(trio.got, [1]);
}

#[test]
fn a_second_login_takes_over_and_the_first_is_told() {
    let mut trio = Trio::open();
    trio.runs = false;
    trio.call(1);
    trio.call(2);
    trio.drive();
    trio.run();
    trio.login_no = Some(2);
    let mut second = ClientSession::new(
        Pass::split(&Pass::join(&KEY, TOKEN)),
        0,
        0,
        Arc::clone(&trio.limits),
        0,
    );
    std::mem::swap(&mut trio.client, &mut second);
    trio.dial(2);
    trio.transmit();
    trio.up(2);
    trio.transmit();
    let bytes = trio.links.get_mut(&1).unwrap().down.pop_back().unwrap();
    let told = second.handle_message(0, 1, Message::decode(&bytes).unwrap());
    let how = ClientEvent::Over(Over::Told(
        SessionReason::Replaced,
        "another login took its place",
    ));
    assert_eq!(told, how);
    assert_eq!(second.executed(1), Executed::Unknown);
    assert_eq!(second.executed(2), Executed::NotExecuted);
    trio.drive();
    assert_eq!(trio.client.state(), ClientState::Live { link: 2 });
    assert!(matches!(
        trio.seen[1],
        DoorEvent::Began { replaced: Some(ended) } if ended.reason == SessionReason::Replaced
    ));
}

#[test]
fn who_comes_back_late_is_told_how_it_ended() {
    let mut trio = Trio::open();
    trio.runs = false;
    trio.call(1);
    trio.call(2);
    trio.drive();
    trio.run();
    trio.cut(1);
    trio.call(3);
    trio.now_us += trio.limits.grace_us;
    let event = trio.door.handle_timeout(trio.now_us);
    assert!(
        matches!(event, DoorEvent::Ended(ended) if ended.reason == SessionReason::Expired),
        "{event:?}"
    );
    assert!(
        trio.door.poll_run().is_none(),
        "what had not begun never does"
    );
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.told, ["LinkLost", "over Expired"]);
    let executed = [1, 2, 3].map(|seq| trio.client.executed(seq));
    let not = Executed::NotExecuted;
    assert_eq!(executed, [Executed::Unknown, not, not]);
    trio.now_us += trio.limits.tombstone_us;
    trio.door.handle_timeout(trio.now_us);
    assert!(trio.door.is_idle());
}

#[test]
fn a_session_that_nobody_knows_is_lost() {
    let mut trio = Trio::open();
    trio.call(1);
    trio.call(2);
    trio.drive();
    trio.call(3);
    trio.transmit();
    trio.cut(1);
    trio.call(4);
    trio.door = Door::new(Arc::clone(&trio.limits), 1);
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.told, ["LinkLost", "over Lost"]);
    assert_eq!(trio.client.executed(3), Executed::Unknown);
    assert_eq!(trio.client.executed(4), Executed::NotExecuted);
}

#[test]
fn a_session_that_ended_meanwhile_is_over_whatever_the_reason() {
    let mut trio = Trio::open();
    trio.cut(1);
    trio.call(1);
    let reason = SessionReason::Unavailable;
    let ended = trio.door.end(trio.now_us, reason, "the node stops");
    assert!(matches!(ended, DoorEvent::Ended(_)));
    // Another home, which has what the first one left, would not have it either.
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.told, ["LinkLost", "over Unavailable"]);
    assert_eq!(trio.client.executed(1), Executed::NotExecuted);
}

#[test]
fn a_client_gives_up_when_nobody_answers() {
    let mut trio = Trio::open();
    trio.cut(1);
    trio.wait(trio.limits.give_up_us - 1);
    assert_eq!(trio.client.state(), ClientState::Down);
    trio.wait(1);
    assert_eq!(trio.told, ["LinkLost", "Over(GaveUp)"]);
    assert_eq!(trio.client.poll_timeout(), None);
}

#[test]
fn an_open_that_nobody_answers_costs_its_link() {
    let mut trio = Trio::new(SessionLimits::DEFAULT);
    trio.dial(1);
    assert!(trio.client.poll_transmit(0).is_some());
    trio.wait(trio.limits.open_us);
    assert_eq!(trio.told, ["Unanswered { link: 1 }"]);
}

#[test]
fn a_client_logs_out() {
    let mut trio = Trio::open();
    trio.client.log_out();
    trio.drive();
    assert!(matches!(
        trio.seen[..],
        [DoorEvent::Ended(ended)] if ended.reason == SessionReason::LoggedOut
    ));
    assert_eq!(trio.client.send(request(1)), Err(NotSent::Over));
}

#[test]
fn who_logs_out_while_it_opens_has_no_session() {
    let mut trio = Trio::new(SessionLimits::DEFAULT);
    trio.dial(1);
    let (_, open) = trio.client.poll_transmit(0).unwrap();
    let Up::Open(open) = open else {
        panic!("{open:?}");
    };
    let via = Via {
        gate: 1,
        link: 1,
        attempt: 1,
    };
    let binding = Trio::binding(1);
    let admitted = Admitted {
        login_no: Some(1),
        key: Some(&KEY),
        binding: Some(&binding),
    };
    let login = trio.door.handle_open(0, via, &open.borrowed(), &admitted);
    assert_eq!(login, DoorEvent::Login(1));
    trio.client.log_out();
    let (_, end) = trio.client.poll_transmit(0).unwrap();
    let end = bytes(|w| end.put(w));
    trio.door
        .handle_message(0, via, &Message::decode(&end).unwrap());
    let begun = trio.door.begin(0, 1, Uuid([1; 16]), Arc::from([]));
    assert_eq!(begun, DoorEvent::Nothing);
    assert!(trio.door.is_idle());
}

#[test]
fn an_older_login_gets_nothing() {
    let mut trio = Trio::new(SessionLimits::DEFAULT);
    trio.door = Door::new(Arc::clone(&trio.limits), 2);
    trio.dial(1);
    trio.drive();
    assert_eq!(trio.told, ["over Replaced"]);
    assert_eq!(trio.client.executed(1), Executed::NotExecuted);
}

#[test]
fn the_later_of_two_logins_that_begin_wins() {
    let limits = Arc::new(SessionLimits::DEFAULT);
    let mut door = Door::new(limits, 0);
    let mut open = |link: u64, login_no: u64| {
        let via = Via {
            gate: 1,
            link,
            attempt: 1,
        };
        let admitted = Admitted {
            login_no: Some(login_no),
            ..Admitted::default()
        };
        door.handle_open(0, via, &Open::new(TOKEN, 1), &admitted)
    };
    assert_eq!(open(1, 2), DoorEvent::Login(2));
    assert_eq!(open(2, 1), DoorEvent::Nothing);
    assert_eq!(open(3, 3), DoorEvent::Login(3));
    assert_eq!(
        door.begin(0, 2, Uuid([2; 16]), Arc::from([])),
        DoorEvent::Nothing
    );
    let begun = door.begin(0, 3, Uuid([3; 16]), Arc::from([]));
    assert_eq!(begun, DoorEvent::Began { replaced: None });
    door.attach(0);
    let mut out = std::iter::from_fn(|| door.poll_transmit(0));
    let refused =
        |down: &Down| matches!(down, Down::Refused(it) if it.reason == SessionReason::Replaced);
    let (second, first, third) = (
        out.next().unwrap(),
        out.next().unwrap(),
        out.next().unwrap(),
    );
    assert!(second.0.link == 2 && refused(&second.1), "{second:?}");
    assert!(first.0.link == 1 && refused(&first.1), "{first:?}");
    assert!(
        third.0.link == 3 && matches!(third.1, Down::Opened(_)),
        "{third:?}"
    );
}

#[test]
fn without_counted_logins_each_open_replaces_the_session() {
    let mut trio = Trio::new(SessionLimits::DEFAULT);
    trio.login_no = None;
    trio.dial(1);
    trio.drive();
    trio.cut(1);
    trio.dial(2);
    trio.drive();
    assert_eq!(
        trio.told,
        ["opened false", "LinkLost", "opened true"],
        "a resume by name"
    );
    let mut second = ClientSession::new(Pass::split(TOKEN), 0, 0, Arc::clone(&trio.limits), 0);
    std::mem::swap(&mut trio.client, &mut second);
    trio.door.end(0, SessionReason::Kicked, "");
    trio.drive();
    assert_eq!(trio.door.login_no(), 0);
}

#[test]
fn a_client_that_began_anew_cannot_go_on() {
    let mut trio = Trio::open();
    trio.call(1);
    trio.drive();
    let restarted = Pass::split(&Pass::join(&KEY, TOKEN));
    trio.client = ClientSession::new(restarted, 0, 5, Arc::clone(&trio.limits), 0);
    trio.told.clear();
    trio.dial(2);
    trio.drive();
    assert_eq!(trio.told, ["over Protocol"]);
    assert!(trio.door.session().is_none());
}

#[test]
fn frames_of_another_link_or_attempt_count_for_nothing() {
    let mut trio = Trio::open();
    let via = Via {
        gate: 1,
        link: 1,
        attempt: 1,
    };
    let msg = bytes(|w| put_msg(w, 1, None, |w| w.raw(&request(1))));
    let msg = Message::decode(&msg).unwrap();
    for other in [
        Via { gate: 2, ..via },
        Via { link: 2, ..via },
        Via { attempt: 2, ..via },
    ] {
        assert_eq!(trio.door.handle_message(0, other, &msg), DoorEvent::Nothing);
        assert_eq!(trio.door.handle_lost(0, other), DoorEvent::Nothing);
    }
    assert_eq!(trio.door.handle_message(0, via, &msg), DoorEvent::Accepted);
}

#[test]
fn a_client_that_breaks_the_rules_loses_its_session() {
    let gap = bytes(|w| put_msg(w, 2, None, |w| w.raw(&request(1))));
    let acked = bytes(|w| put_ack(w, 1));
    let acked_too = bytes(|w| put_msg(w, 1, Some(1), |w| w.raw(&request(1))));
    let no_body = bytes(|w| put_msg(w, 1, None, |w| w.raw(&[0x91, 9])));
    for wrong in [gap, acked, acked_too, no_body] {
        let mut trio = Trio::open();
        let via = trio.door.session().unwrap().attached().unwrap();
        let event = trio
            .door
            .handle_message(0, via, &Message::decode(&wrong).unwrap());
        assert!(
            matches!(event, DoorEvent::Ended(ended) if ended.reason == SessionReason::Protocol),
            "{event:?} for {wrong:02x?}"
        );
        trio.drive();
        assert_eq!(trio.told, ["over Protocol"]);
    }
}

#[test]
fn a_home_that_breaks_the_rules_loses_its_link() {
    let gap = bytes(|w| put_msg(w, 2, None, |w| w.raw(&event(1))));
    let acked = bytes(|w| put_ack(w, 1));
    for wrong in [gap, acked] {
        let mut trio = Trio::open();
        let event = trio
            .client
            .handle_message(0, 1, Message::decode(&wrong).unwrap());
        assert!(
            matches!(event, ClientEvent::Broken { link: 1, .. }),
            "{event:?}"
        );
        assert_eq!(trio.client.state(), ClientState::Down);
    }
}

#[test]
fn what_was_taken_is_acknowledged_in_time() {
    let mut trio = Trio::open();
    trio.answers = false;
    trio.call(1);
    trio.drive();
    assert_eq!(trio.door.poll_timeout(), Some(50 * MS));
    trio.wait(50 * MS - 1);
    assert_eq!(trio.client.unacknowledged().0, 1);
    trio.wait(1);
    assert_eq!(trio.client.unacknowledged().0, 0);
    for id in 0..16 {
        trio.call(id);
    }
    trio.drive();
    assert_eq!(
        trio.client.unacknowledged().0,
        0,
        "sixteen are acknowledged at once"
    );
    assert!(response(1).len() < 16);
}

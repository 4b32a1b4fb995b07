//! Events and calls that pass by the sequence.

use crate::Message;
use crate::message::{Latest, put_aside};
use crate::session::{
    ClientEvent, DoorEvent, GateLink, GateUp, NotSent, SessionLimits, Up, Via, first_latest,
};

use super::trio::{Trio, bytes, entity, event, request};

const VIA: Via = Via {
    gate: 1,
    link: 1,
    attempt: 1,
};

#[test]
fn the_first_event_goes_in_sequence_and_others_pass_it_by() {
    let mut trio = Trio::open();
    let of = entity();
    assert_eq!(trio.door.latest(&of, event(1)), None);
    assert!(trio.door.follow(&of, 0, first_latest(&of, 0, &event(1))));
    assert!(
        !trio.door.follow(&of, 0, first_latest(&of, 0, &event(1))),
        "it is followed"
    );
    let (via, second) = trio.door.latest(&of, event(2)).unwrap();
    assert_eq!(via, VIA);
    let second = bytes(|w| second.put(w));
    let early = trio
        .client
        .handle_message(0, 1, Message::decode(&second).unwrap());
    assert_eq!(early, ClientEvent::Nothing, "the first has not come");
    trio.drive();
    assert_eq!(trio.told, ["latest 0"]);
    let message = Message::decode(&second).unwrap();
    let ClientEvent::Latest(latest) = trio.client.handle_message(0, 1, message) else {
        panic!("it is newer");
    };
    let expected = Latest {
        session: 0x0101_0101,
        entity: of,
        incarnation: 0,
        base: 1,
        version: 1,
        body: &event(2),
    };
    assert_eq!(latest, expected);
}

#[test]
fn nothing_of_what_passes_by_is_kept_for_a_client_that_is_away_or_slow() {
    let mut trio = Trio::open();
    let of = entity();
    let first = first_latest(&of, 0, &event(1));
    trio.cut(1);
    assert!(!trio.door.follow(&of, 0, first.clone()));
    assert_eq!(trio.client.aside(event(1)), Ok(None));
    let small = SessionLimits {
        buffer: 1,
        ..SessionLimits::DEFAULT
    };
    let mut trio = Trio::open_with(small);
    trio.door.send(0, event(1)).unwrap();
    assert!(!trio.door.follow(&of, 0, first), "there is no room");
    assert!(trio.door.session().is_some(), "which ends nothing");
}

#[test]
fn a_call_that_passes_by_is_done_at_once_or_never() {
    let mut trio = Trio::open();
    let mut asides = Vec::new();
    for number in 1..=3 {
        let (link, up) = trio.client.aside(event(number)).unwrap().unwrap();
        assert_eq!(link, 1);
        assert!(matches!(up, Up::Aside { attempt: 1, .. }), "{up:?}");
        asides.push(bytes(|w| up.put(w)));
    }
    trio.call(1);
    let mut take = |index: usize| {
        let aside = Message::decode(&asides[index]).unwrap();
        trio.door.handle_message(0, VIA, &aside)
    };
    assert_eq!(take(0), DoorEvent::Aside);
    assert_eq!(take(0), DoorEvent::Nothing, "it came again");
    assert_eq!(take(2), DoorEvent::Aside);
    assert_eq!(take(1), DoorEvent::Nothing, "it was overtaken");
    assert_eq!(
        trio.client.unacknowledged().0,
        1,
        "they are none of the sequence"
    );
}

#[test]
fn a_call_that_passes_by_counts_for_its_own_attempt_alone() {
    let mut trio = Trio::open();
    let (_, stale) = trio.client.aside(event(1)).unwrap().unwrap();
    let stale = bytes(|w| stale.put(w));
    let stale = Message::decode(&stale).unwrap();
    trio.dial(1);
    trio.drive();
    let gate = &mut trio.links.get_mut(&1).unwrap().gate;
    assert_eq!(gate.handle_up(&stale), GateUp::Drop);
    assert_eq!(
        trio.door.handle_message(0, VIA, &stale),
        DoorEvent::Nothing,
        "nor by the way of an earlier attempt"
    );
    let (_, fresh) = trio.client.aside(event(2)).unwrap().unwrap();
    let fresh = bytes(|w| fresh.put(w));
    let fresh = Message::decode(&fresh).unwrap();
    let gate = &mut trio.links.get_mut(&1).unwrap().gate;
    let forward = GateUp::Forward {
        home: 1,
        attempt: 2,
    };
    assert_eq!(gate.handle_up(&fresh), forward);
    assert_eq!(
        GateLink::new().handle_up(&fresh),
        GateUp::Drop,
        "a link that no session uses"
    );
}

#[test]
fn only_notifications_pass_by() {
    let mut trio = Trio::open();
    assert_eq!(trio.client.aside(request(1)), Err(NotSent::TooLong));
    let odd = bytes(|w| put_aside(w, 1, 1, |w| w.raw(&request(1))));
    let odd = Message::decode(&odd).unwrap();
    assert_eq!(trio.door.handle_message(0, VIA, &odd), DoorEvent::Nothing);
    let mut before = Trio::new(SessionLimits::DEFAULT);
    assert_eq!(before.client.aside(event(1)), Err(NotSent::NotOpen));
    trio.client.log_out();
    assert_eq!(trio.client.aside(event(1)), Err(NotSent::Over));
}

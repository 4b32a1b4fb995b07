//! Two ends on a virtual clock.

mod pair;
mod releases;

use pair::{End, Pair, SECOND, message, request, schema};

use super::*;
use crate::frame::{FRAME_BYTES_MAX, UnpackError};
use crate::message::{Executed, FailureKind, Role, TypeDigest, WireFailure};

#[test]
fn both_learn_who_is_there() {
    let mut pair = Pair::new(
        Identity::new(Role::Client, "bot"),
        Identity::new(Role::Node, "dev"),
    );
    assert!(!pair.dialled.link.may_begin() && pair.dialled.link.peer().is_none());
    pair.drive();
    assert_eq!(pair.dialled.seen, ["Opened"]);
    assert_eq!(pair.accepted.seen, ["Opened"]);
    let peer = pair.accepted.link.peer().unwrap();
    assert_eq!(
        (&*peer.name, peer.role, peer.version),
        ("bot", Role::Client, 1)
    );
    assert_eq!(pair.dialled.link.peer().unwrap().role, Role::Node);
    assert_eq!(pair.dialled.link.send_bytes_max(), FRAME_BYTES_MAX);
}

#[test]
fn hellos_stand_before_what_else_the_link_has_to_say() {
    let limits = LinkLimits::DEFAULT;
    let mut link = Link::new(Side::Dialled, Identity::new(Role::Node, "a"), limits, 0);
    let (mut hello, mut rest) = (Writer::new(), Writer::new());
    assert!(link.poll_hello(&mut hello) && !link.poll_hello(&mut rest));
    assert!(!link.poll_transmit(&mut rest), "it was written");
}

#[test]
fn clocks_are_compared_in_the_middle_of_the_exchange() {
    // The reply comes 400 us after the hello; the date in it, 5,000 us after that of the link's beginning, was written at 200.
    let limits = LinkLimits::DEFAULT;
    let compared = |ours: Option<i64>, theirs: i64| {
        let identity = Identity::new(Role::Node, "a");
        let mut link = Link::new(Side::Dialled, identity, limits, 1_000);
        if let Some(date) = ours {
            link = link.with_date(date);
        }
        let reply = Hello {
            date_us: theirs,
            ..Hello::new(Role::Node, "b")
        };
        let bytes = message(|w| message::put_hello_reply(w, &reply, None));
        assert_eq!(link.handle_frame(1_400, bytes), Event::Opened);
        let clock = link.peer().unwrap().clock;
        clock.map(|clock| (clock.ahead_us, clock.within_us))
    };
    assert_eq!(compared(Some(70_000), 75_200), Some((5_000, 200)));
    assert_eq!(compared(Some(70_000), 60_200), Some((-10_000, 200)));
    assert_eq!(compared(Some(i64::MIN), i64::MAX), Some((i64::MAX, 200)));
    assert_eq!(compared(Some(70_000), 0), None);
    assert_eq!(compared(None, 75_200), None);
}

#[test]
fn digests_are_exchanged_only_if_the_roots_differ() {
    for (ours, theirs, exchanged) in [(5, 5, false), (5, 6, true), (0, 6, false), (5, 0, false)] {
        let mut pair = Pair::new(schema(ours), schema(theirs));
        pair.drive();
        let digest = |end: &End| {
            let digests = end.link.peer().unwrap().digests.as_ref();
            digests.map(|digests| digests.iter().map(|each| each.digest).collect::<Vec<_>>())
        };
        assert_eq!(digest(&pair.dialled), exchanged.then(|| vec![theirs]));
        assert_eq!(digest(&pair.accepted), exchanged.then(|| vec![ours]));
        assert_eq!(pair.accepted.seen, ["Opened"]);
    }
}

#[test]
fn what_is_too_long_of_an_identity_is_cut_so_that_every_peer_takes_it() {
    let digest = TypeDigest {
        package: u16::MAX,
        number: u16::MAX,
        digest: u64::MAX,
    };
    let long = |root| Identity {
        name: "n".repeat(1000).into(),
        digests: vec![digest; 10_000].into(),
        ..schema(root)
    };
    let mut pair = Pair::new(long(1), long(2));
    pair.drive();
    for end in [&pair.dialled, &pair.accepted] {
        let peer = end.link.peer().unwrap();
        assert_eq!(peer.name.len(), message::NAME_BYTES_MAX);
        assert_eq!(peer.digests.as_ref().unwrap().len(), message::DIGESTS_MAX);
    }
    let longest = message(|w| message::put_digests(w, &[digest; message::DIGESTS_MAX]));
    assert!(longest.len() < LinkLimits::DEFAULT.hello_bytes_max as usize);
}

#[test]
fn each_side_learns_what_the_other_allows() {
    let limits = LinkLimits {
        frame_bytes_max: 1,
        requests_max: 7,
        ..LinkLimits::DEFAULT
    };
    let mut pair = Pair::new(schema(0), schema(0));
    pair.accepted = End::new(Side::Accepted, schema(0), limits);
    pair.drive();
    let peer = pair.dialled.link.peer().unwrap();
    assert_eq!((peer.requests_max, peer.frame_bytes_max), (7, 4096));
    assert_eq!(pair.dialled.link.send_bytes_max(), 4096);
    assert_eq!(pair.accepted.link.receive_bytes_max(), 4096);
}

#[test]
fn a_reply_whose_digests_are_missing_is_refused() {
    let mut link = Link::new(Side::Dialled, schema(5), LinkLimits::DEFAULT, 0);
    let theirs = schema(6);
    let hello = theirs.hello(&LinkLimits::DEFAULT, 0);
    let bytes = message(|w| message::put_hello_reply(w, &hello, None));
    assert!(matches!(
        link.handle_frame(0, bytes),
        Event::Closed(CloseReason::Protocol(_))
    ));
}

#[test]
fn whoever_says_no_hello_in_time_is_gone() {
    for side in [Side::Dialled, Side::Accepted] {
        let mut link = Link::new(side, schema(5), LinkLimits::DEFAULT, 7);
        let at = 7 + LinkLimits::DEFAULT.hello_us;
        assert_eq!(link.poll_timeout(), Some(at));
        assert_eq!(link.handle_timeout(at - 1), Event::Nothing);
        assert_eq!(
            link.handle_timeout(at),
            Event::Closed(CloseReason::HelloTimeout)
        );
        assert_eq!(link.poll_timeout(), None);
    }
    // The digests have no time of their own.
    let mut link = Link::new(Side::Accepted, schema(5), LinkLimits::DEFAULT, 0);
    let theirs = schema(6);
    let hello = message(|w| message::put_hello(w, &theirs.hello(&LinkLimits::DEFAULT, 0)));
    assert_eq!(link.handle_frame(4 * SECOND, hello), Event::Nothing);
    let at = LinkLimits::DEFAULT.hello_us;
    assert_eq!(
        link.handle_timeout(at),
        Event::Closed(CloseReason::HelloTimeout)
    );
}

#[test]
fn nothing_but_a_hello_opens_a_link() {
    let hello = message(|w| message::put_hello(w, &Hello::new(Role::Node, "n")));
    let reply = message(|w| message::put_hello_reply(w, &Hello::new(Role::Node, "n"), None));
    let ping = message(|w| message::put_ping(w, 1));
    let wrong = [
        (Side::Accepted, reply),
        (Side::Accepted, ping),
        (Side::Dialled, hello),
        (Side::Dialled, ping),
    ];
    for (side, bytes) in wrong {
        let mut link = Link::new(side, schema(0), LinkLimits::DEFAULT, 0);
        assert!(matches!(
            link.handle_frame(0, bytes),
            Event::Closed(CloseReason::Protocol(_))
        ));
    }
    for bytes in [request(), &[0x91, 64], &[0xc1], &[]] {
        let mut link = Link::new(Side::Accepted, schema(0), LinkLimits::DEFAULT, 0);
        let event = link.handle_frame(0, bytes);
        assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
    }
}

#[test]
fn a_second_hello_breaks_the_protocol_and_the_peer_is_told() {
    let mut pair = Pair::open();
    let hello = message(|w| message::put_hello(w, &Hello::new(Role::Client, "bot")));
    pair.accepted.inbox.push_back(hello.to_vec());
    pair.accepted.receive(0);
    assert_eq!(
        pair.accepted.seen,
        ["closed: the peer broke the protocol: a second hello"]
    );
    pair.drive();
    assert_eq!(pair.dialled.seen, ["goes away: broken protocol"]);
    assert!(!pair.dialled.link.may_begin());
}

#[test]
fn versions_that_do_not_meet_end_the_link_on_both_sides() {
    let newer = Hello {
        version: 9,
        version_least: 2,
        ..Hello::new(Role::Node, "n")
    };
    let mut link = Link::new(Side::Accepted, schema(0), LinkLimits::DEFAULT, 0);
    let event = link.handle_frame(0, message(|w| message::put_hello(w, &newer)));
    let reason = CloseReason::Version {
        newest: 9,
        oldest: 2,
    };
    assert_eq!(event, Event::Closed(reason));
    // What it says reaches the dialler in place of a reply.
    let mut w = Writer::new();
    assert!(link.poll_transmit(&mut w));
    let mut dialler = Link::new(Side::Dialled, schema(0), LinkLimits::DEFAULT, 0);
    let event = dialler.handle_frame(0, &w.as_bytes()[4..]);
    assert!(matches!(
        event,
        Event::Closed(CloseReason::Refused {
            reason: GoAwayReason::Version,
            ..
        })
    ));

    let both = Hello {
        version_least: 1,
        ..newer
    };
    let mut link = Link::new(Side::Accepted, schema(0), LinkLimits::DEFAULT, 0);
    let event = link.handle_frame(0, message(|w| message::put_hello(w, &both)));
    assert_eq!(event, Event::Opened);
    assert_eq!(link.peer().unwrap().version, 1);
}

#[test]
fn messages_of_calls_are_the_drivers() {
    let mut pair = Pair::open();
    let failure = WireFailure::new(FailureKind::Timeout, Executed::Unknown);
    for bytes in [
        request(),
        message(|w| message::put_response_failure(w, 1, &failure)),
        message(|w| message::put_cancel(w, 4)),
    ] {
        let event = pair.accepted.link.handle_frame(0, bytes);
        assert!(matches!(event, Event::Message(_)));
    }
    assert_eq!(
        pair.accepted.link.handle_frame(0, &[0x91, 64]),
        Event::Nothing
    );
    let event = pair.accepted.link.handle_frame(0, &[0x91, 63]);
    assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
    // What comes afterwards changes nothing.
    let event = pair.accepted.link.handle_frame(0, request());
    assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
}

#[test]
fn what_only_nodes_send_is_taken_from_nodes_alone() {
    let locate = message(|w| {
        message::Locate {
            entity: crate::EntityRef {
                package: 1,
                number: 2,
                slot: 0,
                key: crate::EntityKey::default(),
            },
            epoch_seen: 0,
        }
        .put(w);
    });
    let mut pair = Pair::open();
    assert!(matches!(
        pair.dialled.link.handle_frame(0, locate),
        Event::Message(Message::Locate(_))
    ));
    assert!(matches!(
        pair.accepted.link.handle_frame(0, locate),
        Event::Closed(CloseReason::Protocol(_))
    ));
}

#[test]
fn sessions_are_opened_by_clients_alone() {
    let open = message(|w| message::Open::new(b"token", 1).put(w));
    let mut pair = Pair::open();
    let event = pair.accepted.link.handle_frame(0, open);
    assert!(matches!(event, Event::Message(Message::Open(_))));
    let event = pair.dialled.link.handle_frame(0, open);
    assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
}

#[test]
fn a_quiet_peer_is_asked_and_answers() {
    let mut pair = Pair::open();
    assert_eq!(pair.dialled.link.poll_timeout(), Some(5 * SECOND));
    pair.wait(3600 * SECOND);
    assert!(pair.dialled.seen.is_empty() && pair.accepted.seen.is_empty());
    assert_eq!(pair.dialled.link.round_trip_us(), Some(0));
}

#[test]
fn a_silent_peer_is_asked_twice_and_then_gone() {
    let mut pair = Pair::open();
    pair.accepted.deaf = true;
    let mut asked = 0;
    for second in 1..15 {
        pair.now_us = second * SECOND;
        pair.dialled.pass(pair.now_us);
        asked += pair.dialled.sent().len();
    }
    assert_eq!(asked, 2);
    let dead = LinkLimits::DEFAULT.dead_after_us;
    assert_eq!(pair.dialled.link.handle_timeout(dead - 1), Event::Nothing);
    let event = pair.dialled.link.handle_timeout(dead);
    assert_eq!(event, Event::Closed(CloseReason::Silent));
    assert!(pair.dialled.sent().is_empty(), "nobody is there to be told");
}

#[test]
fn part_of_a_frame_proves_the_peer_alive() {
    let mut pair = Pair::open();
    for second in 1..100 {
        pair.dialled.link.handle_bytes(second * 4 * SECOND);
        let event = pair.dialled.link.handle_timeout(second * 4 * SECOND);
        assert_eq!(event, Event::Nothing);
        assert!(pair.dialled.sent().is_empty());
    }
}

#[test]
fn pings_are_answered_once_however_many_come() {
    let mut pair = Pair::open();
    for nonce in 0..1000 {
        let bytes = message(|w| message::put_ping(w, nonce));
        pair.accepted.link.handle_frame(0, bytes);
    }
    let sent = pair.accepted.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(Message::decode(&sent[0]), Ok(Message::Pong(999)));
}

#[test]
fn going_away_is_acknowledged_and_nothing_new_comes_afterwards() {
    let mut pair = Pair::open();
    assert_eq!(
        pair.accepted
            .link
            .go_away(0, GoAwayReason::Stopping, "drain"),
        Event::Nothing
    );
    pair.drive();
    assert_eq!(pair.dialled.seen, ["goes away: stopping"]);
    assert_eq!(pair.accepted.seen, ["Drained"]);
    assert!(!pair.dialled.link.may_begin());
    // Responses go on both ways.
    let ok = message(|w| message::put_response_ok(w, 1, Writer::nil));
    assert!(matches!(
        pair.accepted.link.handle_frame(1, ok),
        Event::Message(_)
    ));
    assert!(matches!(
        pair.dialled.link.handle_frame(1, ok),
        Event::Message(_)
    ));
    let event = pair.accepted.link.handle_frame(1, request());
    assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
}

#[test]
fn a_goaway_that_is_not_acknowledged_ends_the_link() {
    let mut pair = Pair::open();
    pair.accepted.link.go_away(0, GoAwayReason::Stopping, "");
    assert!(!pair.accepted.sent().is_empty());
    let at = LinkLimits::DEFAULT.go_away_us;
    pair.accepted.link.handle_bytes(at - 1);
    assert_eq!(pair.accepted.link.poll_timeout(), Some(at));
    let event = pair.accepted.link.handle_timeout(at);
    assert_eq!(event, Event::Closed(CloseReason::GoAwayTimeout));
}

#[test]
fn an_acknowledgement_that_nobody_asked_for_breaks_the_protocol() {
    let mut pair = Pair::open();
    let event = pair
        .accepted
        .link
        .handle_frame(0, message(message::put_go_away_ack));
    assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
}

#[test]
fn closing_says_why_and_the_first_reason_stays() {
    let mut pair = Pair::open();
    let event = pair
        .accepted
        .link
        .close(GoAwayReason::Denied, "no such account");
    assert_eq!(
        event,
        Event::Closed(CloseReason::Local(GoAwayReason::Denied))
    );
    pair.drive();
    assert_eq!(pair.dialled.seen, ["goes away: not allowed"]);
    let event = pair.accepted.link.handle_disconnect();
    assert_eq!(
        event,
        Event::Closed(CloseReason::Local(GoAwayReason::Denied))
    );
    let event = pair.dialled.link.handle_disconnect();
    assert_eq!(event, Event::Closed(CloseReason::Disconnected));
}

#[test]
fn the_longest_message_grows_when_the_link_opens() {
    let link = Link::new(Side::Accepted, schema(0), LinkLimits::DEFAULT, 0);
    let limits = LinkLimits::DEFAULT;
    assert_eq!(link.receive_bytes_max(), limits.hello_bytes_max as usize);
    let mut pair = Pair::open();
    let max = limits.frame_bytes_max as usize;
    assert_eq!(pair.accepted.link.receive_bytes_max(), max);
    let error = TooLong {
        length: max + 1,
        max,
    };
    let event = pair.accepted.link.handle_too_long(&error);
    assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
}

#[test]
fn a_peer_must_take_messages_of_a_fair_length() {
    for (bytes, taken) in [(4096, true), (4095, false)] {
        let hello = Hello {
            frame_bytes_max: bytes,
            ..Hello::new(Role::Client, "c")
        };
        let mut link = Link::new(Side::Accepted, schema(0), LinkLimits::DEFAULT, 0);
        let event = link.handle_frame(0, message(|w| message::put_hello(w, &hello)));
        assert_eq!(event == Event::Opened, taken);
    }
}

#[test]
fn messages_are_compressed_where_both_sides_want_it() {
    for (dialled, accepted, packs) in [
        (1024, 2048, true),
        (0, 1024, false),
        (1024, 0, false),
        (0, 0, false),
    ] {
        let end = |side, role, pack_from| {
            let limits = LinkLimits {
                pack_from,
                ..LinkLimits::DEFAULT
            };
            End::new(side, Identity::new(role, "n"), limits)
        };
        let mut pair = Pair {
            now_us: 0,
            dialled: end(Side::Dialled, Role::Client, dialled),
            accepted: end(Side::Accepted, Role::Node, accepted),
        };
        assert_eq!(pair.dialled.link.packs_from(), None);
        pair.drive();
        let expected = |from: u32| packs.then_some(from as usize);
        assert_eq!(pair.dialled.link.packs_from(), expected(dialled));
        assert_eq!(pair.accepted.link.packs_from(), expected(accepted));
    }
}

#[test]
fn a_compressed_message_that_is_broken_ends_the_link() {
    let mut pair = Pair::open();
    let error = UnpackError::Ratio;
    let event = pair.accepted.link.handle_unpacked(&error);
    assert!(matches!(event, Event::Closed(CloseReason::Protocol(_))));
    pair.drive();
    assert!(
        pair.dialled.seen[0].contains("goes away"),
        "{:?}",
        pair.dialled.seen
    );
}

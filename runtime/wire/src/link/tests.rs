//! Two ends on a virtual clock.

use std::collections::VecDeque;

use super::*;
use crate::frame::{FRAME_BYTES_MAX, Frames};
use crate::message::{Executed, FailureKind, Header, Method, Role, TypeDigest, WireFailure};

const SECOND: u64 = 1_000_000;

/// One end: the link, what it is about to receive, and what it was told.
struct End {
    link: Link,
    /// Frames on their way to this end.
    inbox: VecDeque<Vec<u8>>,
    /// Whether nothing gets through to this end.
    deaf: bool,
    seen: Vec<String>,
}

/// Both ends, and the time.
struct Pair {
    now_us: u64,
    dialled: End,
    accepted: End,
}

impl End {
    fn new(side: Side, identity: Identity, limits: LinkLimits) -> Self {
        Self {
            link: Link::new(side, identity, limits, 0),
            inbox: VecDeque::new(),
            deaf: false,
            seen: Vec::new(),
        }
    }

    fn note(seen: &mut Vec<String>, event: Event<'_>) {
        match event {
            Event::Nothing => {}
            Event::Message(message) => seen.push(format!("{message:?}")),
            Event::PeerGoesAway(go_away) => seen.push(format!("goes away: {}", go_away.reason)),
            Event::Closed(reason) => seen.push(format!("closed: {reason}")),
            event => seen.push(format!("{event:?}")),
        }
    }

    fn receive(&mut self, now_us: u64) {
        while let Some(bytes) = self.inbox.pop_front() {
            if !self.deaf {
                Self::note(&mut self.seen, self.link.handle_frame(now_us, &bytes));
            }
        }
    }

    fn pass(&mut self, now_us: u64) {
        if self.link.poll_timeout().is_some_and(|at| at <= now_us) {
            let event = self.link.handle_timeout(now_us);
            Self::note(&mut self.seen, event);
        }
    }

    fn sent(&mut self) -> Vec<Vec<u8>> {
        let mut w = Writer::new();
        self.link.poll_transmit(&mut w);
        let mut frames = Frames::new(w.as_bytes(), FRAME_BYTES_MAX);
        std::iter::from_fn(|| frames.poll().unwrap().map(<[u8]>::to_vec)).collect()
    }
}

impl Pair {
    fn new(dialled: Identity, accepted: Identity) -> Self {
        Self {
            now_us: 0,
            dialled: End::new(Side::Dialled, dialled, LinkLimits::DEFAULT),
            accepted: End::new(Side::Accepted, accepted, LinkLimits::DEFAULT),
        }
    }

    fn open() -> Self {
        let mut pair = Self::new(
            Identity::new(Role::Client, "bot"),
            Identity::new(Role::Node, "dev"),
        );
        pair.drive();
        assert!(pair.dialled.link.may_begin() && pair.accepted.link.may_begin());
        pair.dialled.seen.clear();
        pair.accepted.seen.clear();
        pair
    }

    /// Hands frames over until both are still; a pair that never is has a fault.
    fn drive(&mut self) {
        for _ in 0..100 {
            self.accepted.inbox.extend(self.dialled.sent());
            self.dialled.inbox.extend(self.accepted.sent());
            if self.accepted.inbox.is_empty() && self.dialled.inbox.is_empty() {
                return;
            }
            self.accepted.receive(self.now_us);
            self.dialled.receive(self.now_us);
        }
        panic!("the two never stop talking");
    }

    /// Lets time pass, one deadline after another.
    fn wait(&mut self, micros: u64) {
        let end = self.now_us + micros;
        for _ in 0..1000 {
            let next = [&self.dialled, &self.accepted]
                .iter()
                .filter_map(|end| end.link.poll_timeout())
                .min();
            match next.filter(|next| *next <= end) {
                Some(next) => {
                    assert!(next >= self.now_us, "a timeout lies in the past");
                    self.now_us = next;
                }
                None => {
                    self.now_us = end;
                    return;
                }
            }
            self.dialled.pass(self.now_us);
            self.accepted.pass(self.now_us);
            self.drive();
        }
        panic!("too many timeouts");
    }
}

/// The bytes of a message, for as long as the tests run, so that events may borrow from them.
fn message(write: impl FnOnce(&mut Writer)) -> &'static [u8] {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes().leak()
}

fn request() -> &'static [u8] {
    message(|w| message::put_request(w, 1, Method::default(), &Header::EMPTY, |w| w.array(0)))
}

fn schema(root: u64) -> Identity {
    let digest = TypeDigest {
        package: 1,
        number: 2,
        digest: root,
    };
    Identity {
        root,
        digests: vec![digest].into(),
        ..Identity::new(Role::Node, "n")
    }
}

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
    let hello = theirs.hello(&LinkLimits::DEFAULT);
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
    let hello = message(|w| message::put_hello(w, &theirs.hello(&LinkLimits::DEFAULT)));
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

//! Two links that talk to each other, and the time.

use std::collections::VecDeque;

use crate::Writer;
use crate::frame::{FRAME_BYTES_MAX, Frames};
use crate::link::{Event, Identity, Link, LinkLimits, Side};
use crate::message::{self, Header, Method, Role, TypeDigest};

pub(super) const SECOND: u64 = 1_000_000;

/// One end: the link, what it is about to receive, and what it was told.
pub(super) struct End {
    pub(super) link: Link,
    /// Frames on their way to this end.
    pub(super) inbox: VecDeque<Vec<u8>>,
    /// Whether nothing gets through to this end.
    pub(super) deaf: bool,
    pub(super) seen: Vec<String>,
}

/// Both ends, and the time.
pub(super) struct Pair {
    pub(super) now_us: u64,
    pub(super) dialled: End,
    pub(super) accepted: End,
}

impl End {
    pub(super) fn new(side: Side, identity: Identity, limits: LinkLimits) -> Self {
        Self {
            link: Link::new(side, identity, limits, 0),
            inbox: VecDeque::new(),
            deaf: false,
            seen: Vec::new(),
        }
    }

    pub(super) fn note(seen: &mut Vec<String>, event: Event<'_>) {
        match event {
            Event::Nothing => {}
            Event::Message(message) => seen.push(format!("{message:?}")),
            Event::PeerGoesAway(go_away) => seen.push(format!("goes away: {}", go_away.reason)),
            Event::Closed(reason) => seen.push(format!("closed: {reason}")),
            event => seen.push(format!("{event:?}")),
        }
    }

    pub(super) fn receive(&mut self, now_us: u64) {
        while let Some(bytes) = self.inbox.pop_front() {
            if !self.deaf {
                Self::note(&mut self.seen, self.link.handle_frame(now_us, &bytes));
            }
        }
    }

    pub(super) fn pass(&mut self, now_us: u64) {
        if self.link.poll_timeout().is_some_and(|at| at <= now_us) {
            let event = self.link.handle_timeout(now_us);
            Self::note(&mut self.seen, event);
        }
    }

    pub(super) fn sent(&mut self) -> Vec<Vec<u8>> {
        let mut w = Writer::new();
        self.link.poll_transmit(&mut w);
        let mut frames = Frames::new(w.as_bytes(), FRAME_BYTES_MAX);
        std::iter::from_fn(|| frames.poll().unwrap().map(<[u8]>::to_vec)).collect()
    }
}

impl Pair {
    pub(super) fn new(dialled: Identity, accepted: Identity) -> Self {
        Self {
            now_us: 0,
            dialled: End::new(Side::Dialled, dialled, LinkLimits::DEFAULT),
            accepted: End::new(Side::Accepted, accepted, LinkLimits::DEFAULT),
        }
    }

    pub(super) fn open() -> Self {
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
    pub(super) fn drive(&mut self) {
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
    pub(super) fn wait(&mut self, micros: u64) {
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
pub(super) fn message(write: impl FnOnce(&mut Writer)) -> &'static [u8] {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes().leak()
}

pub(super) fn request() -> &'static [u8] {
    message(|w| message::put_request(w, 1, Method::default(), &Header::EMPTY, |w| w.array(0)))
}

pub(super) fn schema(root: u64) -> Identity {
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

//! A client, gates and a home that talk to each other in bytes, and the time.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::message::{self, Header, Message, Method, SessionReason};
use crate::session::{
    Admitted, Body, ClientEvent, ClientSession, ClientState, Door, DoorEvent, GateLink, GateUp,
    Over, Pass, SessionKey, SessionLimits, Up, Via,
};
use crate::value::{EntityKey, EntityRef, Uuid};
use crate::{Reader, Writer};

pub(super) const MS: u64 = 1000;
pub(super) const SECOND: u64 = 1_000_000;
pub(super) const KEY: SessionKey = SessionKey([7; 32]);
pub(super) const TOKEN: &[u8] = b"token";

/// A client's link and its gate's side.
pub(super) struct Link {
    pub(super) gate: GateLink,
    pub(super) up: VecDeque<Vec<u8>>,
    pub(super) down: VecDeque<Vec<u8>>,
    pub(super) is_cut: bool,
}

/// Everyone, and the time.
pub(super) struct Trio {
    pub(super) now_us: u64,
    pub(super) limits: Arc<SessionLimits>,
    pub(super) client: ClientSession,
    pub(super) links: BTreeMap<u64, Link>,
    pub(super) door: Door,
    pub(super) login_no: Option<u64>,
    /// Whether the home answers each request at once.
    pub(super) answers: bool,
    /// Whether the entity begins what comes.
    pub(super) runs: bool,
    /// What the client was told, in order.
    pub(super) told: Vec<String>,
    /// What the home's driver was told.
    pub(super) seen: Vec<DoorEvent>,
    /// The ids of the requests that began.
    pub(super) began: Vec<u32>,
    /// The ids of responses and the arguments of events that the client took.
    pub(super) got: Vec<u64>,
    sessions: u8,
}

pub(super) fn body(write: impl FnOnce(&mut Writer)) -> Body {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes().into()
}

pub(super) fn request(id: u32) -> Body {
    body(|w| message::put_request(w, id, Method::default(), &Header::EMPTY, |w| w.array(0)))
}

pub(super) fn response(id: u32) -> Body {
    body(|w| message::put_response_ok(w, id, |w| w.nil()))
}

pub(super) fn event(number: u64) -> Body {
    body(|w| message::put_notify(w, Method::default(), &Header::EMPTY, |w| w.unsigned(number)))
}

pub(super) fn bytes(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes()
}

pub(super) fn entity() -> EntityRef {
    EntityRef {
        package: 1,
        number: 7,
        slot: 0,
        key: EntityKey::default(),
    }
}

impl Trio {
    pub(super) fn new(limits: SessionLimits) -> Self {
        let limits = Arc::new(limits);
        let mut trio = Self {
            now_us: 0,
            limits: Arc::clone(&limits),
            client: ClientSession::new(
                Pass::split(&Pass::join(&KEY, TOKEN)),
                0,
                0,
                Arc::clone(&limits),
                0,
            ),
            links: BTreeMap::new(),
            door: Door::new(limits, 0),
            login_no: Some(1),
            answers: true,
            runs: true,
            told: Vec::new(),
            seen: Vec::new(),
            began: Vec::new(),
            got: Vec::new(),
            sessions: 0,
        };
        trio.link(1);
        trio
    }

    /// A client whose session is open on link 1.
    pub(super) fn open() -> Self {
        Self::open_with(SessionLimits::DEFAULT)
    }

    pub(super) fn open_with(limits: SessionLimits) -> Self {
        let mut trio = Self::new(limits);
        trio.dial(1);
        trio.drive();
        assert_eq!(trio.client.state(), ClientState::Live { link: 1 });
        trio.told.clear();
        trio.seen.clear();
        trio
    }

    pub(super) fn link(&mut self, link: u64) {
        let made = Link {
            gate: GateLink::new(),
            up: VecDeque::new(),
            down: VecDeque::new(),
            is_cut: false,
        };
        self.links.insert(link, made);
    }

    /// The binding of a link.
    pub(super) fn binding(link: u64) -> [u8; 8] {
        link.to_be_bytes()
    }

    /// The client opens on this link, which is made if it isn't there.
    pub(super) fn dial(&mut self, link: u64) {
        if !self.links.contains_key(&link) {
            self.link(link);
        }
        self.client
            .open(self.now_us, link, Some(&Self::binding(link)));
    }

    /// A link is cut: what is underway on it is lost. Both ends notice.
    pub(super) fn cut(&mut self, link: u64) {
        let Some(cut) = self.links.get_mut(&link) else {
            return;
        };
        cut.is_cut = true;
        cut.up.clear();
        cut.down.clear();
        let lost = cut.gate.handle_closed();
        let event = self.client.handle_link_lost(self.now_us, link);
        Self::note(&mut self.told, &mut self.got, event);
        if let Some((gate, attempt)) = lost {
            let via = Via {
                gate,
                link,
                attempt,
            };
            let event = self.door.handle_lost(self.now_us, via);
            self.saw(event);
        }
    }

    pub(super) fn saw(&mut self, event: DoorEvent) {
        if !matches!(event, DoorEvent::Nothing | DoorEvent::Accepted) {
            self.seen.push(event);
        }
        if let DoorEvent::Login(login_no) = event {
            self.sessions += 1;
            let id = Uuid([self.sessions; 16]);
            let begun = self
                .door
                .begin(self.now_us, login_no, id, Arc::from([entity()]));
            self.saw(begun);
            let attached = self.door.attach(self.now_us);
            self.saw(attached);
        }
    }

    pub(super) fn note(told: &mut Vec<String>, got: &mut Vec<u64>, event: ClientEvent<'_>) {
        match event {
            ClientEvent::Nothing => {}
            ClientEvent::Message { body, .. } => match Message::decode(body).unwrap() {
                Message::Response(response) => got.push(response.id.into()),
                Message::Notify(notify) => {
                    let args = notify.args;
                    got.push(Reader::new(args, &crate::Limits::STRICT).u64().unwrap());
                }
                Message::Request(request) => told.push(format!("asked {}", request.id)),
                other => told.push(format!("{other:?}")),
            },
            ClientEvent::Opened { is_resumed, .. } => told.push(format!("opened {is_resumed}")),
            ClientEvent::Over(Over::Told(reason, _)) => told.push(format!("over {reason:?}")),
            ClientEvent::Refused { reason, .. } => told.push(format!("refused {reason:?}")),
            ClientEvent::Latest(latest) => told.push(format!("latest {}", latest.version)),
            other => told.push(format!("{other:?}")),
        }
    }

    /// What the client has to say goes on its way.
    pub(super) fn transmit(&mut self) {
        while let Some((link, up)) = self.client.poll_transmit(self.now_us) {
            let mut w = Writer::new();
            up.put(&mut w);
            if let Some(link) = self.links.get_mut(&link).filter(|link| !link.is_cut) {
                link.up.push_back(w.into_bytes());
            }
            assert!(!matches!(up, Up::Msg { seq: 0, .. }));
        }
        while let Some((via, down)) = self.door.poll_transmit(self.now_us) {
            let Some(link) = self.links.get_mut(&via.link).filter(|link| !link.is_cut) else {
                continue;
            };
            if link.gate.handle_down(via.gate, via.attempt, down.kind()) {
                let mut w = Writer::new();
                down.put(&mut w);
                link.down.push_back(w.into_bytes());
            }
        }
    }

    /// The next message of the client on this link comes to its gate, and goes on to the home.
    pub(super) fn up(&mut self, number: u64) -> bool {
        let Some(link) = self.links.get_mut(&number) else {
            return false;
        };
        let Some(bytes) = link.up.pop_front() else {
            return false;
        };
        let message = Message::decode(&bytes).unwrap();
        let mut via = Via {
            gate: 1,
            link: number,
            attempt: 0,
        };
        let event = match (link.gate.handle_up(&message), &message) {
            (GateUp::Locate { attempt }, Message::Open(open)) => {
                assert!(link.gate.found(attempt, 1).is_wanted);
                via.attempt = attempt;
                let binding = Self::binding(number);
                let admitted = Admitted {
                    login_no: self.login_no,
                    key: Some(&KEY),
                    binding: Some(&binding),
                };
                self.door.handle_open(self.now_us, via, open, &admitted)
            }
            (GateUp::Forward { attempt, .. }, message) => {
                via.attempt = attempt;
                self.door.handle_message(self.now_us, via, message)
            }
            (GateUp::Drop, _) => DoorEvent::Nothing,
            other => panic!("{other:?}"),
        };
        self.saw(event);
        true
    }

    /// The next message for the client on this link comes.
    pub(super) fn down(&mut self, number: u64) -> bool {
        let link = self.links.get_mut(&number);
        let Some(bytes) = link.and_then(|link| link.down.pop_front()) else {
            return false;
        };
        let message = Message::decode(&bytes).unwrap();
        let event = self.client.handle_message(self.now_us, number, message);
        Self::note(&mut self.told, &mut self.got, event);
        true
    }

    /// The entity does what may begin.
    pub(super) fn run(&mut self) -> bool {
        let Some(run) = self.door.poll_run() else {
            return false;
        };
        if let Message::Request(request) = Message::decode(&run.body).unwrap() {
            self.began.push(request.id);
            if self.answers {
                let _ = self.door.send(self.now_us, response(request.id));
            }
        }
        true
    }

    /// Until all are still.
    pub(super) fn drive(&mut self) {
        for _ in 0..10_000 {
            self.transmit();
            let links: Vec<u64> = self.links.keys().copied().collect();
            let mut moved = false;
            for link in links {
                moved |= self.up(link) | self.down(link);
            }
            moved |= self.runs && self.run();
            if !moved {
                return;
            }
        }
        panic!("they never stop talking");
    }

    /// Lets time pass, one deadline after another.
    pub(super) fn wait(&mut self, micros: u64) {
        let end = self.now_us + micros;
        for _ in 0..1000 {
            let timeouts = [self.client.poll_timeout(), self.door.poll_timeout()];
            let next = timeouts.into_iter().flatten().min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.now_us = self.now_us.max(next),
                None => {
                    self.now_us = end;
                    return;
                }
            }
            let event = self.client.handle_timeout(self.now_us);
            Self::note(&mut self.told, &mut self.got, event);
            let event = self.door.handle_timeout(self.now_us);
            self.saw(event);
            self.drive();
        }
        panic!("too many timeouts");
    }

    /// The client calls.
    pub(super) fn call(&mut self, id: u32) -> u64 {
        self.client.send(request(id)).unwrap()
    }

    pub(super) fn end(&mut self, reason: SessionReason) {
        let event = self.door.end(self.now_us, reason, "");
        self.saw(event);
    }
}

//! Calls that pass by the sequence: packets of a client that are lost, doubled and overtaken.
//!
//! A client has a session with one entity, opens it again on the same link, logs out, and has a session with another entity on that link. All the
//! while it calls; the gate takes any of its packets at any time.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use playhouse_explore_tests::Model;
use playhouse_wire::message::{Header, Method, put_notify};
use playhouse_wire::session::{
    Admitted, ClientSession, Door, DoorEvent, Down, GateLink, GateUp, Pass, Rule, Rules,
    SessionLimits, Via,
};
use playhouse_wire::{Limits, Message, Reader, Uuid, Writer};

/// What the client does, in this order.
const LIFE: &[Doing] = &[
    Doing::Calls,
    Doing::Calls,
    Doing::Reopens,
    Doing::Calls,
    Doing::LogsInElsewhere,
    Doing::Calls,
    Doing::Calls,
];

/// The client's only link.
const LINK: u64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Calls,
    /// Its link is let go, and serves the same session again.
    Reopens,
    /// It logs out, and has a session with the other entity.
    LogsInElsewhere,
}

/// A client, a gate, the homes of two entities, and the packets between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AsideWorld {
    client: ClientSession,
    gate: GateLink,
    doors: [Door; 2],
    /// Of the two the one that the client has a session with.
    bound: usize,
    /// How far the client is.
    at: usize,
    /// Which entity each is for, what the client was doing, and its bytes.
    packets: Vec<(usize, usize, Arc<[u8]>)>,
    /// What each entity did last.
    did: [usize; 2],
    limits: Arc<SessionLimits>,
    wrong: Option<&'static str>,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsideStep {
    /// The client goes on.
    Client,
    /// This packet comes to the gate.
    Packet(usize),
}

fn bytes(write: impl FnOnce(&mut Writer)) -> Arc<[u8]> {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes().into()
}

impl AsideWorld {
    /// The first session is open.
    #[must_use]
    pub fn new(without: Option<Rule>) -> Self {
        let limits = Arc::new(SessionLimits {
            rules: without.map_or(Rules::ALL, Rules::without),
            ..SessionLimits::DEFAULT
        });
        let door = Door::new(Arc::clone(&limits), 0);
        let mut world = Self {
            client: ClientSession::new(Pass::split(b"token"), 0, 0, Arc::clone(&limits), 0),
            gate: GateLink::new().with_rules(limits.rules),
            doors: [door.clone(), door],
            bound: 0,
            at: 0,
            packets: Vec::new(),
            did: [0; 2],
            limits,
            wrong: None,
        };
        world.open();
        world
    }

    /// The client opens, and all that is in sequence is there at once.
    fn open(&mut self) {
        self.client.open(0, LINK, None);
        self.transmit();
    }

    fn transmit(&mut self) {
        while let Some((_, up)) = self.client.poll_transmit(0) {
            let frame = bytes(|w| up.put(w));
            let Ok(message) = Message::decode(&frame) else {
                continue;
            };
            self.up(&message);
            while let Some((via, down)) = self.doors[self.bound].poll_transmit(0) {
                self.down(via, &down);
            }
        }
    }

    fn down(&mut self, via: Via, down: &Down) {
        if !self.gate.handle_down(via.gate, via.attempt, down.kind()) {
            return;
        }
        let frame = bytes(|w| down.put(w));
        if let Ok(message) = Message::decode(&frame) {
            self.client.handle_message(0, LINK, message);
        }
    }

    /// A message comes to the gate, and from there to a home.
    fn up(&mut self, message: &Message<'_>) -> bool {
        match self.gate.handle_up(message) {
            GateUp::Locate { attempt } => {
                let (home, via) = self.way(attempt);
                self.gate.found(attempt, via.gate);
                let admitted = Admitted {
                    login_no: Some(1),
                    ..Admitted::default()
                };
                let Message::Open(open) = message else {
                    return false;
                };
                let door = &mut self.doors[home];
                if let DoorEvent::Login(login) = door.handle_open(0, via, open, &admitted) {
                    door.begin(0, login, Uuid([home as u8 + 1; 16]), Arc::from([]));
                    door.attach(0);
                }
                false
            }
            GateUp::Forward { home, attempt } => {
                let (_, via) = self.way(attempt);
                let door = &mut self.doors[home as usize - 1];
                door.handle_message(0, via, message) == DoorEvent::Aside
            }
            GateUp::Drop => false,
            GateUp::Broken(why) => {
                self.wrong = Some(why);
                false
            }
        }
    }

    fn way(&self, attempt: u64) -> (usize, Via) {
        let gate = self.bound as u64 + 1;
        let via = Via {
            gate,
            link: LINK,
            attempt,
        };
        (self.bound, via)
    }

    fn go_on(&mut self) {
        let doing = LIFE[self.at];
        self.at += 1;
        match doing {
            Doing::Calls => {
                let body = bytes(|w| {
                    put_notify(w, Method::default(), &Header::EMPTY, |w| {
                        w.put(&(self.at as u64))
                    })
                });
                if let Ok(Some((_, up))) = self.client.aside(body) {
                    let packet = bytes(|w| up.put(w));
                    self.packets.push((self.bound, self.at, packet));
                }
            }
            Doing::Reopens => self.open(),
            Doing::LogsInElsewhere => {
                self.client.log_out();
                self.transmit();
                let attempt = self.client.attempt();
                self.bound = 1;
                let limits = Arc::clone(&self.limits);
                self.client = ClientSession::new(Pass::split(b"other"), 0, attempt, limits, 0);
                self.open();
            }
        }
    }

    fn packet(&mut self, index: usize) {
        let (of, at, packet) = self.packets[index].clone();
        let Ok(message) = Message::decode(&packet) else {
            return;
        };
        let home = match self.gate.bound() {
            Some((home, _)) => home as usize - 1,
            None => self.bound,
        };
        if !self.up(&message) {
            return;
        }
        let Message::Aside(aside) = message else {
            return;
        };
        debug_assert_eq!(at_of(aside.body), at);
        if home != of {
            self.wrong = Some("a call of another session is done");
        } else if self.did[home] >= at {
            self.wrong = Some("a call is doubled, or goes back");
        }
        self.did[home] = at;
    }
}

fn at_of(body: &[u8]) -> usize {
    let Ok(Message::Notify(notify)) = Message::decode(body) else {
        return 0;
    };
    let at = Reader::new(notify.args, &Limits::STRICT).u64();
    usize::try_from(at.unwrap_or(0)).unwrap_or(0)
}

impl Model for AsideWorld {
    type Step = AsideStep;

    fn steps(&self) -> Vec<AsideStep> {
        let mut steps = Vec::new();
        if self.at < LIFE.len() {
            steps.push(AsideStep::Client);
        }
        steps.extend((0..self.packets.len()).map(AsideStep::Packet));
        steps
    }

    fn take(&self, step: AsideStep) -> Option<Self> {
        let mut world = self.clone();
        match step {
            AsideStep::Client => world.go_on(),
            AsideStep::Packet(index) => world.packet(index),
        }
        Some(world)
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn wrong(&self) -> Option<String> {
        self.wrong.map(str::to_owned)
    }

    /// When the client has done all and each packet comes, the newest call is done.
    fn comes_to_rest(&self) -> Option<String> {
        let mut world = self.clone();
        while world.at < LIFE.len() {
            world.go_on();
        }
        for index in 0..world.packets.len() {
            world.packet(index);
        }
        let newest = world.packets.last().map(|(_, at, _)| *at);
        let did = world.did.into_iter().max();
        (did != newest).then(|| "the newest call is never done".to_owned())
    }

    fn describe(&self, step: AsideStep) -> String {
        match step {
            AsideStep::Client => format!("the client: {:?}", LIFE[self.at]),
            AsideStep::Packet(index) => {
                format!(
                    "the gate takes the packet of step {}",
                    self.packets[index].1
                )
            }
        }
    }
}

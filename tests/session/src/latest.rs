//! Newest state, which passes by the sequence: packets that are lost, doubled and overtaken.
//!
//! An entity comes, changes, is put elsewhere, goes and comes again, and its home moves. Each change of structure is a message in the sequence;
//! all other state goes in packets, of which the client takes any at any time. Or two entities send events, of which the first goes in
//! sequence, and the session has room to follow one of them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use playhouse_explore_tests::Model;
use playhouse_wire::message::{Header, Method, put_notify};
use playhouse_wire::session::{
    Admitted, ClientEvent, ClientSession, Door, DoorEvent, Pass, Rule, Rules, SessionLimits, Up,
    Via, first_latest,
};
use playhouse_wire::{EntityRef, Limits, Message, Reader, Uuid, Writer};

/// What happens to the entity, in this order.
const STATE: &[Change] = &[
    Change::Comes,
    Change::Changes,
    Change::IsPut,
    Change::Changes,
    Change::Goes,
    Change::Comes,
    Change::Changes,
    Change::Moves,
    Change::Changes,
];

/// The events of two entities.
const EVENTS: &[Change] = &[
    Change::Says(0),
    Change::Says(0),
    Change::Says(1),
    Change::Says(1),
    Change::Moves,
    Change::Says(1),
    Change::Says(0),
    Change::Says(0),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Change {
    /// The client is to know it from now on.
    Comes,
    /// Its state is another one.
    Changes,
    /// It is elsewhere at once: older state does not fit any more.
    IsPut,
    /// The client is not to know it any more.
    Goes,
    /// Its home is another node.
    Moves,
    /// This entity sends an event.
    Says(usize),
}

/// The home of an entity, its client, and what is on its way between them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LatestWorld {
    door: Door,
    client: ClientSession,
    life: &'static [Change],
    /// How far it is.
    at: usize,
    incarnation: u64,
    /// What is in sequence.
    down: Vec<Arc<[u8]>>,
    /// Packets: which change each tells of, in which life.
    packets: Vec<(usize, u64, Arc<[u8]>)>,
    /// What the client knows of the entities: which life, and of which change.
    views: [Option<(u64, usize)>; 2],
    /// The newest change that the client is to know.
    newest: Option<usize>,
    limits: Arc<SessionLimits>,
    wrong: Option<&'static str>,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatestStep {
    /// The next change of the entity.
    Change,
    /// The client takes what is next in the sequence.
    Take,
    /// The client takes this packet.
    Packet(usize),
}

fn entity(which: usize) -> EntityRef {
    EntityRef {
        package: 1,
        number: 7 + which as u16,
        slot: 0,
        key: Default::default(),
    }
}

fn bytes(write: impl FnOnce(&mut Writer)) -> Arc<[u8]> {
    let mut w = Writer::new();
    write(&mut w);
    w.into_bytes().into()
}

fn told(at: usize) -> Arc<[u8]> {
    bytes(|w| {
        put_notify(w, Method::default(), &Header::EMPTY, |w| {
            w.put(&(at as u64))
        })
    })
}

impl LatestWorld {
    /// The session is open; the entity is to come.
    #[must_use]
    pub fn new(without: Option<Rule>) -> Self {
        Self::of(STATE, without, SessionLimits::DEFAULT.views)
    }

    /// The session is open, and has room to follow one of two entities that send events.
    #[must_use]
    pub fn events(without: Option<Rule>) -> Self {
        Self::of(EVENTS, without, 1)
    }

    fn of(life: &'static [Change], without: Option<Rule>, views: u32) -> Self {
        let limits = Arc::new(SessionLimits {
            rules: without.map_or(Rules::ALL, Rules::without),
            views,
            ..SessionLimits::DEFAULT
        });
        let mut world = Self {
            door: Door::new(Arc::clone(&limits), 0),
            client: ClientSession::new(Pass::split(b"token"), 0, 0, Arc::clone(&limits), 0),
            life,
            at: 0,
            incarnation: 0,
            down: Vec::new(),
            packets: Vec::new(),
            views: [None; 2],
            newest: None,
            limits,
            wrong: None,
        };
        world.open();
        world
    }

    /// The client opens, and the home answers.
    fn open(&mut self) {
        self.client.open(0, 1, None);
        while let Some((link, up)) = self.client.poll_transmit(0) {
            let Up::Open(open) = up else {
                continue;
            };
            let attempt = open.attempt;
            let via = Via {
                gate: 1,
                link,
                attempt,
            };
            let admitted = Admitted {
                login_no: Some(1),
                ..Admitted::default()
            };
            let event = self.door.handle_open(0, via, &open.borrowed(), &admitted);
            if let DoorEvent::Login(login) = event {
                self.door.begin(0, login, Uuid([1; 16]), Arc::from([]));
                self.door.attach(0);
            }
        }
        // What was on its way on the link before comes again.
        self.down.clear();
        self.transmit();
        self.take();
    }

    fn transmit(&mut self) {
        while let Some((_, down)) = self.door.poll_transmit(0) {
            self.down.push(bytes(|w| down.put(w)));
        }
    }

    fn change(&mut self) {
        let change = self.life[self.at];
        self.at += 1;
        match change {
            Change::Changes => {
                self.pass(0);
            }
            Change::Says(which) => {
                let (of, told) = (entity(which), told(self.at));
                let passed = self.pass(which);
                if !passed && self.door.follow(&of, 0, first_latest(&of, 0, &told)) {
                    self.newest = Some(self.at);
                    self.transmit();
                }
            }
            Change::Moves => {
                self.door.freeze(0);
                self.transmit();
                while !self.down.is_empty() {
                    self.take();
                }
                let limits = Arc::clone(&self.limits);
                match Door::thaw(&self.door.snapshot(0), limits, 0) {
                    Ok(door) => self.door = door,
                    Err(_) => self.wrong = Some("a session can't be moved"),
                }
                self.open();
            }
            Change::Comes | Change::IsPut | Change::Goes => {
                let seq = self.door.send(0, told(self.at)).unwrap_or(0);
                if change == Change::Goes {
                    self.door.gone(&entity(0));
                } else {
                    self.incarnation += u64::from(change == Change::Comes);
                    self.door.structural(&entity(0), self.incarnation, seq);
                }
                self.transmit();
            }
        }
    }

    /// What changed last goes as newest state, if it is followed.
    fn pass(&mut self, which: usize) -> bool {
        let latest = self.door.latest(&entity(which), told(self.at));
        let Some((_, down)) = latest else {
            return false;
        };
        let packet = bytes(|w| down.put(w));
        self.packets.push((self.at, self.incarnation, packet));
        self.newest = Some(self.at);
        true
    }

    fn take(&mut self) {
        let frame = self.down.remove(0);
        let Ok(message) = Message::decode(&frame) else {
            return;
        };
        let (seq, body) = match self.client.handle_message(0, 1, message) {
            ClientEvent::Message { seq, body } => (seq, body),
            ClientEvent::Latest(first) => return self.heard(at_of(first.body), 0),
            _ => return,
        };
        let at = at_of(body);
        let lives = self.life[..at].iter().filter(|it| **it == Change::Comes);
        let incarnation = lives.count() as u64;
        if self.life[at - 1] == Change::Goes {
            self.client.gone(&entity(0));
            self.views[0] = None;
        } else {
            self.client.structural(&entity(0), incarnation, seq);
            self.views[0] = Some((incarnation, at));
        }
    }

    fn packet(&mut self, index: usize) {
        let (at, incarnation, packet) = self.packets[index].clone();
        let Ok(message) = Message::decode(&packet) else {
            return;
        };
        let event = self.client.handle_message(0, 1, message);
        if matches!(event, ClientEvent::Latest(_)) {
            self.heard(at, incarnation);
        }
    }

    /// The client applies what came of this change.
    fn heard(&mut self, at: usize, incarnation: u64) {
        let which = match self.life[at - 1] {
            Change::Says(which) => which,
            _ => 0,
        };
        let is_event = matches!(self.life[at - 1], Change::Says(_));
        let view = &mut self.views[which];
        match *view {
            None if is_event => *view = Some((incarnation, at)),
            Some((_, before)) if is_event && before >= at => {
                self.wrong = Some("an event is doubled, or goes back");
            }
            Some((life, before)) if life == incarnation && before <= at => *view = Some((life, at)),
            Some((life, _)) if life == incarnation => self.wrong = Some("state goes back"),
            _ => self.wrong = Some("state of another life is applied"),
        }
    }
}

/// Which change a message tells of.
fn at_of(body: &[u8]) -> usize {
    let Ok(Message::Notify(notify)) = Message::decode(body) else {
        return 1;
    };
    let at = Reader::new(notify.args, &Limits::STRICT).u64();
    usize::try_from(at.unwrap_or(1)).unwrap_or(1)
}

impl Model for LatestWorld {
    type Step = LatestStep;

    fn steps(&self) -> Vec<LatestStep> {
        let mut steps = Vec::new();
        if self.at < self.life.len() {
            steps.push(LatestStep::Change);
        }
        if !self.down.is_empty() {
            steps.push(LatestStep::Take);
        }
        steps.extend((0..self.packets.len()).map(LatestStep::Packet));
        steps
    }

    fn take(&self, step: LatestStep) -> Option<Self> {
        let mut world = self.clone();
        match step {
            LatestStep::Change => world.change(),
            LatestStep::Take => Self::take(&mut world),
            LatestStep::Packet(index) => world.packet(index),
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

    /// When all has happened and all has come, the client knows the newest state.
    fn comes_to_rest(&self) -> Option<String> {
        let mut world = self.clone();
        while world.at < world.life.len() {
            world.change();
        }
        while !world.down.is_empty() {
            Self::take(&mut world);
        }
        for index in 0..world.packets.len() {
            world.packet(index);
        }
        let known = world.views.iter().flatten().map(|(_, at)| *at).max();
        (known != world.newest).then(|| "the newest state never comes".to_owned())
    }

    fn describe(&self, step: LatestStep) -> String {
        match step {
            LatestStep::Change => format!("the entity: {:?}", self.life[self.at]),
            LatestStep::Take => "the client takes what is next".to_owned(),
            LatestStep::Packet(index) => {
                format!(
                    "the client takes the packet of change {}",
                    self.packets[index].0
                )
            }
        }
    }
}

//! Everything that the simulated network knows, and what each event does to it.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    rc::Rc,
    task::Waker,
};

use super::{
    Conditions,
    event::{Agenda, Event, Side},
    fault::Cut,
    wire::{Content, End, Life, Piece, Wire, other},
};
use crate::random::Random;

/// How many streams a listener keeps for `accept`; more are refused.
const BACKLOG_MAX: usize = 1024;
/// The first of the ports that the network hands out.
const PORT_FIRST: u16 = 49_152;
/// A request to connect that gets no answer is sent again after this.
const DIAL_AGAIN_NS: u64 = 1_000_000_000;
/// Within one host: 10 to 50 microseconds.
const LOCAL_DELAY_NS: u64 = 10_000;
const LOCAL_JITTER_NS: u64 = 40_000;

#[derive(Debug)]
pub(super) struct State {
    seed: u64,
    pub(super) conditions: Conditions,
    pub(super) agenda: Agenda,
    pub(super) hosts: BTreeMap<Rc<str>, Host>,
    pub(super) wires: BTreeMap<u64, Wire>,
    pub(super) dials: BTreeMap<u64, Dial>,
    pub(super) cuts: BTreeMap<(Rc<str>, Rc<str>), Cut>,
    pub(super) faults: Random,
    dialling: Random,
    next_wire: u64,
    next_dial: u64,
    pump: Option<Waker>,
    armed: u64,
    fingerprint: u64,
    events: u64,
}

#[derive(Debug)]
pub(super) struct Host {
    pub(super) power: Power,
    pub(super) incarnation: u32,
    pub(super) listeners: BTreeMap<u16, Listening>,
    next_port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    On,
    /// The process is dead, the machine answers for it.
    Stopped,
    /// Nobody answers.
    Gone,
}

#[derive(Debug, Default)]
pub(super) struct Listening {
    pub(super) ready: VecDeque<u64>,
    pub(super) waker: Option<Waker>,
}

/// A request to connect.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) from: Rc<str>,
    to: Rc<str>,
    port: u16,
    pub(super) wire: Option<u64>,
    pub(super) answer: Option<Result<u64, io::ErrorKind>>,
    pub(super) waker: Option<Waker>,
}

impl State {
    pub(super) fn new(seed: u64, conditions: Conditions) -> Self {
        Self {
            seed,
            conditions,
            agenda: Agenda::default(),
            hosts: BTreeMap::new(),
            wires: BTreeMap::new(),
            dials: BTreeMap::new(),
            cuts: BTreeMap::new(),
            faults: Random::stream(seed, 1),
            dialling: Random::stream(seed, 2),
            next_wire: 0,
            next_dial: 0,
            pump: None,
            armed: u64::MAX,
            fingerprint: seed,
            events: 0,
        }
    }

    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Adds one happening to the fingerprint.
    pub(super) fn note(&mut self, now: u64, kind: u64, a: u64, b: u64) {
        self.events += 1;
        for value in [now, kind, a, b] {
            let turned = self.fingerprint.rotate_left(5) ^ value;
            self.fingerprint = turned.wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    pub(super) fn switch_on(&mut self, name: &str) -> u32 {
        let host = self.hosts.entry(Rc::from(name)).or_insert_with(|| Host {
            power: Power::Stopped,
            incarnation: 0,
            listeners: BTreeMap::new(),
            next_port: PORT_FIRST,
        });
        if host.power != Power::On {
            host.power = Power::On;
            host.incarnation += 1;
        }
        host.incarnation
    }

    /// Whether this incarnation of the host is the one that lives.
    pub(super) fn lives(&self, name: &str, incarnation: u32) -> bool {
        self.hosts
            .get(name)
            .is_some_and(|host| host.power == Power::On && host.incarnation == incarnation)
    }

    /// Does everything that is due and says when the next event is.
    pub(super) fn deliver_due(&mut self, now: u64, pump: &Waker) -> Option<u64> {
        // What these events cause is seen below; it needn't wake the pump.
        self.armed = 0;
        while let Some((at, event)) = self.agenda.next_by(now) {
            match event {
                Event::Arrival { wire, side } => self.arrive(at, wire, side),
                Event::Dial { dial } => self.dial_arrives(at, dial),
                Event::Answer { dial } => {
                    if let Some(waker) =
                        self.dials.get_mut(&dial).and_then(|dial| dial.waker.take())
                    {
                        waker.wake();
                    }
                }
                Event::Reset { wire, side } => {
                    self.note(at, 4, wire, side as u64);
                    if let Some(wire) = self.wires.get_mut(&wire) {
                        wire.ends[side].reset();
                    }
                }
                Event::GiveUp { wire } => self.give_up(wire),
            }
        }
        self.pump = Some(pump.clone());
        let due = self.agenda.due();
        self.armed = due.unwrap_or(u64::MAX);
        due
    }

    /// Adds an event and wakes the pump if it sleeps for longer.
    pub(super) fn schedule(&mut self, at: u64, event: Event) {
        self.agenda.add(at, event);
        if at < self.armed
            && let Some(pump) = &self.pump
        {
            self.armed = at;
            pump.wake_by_ref();
        }
    }

    /// How long what `side` sends now is underway.
    pub(super) fn travel(&self, id: u64, side: Side) -> u64 {
        let Some(wire) = self.wires.get(&id) else {
            return 0;
        };
        let local = wire.ends[side].host == wire.ends[other(side)].host;
        self.delay(&wire.random, local)
    }

    fn delay(&self, random: &Random, local: bool) -> u64 {
        if local {
            return LOCAL_DELAY_NS + random.below(LOCAL_JITTER_NS);
        }
        let jitter = nanoseconds(self.conditions.jitter);
        let mut delay = nanoseconds(self.conditions.delay) + random.below(jitter);
        let mut again = nanoseconds(self.conditions.retransmission);
        // A piece that is lost over and over is a cut, and those have a script of their own.
        for _ in 0..6 {
            if !random.chance(self.conditions.loss) {
                break;
            }
            delay += again;
            again = again.saturating_mul(2);
        }
        delay
    }

    // Streams.

    /// How many bytes `side` may send now.
    pub(super) fn room(&self, id: u64, side: Side) -> usize {
        let Some(wire) = self.wires.get(&id) else {
            return 0;
        };
        let underway = wire.ends[side].sent_bytes + wire.ends[other(side)].inbox.len();
        self.conditions.window_bytes.saturating_sub(underway)
    }

    pub(super) fn send(&mut self, now: u64, id: u64, side: Side, content: Content) {
        let delay = self.travel(id, side);
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let end = &mut wire.ends[side];
        let at = (now + delay).max(end.last_at);
        end.last_at = at;
        match &content {
            Content::Bytes(bytes) => end.sent_bytes += bytes.len(),
            Content::Finish => end.finished = true,
        }
        end.sent.push_back(Piece { at, content });
        if !end.stalled {
            self.schedule(at, Event::Arrival { wire: id, side });
        }
    }

    fn arrive(&mut self, at: u64, id: u64, side: Side) {
        let Some(wire) = self.wires.get(&id) else {
            return;
        };
        let [from, to] = [
            wire.ends[side].host.clone(),
            wire.ends[other(side)].host.clone(),
        ];
        let answers = self.answers(&to);
        let cut = self.cuts.contains_key(&(from, to));
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        if cut {
            wire.ends[side].stalled = true;
            return;
        }
        if wire.ends[side].stalled {
            return;
        }
        match wire.ends[other(side)].life {
            Life::Open => {}
            // A machine that is gone answers nothing; one that is back, or never went, says that the stream is dead.
            Life::Crashed if !answers => return,
            Life::Crashed | Life::Closed | Life::Reset => {
                let first = wire.ends[side].sent.pop_front();
                if matches!(first.map(|piece| piece.content), Some(Content::Bytes(_))) {
                    self.send_reset(at, id, side);
                }
                return;
            }
        }
        let due = |end: &mut End| match end.sent.front() {
            Some(piece) if piece.at <= at => end.sent.pop_front(),
            _ => None,
        };
        let mut arrived = 0;
        let mut sum = 0;
        while let Some(piece) = due(&mut wire.ends[side]) {
            match piece.content {
                Content::Bytes(bytes) => {
                    wire.ends[side].sent_bytes -= bytes.len();
                    arrived += bytes.len() as u64;
                    sum = checksum(sum, &bytes);
                    wire.ends[other(side)].inbox.extend(bytes);
                }
                Content::Finish => wire.ends[other(side)].inbox_finished = true,
            }
        }
        if let Some(reader) = wire.ends[other(side)].reader.take() {
            reader.wake();
        }
        self.note(at, 1 + side as u64, id ^ sum, arrived);
    }

    fn answers(&self, name: &str) -> bool {
        self.hosts
            .get(name)
            .is_some_and(|host| host.power != Power::Gone)
    }

    /// Tells the end `side` after a while that its stream is dead.
    pub(super) fn send_reset(&mut self, now: u64, id: u64, side: Side) {
        let at = now + self.travel(id, other(side));
        self.schedule(at, Event::Reset { wire: id, side });
    }

    /// The end is dropped by its own host.
    pub(super) fn close(&mut self, now: u64, id: u64, side: Side) {
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let end = &mut wire.ends[side];
        if end.life == Life::Open && !end.finished {
            self.send(now, id, side, Content::Finish);
        }
        if let Some(wire) = self.wires.get_mut(&id) {
            let end = &mut wire.ends[side];
            end.reader = None;
            end.writer = None;
            if end.life != Life::Crashed {
                end.life = Life::Closed;
            }
            if wire
                .ends
                .iter()
                .all(|end| matches!(end.life, Life::Closed | Life::Crashed))
            {
                self.wires.remove(&id);
            }
        }
    }

    // Listening and dialling.

    pub(super) fn listen(&mut self, name: &str, port: u16) -> io::Result<u16> {
        let Some(host) = self.hosts.get_mut(name) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let port = if port == 0 { host.take_port()? } else { port };
        if host.listeners.contains_key(&port) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        host.listeners.insert(port, Listening::default());
        Ok(port)
    }

    pub(super) fn dial(&mut self, now: u64, from: &str, to: &str, port: u16) -> u64 {
        let id = self.next_dial;
        self.next_dial += 1;
        let local = from == to;
        let at = now + self.delay(&self.dialling, local);
        let dial = Dial {
            from: Rc::from(from),
            to: Rc::from(to),
            port,
            wire: None,
            answer: None,
            waker: None,
        };
        self.dials.insert(id, dial);
        self.schedule(at, Event::Dial { dial: id });
        id
    }

    fn dial_arrives(&mut self, at: u64, id: u64) {
        let Some(dial) = self.dials.get(&id) else {
            return;
        };
        let (from, to, port) = (dial.from.clone(), dial.to.clone(), dial.port);
        let cuts = [
            self.cuts.get(&(from.clone(), to.clone())),
            self.cuts.get(&(to.clone(), from.clone())),
        ];
        let silent = !self.answers(&to) && self.hosts.contains_key(&to);
        let answer = if cuts.contains(&Some(&Cut::Reset)) {
            Err(io::ErrorKind::HostUnreachable)
        } else if silent || cuts != [None, None] {
            self.schedule(at + DIAL_AGAIN_NS, Event::Dial { dial: id });
            return;
        } else {
            self.connect(&from, &to, port)
        };
        self.note(at, 3, id, u64::from(answer.is_ok()));
        let back = at + self.delay(&self.dialling, from == to);
        if let Some(dial) = self.dials.get_mut(&id) {
            dial.wire = answer.ok();
            dial.answer = Some(answer);
        }
        self.schedule(back, Event::Answer { dial: id });
    }

    fn connect(&mut self, from: &Rc<str>, to: &Rc<str>, port: u16) -> Result<u64, io::ErrorKind> {
        let own_port = match self.hosts.get_mut(from) {
            Some(host) => host.take_port().map_err(|error| error.kind())?,
            None => return Err(io::ErrorKind::NotConnected),
        };
        let Some(host) = self.hosts.get_mut(to) else {
            return Err(io::ErrorKind::HostUnreachable);
        };
        let Some(listening) = host.listeners.get_mut(&port) else {
            return Err(io::ErrorKind::ConnectionRefused);
        };
        if listening.ready.len() >= BACKLOG_MAX {
            return Err(io::ErrorKind::ConnectionRefused);
        }
        let id = self.next_wire;
        self.next_wire += 1;
        listening.ready.push_back(id);
        if let Some(waker) = listening.waker.take() {
            waker.wake();
        }
        let wire = Wire {
            ends: [
                End::new(from.clone(), format!("{from}:{own_port}")),
                End::new(to.clone(), format!("{to}:{port}")),
            ],
            random: Random::stream(self.seed, 1000 + id),
        };
        self.wires.insert(id, wire);
        Ok(id)
    }
}

impl Host {
    fn take_port(&mut self) -> io::Result<u16> {
        for _ in PORT_FIRST..u16::MAX {
            let port = self.next_port;
            self.next_port = port.checked_add(1).unwrap_or(PORT_FIRST);
            if !self.listeners.contains_key(&port) {
                return Ok(port);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn checksum(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

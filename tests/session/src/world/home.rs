//! What homes do, and how the entity goes from one to the other.

use std::sync::Arc;

use playhouse_wire::message::{Open, SessionReason};
use playhouse_wire::session::{Admitted, Door, DoorEvent, Down, NotKept, Rule, Via};
use playhouse_wire::{Message, Uuid};

use super::client::{AFTER, BROKEN, LIE, ORDER};
use super::{
    CALLS_MAX, Downward, GRACE_US, Home, KEY, LIVES, Moving, STRANGERS_GATE, Session, Upward,
    World, frame, response,
};

pub(super) const ATTACKER: &str = "an attacker's link serves the session";
pub(super) const STALE: &str = "a stale attempt or login takes over from a newer one";
pub(super) const TWO: &str = "two links serve one session";
pub(super) const ROOM: &str = "more is kept than there is room";

impl World {
    /// Whether what is next from a gate can be taken now: an `Open` waits while the session moves.
    pub(super) fn home_can_take(&self, home: usize, gate: usize) -> bool {
        let at = &self.homes[home];
        let Some(first) = self.hops[gate][home].up.first().filter(|_| at.is_alive) else {
            return false;
        };
        let waits = at.is_frozen && self.has(Rule::FrozenStands);
        !waits
            || !matches!(first, Upward::Message(_, _, open) if matches!(Message::decode(open), Ok(Message::Open(_))))
    }

    /// What is next from a gate comes to a home.
    pub(super) fn home_takes(&mut self, home: usize, gate: usize) {
        let hop = &mut self.hops[gate][home];
        let life = hop.life_at_home;
        let via = |link, attempt| Via {
            gate: gate as u64 * LIVES + life,
            link,
            attempt,
        };
        let message = hop.up.remove(0);
        if message == Upward::Break && self.setting.rules.has(Rule::BrokenHopDetaches) {
            hop.life_at_home += 1;
        }
        let is_keyed = self.setting.scenario.budget.attacks > 0;
        let Some(door) = &mut self.homes[home].door else {
            if let Upward::Message(link, attempt, frame) = message {
                self.redirect(home, gate, link, attempt, frame);
            }
            return;
        };
        let event = match message {
            Upward::Break => door.handle_gate_lost(0, gate as u64 * LIVES + life),
            Upward::Lost(link, attempt) => door.handle_lost(0, via(link, attempt)),
            Upward::Message(link, attempt, frame) => match Message::decode(&frame) {
                Ok(Message::Open(open)) => {
                    let binding = link.to_be_bytes();
                    let admitted = Admitted {
                        login_no: open.token.first().map(|login| u64::from(*login)),
                        key: is_keyed.then_some(&KEY),
                        binding: Some(&binding),
                    };
                    door.handle_open(0, via(link, attempt), &open, &admitted)
                }
                Ok(message) => {
                    let via = via(link, attempt);
                    let rx = door.session().map(|session| session.rx());
                    let event = door.handle_message(0, via, &message);
                    let session = door.session();
                    let took = session.is_some_and(|it| Some(it.rx()) != rx);
                    let is_other = session.is_some_and(|it| it.attached() != Some(via));
                    if took && is_other {
                        self.is_wrong(TWO);
                    }
                    event
                }
                Err(_) => return self.is_wrong(BROKEN),
            },
        };
        self.home_saw(home, event);
    }

    /// Who doesn't have the entity says who has, and nothing else.
    fn redirect(&mut self, home: usize, gate: usize, link: u64, attempt: u64, open: super::Frame) {
        let is_open = matches!(Message::decode(&open), Ok(Message::Open(_)));
        if is_open && self.has(Rule::Redirect) {
            let message = Downward::Redirect(link, attempt, open);
            self.home_sends(
                home,
                gate as u64 * LIVES + self.hops[gate][home].life_at_home,
                message,
            );
        }
    }

    /// What is sent before the home has seen that the way is broken goes nowhere.
    fn home_sends(&mut self, home: usize, gate: u64, message: Downward) {
        let (number, life) = ((gate / LIVES) as usize, gate % LIVES);
        let Some(hops) = self.hops.get_mut(number) else {
            return;
        };
        let hop = &mut hops[home];
        if !hop.up.contains(&Upward::Break) && hop.life_at_home == life {
            hop.down.push(message);
        }
    }

    /// What came of something at a home, and what it has to say.
    pub(super) fn home_saw(&mut self, home: usize, event: DoorEvent) {
        match event {
            // What passes by the sequence has a world of its own: `AsideWorld`.
            DoorEvent::Nothing
            | DoorEvent::Accepted
            | DoorEvent::Aside
            | DoorEvent::Detached
            | DoorEvent::Held => {}
            DoorEvent::Login(login) => self.homes[home].login = Some(login),
            DoorEvent::Began { replaced } => {
                if let Some(ended) = replaced {
                    self.home_saw(home, DoorEvent::Ended(ended));
                }
            }
            DoorEvent::Attached { .. } => self.home_attached(home),
            DoorEvent::Ended(ended) => {
                let session = &mut self.sessions[usize::from(ended.session.0[0]) - 1];
                session.is_over = true;
                session.sent = Some(ended.sent);
                let is_late = self.client.got as u64 > ended.sent;
                if ended.reason == SessionReason::Protocol && !self.has_forgotten {
                    self.is_wrong(BROKEN);
                }
                let number = usize::from(ended.session.0[0]) - 1;
                if is_late && self.client_session() == Some(number) {
                    self.is_wrong(LIE);
                }
            }
        }
        self.home_transmits(home, 0);
    }

    fn home_attached(&mut self, home: usize) {
        let session = self.homes[home].door.as_ref().and_then(Door::session);
        let Some((id, via)) = session.and_then(|it| Some((it.id(), it.attached()?))) else {
            return;
        };
        let ghost = &mut self.sessions[usize::from(id.0[0]) - 1];
        let is_stale = via.attempt <= ghost.attempt;
        ghost.attempt = ghost.attempt.max(via.attempt);
        if is_stale {
            self.is_wrong(STALE);
        }
        let link = self.links.get(via.link as usize - 1);
        if via.gate != STRANGERS_GATE && link.is_some_and(|link| link.is_attackers) {
            self.is_wrong(ATTACKER);
        }
    }

    /// What a home has to say goes on its way.
    pub(super) fn home_transmits(&mut self, home: usize, now_us: u64) {
        while let Some((via, down)) = self.poll_home(home, now_us) {
            let kind = down.kind();
            let message = Downward::Message(via.link, via.attempt, kind, frame(|w| down.put(w)));
            self.home_sends(home, via.gate, message);
        }
        let session = self.homes[home].door.as_ref().and_then(Door::session);
        let kept = session.map_or(0, |session| session.kept().0);
        if kept > self.setting.limits.buffer as usize {
            self.is_wrong(ROOM);
        }
    }

    fn poll_home(&mut self, home: usize, now_us: u64) -> Option<(Via, Down)> {
        let door = self.homes[home].door.as_mut()?;
        if !self.setting.scenario.is_lazy || now_us > 0 {
            return door.poll_transmit(now_us);
        }
        // What answers goes at once, what stands in line when it likes.
        let mut after = door.clone();
        let next = after.poll_transmit(now_us)?;
        let is_in_line = matches!(next.1, Down::Msg { .. } | Down::Ack(_));
        (!is_in_line).then(|| {
            *door = after;
            next
        })
    }

    /// The number of a login is stored, and its session begins.
    pub(super) fn begin(&mut self, home: usize) {
        let Some(login) = self.homes[home].login.take() else {
            return;
        };
        if self.has(Rule::LoginStored) {
            self.stored = self.stored.max(login);
        }
        let number = u8::try_from(self.sessions.len() + 1).unwrap_or(u8::MAX);
        let Some(door) = &mut self.homes[home].door else {
            return;
        };
        let before = door.session().and_then(|session| session.login_no());
        let is_stale = before.is_some_and(|before| before > login);
        let begun = door.begin(0, login, Uuid([number; 16]), Arc::from([]));
        if !matches!(begun, DoorEvent::Began { .. }) {
            return self.home_saw(home, begun);
        }
        let attached = door.attach(0);
        self.sessions.push(Session {
            is_over: false,
            attempt: 0,
            given: Vec::new(),
            sent: None,
        });
        if is_stale || login < self.login_seen() {
            self.is_wrong(STALE);
        }
        self.home_saw(home, begun);
        self.home_saw(home, attached);
    }

    /// The highest login whose client has heard of a session.
    fn login_seen(&self) -> u64 {
        if self.client.machine.id().is_some() {
            self.client.login
        } else {
            0
        }
    }

    /// The next call begins, and ends. Whether there is one.
    pub(super) fn run(&mut self, home: usize) -> bool {
        let Some(door) = &mut self.homes[home].door else {
            return false;
        };
        let Some(run) = door.poll_run() else {
            return false;
        };
        let Some(number) = door
            .session()
            .map(|session| usize::from(session.id().0[0]) - 1)
        else {
            return false;
        };
        let Ok(Message::Request(request)) = Message::decode(&run.body) else {
            self.is_wrong(BROKEN);
            return true;
        };
        let id = u64::from(request.id);
        let (login, call) = (id / CALLS_MAX, id % CALLS_MAX);
        if self.sessions[number].is_over {
            self.is_wrong(AFTER);
        }
        if call != self.ran[login as usize] + 1 {
            self.is_wrong(ORDER);
        }
        if self.not_executed[login as usize] & 1 << call != 0 {
            self.is_wrong(LIE);
        }
        self.ran[login as usize] = self.ran[login as usize].max(call);
        self.send(home, number, id, response(id));
        true
    }

    /// The entity sends an event.
    pub(super) fn send_event(&mut self, home: usize) {
        let Some(session) = self.homes[home].door.as_ref().and_then(Door::session) else {
            return;
        };
        let number = usize::from(session.id().0[0]) - 1;
        let (what, body) = Self::event_of(&self.sessions[number]);
        self.send(home, number, what, body);
    }

    fn send(&mut self, home: usize, number: usize, what: u64, body: super::Frame) {
        let Some(door) = &mut self.homes[home].door else {
            return;
        };
        let event = match door.send(0, body) {
            Ok(_) => {
                self.sessions[number].given.push(what);
                DoorEvent::Nothing
            }
            Err(NotKept::Overflow(ended)) => DoorEvent::Ended(ended),
            Err(_) => DoorEvent::Nothing,
        };
        self.home_saw(home, event);
    }

    /// The grace of a session is over.
    pub(super) fn grace(&mut self, home: usize) {
        if let Some(door) = &mut self.homes[home].door {
            let event = door.handle_timeout(GRACE_US);
            self.home_saw(home, event);
        }
    }

    /// Somebody else logs in to the same account.
    pub(super) fn replace(&mut self, home: usize) {
        self.logins += 1;
        let login = self.logins;
        let token = [u8::try_from(login).unwrap_or(u8::MAX)];
        let via = Via {
            gate: STRANGERS_GATE,
            link: 1,
            attempt: 1,
        };
        let admitted = Admitted {
            login_no: Some(login),
            ..Admitted::default()
        };
        if let Some(door) = &mut self.homes[home].door {
            let event = door.handle_open(0, via, &Open::new(&token, 1), &admitted);
            self.home_saw(home, event);
        }
    }

    /// The entity is about to move to the other home.
    pub(super) fn freeze(&mut self, home: usize) {
        if let Some(door) = &mut self.homes[home].door {
            door.freeze(0);
            let bytes = door.snapshot(0);
            self.homes[home].is_frozen = true;
            self.homes[home].login = None;
            self.moving = Some(Moving {
                from: home,
                epoch: self.epoch,
                bytes,
            });
            self.home_saw(home, DoorEvent::Nothing);
        }
    }

    /// Whether the other home may take over what moves: the record is as it was, or nobody looks.
    pub(super) fn can_move_in(&self, home: usize) -> bool {
        let Some(moving) = &self.moving else {
            return false;
        };
        let is_mine = self.epoch == moving.epoch && self.owner == Some(moving.from);
        moving.from != home
            && self.homes[home].is_alive
            && (is_mine || !self.has(Rule::MoveIsBound))
    }

    /// The other home takes it over.
    pub(super) fn move_in(&mut self, home: usize) {
        let Some(moving) = self.moving.take() else {
            return;
        };
        let limits = Arc::clone(&self.setting.limits);
        let Ok(door) = Door::thaw(&moving.bytes, limits, 0) else {
            return self.is_wrong(BROKEN);
        };
        self.owner = Some(home);
        self.epoch += 1;
        self.homes[home] = Home {
            is_alive: true,
            door: Some(door),
            is_frozen: false,
            login: None,
        };
        let from = &mut self.homes[moving.from];
        if from.is_frozen {
            from.is_frozen = false;
            from.door = None;
            from.login = None;
        }
    }

    /// The move is called off.
    pub(super) fn call_off(&mut self, home: usize) {
        self.homes[home].is_frozen = false;
        if self.has(Rule::MoveIsBound) {
            self.epoch += 1;
            self.moving = None;
        }
        if let Some(door) = &mut self.homes[home].door {
            door.unfreeze(0);
        }
    }

    /// A home dies.
    pub(super) fn home_dies(&mut self, home: usize) {
        self.homes[home] = Home {
            is_alive: false,
            door: None,
            is_frozen: false,
            login: None,
        };
        for hops in &mut self.hops {
            let hop = &mut hops[home];
            hop.up.clear();
            hop.down.retain(|message| *message != Downward::Break);
            hop.down.push(Downward::Break);
        }
    }

    /// The home loses its lease.
    pub(super) fn lapse(&mut self, home: usize) {
        if !self.has(Rule::OwnerStops) {
            return self.react(1 - home);
        }
        if let Some(door) = &mut self.homes[home].door {
            door.freeze(0);
            self.home_saw(home, DoorEvent::Nothing);
        }
        self.homes[home].door = None;
        self.homes[home].is_frozen = false;
        self.homes[home].login = None;
        self.moving = None;
        self.owner = None;
    }

    /// A home takes over an entity that nobody has any more, with what is stored of it.
    pub(super) fn react(&mut self, home: usize) {
        self.owner = Some(home);
        self.epoch += 1;
        self.moving = None;
        for session in &mut self.sessions {
            session.is_over = true;
        }
        let limits = Arc::clone(&self.setting.limits);
        self.homes[home].door = Some(Door::new(limits, self.stored));
        self.homes[home].is_frozen = false;
    }
}

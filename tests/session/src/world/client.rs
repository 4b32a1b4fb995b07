//! What the client does, and what it is told.

use playhouse_wire::message::Executed;
use playhouse_wire::session::{ClientEvent, ClientSession, ClientState, GateLink, Over, Up};
use playhouse_wire::{Limits, Message, Reader};

use super::{CALLS_MAX, Client, Link, World, call_id, event, frame, request};

pub(super) const ORDER: &str = "an effect is lost, doubled or out of order";
pub(super) const LIE: &str = "what was said not to have run did run";
pub(super) const AFTER: &str = "a session that is over has an effect";
pub(super) const HELD: &str = "a client was told that its session is over, and it is not";
pub(super) const BROKEN: &str = "somebody breaks the protocol, though all are honest";

impl World {
    /// A link to a gate, with an `Open` on it.
    pub(super) fn connect(&mut self, gate: usize) {
        if let ClientState::Opening { link } = self.client.machine.state() {
            self.close(link);
        }
        self.links.push(Link {
            gate,
            is_open_at_client: true,
            is_open_at_gate: true,
            is_cut: false,
            is_attackers: false,
            machine: GateLink::new().with_rules(self.setting.rules),
            up: Vec::new(),
            down: Vec::new(),
        });
        let link = self.links.len() as u64;
        self.open(link);
        self.client_sends(0);
    }

    fn open(&mut self, link: u64) {
        self.client.machine.open(0, link, Some(&link.to_be_bytes()));
    }

    /// The client closes a link.
    pub(super) fn close(&mut self, link: u64) {
        let link = &mut self.links[link as usize - 1];
        link.is_open_at_client = false;
        link.is_cut = true;
        link.down.clear();
    }

    /// The client calls.
    pub(super) fn call(&mut self) {
        let id = call_id(self.client.login, self.client.issued + 1);
        if self.client.machine.send(request(id)).is_ok() {
            self.client.issued += 1;
        }
        self.client_sends(0);
    }

    /// What the client has to say goes on its way.
    pub(super) fn client_sends(&mut self, now_us: u64) {
        while let Some((link, up)) = self.client.machine.poll_transmit(now_us) {
            let frame = frame(|w| up.put(w));
            let records = self.budget.attacks > 0 && self.recorded.len() < 2;
            if records && matches!(up, Up::Open(_)) {
                self.recorded.push(frame.clone());
            }
            let link = &mut self.links[link as usize - 1];
            if !link.is_cut && link.is_open_at_gate {
                link.up.push(frame);
            }
        }
    }

    /// What is next on a link comes to the client.
    pub(super) fn client_takes(&mut self, link: u64) {
        let frame = self.links[link as usize - 1].down.remove(0);
        let Ok(message) = Message::decode(&frame) else {
            return self.is_wrong(BROKEN);
        };
        let event = self.client.machine.handle_message(0, link, message);
        match event {
            ClientEvent::Nothing | ClientEvent::LinkLost | ClientEvent::Latest(_) => {}
            ClientEvent::Message { seq, body } => {
                let body = body.to_vec();
                self.client_got(seq, &body);
            }
            ClientEvent::Opened { link, .. } => self.client_opened(link),
            ClientEvent::Detached { link } => {
                if self.client.machine.attempt() < self.budget.attempts.into() {
                    self.open(link);
                } else {
                    self.close(link);
                }
            }
            ClientEvent::Refused { link, .. } | ClientEvent::Unanswered { link } => {
                self.close(link);
            }
            ClientEvent::Over(over) => {
                let is_told = matches!(over, Over::Told(..));
                self.client_over(is_told);
            }
            ClientEvent::Broken { .. } | ClientEvent::Other(_) => self.is_wrong(BROKEN),
        }
        self.client_sends(0);
    }

    fn client_opened(&mut self, served: u64) {
        for link in 1..=self.links.len() as u64 {
            if link != served && !self.links[link as usize - 1].is_attackers {
                self.close(link);
            }
        }
        // Nothing of what there was before may have an effect any more.
        if let Some(number) = self.client_session() {
            for session in &mut self.sessions[..number] {
                session.is_over = true;
            }
        }
    }

    /// Which session the client has, by its number.
    pub(super) fn client_session(&self) -> Option<usize> {
        let id = self.client.machine.id()?;
        Some(usize::from(id.0[0]) - 1)
    }

    /// The home's next message.
    fn client_got(&mut self, seq: u64, body: &[u8]) {
        let Some(number) = self.client_session() else {
            return self.is_wrong(BROKEN);
        };
        let session = &self.sessions[number];
        let expected = session.given.get(self.client.got).copied();
        let is_denied = session.sent.is_some_and(|sent| seq > sent);
        let what = match Message::decode(body) {
            Ok(Message::Response(response)) => {
                let id = u64::from(response.id);
                self.client.answered |= 1 << (id % CALLS_MAX);
                Some(id)
            }
            Ok(Message::Notify(notify)) => Reader::new(notify.args, &Limits::STRICT).u64().ok(),
            _ => None,
        };
        self.client.got += 1;
        if what.is_none() || what != expected || seq != self.client.got as u64 {
            self.is_wrong(ORDER);
        }
        if is_denied {
            self.is_wrong(LIE);
        }
    }

    /// The client's session is over: each call gets its tag.
    fn client_over(&mut self, is_told: bool) {
        let login = self.client.login;
        for number in 1..=self.client.issued {
            let is_open = self.client.answered & 1 << number == 0;
            if is_open && self.client.machine.executed(number) == Executed::NotExecuted {
                self.not_executed[login as usize] |= 1 << number;
                if number <= self.ran[login as usize] {
                    self.is_wrong(LIE);
                }
            }
        }
        if let Some(number) = self.client_session() {
            let id = self.client.machine.id();
            let mut doors = self.homes.iter().filter_map(|home| home.door.as_ref());
            let is_held = doors.any(|door| door.session().map(|it| it.id()) == id);
            if is_told && is_held && !self.sessions[number].is_over {
                self.is_wrong(HELD);
            }
            self.sessions[number].is_over |= is_told;
        }
        for link in 1..=self.links.len() as u64 {
            if !self.links[link as usize - 1].is_attackers {
                self.close(link);
            }
        }
    }

    /// The client sees that a link is gone.
    pub(super) fn client_notices(&mut self, link: u64) {
        self.close(link);
        let _ = self.client.machine.handle_link_lost(0, link);
        self.client_sends(0);
    }

    /// The client's process begins anew, with the same login, and knows no more than its last attempt.
    pub(super) fn client_forgets(&mut self) {
        let (login, attempt) = (self.client.login, self.client.machine.attempt());
        self.client_begins(login);
        let pass = super::pass(login, false);
        let limits = self.setting.limits.clone();
        self.client.machine = ClientSession::new(pass, 0, attempt, limits, 0);
        self.has_forgotten = true;
    }

    /// The client's process begins anew, with another login.
    pub(super) fn client_logs_in(&mut self) {
        self.logins += 1;
        self.client_begins(self.logins);
    }

    fn client_begins(&mut self, login: u64) {
        for link in 1..=self.links.len() as u64 {
            if !self.links[link as usize - 1].is_attackers {
                self.close(link);
            }
        }
        self.client = Client::new(&self.setting, login);
    }

    /// The attacker presents what he has recorded, on a link of his own.
    pub(super) fn attack(&mut self, recorded: usize) {
        let frame = self.recorded[recorded].clone();
        self.links.push(Link {
            gate: 0,
            is_open_at_client: false,
            is_open_at_gate: true,
            is_cut: false,
            is_attackers: true,
            machine: GateLink::new().with_rules(self.setting.rules),
            up: vec![frame],
            down: Vec::new(),
        });
    }

    /// An event for the client, as the entity numbers them.
    pub(super) fn event_of(session: &super::Session) -> (u64, super::Frame) {
        let number = 1000 + session.given.len() as u64;
        (number, event(number))
    }
}

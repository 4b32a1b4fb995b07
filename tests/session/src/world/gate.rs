//! What gates do, and the ways to homes.

use playhouse_wire::Message;
use playhouse_wire::message::put_detach;
use playhouse_wire::session::{GateUp, Rule};

use super::client::BROKEN;
use super::{Downward, LIVES, Upward, World, frame, home_id};

impl World {
    /// Whether what is next on a link can go on now: an `Open` waits for its home to be there.
    pub(super) fn gate_can_take(&self, link: u64) -> bool {
        let link = &self.links[link as usize - 1];
        let Some(first) = link.up.first().filter(|_| link.is_open_at_gate) else {
            return false;
        };
        self.owner_is_there() || !matches!(Message::decode(first), Ok(Message::Open(_)))
    }

    fn owner_is_there(&self) -> bool {
        self.owner.is_some_and(|owner| self.homes[owner].is_alive)
    }

    /// What is next on a link comes to its gate.
    pub(super) fn gate_takes(&mut self, number: u64) {
        let link = &mut self.links[number as usize - 1];
        let gate = link.gate;
        let frame = link.up.remove(0);
        let Ok(message) = Message::decode(&frame) else {
            return self.is_wrong(BROKEN);
        };
        match link.machine.handle_up(&message) {
            GateUp::Locate { attempt } => self.gate_finds(number, attempt, frame),
            GateUp::Forward { home, attempt } => {
                let message = Upward::Message(number, attempt, frame);
                self.gate_sends(gate, home, message);
            }
            GateUp::Drop => {}
            GateUp::Broken(_) => self.is_wrong(BROKEN),
        }
    }

    /// The home is found: the `Open` goes there.
    fn gate_finds(&mut self, number: u64, attempt: u64, open: super::Frame) {
        let Some(owner) = self.owner else {
            return;
        };
        let link = &mut self.links[number as usize - 1];
        let gate = link.gate;
        let home = home_id(owner, self.hops[gate][owner].life_at_gate);
        let found = link.machine.found(attempt, home);
        if let Some((before, attempt)) = found.lost {
            self.gate_sends(gate, before, Upward::Lost(number, attempt));
        }
        if found.is_wanted {
            self.gate_sends(gate, home, Upward::Message(number, attempt, open));
        }
    }

    /// What is sent before the gate has seen that the way is broken goes nowhere.
    pub(super) fn gate_sends(&mut self, gate: usize, home: u64, message: Upward) {
        let (number, life) = ((home / LIVES) as usize, home % LIVES);
        let hop = &mut self.hops[gate][number];
        let is_broken = hop.down.contains(&Downward::Break) || hop.life_at_gate != life;
        if !is_broken && self.homes[number].is_alive {
            hop.up.push(message);
        }
    }

    /// Whether what is next from a home can go on now.
    pub(super) fn gate_can_hear(&self, gate: usize, home: usize) -> bool {
        match self.hops[gate][home].down.first() {
            Some(Downward::Redirect(..)) => self.owner_is_there(),
            first => first.is_some(),
        }
    }

    /// What is next from a home comes to the gate.
    pub(super) fn gate_hears(&mut self, gate: usize, home: usize) {
        let hop = &mut self.hops[gate][home];
        let from = home_id(home, hop.life_at_gate);
        match hop.down.remove(0) {
            Downward::Break => {
                // Without the rule, a new way is made beneath what is bound to the old one.
                if self.setting.rules.has(Rule::BrokenHopDetaches) {
                    hop.life_at_gate += 1;
                }
                for link in &mut self.links {
                    if link.gate != gate || !link.is_open_at_gate {
                        continue;
                    }
                    if let Some(attempt) = link.machine.handle_home_lost(from) {
                        link.tell(frame(|w| put_detach(w, attempt)));
                    }
                }
            }
            Downward::Message(number, attempt, kind, frame) => {
                let link = &mut self.links[number as usize - 1];
                if link.is_open_at_gate && link.machine.handle_down(from, attempt, kind) {
                    link.tell(frame);
                }
            }
            Downward::Redirect(number, attempt, open) => {
                let link = &mut self.links[number as usize - 1];
                if link.is_open_at_gate && link.machine.handle_redirect(from, attempt) {
                    self.gate_finds(number, attempt, open);
                }
            }
        }
    }

    /// A gate sees that a link is gone.
    pub(super) fn gate_notices(&mut self, number: u64) {
        let link = &mut self.links[number as usize - 1];
        let gate = link.gate;
        link.is_open_at_gate = false;
        link.up.clear();
        if let Some((home, attempt)) = link.machine.handle_closed() {
            self.gate_sends(gate, home, Upward::Lost(number, attempt));
        }
    }

    /// A gate dies, and comes again with nothing of what it had.
    pub(super) fn gate_dies(&mut self, gate: usize) {
        for link in &mut self.links {
            if link.gate == gate && link.is_open_at_gate {
                link.is_open_at_gate = false;
                link.is_cut = true;
                link.up.clear();
                let _ = link.machine.handle_closed();
            }
        }
        for hop in &mut self.hops[gate] {
            // It knows nothing of what was, so nothing needs to be told to it.
            hop.down.clear();
            hop.life_at_gate += 1;
            hop.up.push(Upward::Break);
        }
    }

    /// A way between a gate and a home breaks: so much of what was underway still arrives.
    pub(super) fn hop_breaks(&mut self, gate: usize, home: usize, up: usize, down: usize) {
        let hop = &mut self.hops[gate][home];
        hop.up.truncate(up);
        hop.down.truncate(down);
        hop.up.push(Upward::Break);
        hop.down.push(Downward::Break);
    }
}

impl super::Link {
    fn tell(&mut self, frame: super::Frame) {
        if self.is_open_at_client && !self.is_cut {
            self.down.push(frame);
        }
    }
}

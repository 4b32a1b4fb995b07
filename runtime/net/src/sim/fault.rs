//! What can go wrong between hosts and with them.

use std::rc::Rc;

use super::{
    event::Event,
    state::{Power, State},
    wire::{Life, other},
};

/// What a cut does to the streams that cross it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing arrives until it is healed; then everything does. New streams wait.
    Stall,
    /// As [`Stall`](Self::Stall), and after some seconds both ends see a reset. New streams are refused.
    Reset,
}

/// How a host dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// The process: its peers see a reset soon, new streams are refused.
    Process,
    /// The machine: its peers see nothing until it is started again, new streams wait.
    Machine,
}

/// After a cut that resets, streams live on for 1 to 3 seconds.
const GIVE_UP_NS: u64 = 1_000_000_000;
const GIVE_UP_JITTER_NS: u64 = 2_000_000_000;

impl State {
    pub(super) fn choose_crash(&mut self) -> Crash {
        if self.faults.chance(0.5) {
            Crash::Machine
        } else {
            Crash::Process
        }
    }

    pub(super) fn crash(&mut self, now: u64, name: &str, crash: Crash) {
        self.note(now, 20, u64::from(crash == Crash::Machine), 0);
        let Some(host) = self.hosts.get_mut(name) else {
            return;
        };
        host.power = match crash {
            Crash::Process => Power::Stopped,
            Crash::Machine => Power::Gone,
        };
        host.listeners.clear();
        self.dials.retain(|_, dial| *dial.from != *name);
        let mut reset = Vec::new();
        for (&id, wire) in &mut self.wires {
            for side in 0..2 {
                let end = &mut wire.ends[side];
                if *end.host == *name && matches!(end.life, Life::Open | Life::Reset) {
                    end.life = Life::Crashed;
                    end.wake();
                    reset.push((id, other(side)));
                }
            }
        }
        if crash == Crash::Process {
            for (wire, side) in reset {
                self.send_reset(now, wire, side);
            }
        }
    }

    pub(super) fn cut(&mut self, now: u64, from: &str, to: &str, cut: Cut) {
        self.note(now, 21, u64::from(cut == Cut::Reset), 0);
        self.cuts.insert((Rc::from(from), Rc::from(to)), cut);
        if cut == Cut::Stall {
            return;
        }
        let crossing = self.crossing(from, to);
        for wire in crossing {
            let at = now + GIVE_UP_NS + self.faults.below(GIVE_UP_JITTER_NS);
            self.schedule(at, Event::GiveUp { wire });
        }
    }

    pub(super) fn give_up(&mut self, id: u64) {
        let Some(wire) = self.wires.get(&id) else {
            return;
        };
        let [a, b] = [&wire.ends[0].host, &wire.ends[1].host];
        let cut = [(a, b), (b, a)].into_iter().any(|(from, to)| {
            self.cuts.get(&(from.clone(), to.clone())).copied() == Some(Cut::Reset)
        });
        if cut && let Some(wire) = self.wires.get_mut(&id) {
            wire.ends.iter_mut().for_each(|end| end.reset());
        }
    }

    /// The wires between two hosts.
    fn crossing(&self, one: &str, other: &str) -> Vec<u64> {
        let wires = self.wires.iter().filter(|(_, wire)| {
            let [a, b] = [&*wire.ends[0].host, &*wire.ends[1].host];
            (a, b) == (one, other) || (b, a) == (one, other)
        });
        wires.map(|(&id, _)| id).collect()
    }

    pub(super) fn break_streams(&mut self, now: u64, a: &str, b: &str) {
        self.note(now, 23, 0, 0);
        for id in self.crossing(a, b) {
            if let Some(wire) = self.wires.get_mut(&id) {
                wire.ends.iter_mut().for_each(|end| end.reset());
            }
        }
    }

    pub(super) fn heal(&mut self, now: u64, a: &str, b: &str) {
        self.note(now, 22, 0, 0);
        self.cuts.remove(&(Rc::from(a), Rc::from(b)));
        self.cuts.remove(&(Rc::from(b), Rc::from(a)));
        let stalled: Vec<(u64, usize)> = self
            .wires
            .iter()
            .flat_map(|(&id, wire)| [(id, 0, wire), (id, 1, wire)])
            .filter(|(_, side, wire)| wire.ends[*side].stalled)
            .map(|(id, side, _)| (id, side))
            .collect();
        for (id, side) in stalled {
            self.resume(now, id, side);
        }
    }

    /// Sends what stalled again, unless it still can't pass.
    fn resume(&mut self, now: u64, id: u64, side: usize) {
        let Some(wire) = self.wires.get(&id) else {
            return;
        };
        let (from, to) = (&wire.ends[side].host, &wire.ends[other(side)].host);
        if self.cuts.contains_key(&(from.clone(), to.clone())) {
            return;
        }
        let at = now + self.travel(id, side);
        let Some(wire) = self.wires.get_mut(&id) else {
            return;
        };
        let end = &mut wire.ends[side];
        end.stalled = false;
        for piece in &mut end.sent {
            piece.at = piece.at.max(at);
        }
        end.last_at = end.last_at.max(at);
        let times: Vec<u64> = end.sent.iter().map(|piece| piece.at).collect();
        for at in times {
            self.schedule(at, Event::Arrival { wire: id, side });
        }
    }
}

//! What goes wrong: each fault is drawn from the seed, and is mended after a while.

use std::time::Duration;

use playhouse::sim::{Random, Sim};

use super::person::{Order, Person};
use super::stranger::Shown;
use super::{GATES, HOMES, Parley, World, record};

/// The longest pause between two faults, and where sessions are to have begun before they end.
const GAP_MS: u64 = 250;
const LONG_GAP_MS: u64 = 900;

/// Most bytes that come through before a cut.
const CUT_WITHIN: u64 = 2_000;

/// How long a node may take to stop in order, whatever else goes on.
const STOP_WITHIN: Duration = Duration::from_secs(50);

/// How often it is asked whether it has.
const STOPPED_AGAIN: Duration = Duration::from_millis(100);

/// Faults that go on.
pub(super) struct Trouble<'a> {
    sim: &'a Sim,
    script: Random,
    world: World,
    /// When what is mended.
    due: Vec<(Duration, Mend)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mend {
    /// These two hosts reach each other again.
    Heal(String, &'static str),
    /// A node that died, or was asked to stop by then, starts again.
    Start(&'static str, Duration),
}

impl<'a> Trouble<'a> {
    /// Nothing is wrong yet.
    pub(super) fn new(parley: &'a Parley, world: World) -> Self {
        Self {
            sim: &parley.sim,
            script: parley.sim.random(),
            world,
            due: Vec::new(),
        }
    }

    fn note(&self, what: &str) {
        record::with(|record| record.note_at(self.sim.now(), what));
    }

    /// Something happens to somebody's session, perhaps to that of others too.
    pub(super) fn befall(&mut self, person: &Person) {
        let gap_ms = match self.world {
            World::Ends => LONG_GAP_MS,
            World::Sessions | World::Lost => GAP_MS,
        };
        self.pass(Duration::from_millis(self.script.below(gap_ms)));
        if self.world == World::Ends && self.script.chance(0.4) {
            return self.end_session(person);
        }
        let (gate, home) = (self.one_of(GATES), self.one_of(HOMES));
        match self.script.below(24) {
            0..6 => {
                let bytes = self.script.below(CUT_WITHIN);
                self.note(&format!("{} is cut behind {bytes} bytes", person.host));
                person.cut_after(bytes);
            }
            6 | 7 => self.break_links(&person.host, gate),
            8 | 9 => self.part(person.host.clone(), gate),
            10..14 => {
                let to = match self.script.chance(0.2) {
                    // Which may be a gate for the one that it runs.
                    true => home,
                    false => gate,
                };
                self.note(&format!("{} moves to {to}", person.host));
                person.order(Order::Move(format!("{to}:7000")));
            }
            14 => {
                self.note(&format!("{} logs in again", person.host));
                person.order(Order::LogIn);
            }
            15 | 16 => self.break_links(gate, home),
            17 => self.part(gate.to_owned(), home),
            18 => self.break_links(home, self.one_of(HOMES)),
            19 | 20 => self.kill(gate),
            21 => self.stop(gate, GATES),
            22 if self.world.kills_homes() => self.kill(home),
            _ => self.stop(home, HOMES),
        }
    }

    /// Something by which a session ends, or must not.
    fn end_session(&mut self, person: &Person) {
        let order = match self.script.below(16) {
            0..2 => Order::LogOut,
            2..5 => Order::Flood,
            5 => Order::Meet(Shown::Stolen),
            6..10 => Order::Meet(Shown::Again),
            10..14 => Order::Meet(Shown::Old),
            _ => return self.kill(self.one_of(HOMES)),
        };
        self.note(&format!("{}: {order:?}", person.host));
        person.order(order);
    }

    /// All is mended.
    pub(super) fn end(mut self) {
        while let Some(last) = self.due.iter().map(|(at, _)| *at).max() {
            self.pass(last.saturating_sub(self.sim.now()));
        }
    }

    /// Time passes, and what is due meanwhile is mended.
    fn pass(&mut self, span: Duration) {
        let end = self.sim.now() + span;
        loop {
            let next = self.due.iter().filter(|(at, _)| *at <= end);
            let Some(next) = next.min_by_key(|(at, _)| *at).cloned() else {
                break;
            };
            self.due.retain(|other| *other != next);
            let (at, mend) = next;
            self.sim.run_for(at.saturating_sub(self.sim.now()));
            self.mend(&mend);
        }
        self.sim.run_for(end.saturating_sub(self.sim.now()));
    }

    fn mend(&mut self, mend: &Mend) {
        match mend {
            Mend::Heal(one, other) => {
                self.note(&format!("{one} and {other} reach each other"));
                self.sim.heal(one, other);
            }
            Mend::Start(name, late) => {
                if !self.sim.has_ended(name) && self.sim.now() < *late {
                    let again = self.sim.now() + STOPPED_AGAIN;
                    return self.due.push((again, mend.clone()));
                }
                if !self.sim.has_ended(name) {
                    record::with(|record| record.found(format!("{name} does not stop")));
                }
                self.sim.crash(name);
                self.note(&format!("{name} starts"));
                self.sim.restart(name);
            }
        }
    }

    fn break_links(&self, one: &str, other: &str) {
        self.note(&format!("links between {one} and {other} break"));
        self.sim.break_links(one, other);
    }

    /// A node dies, and starts again after a while.
    fn kill(&mut self, name: &'static str) {
        if self.will_start(name) {
            return;
        }
        self.note(&format!("{name} dies"));
        self.sim.crash(name);
        self.start_later(name);
    }

    /// A node stops in order, and starts again after a while, unless another one of its kind is at that.
    fn stop(&mut self, name: &'static str, kind: &[&'static str]) {
        if kind.iter().any(|other| self.will_start(other)) {
            return;
        }
        self.note(&format!("{name} stops"));
        self.sim.begin_stop(name);
        self.start_later(name);
    }

    fn start_later(&mut self, name: &'static str) {
        let start = Mend::Start(name, self.sim.now() + STOP_WITHIN);
        self.due.push((self.later(4_000), start));
    }

    fn will_start(&self, name: &'static str) -> bool {
        let starts = |mend: &Mend| matches!(mend, Mend::Start(of, _) if *of == name);
        self.due.iter().any(|(_, mend)| starts(mend))
    }

    /// Nothing passes between two hosts for a while.
    fn part(&mut self, one: String, other: &'static str) {
        self.note(&format!("{one} and {other} are cut off from each other"));
        self.sim.partition(&one, other);
        let until = self.later(6_000);
        self.due.push((until, Mend::Heal(one, other)));
    }

    fn later(&self, most_ms: u64) -> Duration {
        self.sim.now() + Duration::from_millis(self.script.below(most_ms))
    }

    fn one_of(&self, names: &[&'static str]) -> &'static str {
        names[self.script.below(names.len() as u64) as usize]
    }
}

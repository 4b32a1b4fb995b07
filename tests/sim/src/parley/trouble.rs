//! What goes wrong: each fault is drawn from the seed, and is mended after a while.

use std::time::Duration;

use playhouse::sim::{Random, Sim};

use super::person::{Order, Person};
use super::{GATES, HOMES, Parley, record};

/// The longest pause between two faults.
const GAP_MS: u64 = 250;

/// Most bytes that come through before a cut.
const CUT_WITHIN: u64 = 2_000;

/// How long it takes a node to stop in order, and whatever else goes on.
const STOP_WITHIN: Duration = Duration::from_secs(60);

/// Faults that go on.
pub(super) struct Trouble<'a> {
    sim: &'a Sim,
    script: Random,
    /// When what is mended.
    due: Vec<(Duration, Mend)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mend {
    /// These two hosts reach each other again.
    Heal(String, &'static str),
    /// A node that died, or was asked to stop, starts again.
    Start(&'static str),
}

impl<'a> Trouble<'a> {
    /// Nothing is wrong yet.
    pub(super) fn new(parley: &'a Parley) -> Self {
        Self {
            sim: &parley.sim,
            script: parley.sim.random(),
            due: Vec::new(),
        }
    }

    /// Something happens to somebody's session, perhaps to that of others too.
    pub(super) fn befall(&mut self, person: &Person) {
        self.pass(Duration::from_millis(self.script.below(GAP_MS)));
        let (gate, home) = (self.one_of(GATES), self.one_of(HOMES));
        match self.script.below(24) {
            0..6 => person.cut_after(self.script.below(CUT_WITHIN)),
            6 | 7 => self.sim.break_links(&person.host, gate),
            8 | 9 => self.part(person.host.clone(), gate),
            10..14 => {
                let to = match self.script.chance(0.2) {
                    // Which may be a gate for the one that it runs.
                    true => home,
                    false => gate,
                };
                person.order(Order::Move(format!("{to}:7000")));
            }
            14 => person.order(Order::LogIn),
            15 | 16 => self.sim.break_links(gate, home),
            17 => self.part(gate.to_owned(), home),
            18 => self.sim.break_links(home, self.one_of(HOMES)),
            19 | 20 => self.kill(gate),
            _ => self.stop(gate, GATES),
        }
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

    fn mend(&self, mend: &Mend) {
        match mend {
            Mend::Heal(one, other) => self.sim.heal(one, other),
            Mend::Start(name) => {
                if self.sim.is_up(name) && !self.sim.stop(name, STOP_WITHIN) {
                    record::with(|record| record.found(format!("{name} does not stop")));
                }
                self.sim.restart(name);
            }
        }
    }

    /// A node dies, and starts again after a while.
    fn kill(&mut self, name: &'static str) {
        if self.will_start(name) {
            return;
        }
        self.sim.crash(name);
        let until = self.later(4_000);
        self.due.push((until, Mend::Start(name)));
    }

    /// A node stops in order, and starts again after a while, unless another one of its kind is at that.
    fn stop(&mut self, name: &'static str, kind: &[&'static str]) {
        if kind.iter().any(|other| self.will_start(other)) {
            return;
        }
        self.sim.begin_stop(name);
        let until = self.later(4_000);
        self.due.push((until, Mend::Start(name)));
    }

    fn will_start(&self, name: &'static str) -> bool {
        self.due.iter().any(|(_, mend)| *mend == Mend::Start(name))
    }

    /// Nothing passes between two hosts for a while.
    fn part(&mut self, one: String, other: &'static str) {
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

//! What is under way to a simulated store, what it has done, and what of that lasts.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Faults, Seen};
use crate::document::{Document, DocumentId};
use crate::memory::Documents;

/// Something that a request does once it is there. It gives back what it has written over.
pub(super) type Work = Box<dyn FnOnce(&mut Documents, Option<&Seen>) -> Before>;

/// Documents as they were before something was written; nothing for those that were not there.
pub(super) type Before = Vec<(DocumentId, Option<Arc<Document>>)>;

/// What came of a request so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is on its way, or was lost: whoever asked can't tell these apart.
    Unknown,
    /// It was done, with everything that was written before.
    Done,
    /// It was turned away.
    Refused,
}

pub(super) struct State {
    pub(super) documents: Documents,
    pub(super) faults: Faults,
    pub(super) cut_off: BTreeSet<Rc<str>>,
    /// The newest life of each host.
    pub(super) lives: BTreeMap<Rc<str>, u32>,
    pub(super) seen: Option<Rc<Seen>>,
    chance: Box<dyn Fn() -> u64>,
    /// What happens next, by time and then by the order in which it was asked for.
    events: BTreeMap<(Instant, u64), Event>,
    numbers: u64,
    /// What was written and may yet be lost, oldest first.
    tail: VecDeque<Written>,
    /// How many writes last.
    lasting: u64,
    down: bool,
}

struct Written {
    fate: Rc<Cell<Fate>>,
    before: Before,
}

enum Event {
    Arrives {
        fate: Rc<Cell<Fate>>,
        from: Rc<str>,
        work: Work,
        sync: Duration,
    },
    /// So many writes are on the disk, as are the reads before them.
    Synced { upto: u64 },
    /// The store is up again.
    Up,
}

/// When whoever asked looks what came of it, and whether the answer gets back.
pub(super) struct Asked {
    pub(super) fate: Rc<Cell<Fate>>,
    pub(super) answered_at: Instant,
    pub(super) given_up_at: Instant,
    /// The answer is late or lost: whatever came of it is not known.
    pub(super) unheard: bool,
}

impl State {
    pub(super) fn new(documents: Documents, chance: Box<dyn Fn() -> u64>) -> Self {
        Self {
            documents,
            faults: Faults::none(),
            cut_off: BTreeSet::new(),
            lives: BTreeMap::new(),
            seen: None,
            chance,
            events: BTreeMap::new(),
            numbers: 0,
            tail: VecDeque::new(),
            lasting: 0,
            down: false,
        }
    }

    /// Somebody asks for something. Everything that chance decides of it is decided now.
    pub(super) fn ask(&mut self, now: Instant, from: &Rc<str>, work: Work) -> Asked {
        self.advance(now);
        let faults = self.faults.clone();
        let fate = Rc::new(Cell::new(Fate::Unknown));
        let given_up_at = now + faults.patience;
        let (mut there, mut sync) = (self.between(&faults.way), self.between(&faults.sync));
        let back = self.between(&faults.way);
        if self.happens(faults.late) {
            let late = self.between(&faults.late_by);
            // Either of the two: a write that lands late, or a slow disk.
            if self.happens(0.5) {
                there += late;
            } else {
                sync += late;
            }
        }
        let (lost, unanswered) = (self.happens(faults.lost), self.happens(faults.unanswered));
        if self.happens(faults.refused) {
            fate.set(Fate::Refused);
            return Asked {
                fate,
                answered_at: now + there + back,
                given_up_at,
                unheard: false,
            };
        }
        if !lost {
            let event = Event::Arrives {
                fate: Rc::clone(&fate),
                from: Rc::clone(from),
                work,
                sync,
            };
            let number = self.number();
            self.events.insert((now + there, number), event);
        }
        let takes = there + sync + back;
        Asked {
            fate,
            answered_at: given_up_at.min(now + takes),
            given_up_at,
            unheard: lost || unanswered || takes >= faults.patience,
        }
    }

    /// Everything that is due happens.
    pub(super) fn advance(&mut self, now: Instant) {
        while let Some(next) = self.events.first_entry() {
            if next.key().0 > now {
                return;
            }
            let ((at, _), event) = next.remove_entry();
            self.happen(at, event);
        }
    }

    /// Everything that is under way happens, whenever it was due.
    pub(super) fn settle(&mut self) {
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.happen(at, event);
        }
    }

    fn happen(&mut self, at: Instant, event: Event) {
        match event {
            Event::Arrives {
                fate,
                from,
                work,
                sync,
            } => {
                if self.cut_off.contains(&from) {
                    return;
                }
                if self.down {
                    fate.set(Fate::Refused);
                    return;
                }
                let seen = self.seen.clone();
                let before = work(&mut self.documents, seen.as_deref());
                // Reads stand in the tail as well: what they saw lasts once they do.
                self.tail.push_back(Written { fate, before });
                let upto = self.lasting + self.tail.len() as u64;
                let number = self.number();
                let event = Event::Synced { upto };
                self.events.insert((at + sync, number), event);
            }
            Event::Synced { upto } => {
                let fails = self.faults.failed_sync;
                if upto > self.lasting && self.happens(fails) {
                    let down = self.faults.down.clone();
                    self.crash(at, &down);
                    return;
                }
                while self.lasting < upto {
                    let Some(written) = self.tail.pop_front() else {
                        return;
                    };
                    self.lasting += 1;
                    written.fate.set(Fate::Done);
                }
            }
            Event::Up => self.down = false,
        }
    }

    /// The store dies. Of what nobody was told to last, some does: chance says up to where.
    pub(super) fn crash(&mut self, at: Instant, down: &Range<Duration>) {
        let kept = self.below(self.tail.len() as u64 + 1);
        while self.tail.len() as u64 > kept {
            let Some(written) = self.tail.pop_back() else {
                break;
            };
            for (id, document) in written.before {
                self.documents.put_back(&id, document);
            }
        }
        // What has stayed lasts from now on; nobody is told.
        self.lasting += kept;
        self.tail.clear();
        self.events
            .retain(|_, event| !matches!(event, Event::Synced { .. }));
        self.down = true;
        let (up, number) = (at + self.between(down), self.number());
        self.events.insert((up, number), Event::Up);
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn below(&self, end: u64) -> u64 {
        let wide = u128::from((self.chance)()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    fn happens(&self, probability: f64) -> bool {
        // 53 bits: as many as a float tells apart.
        let drawn = ((self.chance)() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < probability
    }

    fn between(&self, range: &Range<Duration>) -> Duration {
        let span = range.end.saturating_sub(range.start);
        let us = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        range.start + Duration::from_micros(self.below(us.saturating_add(1)))
    }
}

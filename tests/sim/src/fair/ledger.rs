//! What happened at booths, and what is wrong with it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use playhouse::{Executed, Failure};

thread_local! {
    /// Whatever the entities of this thread's simulation have seen: they have no other way to tell.
    static LEDGER: RefCell<Ledger> = RefCell::default();
}

/// Who visits, and the how manieth visit it is.
type Visit = (u64, u32);

/// What happened at booths.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// How many activations there were.
    activations: u64,
    /// By booth: the latest activation of which anything has started.
    newest: BTreeMap<u32, u64>,
    visits: BTreeMap<Visit, Seen>,
    /// By visitor and booth: the latest visit that has started.
    latest: BTreeMap<(u64, u32), u32>,
    wrong: Vec<String>,
}

#[derive(Debug, Default)]
struct Seen {
    may_repeat: bool,
    ran: u32,
    told: Option<Told>,
}

/// What a visitor was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Result,
    NotExecuted,
    Unknown,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Result => "a result",
            Self::NotExecuted => "that it did not run",
            Self::Unknown => "that nobody knows",
        })
    }
}

impl Ledger {
    /// Does something with the ledger of this thread.
    pub(super) fn with<T>(f: impl FnOnce(&mut Self) -> T) -> T {
        LEDGER.with_borrow_mut(f)
    }

    /// Begins anew.
    pub(super) fn clear() {
        Self::with(|ledger| *ledger = Self::default());
    }

    /// A booth is activated. The number rises with each.
    pub(super) fn activated(&mut self) -> u64 {
        self.activations += 1;
        self.activations
    }

    /// A visitor is about to visit.
    pub(super) fn issued(&mut self, visit: Visit, may_repeat: bool) {
        let seen = Seen {
            may_repeat,
            ..Seen::default()
        };
        self.visits.insert(visit, seen);
    }

    /// A visit starts in an activation of a booth.
    pub(super) fn started(&mut self, booth: u32, activation: u64, visit: Visit) {
        let newest = self.newest.entry(booth).or_default();
        if activation < *newest {
            self.wrong.push(format!(
                "booth {booth} is there twice: a visit starts in activation {activation}, after one in {newest}"
            ));
        }
        *newest = activation.max(*newest);
        let seen = self.visits.entry(visit).or_default();
        seen.ran += 1;
        if seen.ran > 1 && !seen.may_repeat {
            self.wrong.push(format!("visit {visit:?} runs twice"));
        }
        if seen.told == Some(Told::NotExecuted) {
            self.wrong
                .push(format!("visit {visit:?} runs after it was said not to"));
        }
        let latest = self.latest.entry((visit.0, booth)).or_default();
        if !seen.may_repeat && visit.1 < *latest {
            self.wrong
                .push(format!("visit {visit:?} starts after visit {latest}"));
        }
        *latest = visit.1.max(*latest);
    }

    /// A visitor is told what came of it.
    pub(super) fn told(&mut self, visit: Visit, outcome: &Result<u32, Failure>) {
        let told = match outcome {
            Ok(_) => Told::Result,
            Err(failure) if failure.executed() == Executed::NotExecuted => Told::NotExecuted,
            Err(_) => Told::Unknown,
        };
        let seen = self.visits.entry(visit).or_default();
        let is_true = match told {
            Told::Result => seen.ran > 0,
            Told::NotExecuted => seen.ran == 0,
            Told::Unknown => true,
        };
        if seen.told.replace(told).is_some() || !is_true {
            let ran = seen.ran;
            self.wrong.push(format!(
                "visit {visit:?} ran {ran} times and is told {told}: {outcome:?}"
            ));
        }
    }

    /// How many visits were told a result, that they did not run, and that nobody knows.
    pub(super) fn counts(&self) -> [usize; 3] {
        let told = [Told::Result, Told::NotExecuted, Told::Unknown];
        told.map(|told| {
            let visits = self.visits.values();
            visits.filter(|seen| seen.told == Some(told)).count()
        })
    }

    /// What is wrong so far.
    pub(super) fn wrong(&mut self) -> Vec<String> {
        std::mem::take(&mut self.wrong)
    }
}

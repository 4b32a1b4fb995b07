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
    /// By booth: how many visits have started.
    started: BTreeMap<u32, u32>,
    /// No booth has a reason to forget anything.
    remembers: bool,
    /// No visit has a reason to fail.
    serves: bool,
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

    /// No node dies from now on. If links hold, too, no visit may fail.
    pub(super) fn nobody_dies(&mut self, links_hold: bool) {
        self.remembers = true;
        self.serves = links_hold;
    }

    /// Something is wrong.
    pub(super) fn found(&mut self, what: String) {
        self.wrong.push(what);
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

    /// A visit starts in an activation of a booth, which remembers so many.
    pub(super) fn started(&mut self, booth: u32, activation: u64, remembered: u32, visit: Visit) {
        let before = self.started.entry(booth).or_default();
        if self.remembers && remembered != *before {
            self.wrong.push(format!(
                "booth {booth} has forgotten visits: it remembers {remembered} of {before}"
            ));
            *before = remembered;
        }
        *before += 1;
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

    /// A visit ends that an activation of a booth has begun.
    pub(super) fn ended(&mut self, booth: u32, activation: u64, visit: Visit) {
        let newest = self.newest.get(&booth).copied().unwrap_or(0);
        if activation < newest {
            self.wrong.push(format!(
                "visit {visit:?} runs on in activation {activation} of booth {booth}, though there is {newest}"
            ));
        }
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
        if self.serves && told != Told::Result {
            self.wrong.push(format!(
                "visit {visit:?} fails though nothing has failed: {outcome:?}"
            ));
        }
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

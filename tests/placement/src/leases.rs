//! A lease and who watches it, with clocks that differ in speed.

use std::hash::{DefaultHasher, Hash, Hasher};

use playhouse_cluster::placement::{LeaseStep, LeaseTerms, LeaseWatch, NodeLease, Watched};
use playhouse_explore_tests::Model;
use playhouse_store::{Claim, Claimed, DocumentId, Documents, Header, Owner, Take};

use crate::scenario::Without;

/// How far time goes.
const TICKS_MAX: u64 = 11;
/// A second. Everything happens between two ticks.
const TICK_US: u64 = 1_000_000;
/// How often the holder waits for an answer no longer.
const LOSSES_MAX: u64 = 2;
/// How many renewals may be on their way to the store at once.
const REQUESTS_MAX: usize = 2;

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseScenario {
    /// Its name.
    pub name: &'static str,
    /// How fast the holder's clock is, in hundredths of the true speed.
    pub holder_speed: u64,
    /// How fast the watcher's clock is.
    pub watcher_speed: u64,
}

impl LeaseScenario {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self {
            name: "alike",
            holder_speed: 100,
            watcher_speed: 100,
        },
        Self {
            name: "apart",
            holder_speed: 95,
            watcher_speed: 105,
        },
    ];
}

/// A node that holds a lease, its document, and another node that waits to prove that it is over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseWorld {
    speeds: (u64, u64),
    ticks: u64,
    lease: NodeLease,
    watch: LeaseWatch,
    documents: Documents,
    /// Renewals on their way: their number.
    requests: Vec<u64>,
    sent: u64,
    losses: u64,
    /// The answer to the last one, on its way: whether it was granted.
    answer: Option<bool>,
    /// The epoch with which the watcher revokes, on its way.
    revoking: Option<u64>,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is said in words by `describe`")]
pub enum LeaseMove {
    Tick,
    Ask,
    Land(usize),
    Answer,
    GiveUp,
    Look,
    Revoke,
}

fn id() -> DocumentId {
    DocumentId::new("playhouse.Node", "n")
}

fn holder() -> Owner {
    Owner {
        node: "n".into(),
        incarnation: 1,
    }
}

fn watcher() -> Owner {
    Owner {
        node: "m".into(),
        incarnation: 1,
    }
}

impl LeaseWorld {
    /// As it begins: the lease is not asked for yet.
    #[must_use]
    pub fn new(scenario: &LeaseScenario, without: Without) -> Self {
        let (terms, rules) = (LeaseTerms::default(), without.rules());
        Self {
            speeds: (scenario.holder_speed, scenario.watcher_speed),
            ticks: 0,
            lease: NodeLease::new(holder(), terms, rules),
            watch: LeaseWatch::new(holder(), terms, rules),
            documents: Documents::default(),
            requests: Vec::new(),
            sent: 0,
            losses: 0,
            answer: None,
            revoking: None,
        }
    }

    fn holder_us(&self) -> u64 {
        self.ticks * TICK_US * self.speeds.0 / 100
    }

    fn watcher_us(&self) -> u64 {
        self.ticks * TICK_US * self.speeds.1 / 100
    }

    fn header(&self) -> Option<&Header> {
        self.documents.read(&id()).map(|document| &document.header)
    }

    fn is_waiting(&self) -> bool {
        self.lease.poll(self.holder_us()) == LeaseStep::Answer
    }

    fn step(&mut self, step: LeaseMove) {
        let (holder_us, watcher_us) = (self.holder_us(), self.watcher_us());
        match step {
            LeaseMove::Tick => self.ticks += 1,
            LeaseMove::Ask => {
                self.lease.sent(holder_us);
                self.sent += 1;
                self.requests.push(self.sent);
            }
            LeaseMove::Land(of) => {
                let number = self.requests.remove(of);
                let claimed = self.documents.claim(&Claim {
                    id: id(),
                    owner: holder(),
                    seen: None,
                    take: Take::Free,
                    create: number == 1,
                    birth: 1,
                });
                if number == self.sent && self.is_waiting() {
                    self.answer = Some(matches!(claimed, Claimed::Mine(_)));
                }
            }
            LeaseMove::Answer => match self.answer.take() {
                Some(true) => self.lease.renewed(holder_us),
                Some(false) => self.lease.fenced(),
                None => {}
            },
            LeaseMove::GiveUp => {
                self.losses += 1;
                self.answer = None;
                self.lease.failed(holder_us);
            }
            // An answer that takes long only makes the watcher wait longer.
            LeaseMove::Look => {
                let header = self.header().cloned();
                if let Watched::Revoke { epoch } = self.watch.seen(header.as_ref(), watcher_us) {
                    self.revoking = Some(epoch);
                }
            }
            LeaseMove::Revoke => {
                let seen = self.revoking.take();
                self.documents.claim(&Claim {
                    id: id(),
                    owner: watcher(),
                    seen,
                    take: Take::From(holder()),
                    create: false,
                    birth: 1,
                });
            }
        }
    }
}

impl Model for LeaseWorld {
    type Step = LeaseMove;

    fn steps(&self) -> Vec<LeaseMove> {
        let mut steps = Vec::new();
        if self.ticks < TICKS_MAX {
            steps.push(LeaseMove::Tick);
        }
        let is_due = self.lease.poll(self.holder_us()) == LeaseStep::Ask;
        if is_due && self.requests.len() < REQUESTS_MAX {
            steps.push(LeaseMove::Ask);
        }
        steps.extend((0..self.requests.len()).map(LeaseMove::Land));
        if self.answer.is_some() {
            steps.push(LeaseMove::Answer);
        }
        if self.is_waiting() && self.losses < LOSSES_MAX {
            steps.push(LeaseMove::GiveUp);
        }
        if self.header().is_some() && self.revoking.is_none() {
            steps.push(LeaseMove::Look);
        }
        if self.revoking.is_some() {
            steps.push(LeaseMove::Revoke);
        }
        steps
    }

    fn take(&self, step: LeaseMove) -> Option<Self> {
        let mut world = self.clone();
        world.step(step);
        Some(world)
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    fn wrong(&self) -> Option<String> {
        let is_over = self
            .header()
            .is_some_and(|header| header.owner.as_ref() != Some(&holder()));
        let holds = self.lease.holds(self.holder_us());
        (is_over && holds).then(|| "a lease that was revoked holds".to_owned())
    }

    fn comes_to_rest(&self) -> Option<String> {
        None
    }

    fn describe(&self, step: LeaseMove) -> String {
        match step {
            LeaseMove::Tick => "a second passes".to_owned(),
            LeaseMove::Ask => "the holder asks for its lease".to_owned(),
            LeaseMove::Land(_) => "the store gets the holder's claim".to_owned(),
            LeaseMove::Answer => "the holder is answered".to_owned(),
            LeaseMove::GiveUp => "the holder waits no longer".to_owned(),
            LeaseMove::Look => "the watcher looks at the document".to_owned(),
            LeaseMove::Revoke => "the store gets the watcher's claim".to_owned(),
        }
    }
}

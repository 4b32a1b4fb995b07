//! Calls between persistent entities that take effect exactly once, whatever crashes and whatever is lost.
//!
//! [`Activation`] is the protocol's part of one activation of one entity, as a state machine: it is handed what arrives and
//! what the store answers, and says what to commit and what to send. It does no IO, has no clock, and is a plain value, so
//! that the same code which a node runs is what the explorer in `tests/durable` takes through every order of events. The
//! rules that it keeps, and what its host must keep, are in `docs/durable.md`.

mod form;
mod inbox;
mod message;
mod outbox;
mod rules;

pub use message::{Ack, Arrival, Delivery, Row, Verdict};
pub use rules::{Rule, Rules};

use std::sync::Arc;

use crate::document::{Document, DocumentId, Owner};
use crate::durable::inbox::Inbox;
use crate::durable::outbox::Outbox;
use crate::problem::{Misfit, StoreError};
use crate::request::{Commit, Committed, End};
use crate::value::{Path, Update, Value};

/// How many rows an entity may have that nobody has acknowledged.
pub const OUTBOX_MAX: usize = 4096;

/// How many rows a handler may be sure of once its first one was taken.
pub const OUTBOX_PER_CALL: usize = 64;

/// How many bytes of a refusal's words are kept.
pub const REFUSAL_LENGTH_MAX: usize = 256;

/// The durable state of one activation of one entity, from its claim to its end.
///
/// - After a claim: [`new`](Self::new), then send all [`deliveries`](Self::deliveries), and again by a timer as long as there
///   are any.
/// - A handler sends by [`send`](Self::send). A message that came is asked about ([`arrives`](Self::arrives)) when it is its
///   turn, run, and marked ([`mark`](Self::mark)) in the same turn.
/// - Between handlers, never while one runs: [`snapshot`](Self::snapshot), with what the handlers changed. What it gives goes
///   to the store as it is. At most one is in flight; handlers may run on meanwhile.
/// - The store's answer goes to [`answered`](Self::answered), which says what is next.
/// - Once it [`is_over`](Self::is_over) nothing of it may last: the entity's state is dropped, and the next use claims anew.
///   So does a panic: drop the activation, and never read the document again under its epoch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Activation {
    id: DocumentId,
    owner: Owner,
    birth: u64,
    epoch: u64,
    rev: u64,
    is_born: bool,
    is_gone: bool,
    is_over: bool,
    counts_on: bool,
    /// Whether something waits to be committed that others wait for.
    is_urgent: bool,
    /// How many rows the handler that runs has sent.
    sent_in_call: usize,
    outbox: Outbox,
    inbox: Inbox,
    /// The number of the last login of whoever plays the entity, and how much of it is committed; 0 for none.
    login_no: u64,
    login_saved: u64,
    flight: Option<Flight>,
    rules: Rules,
}

/// A commit that was not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Flight {
    commit: Arc<Commit>,
    /// What of it the caller gave.
    body: Update,
    login_no: u64,
    is_urgent: bool,
    /// Whether an answer was lost: the store may do it at any later time, so nothing else may follow on this revision.
    is_doubtful: bool,
    revives: bool,
}

/// What is committed besides the changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct More {
    /// The release of the schema that writes.
    pub schema: u32,
    /// When the entity wants to be run again, in microseconds since 1970.
    pub wake_us: Option<i64>,
    /// What becomes of the document. If it is to be deleted but has ever sent or received, it stays without its body: its
    /// numbers and marks outlive the entity, or what is still on the way would be done again. So it does if the activation
    /// [counts on](Activation::count_on).
    pub end: End,
}

/// What comes after a store's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum After {
    /// It is committed. These may be sent now.
    Done {
        /// Rows that this commit has brought.
        deliveries: Vec<Delivery>,
        /// Of the marks that this commit has brought.
        acks: Vec<Ack>,
    },
    /// The same commit is to be asked for again, after a pause.
    Again(Arc<Commit>),
    /// A value is taken; the activation goes on. The caller's changes are given back; rows and marks are part of the next
    /// snapshot.
    Taken(Path, Update),
    /// Nothing was done, and asking again would not help; or another commit of the same transaction was not done. The
    /// activation goes on. The caller's changes are given back; rows and marks are part of the next snapshot.
    Undone(Update, Option<StoreError>),
    /// The activation is over.
    Over,
}

/// There is no room for another row, and nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxFull;

impl std::fmt::Display for OutboxFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the outbox is full: {OUTBOX_MAX} messages wait for their receivers, try again later"
        )
    }
}

impl std::error::Error for OutboxFull {}

impl Activation {
    /// Of a document that `owner` has just claimed, as the claim gave it.
    ///
    /// # Errors
    ///
    /// Where the protocol's part of the document is not what it should be.
    pub fn new(document: &Document, owner: Owner, rules: Rules) -> Result<Self, Misfit> {
        let header = &document.header;
        form::countable(header.epoch, &Path::of(["epoch"]))?;
        form::countable(header.rev, &Path::of(["rev"]))?;
        let login_no = form::login_no(&document.root)?;
        Ok(Self {
            id: document.id.clone(),
            owner,
            birth: header.birth,
            epoch: header.epoch,
            rev: header.rev,
            is_born: header.born,
            is_gone: document.root.at(&[form::GONE.to_owned()]).is_some(),
            is_over: false,
            counts_on: false,
            is_urgent: false,
            sent_in_call: 0,
            outbox: Outbox::load(&document.root)?,
            inbox: Inbox::load(&document.root)?,
            login_no,
            login_saved: login_no,
            flight: None,
            rules,
        })
    }

    /// Others may remember epochs of the document for any time: if it is deleted it stays without its body, so that the
    /// epochs of a later life under its key are greater.
    pub const fn count_on(&mut self) {
        self.counts_on = true;
    }

    /// Of which document.
    #[must_use]
    pub const fn id(&self) -> &DocumentId {
        &self.id
    }

    /// Who runs it.
    #[must_use]
    pub const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The document's birth.
    #[must_use]
    pub const fn birth(&self) -> u64 {
        self.birth
    }

    /// The epoch of this activation.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The document's revision, as far as the store has answered.
    #[must_use]
    pub const fn rev(&self) -> u64 {
        self.rev
    }

    /// Whether nothing of the entity was ever committed, or it was deleted: it is as if it were made now.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        !self.is_born || self.is_gone
    }

    /// Whether the entity was deleted, and only its numbers and marks, and perhaps rows, have stayed. If nobody calls it, send
    /// the rows and run nothing of it. A commit with changes, marks or new rows brings it back.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Whether nothing of this activation may last any more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether the protocol has something to commit, besides the caller's changes.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.outbox.is_dirty() || self.inbox.is_dirty() || self.login_no > self.login_saved
    }

    /// Whether others wait for the next commit: it has new rows, new marks, a new login, or the handling of a refusal.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    /// The number of the last login of whoever plays the entity; 0 for none.
    #[must_use]
    pub const fn login_no(&self) -> u64 {
        self.login_no
    }

    /// Whoever plays the entity has logged in anew. Numbers rise: a smaller one than the last changes nothing.
    pub const fn log_in(&mut self, login_no: u64) {
        if login_no > self.login_no {
            self.login_no = login_no;
            self.is_urgent = true;
        }
    }

    /// Whether a commit waits for the store's answer.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        self.flight.is_some()
    }

    /// Whether there are rows that nobody has acknowledged.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        self.outbox.has_rows()
    }

    /// For how many rows there is room, out of [`OUTBOX_MAX`].
    #[must_use]
    pub fn room(&self) -> usize {
        self.outbox.room()
    }

    /// A handler begins. Whoever never says so gives a handler's room from snapshot to snapshot.
    pub const fn begins(&mut self) {
        self.sent_in_call = 0;
    }

    /// Takes a row into the outbox, and gives its number. It is sent once the commit that it is part of was answered.
    ///
    /// # Errors
    ///
    /// [`OutboxFull`] at the first row of a handler if there is no room for [`OUTBOX_PER_CALL`] of them, so that the handler
    /// may refuse before it changes anything; its further rows up to that number are sure then. After that, if there is no
    /// room at all.
    pub fn send(&mut self, row: Row) -> Result<u64, OutboxFull> {
        let needed = match self.sent_in_call {
            0 => OUTBOX_PER_CALL,
            _ => 1,
        };
        if self.outbox.room() < needed {
            return Err(OutboxFull);
        }
        self.sent_in_call += 1;
        self.is_urgent = true;
        Ok(self.outbox.send(row, self.rules))
    }

    /// What to do with a delivery. To be asked when it is its turn: with what was queued before it marked already.
    #[must_use]
    pub fn arrives(&self, delivery: &Delivery) -> Arrival {
        if self.is_over || delivery.row.to != self.id {
            return Arrival::Gap;
        }
        self.inbox.arrives(&self.id, delivery, self.rules)
    }

    /// A delivery that was to be run has ended so. In the turn of its handler, so that the effect is in the same snapshot.
    pub fn mark(&mut self, delivery: &Delivery, verdict: Verdict) {
        self.is_urgent = true;
        self.inbox.mark(delivery, verdict, self.rules);
    }

    /// Whether [`acked`](Self::acked) would bring back a refused row: then it is to be called in a turn of the entity, in
    /// which the refusal is handled too.
    #[must_use]
    pub fn brings_back(&self, ack: &Ack) -> bool {
        self.is_mine(ack) && self.outbox.brings_back(ack)
    }

    /// A receiver has committed rows up to a number. Gives back the refused ones, each once; the next snapshot drops them,
    /// so what is done about them must be done in the same turn.
    pub fn acked(&mut self, ack: &Ack) -> Vec<(Row, String)> {
        if !self.is_mine(ack) {
            return Vec::new();
        }
        let refused = self.outbox.acked(ack);
        self.is_urgent |= !refused.is_empty();
        refused
    }

    /// What to commit now: the caller's changes of `body` and other sections of its own, and the protocol's. None, and the
    /// changes are lost, while a commit is in flight or if the activation is over: ask before.
    ///
    /// Never while a handler runs: a commit has all of what a handler did, or nothing.
    pub fn snapshot(&mut self, body: Update, more: More) -> Option<Arc<Commit>> {
        if self.is_over || self.flight.is_some() {
            return None;
        }
        let mut update = Update::new();
        let is_urgent = std::mem::take(&mut self.is_urgent);
        self.sent_in_call = 0;
        let has_body = !body.is_empty();
        let revives = self.is_gone && more.end != End::Deleted && (has_body || is_urgent);
        if !has_body || self.rules.has(Rule::MarkInCommit) {
            self.inbox.save(&mut update, self.rules);
        }
        let is_whole = !has_body || self.rules.has(Rule::RowInCommit);
        self.outbox.save(&mut update, is_whole);
        self.is_urgent = self.inbox.is_dirty() || self.outbox.is_dirty();
        if self.login_no > self.login_saved {
            update.set(Path::of([form::LOGIN]), Value::Unsigned(self.login_no));
        }
        let mut end = more.end;
        if end == End::Deleted {
            let numbered = self.outbox.has_lines() || self.inbox.has_marks();
            if self.counts_on || numbered && self.rules.has(Rule::MarksOutlive) {
                end = End::Released;
                update.remove(Path::of(["body"]));
                update.remove(Path::of(["timers"]));
                update.set(Path::of([form::GONE]), Value::Bool(true));
            }
        } else {
            update.0.extend(body.0.iter().cloned());
            if revives {
                update.remove(Path::of([form::GONE]));
            }
        }
        let commit = Arc::new(Commit {
            id: self.id.clone(),
            birth: self.birth,
            owner: self.owner.clone(),
            epoch: self.epoch,
            rev: self.rev,
            update,
            schema: more.schema,
            pending: self.outbox.has_rows(),
            wake_us: more.wake_us.filter(|_| more.end != End::Deleted),
            end,
        });
        self.flight = Some(Flight {
            commit: commit.clone(),
            body,
            login_no: self.login_no,
            is_urgent,
            is_doubtful: false,
            revives,
        });
        Some(commit)
    }

    /// The store's answer to the commit in flight, as it was asked for last. One to an earlier attempt is not for this.
    pub fn answered(&mut self, answer: Result<Committed, StoreError>) -> After {
        let Some(mut flight) = self.flight.take() else {
            return After::Over;
        };
        match answer {
            Ok(Committed::Applied) => self.committed(&flight),
            Ok(Committed::Taken { path }) if !flight.is_doubtful => {
                After::Taken(path, self.revert(flight))
            }
            Ok(Committed::Withheld) if !flight.is_doubtful => {
                After::Undone(self.revert(flight), None)
            }
            Err(StoreError::Unknown(_)) if !self.rules.has(Rule::IdenticalRetry) => {
                After::Undone(self.revert(flight), None)
            }
            // Other content may not follow on this revision: an earlier attempt may yet be done.
            Ok(_) => {
                self.is_over = true;
                After::Over
            }
            Err(error) => {
                flight.is_doubtful |= !error.is_undone();
                if flight.is_doubtful || matches!(error, StoreError::Unavailable(_)) {
                    let commit = flight.commit.clone();
                    self.flight = Some(flight);
                    After::Again(commit)
                } else {
                    After::Undone(self.revert(flight), Some(error))
                }
            }
        }
    }

    /// All rows that are committed and not acknowledged, by receiver and number. Receivers that have seen them say so again.
    pub fn deliveries(&self) -> impl Iterator<Item = Delivery> {
        let rows = self.outbox.rows(self.rules);
        rows.map(|(seq, lowest, row)| self.delivery(seq, lowest, row))
    }

    /// Goes on under another activation's epoch, as no activation may.
    #[doc(hidden)]
    pub fn adopt(&mut self, epoch: u64, rev: u64) {
        assert!(
            !self.rules.has(Rule::FencedIsOver),
            "only where the rule against it is off"
        );
        (self.epoch, self.rev, self.is_over) = (epoch, rev, false);
        self.outbox.unsaved();
        self.inbox.unsaved();
        self.is_urgent = true;
    }

    fn committed(&mut self, flight: &Flight) -> After {
        self.rev += 1;
        self.is_born = true;
        self.is_gone &= !flight.revives;
        self.login_saved = flight.login_no;
        self.is_over = flight.commit.end != End::Stays;
        let acks = self.inbox.saved(&self.id);
        let kept = self.outbox.saved();
        let deliveries = kept.iter().filter_map(|(to, seq)| {
            let (lowest, row) = self.outbox.row(to, *seq)?;
            Some(self.delivery(*seq, lowest, row))
        });
        After::Done {
            deliveries: deliveries.collect(),
            acks,
        }
    }

    /// The commit in flight was not done and never will be: its rows and marks are for the next one.
    fn revert(&mut self, flight: Flight) -> Update {
        self.outbox.unsaved();
        self.inbox.unsaved();
        self.is_urgent |= flight.is_urgent;
        flight.body
    }

    fn delivery(&self, seq: u64, lowest: u64, row: &Row) -> Delivery {
        Delivery {
            from: self.id.clone(),
            birth: self.birth,
            seq,
            lowest,
            row: row.clone(),
        }
    }

    fn is_mine(&self, ack: &Ack) -> bool {
        let is_life = ack.birth == self.birth || !self.rules.has(Rule::BirthInMarks);
        ack.from == self.id && is_life && !self.is_over
    }
}

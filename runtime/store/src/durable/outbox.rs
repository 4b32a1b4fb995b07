//! The sender's side: what was sent, what of it is committed, and what is acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::DocumentId;
use crate::durable::OUTBOX_MAX;
use crate::durable::form;
use crate::durable::message::{Ack, Row};
use crate::durable::rules::{Rule, Rules};
use crate::problem::Misfit;
use crate::value::{Path, Update, Value};

/// Rows by receiver and number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Outbox {
    lines: BTreeMap<DocumentId, Line>,
    /// Rows that were not acknowledged.
    count: usize,
    /// Rows that the document does not hold yet, or still holds though they are acknowledged.
    unsaved: BTreeSet<(DocumentId, u64)>,
    /// The same, of the commit in flight.
    saving: BTreeSet<(DocumentId, u64)>,
}

/// What goes to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Line {
    /// The number of the next row. Persisted, and never derived from what the line holds.
    next: u64,
    /// Rows below this were loaded.
    loaded: u64,
    rows: BTreeMap<u64, (Row, Stage)>,
}

/// How far a row has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stage {
    /// Sent by a handler.
    New,
    /// Part of the commit in flight.
    Saving,
    /// In the document.
    Kept,
    /// In the document, and acknowledged.
    Acked,
    /// Acknowledged, and its removal is part of the commit in flight.
    Dropping,
}

impl Outbox {
    pub(crate) fn load(root: &Value) -> Result<Self, Misfit> {
        let mut outbox = Self::default();
        let path = Path::of([form::NEXT]);
        for (name, value) in form::section(root, &path)?.into_iter().flatten() {
            let at = path.and(name);
            let next = form::countable(form::unsigned(value, &at)?, &at)?;
            outbox.line(&form::id_of_name(name, &at)?).next = next;
        }
        let path = Path::of([form::OUTBOX]);
        for name in form::section(root, &path)?.into_iter().flatten() {
            let at = path.and(name.0);
            let to = form::id_of_name(name.0, &at)?;
            for (name, value) in form::section(root, &at)?.into_iter().flatten() {
                let at = at.and(name);
                let seq = form::countable(form::number_of_name(name, &at)?, &at)?;
                let row = form::row_of_value(to.clone(), value, &at)?;
                let line = outbox.line(&to);
                line.rows.insert(seq, (row, Stage::Kept));
                // A number that is used is never given again, whatever the document says.
                line.next = line.next.max(seq + 1);
                outbox.count += 1;
            }
        }
        for line in outbox.lines.values_mut() {
            line.loaded = line.next;
        }
        Ok(outbox)
    }

    pub(crate) fn is_dirty(&self) -> bool {
        !self.unsaved.is_empty()
    }

    pub(crate) fn has_rows(&self) -> bool {
        self.count > 0
    }

    pub(crate) fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    pub(crate) fn room(&self) -> usize {
        OUTBOX_MAX.saturating_sub(self.count)
    }

    pub(crate) fn send(&mut self, row: Row, rules: Rules) -> u64 {
        let to = row.to.clone();
        let line = self.line(&to);
        let seq = if rules.has(Rule::PersistedSequence) {
            line.next
        } else {
            line.rows.last_key_value().map_or(1, |(seq, _)| seq + 1)
        };
        line.next = seq + 1;
        line.rows.insert(seq, (row, Stage::New));
        self.count += 1;
        self.unsaved.insert((to, seq));
        seq
    }

    /// Whether the acknowledgement refuses a row that is still here.
    pub(crate) fn brings_back(&self, ack: &Ack) -> bool {
        let line = self.lines.get(&ack.to);
        line.is_some_and(|line| {
            let mut refused = ack.refused.iter();
            refused.any(|(seq, _)| {
                *seq <= ack.upto && matches!(line.rows.get(seq), Some((_, Stage::Kept)))
            })
        })
    }

    /// Rows that were refused, with why.
    pub(crate) fn acked(&mut self, ack: &Ack) -> Vec<(Row, String)> {
        let mut refused = Vec::new();
        let Some(line) = self.lines.get_mut(&ack.to) else {
            return refused;
        };
        let mut forgotten = Vec::new();
        for (&seq, (row, stage)) in line.rows.range_mut(..=ack.upto) {
            match stage {
                Stage::Kept => *stage = Stage::Acked,
                // An acknowledgement of what was never sent, unless a rule is off.
                Stage::New => forgotten.push(seq),
                Stage::Saving | Stage::Acked | Stage::Dropping => continue,
            }
            self.count -= 1;
            self.unsaved.insert((ack.to.clone(), seq));
            if let Some((_, why)) = ack.refused.iter().find(|(of, _)| *of == seq) {
                refused.push((row.clone(), why.clone()));
            }
        }
        for seq in forgotten {
            line.rows.remove(&seq);
            self.unsaved.remove(&(ack.to.clone(), seq));
        }
        refused
    }

    /// Adds what is unsaved to a commit. `is_whole`: new rows too.
    pub(crate) fn save(&mut self, update: &mut Update, is_whole: bool) {
        let (next, outbox) = (Path::of([form::NEXT]), Path::of([form::OUTBOX]));
        let mut nexts = BTreeMap::new();
        for (to, seq) in std::mem::take(&mut self.unsaved) {
            let Some(line) = self.lines.get_mut(&to) else {
                continue;
            };
            let line_next = line.next;
            let Some((row, stage)) = line.rows.get_mut(&seq) else {
                continue;
            };
            let to_name = to.to_string();
            let at = outbox.and(&to_name).and(form::number_name(seq));
            match stage {
                Stage::New if !is_whole => {
                    self.unsaved.insert((to, seq));
                    continue;
                }
                Stage::New => {
                    update.set(at, form::row_value(row));
                    nexts.insert(to_name, line_next);
                    *stage = Stage::Saving;
                }
                Stage::Acked => {
                    update.remove(at);
                    *stage = Stage::Dropping;
                }
                Stage::Saving | Stage::Kept | Stage::Dropping => continue,
            }
            self.saving.insert((to, seq));
        }
        for (name, number) in nexts {
            update.set(next.and(name), Value::Unsigned(number));
        }
    }

    /// The commit in flight is done. Which rows it has brought.
    pub(crate) fn saved(&mut self) -> Vec<(DocumentId, u64)> {
        let mut kept = Vec::new();
        for (to, seq) in std::mem::take(&mut self.saving) {
            let Some(line) = self.lines.get_mut(&to) else {
                continue;
            };
            match line.rows.get_mut(&seq) {
                Some((_, stage @ Stage::Saving)) => {
                    *stage = Stage::Kept;
                    kept.push((to, seq));
                }
                Some((_, Stage::Dropping)) => drop(line.rows.remove(&seq)),
                _ => {}
            }
        }
        kept
    }

    /// The commit in flight was not done, and never will be.
    pub(crate) fn unsaved(&mut self) {
        for (to, seq) in std::mem::take(&mut self.saving) {
            let row = self
                .lines
                .get_mut(&to)
                .and_then(|line| line.rows.get_mut(&seq));
            match row {
                Some((_, stage @ Stage::Saving)) => *stage = Stage::New,
                Some((_, stage @ Stage::Dropping)) => *stage = Stage::Acked,
                _ => continue,
            }
            self.unsaved.insert((to, seq));
        }
    }

    /// All rows that may be sent.
    pub(crate) fn rows(&self, rules: Rules) -> impl Iterator<Item = (u64, u64, &Row)> {
        self.lines.values().flat_map(move |line| {
            let lowest = line.lowest();
            let rows = line.rows.iter().filter(move |(seq, (_, stage))| {
                let is_early = matches!(stage, Stage::New | Stage::Saving);
                let is_sent =
                    *stage == Stage::Kept || is_early && !rules.has(Rule::SendAfterCommit);
                is_sent && (rules.has(Rule::Resend) || **seq >= line.loaded)
            });
            rows.map(move |(seq, (row, _))| (*seq, lowest, row))
        })
    }

    /// One row, with the lowest number that the document holds for its receiver.
    pub(crate) fn row(&self, to: &DocumentId, seq: u64) -> Option<(u64, &Row)> {
        let line = self.lines.get(to)?;
        let (row, _) = line.rows.get(&seq)?;
        Some((line.lowest(), row))
    }

    fn line(&mut self, to: &DocumentId) -> &mut Line {
        self.lines.entry(to.clone()).or_insert_with(|| Line {
            next: 1,
            loaded: 1,
            rows: BTreeMap::new(),
        })
    }
}

impl Line {
    /// The lowest number that the document holds, also if it is acknowledged already: until its removal is committed a
    /// crash brings it back, and then it asks again what became of it.
    fn lowest(&self) -> u64 {
        let held = self
            .rows
            .iter()
            .find(|(_, (_, stage))| matches!(stage, Stage::Kept | Stage::Acked | Stage::Dropping));
        held.map_or(self.next, |(seq, _)| *seq)
    }
}

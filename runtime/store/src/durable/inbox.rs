//! The receiver's side: up to which number each sender's rows are done, and which of them were refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::DocumentId;
use crate::durable::REFUSAL_LENGTH_MAX;
use crate::durable::form;
use crate::durable::message::{Ack, Arrival, Delivery, Verdict};
use crate::durable::rules::{Rule, Rules};
use crate::problem::Misfit;
use crate::value::{Path, Update, Value};

/// Marks by sender and the sender's birth. They are never forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Inbox {
    marks: BTreeMap<(DocumentId, u64), Mark>,
    unsaved: BTreeSet<(DocumentId, u64)>,
    saving: BTreeSet<(DocumentId, u64)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Mark {
    now: Upto,
    saving: Option<Upto>,
    committed: Option<Upto>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Upto {
    seq: u64,
    refused: BTreeMap<u64, String>,
}

impl Inbox {
    pub(crate) fn load(root: &Value) -> Result<Self, Misfit> {
        let mut inbox = Self::default();
        let path = Path::of([form::INBOX]);
        for name in form::section(root, &path)?.into_iter().flatten() {
            let at = path.and(name.0);
            let from = form::id_of_name(name.0, &at)?;
            for (name, value) in form::section(root, &at)?.into_iter().flatten() {
                let at = at.and(name);
                let birth = form::number_of_name(name, &at)?;
                let (seq, refused) = form::mark_of_value(value, &at)?;
                let now = Upto { seq, refused };
                let mark = Mark {
                    committed: Some(now.clone()),
                    saving: None,
                    now,
                };
                inbox.marks.insert((from.clone(), birth), mark);
            }
        }
        Ok(inbox)
    }

    pub(crate) fn is_dirty(&self) -> bool {
        !self.unsaved.is_empty()
    }

    pub(crate) fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    pub(crate) fn arrives(&self, to: &DocumentId, delivery: &Delivery, rules: Rules) -> Arrival {
        let key = key(delivery, rules);
        let mark = self.marks.get(&key);
        // Without a mark nothing of this sender was ever acknowledged here, so its lowest row is its first one; if it is not,
        // this document was removed by hand, and what it knew with it.
        let seen = mark.map_or(delivery.lowest.saturating_sub(1), |mark| mark.now.seq);
        if delivery.seq > seen {
            let is_next = delivery.seq == seen + 1;
            return if is_next || !rules.has(Rule::GapsIgnored) {
                Arrival::Run
            } else {
                Arrival::Gap
            };
        }
        let Some(mark) = mark else {
            return Arrival::Gap;
        };
        let upto = if rules.has(Rule::AckAfterCommit) {
            mark.committed.as_ref()
        } else {
            Some(&mark.now)
        };
        match upto {
            Some(upto) if upto.seq >= delivery.seq && rules.has(Rule::AckAgain) => {
                let mut ack = upto.ack(&key, to);
                ack.birth = delivery.birth;
                if !rules.has(Rule::RefusalsKept) {
                    ack.refused.clear();
                }
                Arrival::Again(ack)
            }
            _ => Arrival::Wait,
        }
    }

    pub(crate) fn mark(&mut self, delivery: &Delivery, verdict: Verdict, rules: Rules) {
        let key = key(delivery, rules);
        let mark = self.marks.entry(key.clone()).or_default();
        mark.now.seq = delivery.seq;
        mark.now.refused.retain(|seq, _| *seq >= delivery.lowest);
        if let Verdict::Refused(mut why) = verdict {
            why.truncate(why.floor_char_boundary(REFUSAL_LENGTH_MAX));
            mark.now.refused.insert(delivery.seq, why);
        }
        self.unsaved.insert(key);
    }

    /// Adds what is unsaved to a commit.
    pub(crate) fn save(&mut self, update: &mut Update, rules: Rules) {
        let path = Path::of([form::INBOX]);
        for key in std::mem::take(&mut self.unsaved) {
            let Some(mark) = self.marks.get_mut(&key) else {
                continue;
            };
            let none = BTreeMap::new();
            let refused = if rules.has(Rule::RefusalsKept) {
                &mark.now.refused
            } else {
                &none
            };
            let at = path.and(key.0.to_string()).and(form::number_name(key.1));
            update.set(at, form::mark_value(mark.now.seq, refused));
            mark.saving = Some(mark.now.clone());
            self.saving.insert(key);
        }
    }

    /// The commit in flight is done. What is to be said of it.
    pub(crate) fn saved(&mut self, to: &DocumentId) -> Vec<Ack> {
        let mut acks = Vec::new();
        for key in std::mem::take(&mut self.saving) {
            if let Some(mark) = self.marks.get_mut(&key)
                && let Some(upto) = mark.saving.take()
            {
                acks.push(upto.ack(&key, to));
                mark.committed = Some(upto);
            }
        }
        acks
    }

    /// The commit in flight was not done, and never will be.
    pub(crate) fn unsaved(&mut self) {
        for key in std::mem::take(&mut self.saving) {
            if let Some(mark) = self.marks.get_mut(&key) {
                mark.saving = None;
            }
            self.unsaved.insert(key);
        }
    }
}

impl Upto {
    fn ack(&self, key: &(DocumentId, u64), to: &DocumentId) -> Ack {
        Ack {
            from: key.0.clone(),
            birth: key.1,
            to: to.clone(),
            upto: self.seq,
            refused: self.refused.clone().into_iter().collect(),
        }
    }
}

fn key(delivery: &Delivery, rules: Rules) -> (DocumentId, u64) {
    let birth = if rules.has(Rule::BirthInMarks) {
        delivery.birth
    } else {
        0
    };
    (delivery.from.clone(), birth)
}

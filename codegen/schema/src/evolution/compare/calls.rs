//! Calls and their parameters.

use super::{
    Case, Judge,
    attributes::relate_audiences,
    forms,
    pairing::{Link, Pair},
    wording::rate_text,
};
use crate::evolution::{
    key::Key,
    surface::{Element, Fact, Facts, Kind},
    table::Condition,
    verdict::Change,
};

impl Judge<'_> {
    /// Judges a call of the same kind, without its parameters.
    pub(super) fn call(&mut self, pair: &Pair<'_>) {
        let kind = pair.after.kind;
        if matches!(kind, Kind::Rpc | Kind::ClientRpc) {
            self.result(pair);
            self.simple(
                pair,
                Fact::Throws,
                Change::Retype,
                Condition::Throws,
                "error",
            );
        }
        if matches!(kind, Kind::Rpc | Kind::Oneway) {
            self.exposure(pair);
        }
        if kind == Kind::Event {
            let to = |facts: &Facts| facts.get(Fact::To).unwrap_or("owner").to_owned();
            let (before, after) = (to(&pair.before.facts), to(&pair.after.facts));
            if let Some(condition) = relate_audiences(&before, &after) {
                self.audience(pair, condition, Some(&before), Some(&after));
            }
        }
        if kind == Kind::Rpc {
            let idempotent = (Condition::IdempotentAdded, Condition::IdempotentRemoved);
            let (added, removed) = (Some(idempotent.0), Some(idempotent.1));
            self.toggled(pair, Fact::Idempotent, "`@idempotent`", added, removed);
        }
        if matches!(kind, Kind::Oneway | Kind::Timer) {
            let durable = (Condition::DurableAdded, Condition::DurableRemoved);
            self.toggled(
                pair,
                Fact::Durable,
                "`@durable`",
                Some(durable.0),
                Some(durable.1),
            );
        }
    }

    fn result(&mut self, pair: &Pair<'_>) {
        let (before, after) = (&pair.before.facts, &pair.after.facts);
        let results = (before.get(Fact::Result), after.get(Fact::Result));
        if before.has(Fact::Stream) != after.has(Fact::Stream) {
            let text = |facts: &Facts| {
                let stream = if facts.has(Fact::Stream) {
                    "stream "
                } else {
                    ""
                };
                format!("{stream}{}", facts.get(Fact::Result).unwrap_or_default())
            };
            let forms = (text(before), text(after));
            self.form_case(
                pair,
                Change::Retype,
                Condition::Stream,
                "result",
                (&forms.0, &forms.1),
            );
            return;
        }
        match results {
            (Some(old), Some(new)) => {
                let difference = forms::compare(old, new, self.previous, self.current);
                let condition = difference.retype.map(|condition| match condition {
                    Condition::SameForm | Condition::Twin => Condition::ResultSameForm,
                    _ => Condition::Result,
                });
                if let Some(condition) = condition {
                    self.form_case(pair, Change::Retype, condition, "result", (old, new));
                }
                if let Some(condition) = difference.rebound {
                    self.form_case(pair, Change::Rebound, condition, "result", (old, new));
                }
            }
            (None, None) => {}
            (old, new) => {
                let texts = (old.unwrap_or_default(), new.unwrap_or_default());
                self.form_case(pair, Change::Retype, Condition::Result, "result", texts);
            }
        }
    }

    fn exposure(&mut self, pair: &Pair<'_>) {
        let (before, after) = (&pair.before.facts, &pair.after.facts);
        let exposed = (Condition::ExposedAdded, Condition::ExposedRemoved);
        self.toggled(
            pair,
            Fact::Rate,
            "`@exposed`",
            Some(exposed.0),
            Some(exposed.1),
        );
        if !(before.has(Fact::Rate) && after.has(Fact::Rate)) {
            return;
        }
        if let Some(looser) = rate_looser(before, after) {
            let text = |facts: &Facts| {
                let rate = rate_text(facts.get(Fact::Rate).unwrap_or_default());
                format!(
                    "{rate}, burst: {}",
                    facts.get(Fact::Burst).unwrap_or_default()
                )
            };
            let condition = if looser {
                Condition::RateLooser
            } else {
                Condition::RateTighter
            };
            self.reattribute(pair, condition, "rate", text(before), text(after));
        }
        let guest = (Condition::GuestAdded, Condition::GuestRemoved);
        self.toggled(pair, Fact::Guest, "`guest`", Some(guest.0), Some(guest.1));
        let condition = match (before.get(Fact::For), after.get(Fact::For)) {
            (None, Some(_)) => Some(Condition::AudienceNarrower),
            (Some(_), None) => Some(Condition::AudienceWider),
            (Some(before), Some(after)) if before != after => Some(Condition::AudienceMoved),
            _ => None,
        };
        if let Some(condition) = condition {
            self.audience(pair, condition, before.get(Fact::For), after.get(Fact::For));
        }
    }

    /// Judges the parameters of a call. They go by name as long as their order is kept, for a name that is found
    /// elsewhere shows what was meant; what is read goes by position.
    pub(super) fn parameters(&mut self, pair: &Pair<'_>) {
        let (previous, current) = (self.previous, self.current);
        let old: Vec<(&Key, &Element)> = previous.children_of(pair.old_key);
        let new: Vec<(&Key, &Element)> = current.children_of(pair.key);
        let position = |list: &[(&Key, &Element)], name: &str| {
            list.iter().position(|(_, element)| element.name == name)
        };
        let last_kept = |list: &[(&Key, &Element)], other: &[(&Key, &Element)]| {
            list.iter()
                .rposition(|(_, element)| position(other, &element.name).is_some())
        };
        let last_old = last_kept(&old, &new);
        let last_new = last_kept(&new, &old);
        let kept: Vec<usize> = new
            .iter()
            .filter_map(|(_, element)| position(&old, &element.name))
            .collect();
        let mut sorted = kept.clone();
        sorted.sort_unstable();
        let mut ranks = kept.iter().zip(&sorted);
        for (index, (key, after)) in new.iter().copied().enumerate() {
            match position(&old, &after.name) {
                Some(at) => {
                    let moved = ranks.next().is_some_and(|(own, expected)| own != expected);
                    if moved {
                        self.moved(key, at, index);
                    } else {
                        let (old_key, before) = old[at];
                        self.attributes(&Pair {
                            key,
                            old_key,
                            before,
                            after,
                        });
                    }
                }
                None => match old.get(index) {
                    Some((old_key, before)) if position(&new, &before.name).is_none() => {
                        self.link(&Link::Both(Pair {
                            key,
                            old_key,
                            before,
                            after,
                        }));
                    }
                    _ => {
                        self.parameter(Change::Add, key, after, last_new.is_some_and(|l| index < l))
                    }
                },
            }
        }
        for (index, (key, before)) in old.iter().copied().enumerate() {
            let renamed = new
                .get(index)
                .is_some_and(|(_, after)| position(&old, &after.name).is_none());
            if position(&new, &before.name).is_none() && !renamed {
                self.parameter(
                    Change::Remove,
                    key,
                    before,
                    last_old.is_some_and(|l| index < l),
                );
            }
        }
    }

    fn moved(&mut self, key: &Key, before: usize, after: usize) {
        self.emit(Case {
            kind: Kind::Parameter,
            key,
            change: Change::Reorder,
            condition: Condition::Always,
            what: "position",
            before: (before + 1).to_string(),
            after: (after + 1).to_string(),
        });
    }

    fn parameter(&mut self, change: Change, key: &Key, element: &Element, between: bool) {
        let condition = if between {
            Condition::Between
        } else if element.facts.has(Fact::Default) {
            Condition::WithDefault
        } else {
            Condition::Required
        };
        let name = |there: bool| {
            if there {
                element.name.clone()
            } else {
                String::new()
            }
        };
        self.emit(Case {
            kind: Kind::Parameter,
            key,
            change,
            condition,
            what: "",
            before: name(change == Change::Remove),
            after: name(change == Change::Add),
        });
    }
}

/// Whether the new rate or burst allows more; `None` if they are the same.
fn rate_looser(before: &Facts, after: &Facts) -> Option<bool> {
    let rate = |facts: &Facts| {
        let (count, per) = facts.get(Fact::Rate)?.split_once('/')?;
        Some((count.parse::<i128>().ok()?, per.parse::<i128>().ok()?))
    };
    let burst = |facts: &Facts| facts.get(Fact::Burst)?.parse::<i128>().ok();
    let ((old, old_per), (new, new_per)) = (rate(before)?, rate(after)?);
    let rates = (new * old_per).cmp(&(old * new_per));
    let bursts = burst(after).cmp(&burst(before));
    if rates.is_eq() && bursts.is_eq() {
        return None;
    }
    Some(rates.is_gt() || bursts.is_gt())
}

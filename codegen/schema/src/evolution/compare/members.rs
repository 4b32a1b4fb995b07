//! Types, bounds and defaults: of newtypes, fields, arms, properties and parameters.

use super::{Case, Judge, forms, pairing::Pair};
use crate::evolution::{
    surface::{Fact, Facts, Kind, Surface},
    table::Condition,
    verdict::Change,
};

impl Judge<'_> {
    /// Judges type, bound and default.
    pub(super) fn typed(&mut self, pair: &Pair<'_>) {
        let before = pair.before.facts.get(Fact::Type).unwrap_or_default();
        let after = pair.after.facts.get(Fact::Type).unwrap_or_default();
        let mut difference = forms::compare(before, after, self.previous, self.current);
        if difference.optional && pair.before.facts.has(Fact::Default) {
            // What was left off as the default is none now.
            difference.retype = Some(Condition::Other);
        }
        if let Some(condition) = difference.retype {
            self.form_case(pair, Change::Retype, condition, "type", (before, after));
        }
        if let Some(condition) = difference.rebound {
            self.form_case(pair, Change::Rebound, condition, "type", (before, after));
        }
        self.default(pair, difference);
    }

    /// Judges what an arm carries.
    pub(super) fn arm(&mut self, pair: &Pair<'_>) {
        let body = |surface: &Surface, facts: &Facts| match facts.get(Fact::Type) {
            Some(ty) => self.pretty(surface, ty),
            None => facts.get(Fact::Body).unwrap_or_default().to_owned(),
        };
        let same = pair.before.facts.get(Fact::Body) == pair.after.facts.get(Fact::Body);
        if same {
            self.typed(pair);
            return;
        }
        let before = body(self.previous, &pair.before.facts);
        let after = body(self.current, &pair.after.facts);
        self.emit(Case {
            kind: Kind::Arm,
            key: pair.key,
            change: Change::Retype,
            condition: Condition::Other,
            what: "body",
            before,
            after,
        });
    }

    /// Emits a change between two forms, shown as the schema would write them.
    pub(super) fn form_case(
        &mut self,
        pair: &Pair<'_>,
        change: Change,
        condition: Condition,
        what: &str,
        (before, after): (&str, &str),
    ) {
        let before = self.pretty(self.previous, before);
        let after = self.pretty(self.current, after);
        let kind = pair.after.kind;
        self.emit(Case {
            kind,
            key: pair.key,
            change,
            condition,
            what,
            before,
            after,
        });
    }

    fn default(&mut self, pair: &Pair<'_>, difference: forms::Difference) {
        let kind = pair.after.kind;
        let before = pair.before.facts.get(Fact::Default);
        let after = pair.after.facts.get(Fact::Default);
        let condition = match (before, after) {
            (None, Some(_)) => Condition::DefaultAdded,
            (Some(_), None) => Condition::DefaultRemoved,
            (Some(before), Some(after)) if before != after => Condition::DefaultChanged,
            _ => return,
        };
        // A default that nobody wrote follows from the type: the verdict stands where that changed.
        let written = kind == Kind::Newtype
            || pair.before.facts.has(Fact::Written)
            || pair.after.facts.has(Fact::Written);
        let told = difference.retype == Some(Condition::Other);
        let same_type = difference == forms::Difference::default();
        if !written && (same_type || told) {
            return;
        }
        self.emit(Case {
            kind,
            key: pair.key,
            change: Change::Reattribute,
            condition,
            what: "default",
            before: before.unwrap_or_default().to_owned(),
            after: after.unwrap_or_default().to_owned(),
        });
    }
}

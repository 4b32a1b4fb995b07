//! Attributes and the like, by the kind of element.

use super::{
    Case, Judge, forms,
    pairing::Pair,
    wording::{short_name, time_text},
};
use crate::evolution::{
    surface::{Fact, Kind},
    table::{self, Condition},
    verdict::Change,
};

impl Judge<'_> {
    /// Judges an element of both versions for all but its name, its number and its contents.
    pub(super) fn attributes(&mut self, pair: &Pair<'_>) {
        match pair.after.kind {
            Kind::Package
            | Kind::Role
            | Kind::Requires
            | Kind::Component
            | Kind::Struct
            | Kind::Error => {}
            Kind::Audience => self.simple(
                pair,
                Fact::Type,
                Change::Retype,
                Condition::Always,
                "parameter",
            ),
            Kind::Const => {
                self.simple(pair, Fact::Type, Change::Retype, Condition::Always, "type");
                self.simple(
                    pair,
                    Fact::Value,
                    Change::Reattribute,
                    Condition::Value,
                    "value",
                );
            }
            Kind::Newtype | Kind::Field | Kind::Parameter => self.typed(pair),
            Kind::Enum | Kind::Flags | Kind::Union => self.carried(pair),
            Kind::Flag => {
                self.simple(
                    pair,
                    Fact::Bits,
                    Change::Reattribute,
                    Condition::Bits,
                    "bits",
                );
            }
            Kind::EnumValue => {}
            Kind::Arm => self.arm(pair),
            Kind::Property => {
                self.typed(pair);
                self.property(pair);
            }
            Kind::Slot => self.slot(pair),
            Kind::Rpc | Kind::Oneway | Kind::Event | Kind::Timer | Kind::ClientRpc => {
                self.call(pair)
            }
            Kind::Entity => self.entity(pair),
            Kind::Service => {
                self.simple(
                    pair,
                    Fact::Role,
                    Change::Reattribute,
                    Condition::OnRole,
                    "role",
                );
            }
        }
        self.marks(pair);
        let stored = (pair.before.stored_name(), pair.after.stored_name());
        // A renamed element is judged as such.
        if pair.after.kind.is_stored_by_name()
            && pair.before.name == pair.after.name
            && stored.0 != stored.1
        {
            let (before, after) = (stored.0.to_owned(), stored.1.to_owned());
            self.reattribute(pair, Condition::Refiled, "name in documents", before, after);
        }
    }

    /// Judges a fact whose every difference is one case.
    pub(super) fn simple(
        &mut self,
        pair: &Pair<'_>,
        fact: Fact,
        change: Change,
        condition: Condition,
        what: &str,
    ) {
        let (before, after) = (pair.before.facts.get(fact), pair.after.facts.get(fact));
        if before == after {
            return;
        }
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        let text = |surface, text: &str| match fact {
            Fact::Role | Fact::Container | Fact::Component | Fact::Throws => {
                short_name(surface, text)
            }
            Fact::Type => self.pretty(surface, text),
            _ => text.to_owned(),
        };
        let (before, after) = (text(self.previous, before), text(self.current, after));
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

    /// Judges an attribute that came or went.
    pub(super) fn toggled(
        &mut self,
        pair: &Pair<'_>,
        fact: Fact,
        attribute: &str,
        added: Option<Condition>,
        removed: Option<Condition>,
    ) {
        let (before, after) = (pair.before.facts.has(fact), pair.after.facts.has(fact));
        let condition = match (before, after) {
            (false, true) => added,
            (true, false) => removed,
            _ => None,
        };
        if let Some(condition) = condition {
            let text = |there| {
                if there {
                    attribute.to_owned()
                } else {
                    String::new()
                }
            };
            self.reattribute(pair, condition, "", text(before), text(after));
        }
    }

    pub(super) fn reattribute(
        &mut self,
        pair: &Pair<'_>,
        condition: Condition,
        what: &str,
        before: String,
        after: String,
    ) {
        let (kind, change) = (pair.after.kind, Change::Reattribute);
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

    /// Judges the integer that carries an enum or flags, and whether unknown values are refused.
    fn carried(&mut self, pair: &Pair<'_>) {
        let before = pair.before.facts.get(Fact::Repr).unwrap_or_default();
        let after = pair.after.facts.get(Fact::Repr).unwrap_or_default();
        if before != after {
            let closed = pair.before.facts.has(Fact::Closed) && pair.after.facts.has(Fact::Closed);
            let condition = if closed {
                Condition::Closed
            } else {
                forms::repr(before, after)
            };
            self.simple(pair, Fact::Repr, Change::Retype, condition, "integer");
        }
        let conditions = (Some(Condition::NowClosed), Some(Condition::NowOpen));
        self.toggled(pair, Fact::Closed, "`closed`", conditions.0, conditions.1);
    }

    fn entity(&mut self, pair: &Pair<'_>) {
        let facts = (&pair.before.facts, &pair.after.facts);
        if facts.0.get(Fact::Addressed) != facts.1.get(Fact::Addressed) {
            self.simple(
                pair,
                Fact::Addressed,
                Change::Retype,
                Condition::OtherKind,
                "kind",
            );
            return;
        }
        let parts = |text: Option<&str>| -> Vec<String> {
            text.map(|text| text.split("; ").map(str::to_owned).collect())
                .unwrap_or_default()
        };
        let before = parts(facts.0.get(Fact::EntityKey));
        let after = parts(facts.1.get(Fact::EntityKey));
        if before.len() == after.len() {
            for (before, after) in before.iter().zip(&after) {
                let difference = forms::compare(before, after, self.previous, self.current);
                if let Some(condition) = difference.retype {
                    // Keys are scalars: no key is the twin of another, and a wider one is another one.
                    let condition = match condition {
                        Condition::SameForm => Condition::SameForm,
                        _ => Condition::Other,
                    };
                    self.form_case(pair, Change::Retype, condition, "key", (before, after));
                }
                if let Some(condition) = difference.rebound {
                    self.form_case(pair, Change::Rebound, condition, "key", (before, after));
                }
            }
        } else {
            self.simple(
                pair,
                Fact::EntityKey,
                Change::Retype,
                Condition::Other,
                "key",
            );
        }
        self.simple(
            pair,
            Fact::Role,
            Change::Reattribute,
            Condition::OnRole,
            "role",
        );
        self.simple(
            pair,
            Fact::Container,
            Change::Reattribute,
            Condition::InContainer,
            "container",
        );
    }

    fn slot(&mut self, pair: &Pair<'_>) {
        self.simple(
            pair,
            Fact::Component,
            Change::Retype,
            Condition::Other,
            "component",
        );
        self.toggled(
            pair,
            Fact::Transient,
            "`@transient`",
            Some(Condition::TransientAdded),
            None,
        );
        let hidden = (Some(Condition::HiddenAdded), Some(Condition::HiddenRemoved));
        self.toggled(pair, Fact::Hidden, "`@hidden`", hidden.0, hidden.1);
        // Without `@sync` a slot takes nothing away from what its component says.
        let before = pair.before.facts.get(Fact::Sync);
        let after = pair.after.facts.get(Fact::Sync);
        let condition = match (before, after) {
            (None, Some(_)) => Some(Condition::AudienceNarrower),
            (Some(_), None) => Some(Condition::AudienceWider),
            (Some(before), Some(after)) => relate_audiences(before, after),
            (None, None) => None,
        };
        if let Some(condition) = condition {
            self.audience(pair, condition, before, after);
        }
    }

    fn property(&mut self, pair: &Pair<'_>) {
        let facts = (&pair.before.facts, &pair.after.facts);
        let persist = (
            Some(Condition::PersistAdded),
            Some(Condition::PersistRemoved),
        );
        self.toggled(pair, Fact::Persist, "`@persist`", persist.0, persist.1);
        let sync = (Some(Condition::SyncAdded), Some(Condition::SyncRemoved));
        self.toggled(pair, Fact::Sync, "`@sync`", sync.0, sync.1);
        if let (Some(before), Some(after)) = (facts.0.get(Fact::Sync), facts.1.get(Fact::Sync)) {
            if let Some(condition) = relate_audiences(before, after) {
                self.audience(pair, condition, Some(before), Some(after));
            }
            self.range(pair);
        }
        self.toggled(
            pair,
            Fact::Unique,
            "`@unique`",
            Some(Condition::UniqueAdded),
            None,
        );
        // What is unique can be looked up as what is indexed can.
        let lookup = |facts: &crate::evolution::surface::Facts| {
            facts.has(Fact::Unique) || facts.has(Fact::Index)
        };
        if lookup(facts.0) && !lookup(facts.1) {
            let fact = if facts.0.has(Fact::Unique) {
                "`@unique`"
            } else {
                "`@index`"
            };
            self.reattribute(
                pair,
                Condition::LookupRemoved,
                "",
                fact.to_owned(),
                String::new(),
            );
        }
    }

    /// Judges the range of `near`. Without one it is as configured, which may be more or less.
    fn range(&mut self, pair: &Pair<'_>) {
        let before = pair.before.facts.get(Fact::Within);
        let after = pair.after.facts.get(Fact::Within);
        if before == after {
            return;
        }
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
        let condition = match (number(before), number(after)) {
            (Some(before), Some(after)) if after < before => Condition::AudienceNarrower,
            (Some(_), Some(_)) => Condition::AudienceWider,
            _ => Condition::AudienceMoved,
        };
        let text = |text: Option<&str>| text.unwrap_or("as configured").to_owned();
        self.reattribute(pair, condition, "`within`", text(before), text(after));
    }

    pub(super) fn audience(
        &mut self,
        pair: &Pair<'_>,
        condition: Condition,
        before: Option<&str>,
        after: Option<&str>,
    ) {
        let names = |surface, text: Option<&str>| {
            let names = text.into_iter().flat_map(|text| text.split('|'));
            names
                .map(|name| short_name(surface, name))
                .collect::<Vec<_>>()
                .join(" | ")
        };
        let before = names(self.previous, before);
        let after = names(self.current, after);
        self.reattribute(pair, condition, "audience", before, after);
    }

    /// Judges what any element may carry, and all that hurts nobody as one case.
    fn marks(&mut self, pair: &Pair<'_>) {
        let kind = pair.after.kind;
        let has = |condition| table::find(kind, Change::Reattribute, condition).is_some();
        if has(Condition::InternalAdded) {
            self.toggled(
                pair,
                Fact::Internal,
                "`@internal`",
                Some(Condition::InternalAdded),
                None,
            );
        }
        if has(Condition::RedactRemoved) {
            self.toggled(
                pair,
                Fact::Redact,
                "`@redact`",
                None,
                Some(Condition::RedactRemoved),
            );
        }
        if !has(Condition::Marks) {
            return;
        }
        let facts = (&pair.before.facts, &pair.after.facts);
        let both = |fact| facts.0.has(fact) == facts.1.has(fact);
        for (fact, name, watched) in HARMLESS {
            let (before, after) = (facts.0.get(*fact), facts.1.get(*fact));
            let counts = match watched {
                Watched::Any => true,
                Watched::Value => both(*fact),
                Watched::Added => after.is_some(),
                Watched::Removed => before.is_some(),
            };
            if before == after || !counts {
                continue;
            }
            if before.or(after) == Some("") && before.is_some() != after.is_some() {
                let text = |there: bool| {
                    if there {
                        format!("`{name}`")
                    } else {
                        String::new()
                    }
                };
                let (before, after) = (text(before.is_some()), text(after.is_some()));
                self.reattribute(pair, Condition::Marks, "", before, after);
            } else {
                let text = |value: Option<&str>| match fact {
                    Fact::Quantize | Fact::Priority => value.unwrap_or_default().to_owned(),
                    _ => value
                        .filter(|value| !value.is_empty())
                        .map(time_text)
                        .unwrap_or_default(),
                };
                let (before, after) = (text(before), text(after));
                let what = format!("`{name}`");
                self.reattribute(pair, Condition::Marks, &what, before, after);
            }
        }
    }
}

/// Which differences of a fact hurt nobody.
enum Watched {
    Any,
    /// Its value, where it is there before and after.
    Value,
    Added,
    Removed,
}

const HARMLESS: &[(Fact, &str, Watched)] = &[
    (Fact::Persist, "@persist(every)", Watched::Value),
    (Fact::Latest, "@sync(latest)", Watched::Any),
    (Fact::Every, "@sync(every)", Watched::Any),
    (Fact::Quantize, "@sync(quantize)", Watched::Any),
    (Fact::Position, "@position", Watched::Any),
    (Fact::Index, "@index", Watched::Added),
    (Fact::Handoff, "@handoff", Watched::Any),
    (Fact::Priority, "@priority", Watched::Any),
    (Fact::Transient, "@transient", Watched::Removed),
    (Fact::Deadline, "@deadline", Watched::Any),
    (Fact::Committed, "@committed", Watched::Any),
    (Fact::Expires, "@expires", Watched::Any),
    (Fact::Unreliable, "@unreliable", Watched::Any),
    (Fact::Tick, "@tick", Watched::Any),
    (Fact::Internal, "@internal", Watched::Removed),
    (Fact::Redact, "@redact", Watched::Added),
    (Fact::Deprecated, "@deprecated", Watched::Any),
];

/// How two sets of audiences relate, as the condition of a change; `None` if they are the same.
pub(super) fn relate_audiences(before: &str, after: &str) -> Option<Condition> {
    let (before, after) = (atoms(before), atoms(after));
    let wider = before.iter().all(|atom| after.contains(atom));
    let narrower = after.iter().all(|atom| before.contains(atom));
    match (wider, narrower) {
        (true, true) => None,
        (true, false) => Some(Condition::AudienceWider),
        (false, true) => Some(Condition::AudienceNarrower),
        (false, false) => Some(Condition::AudienceMoved),
    }
}

/// Who is in a set of audiences: the owner, those in range, other observers, members of declared ones.
fn atoms(text: &str) -> Vec<&str> {
    let of = |audience| match audience {
        "owner" => vec!["owner"],
        "near" => vec!["owner", "in range"],
        "all" => vec!["owner", "in range", "observer"],
        "others" => vec!["in range", "observer"],
        named => vec![named],
    };
    text.split('|').flat_map(of).collect()
}

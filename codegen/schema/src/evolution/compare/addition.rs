//! What is new and what is gone.

use super::{Case, Judge, durable, pairing};
use crate::evolution::{
    key::{Id, Key, Space},
    surface::{Element, Fact, Kind, Surface},
    table::Condition,
    verdict::Change,
};

impl Judge<'_> {
    /// Judges an element whose holder was there before, and what of its contents clients can reach.
    pub(super) fn added(&mut self, key: &Key, element: &Element) {
        let condition = match element.kind {
            Kind::Package => Condition::Always,
            Kind::EnumValue => self.value_added(key),
            Kind::Arm if self.closed(self.previous, key) => Condition::Closed,
            Kind::Arm => Condition::Open,
            Kind::Field | Kind::Property => default(element),
            Kind::Requires => self.requirement(key),
            Kind::Slot => return self.slot_added(key, element, true),
            Kind::Rpc | Kind::Oneway if element.facts.has(Fact::Rate) => Condition::Exposed,
            Kind::Rpc | Kind::Oneway => Condition::Plain,
            _ => Condition::Always,
        };
        self.addition(key, element, condition);
        if matches!(element.kind, Kind::Entity | Kind::Service) {
            self.ways_in(key);
        }
    }

    fn addition(&mut self, key: &Key, element: &Element, condition: Condition) {
        self.emit(Case {
            kind: element.kind,
            key,
            change: Change::Add,
            condition,
            what: "",
            before: String::new(),
            after: element.name.clone(),
        });
    }

    /// Judges what a new entity or service lets clients call. All else in it is as new as itself.
    fn ways_in(&mut self, holder: &Key) {
        let current = self.current;
        for (key, element) in current.children_of(holder) {
            match element.kind {
                Kind::Slot => self.slot_added(key, element, false),
                Kind::Rpc | Kind::Oneway if element.facts.has(Fact::Rate) => {
                    self.addition(key, element, Condition::Exposed);
                }
                _ => {}
            }
        }
    }

    /// Judges a slot; unless `all`, only what of it clients can call.
    fn slot_added(&mut self, key: &Key, element: &Element, all: bool) {
        let component = element.facts.get(Fact::Component).and_then(Key::parse);
        let contents: Vec<&Element> = component
            .iter()
            .flat_map(|component| self.current.children_of(component))
            .map(|(_, element)| element)
            .collect();
        let exposed = contents.iter().any(|inner| inner.facts.has(Fact::Rate));
        let reachable = exposed && !element.facts.has(Fact::Hidden);
        if reachable {
            self.addition(key, element, Condition::Exposed);
        }
        if !all {
            return;
        }
        let mut properties = contents.iter().filter(|inner| inner.kind == Kind::Property);
        if properties.any(|property| !property.facts.has(Fact::Default)) {
            self.addition(key, element, Condition::Required);
        } else if !reachable {
            self.addition(key, element, Condition::WithDefault);
        }
    }

    pub(super) fn removed(&mut self, key: &Key, element: &Element) {
        let condition = match element.kind {
            Kind::Package if self.addressed(self.original, key) => Condition::Addressed,
            Kind::Package => Condition::Plain,
            Kind::EnumValue if self.closed(self.current, key) => Condition::Closed,
            Kind::EnumValue if key.number() == Some(0) => Condition::Zero,
            Kind::Arm if self.closed(self.current, key) => Condition::Closed,
            Kind::EnumValue | Kind::Arm => Condition::Open,
            Kind::Flag if key.space() == Some(Space::Combination) => Condition::Combination,
            Kind::Flag => Condition::Single,
            Kind::Field | Kind::Property => default(element),
            Kind::Oneway | Kind::Timer => durable(element),
            _ => Condition::Always,
        };
        self.emit(Case {
            kind: element.kind,
            key,
            change: Change::Remove,
            condition,
            what: "",
            before: element.name.clone(),
            after: String::new(),
        });
    }

    fn value_added(&self, key: &Key) -> Condition {
        if self.closed(self.previous, key) {
            Condition::Closed
        } else if key.number() == Some(0) {
            Condition::Zero
        } else {
            Condition::Open
        }
    }

    /// Whether the type that an element stands in is closed.
    fn closed(&self, surface: &Surface, key: &Key) -> bool {
        surface
            .get(&key.declared())
            .is_some_and(|element| element.facts.has(Fact::Closed))
    }

    /// Whether an entity of the previous version has the component and lacks what is required now.
    fn requirement(&self, key: &Key) -> Condition {
        let component = key.declared().to_string();
        let required = key.path.last().map(|step| &step.id);
        let lacking = self.previous.iter().any(|(entity, element)| {
            element.kind == Kind::Entity
                && pairing::slots(self.previous, entity).any(|slot| slot == component)
                && !pairing::slots(self.previous, entity)
                    .any(|slot| matches!(required, Some(Id::Name(name)) if name == slot))
        });
        if lacking {
            Condition::Lacking
        } else {
            Condition::Met
        }
    }
}

fn default(element: &Element) -> Condition {
    if element.facts.has(Fact::Default) {
        Condition::WithDefault
    } else {
        Condition::Required
    }
}

//! From a model to its surface: packages, types, components, entities, services.

use std::sync::Arc;

use playhouse_syntax::Span;

use super::{Element, Fact, Facts, Kind, Place, Surface, calls, reach::Reach};
use crate::{
    evolution::{
        digest,
        form::Form,
        key::{Key, Root, Space, full_name},
    },
    model::{
        Audience, Entity, EntityKind, Head, Item, Marks, Member, Model, Property, Slot, Type, Value,
    },
};

pub(super) fn collect(model: &Model) -> Surface {
    let digests = digest::of(model);
    let mut collector = Collector {
        model,
        reach: Reach::of(model),
        digests: &digests,
        elements: Vec::new(),
        path: Arc::from(""),
    };
    for package in model.packages.iter().filter(|package| package.local) {
        let mut facts = Facts::default();
        facts.set(Fact::Number, package.number.to_string());
        let place = package.modules.first().map(|m| Place {
            path: Arc::from(m.path.as_str()),
            line: 1,
            span: None,
        });
        collector.elements.push((
            Key::package(&package.name),
            Element {
                kind: Kind::Package,
                name: package.name.clone(),
                was: Vec::new(),
                since: None,
                facts,
                place,
            },
        ));
        // In the order of keys, so that nothing is left to sort.
        let items = package.modules.iter().flat_map(|module| &module.items);
        let mut items: Vec<(Root, Item)> = items.map(|item| (root(model, *item), *item)).collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, item) in items {
            collector.item(&package.name, item);
        }
    }
    Surface {
        release: None,
        root: digests.root,
        elements: collector.elements.into_iter().collect(),
    }
}

fn root(model: &Model, item: Item) -> Root {
    let head = match item {
        Item::Type(id) => &model.types[id.0 as usize].head,
        Item::Const(id) => &model.consts[id.0 as usize].head,
        Item::Role(id) => &model.roles[id.0 as usize].head,
        Item::Audience(id) => &model.audiences[id.0 as usize].head,
        Item::Component(id) => return Root::Numbered(model.components[id.0 as usize].number),
        Item::Entity(id) => return Root::Numbered(model.entities[id.0 as usize].number),
        Item::Service(id) => return Root::Numbered(model.services[id.0 as usize].number),
    };
    Root::Named(head.name.clone())
}

/// What is collected, and what it is collected from.
pub(super) struct Collector<'a> {
    pub(super) model: &'a Model,
    pub(super) reach: Reach,
    pub(super) digests: &'a digest::Digests,
    elements: Vec<(Key, Element)>,
    /// The path of the last element, which most likely is that of the next too.
    path: Arc<str>,
}

impl Collector<'_> {
    pub(super) fn add(&mut self, key: Key, kind: Kind, own: Own<'_>, mut facts: Facts) {
        facts.mark(Fact::Internal, own.marks.internal);
        facts.mark(Fact::Redact, own.marks.redact);
        facts.mark(Fact::Deprecated, own.marks.deprecated.is_some());
        if kind.is_stored_by_name() {
            facts.set_if(Fact::Filed, own.marks.was.first());
        }
        if *self.path != *own.path {
            self.path = Arc::from(own.path);
        }
        let element = Element {
            kind,
            name: own.name.to_owned(),
            was: own.marks.was.clone(),
            since: own.marks.since,
            facts,
            place: Some(Place {
                path: Arc::clone(&self.path),
                line: own.line,
                span: Some(own.span),
            }),
        };
        self.elements.push((key, element));
    }

    /// Where the next element goes.
    pub(super) fn next(&self) -> usize {
        self.elements.len()
    }

    /// Puts the last element before those from `at` on: a holder, which is known when its parts are, before them.
    pub(super) fn lead(&mut self, at: usize) {
        self.elements[at..].rotate_right(1);
    }

    /// A type as canonical text.
    pub(super) fn form(&self, ty: &Type) -> String {
        Form::of(self.model, ty).to_string()
    }

    /// The audience's name.
    pub(super) fn audience(&self, audience: Audience) -> String {
        match audience {
            Audience::Owner => "owner".to_owned(),
            Audience::All => "all".to_owned(),
            Audience::Others => "others".to_owned(),
            Audience::Near => "near".to_owned(),
            Audience::Named(id) => full_name(self.model, &self.model.audiences[id.0 as usize].head),
        }
    }

    fn item(&mut self, package: &str, item: Item) {
        let model = self.model;
        let named = |head: &Head| Key::declaration(package, Root::Named(head.name.clone()));
        let numbered = |number: u16| Key::declaration(package, Root::Numbered(number));
        let mut facts = Facts::default();
        match item {
            Item::Type(id) => self.type_def(package, id.0 as usize),
            Item::Const(id) => {
                let constant = &model.consts[id.0 as usize];
                facts.set(Fact::Type, self.form(&constant.ty));
                facts.set(Fact::Value, value_text(&constant.value));
                self.add(
                    named(&constant.head),
                    Kind::Const,
                    Own::head(&constant.head),
                    facts,
                );
            }
            Item::Role(id) => {
                let head = &model.roles[id.0 as usize].head;
                self.add(named(head), Kind::Role, Own::head(head), facts);
            }
            Item::Audience(id) => {
                let audience = &model.audiences[id.0 as usize];
                facts.set_if(Fact::Type, audience.param.as_ref().map(|ty| self.form(ty)));
                self.add(
                    named(&audience.head),
                    Kind::Audience,
                    Own::head(&audience.head),
                    facts,
                );
            }
            Item::Component(id) => {
                let component = &model.components[id.0 as usize];
                let key = numbered(component.number);
                facts.set(
                    Fact::Digest,
                    digest::text(self.digests.components[id.0 as usize]),
                );
                facts.mark(
                    Fact::Stored,
                    component.properties.iter().any(|p| p.persist.is_some()),
                );
                let own = Own::head(&component.head);
                self.add(key.clone(), Kind::Component, own, facts);
                for required in &component.requires {
                    let required = &model.components[required.0 as usize];
                    let owner = &model.packages[required.head.package.0 as usize].name;
                    let target = format!("{owner}#{}", required.number);
                    let own = Own {
                        name: &required.head.name,
                        marks: &NO_MARKS,
                        ..own
                    };
                    let key = key.named_step(Space::Requires, target);
                    self.add(key, Kind::Requires, own, Facts::default());
                }
                self.properties(&key, own.path, &component.properties);
                calls::collect(self, &key, own.path, &component.calls);
            }
            Item::Entity(id) => {
                let entity = &model.entities[id.0 as usize];
                let digest = self.digests.entities[id.0 as usize];
                self.entity(&numbered(entity.number), entity, digest);
            }
            Item::Service(id) => {
                let service = &model.services[id.0 as usize];
                let key = numbered(service.number);
                facts.set(
                    Fact::Digest,
                    digest::text(self.digests.services[id.0 as usize]),
                );
                let role = &model.roles[service.role.0 as usize].head;
                facts.set(Fact::Role, full_name(model, role));
                facts.set_if(Fact::Deadline, service.deadline_us);
                let own = Own::head(&service.head);
                self.add(key.clone(), Kind::Service, own, facts);
                calls::collect(self, &key, own.path, &service.calls);
            }
        }
    }

    /// Type and default of a member.
    pub(super) fn member_facts(&self, member: &Member) -> Facts {
        let mut facts = Facts::default();
        facts.set(Fact::Type, self.form(&member.ty));
        facts.set_if(Fact::Default, member.default.as_ref().map(value_text));
        facts.mark(Fact::Written, member.default_written);
        facts
    }

    fn properties(&mut self, parent: &Key, path: &str, properties: &[Property]) {
        for property in properties {
            let mut facts = self.member_facts(&property.member);
            if let Some(persist) = &property.persist {
                let every = persist.every_us.map(|us| us.to_string());
                facts.set(Fact::Persist, every.unwrap_or_default());
                facts.mark(Fact::Stored, true);
            }
            if let Some(sync) = &property.sync {
                facts.set(Fact::Sync, self.audience(sync.audience));
                facts.mark(Fact::Latest, sync.latest);
                facts.set_if(Fact::Every, sync.every_us);
                facts.set_if(Fact::Quantize, sync.quantize);
                facts.set_if(Fact::Within, sync.within);
            }
            facts.mark(Fact::Position, property.position);
            facts.mark(Fact::Unique, property.unique);
            facts.mark(Fact::Index, property.index);
            facts.mark(Fact::Handoff, property.handoff);
            facts.set_if(
                Fact::Priority,
                (property.priority > 0).then_some(property.priority),
            );
            let key = parent.step(Space::Member, property.member.tag);
            self.add(
                key,
                Kind::Property,
                Own::member(&property.member, path),
                facts,
            );
        }
    }

    fn entity(&mut self, key: &Key, entity: &Entity, digest: u64) {
        let model = self.model;
        let mut facts = Facts::default();
        facts.set(Fact::Digest, digest::text(digest));
        let addressed = match &entity.kind {
            EntityKind::Keyed(parts) => {
                let parts: Vec<String> = parts.iter().map(|ty| self.form(ty)).collect();
                facts.set(Fact::EntityKey, parts.join("; "));
                "keyed"
            }
            EntityKind::Instance => "instance",
            EntityKind::Singleton => "singleton",
            EntityKind::PerNode => "per_node",
            EntityKind::Local => "local",
        };
        facts.set(Fact::Addressed, addressed);
        if let Some(role) = entity.role {
            facts.set(
                Fact::Role,
                full_name(model, &model.roles[role.0 as usize].head),
            );
        }
        if let Some(container) = entity.container {
            let container = &model.entities[container.0 as usize];
            let owner = &model.packages[container.head.package.0 as usize].name;
            facts.set(Fact::Container, format!("{owner}#{}", container.number));
        }
        facts.set_if(Fact::Deadline, entity.deadline_us);
        facts.set_if(Fact::Tick, entity.tick_us);
        let own_state = entity
            .properties
            .iter()
            .any(|property| property.persist.is_some());
        facts.mark(
            Fact::Stored,
            own_state || entity.slots.iter().any(|slot| stored(model, slot)),
        );
        let own = Own::head(&entity.head);
        self.add(key.clone(), Kind::Entity, own, facts);
        for slot in &entity.slots {
            let component = &model.components[slot.component.0 as usize];
            let owner = &model.packages[component.head.package.0 as usize].name;
            let mut facts = Facts::default();
            facts.set(Fact::Component, format!("{owner}#{}", component.number));
            facts.set_if(
                Fact::Sync,
                slot.sync.map(|audience| self.audience(audience)),
            );
            facts.mark(Fact::Transient, slot.transient);
            facts.mark(Fact::Hidden, slot.hidden);
            facts.mark(Fact::Stored, stored(model, slot));
            let own = Own {
                line: slot.line,
                span: slot.span,
                ..Own::of(&slot.name, &slot.marks, own)
            };
            self.add(key.step(Space::Member, slot.tag), Kind::Slot, own, facts);
        }
        self.properties(key, own.path, &entity.properties);
        calls::collect(self, key, own.path, &entity.calls);
    }
}

/// Whether something of the component in a slot is saved.
fn stored(model: &Model, slot: &Slot) -> bool {
    let component = &model.components[slot.component.0 as usize];
    !slot.transient
        && component
            .properties
            .iter()
            .any(|property| property.persist.is_some())
}

static NO_MARKS: Marks = Marks {
    deprecated: None,
    since: None,
    was: Vec::new(),
    internal: false,
    redact: false,
    ui: Vec::new(),
};

/// Name, marks and place of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<'a> {
    pub(super) name: &'a str,
    pub(super) marks: &'a Marks,
    pub(super) path: &'a str,
    pub(super) line: u32,
    pub(super) span: Span,
}

impl<'a> Own<'a> {
    pub(super) fn head(head: &'a Head) -> Self {
        Self {
            name: &head.name,
            marks: &head.marks,
            path: &head.path,
            line: head.line,
            span: head.span,
        }
    }

    pub(super) fn member(member: &'a Member, path: &'a str) -> Self {
        Self {
            name: &member.name,
            marks: &member.marks,
            path,
            line: member.line,
            span: member.span,
        }
    }

    /// Something of this name in `parent`.
    pub(super) fn of(name: &'a str, marks: &'a Marks, parent: Self) -> Self {
        Self {
            name,
            marks,
            ..parent
        }
    }
}

/// A value as canonical text.
pub(in crate::evolution) fn value_text(value: &Value) -> String {
    match value {
        Value::None => "none".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::String(value) => format!("{value:?}"),
        Value::Flags(bits) => format!("bits {bits}"),
        Value::Empty => "empty".to_owned(),
        Value::Repeat(count, value) => format!("{count} x {}", value_text(value)),
        Value::Struct => "{}".to_owned(),
    }
}

//! The part of a schema that a client needs: what it may call, receives or sees, and what these lead to.
//!
//! The part is a model too, so that nothing else has to know of it. Digests stay those of the whole, because that is what
//! the server compares with.

use std::collections::BTreeSet;

use playhouse_schema::model::{
    Audience, AudienceId, Call, CallKind, Component, ComponentId, Entity, EntityId, EntityKind,
    Item, Model, Property, RefTarget, RoleId, Service, ServiceId, Shape, Slot, Type, TypeId,
};

/// The part of `model` that a client needs.
pub(super) fn part(model: &Model) -> Model {
    let mut reached = Reached::new(model);
    for (id, component) in (0..).map(ComponentId).zip(&model.components) {
        if component.client {
            reached.component(id);
        }
    }
    for (id, entity) in (0..).map(EntityId).zip(&model.entities) {
        if entity.client {
            reached.entity(id);
        }
    }
    for (id, service) in (0..).map(ServiceId).zip(&model.services) {
        if service.client {
            reached.service(id);
        }
    }
    for (id, def) in (0..).map(TypeId).zip(&model.types) {
        if def.client {
            reached.named(id);
        }
    }

    let mut part = model.clone();
    for component in &mut part.components {
        trim(&mut component.properties, &mut component.calls);
        component
            .requires
            .retain(|id| reached.components.contains(id));
    }
    for entity in &mut part.entities {
        trim(&mut entity.properties, &mut entity.calls);
        entity.slots.retain(|slot| is_seen(model, slot));
    }
    for service in &mut part.services {
        trim(&mut Vec::new(), &mut service.calls);
    }
    for package in part.packages.iter_mut().filter(|package| package.local) {
        for module in &mut package.modules {
            module.items.retain(|item| reached.holds(*item));
        }
        package.modules.retain(|module| !module.items.is_empty());
    }
    part
}

fn trim(properties: &mut Vec<Property>, calls: &mut Vec<Call>) {
    properties.retain(|property| property.sync.is_some());
    calls.retain(is_for_clients);
}

/// Whether a client makes or receives `call`.
const fn is_for_clients(call: &Call) -> bool {
    call.exposed.is_some() || matches!(call.kind, CallKind::Event | CallKind::ClientRpc)
}

/// Whether a client knows of a slot.
fn is_seen(model: &Model, slot: &Slot) -> bool {
    !slot.hidden && model.components[slot.component.0 as usize].client
}

/// What the part holds.
struct Reached<'m> {
    model: &'m Model,
    types: BTreeSet<TypeId>,
    components: BTreeSet<ComponentId>,
    entities: BTreeSet<EntityId>,
    services: BTreeSet<ServiceId>,
    roles: BTreeSet<RoleId>,
    audiences: BTreeSet<AudienceId>,
}

impl<'m> Reached<'m> {
    const fn new(model: &'m Model) -> Self {
        Self {
            model,
            types: BTreeSet::new(),
            components: BTreeSet::new(),
            entities: BTreeSet::new(),
            services: BTreeSet::new(),
            roles: BTreeSet::new(),
            audiences: BTreeSet::new(),
        }
    }

    fn holds(&self, item: Item) -> bool {
        match item {
            Item::Type(id) => self.types.contains(&id),
            Item::Component(id) => self.components.contains(&id),
            Item::Entity(id) => self.entities.contains(&id),
            Item::Service(id) => self.services.contains(&id),
            Item::Role(id) => self.roles.contains(&id),
            Item::Audience(id) => self.audiences.contains(&id),
            Item::Const(id) => {
                let constant = &self.model.consts[id.0 as usize];
                let is_known = match constant.ty.shape {
                    Shape::Named(id) => self.types.contains(&id),
                    _ => true,
                };
                is_known && !constant.head.marks.internal
            }
        }
    }

    fn component(&mut self, id: ComponentId) {
        if self.components.insert(id) {
            let component: &Component = &self.model.components[id.0 as usize];
            self.properties(&component.properties);
            self.calls(&component.calls);
        }
    }

    fn entity(&mut self, id: EntityId) {
        if !self.entities.insert(id) {
            return;
        }
        let entity: &Entity = &self.model.entities[id.0 as usize];
        if let EntityKind::Keyed(parts) = &entity.kind {
            parts.iter().for_each(|part| self.used(part));
        }
        self.properties(&entity.properties);
        self.calls(&entity.calls);
        self.roles.extend(entity.role);
        for slot in entity.slots.iter().filter(|slot| is_seen(self.model, slot)) {
            self.component(slot.component);
            self.audience(slot.sync.and_then(declared));
        }
        if let Some(container) = entity.container {
            self.entity(container);
        }
    }

    fn service(&mut self, id: ServiceId) {
        if self.services.insert(id) {
            let service: &Service = &self.model.services[id.0 as usize];
            self.roles.insert(service.role);
            self.calls(&service.calls);
        }
    }

    fn properties(&mut self, properties: &[Property]) {
        for property in properties {
            if let Some(sync) = &property.sync {
                self.used(&property.member.ty);
                self.audience(declared(sync.audience));
            }
        }
    }

    fn calls(&mut self, calls: &[Call]) {
        for call in calls.iter().filter(|call| is_for_clients(call)) {
            call.params.iter().for_each(|param| self.used(&param.ty));
            if let Some(result) = &call.result {
                self.used(result);
            }
            if let Some(error) = call.throws {
                self.named(error);
            }
            for to in &call.to {
                self.audience(declared(*to));
            }
            let exposed = call.exposed.as_ref();
            self.audience(exposed.and_then(|exposed| exposed.audience));
        }
    }

    fn audience(&mut self, id: Option<AudienceId>) {
        let Some(id) = id else { return };
        if self.audiences.insert(id)
            && let Some(param) = &self.model.audiences[id.0 as usize].param
        {
            self.used(param);
        }
    }

    fn used(&mut self, ty: &Type) {
        match &ty.shape {
            Shape::List(element) | Shape::Set(element) => self.used(element),
            Shape::Map(key, value) => {
                self.used(key);
                self.used(value);
            }
            Shape::Ref(RefTarget::Entity(id)) => self.entity(*id),
            Shape::Ref(RefTarget::Component(id)) => self.component(*id),
            Shape::Named(id) => self.named(*id),
            _ => {}
        }
    }

    fn named(&mut self, id: TypeId) {
        if self.types.insert(id) {
            let model = self.model;
            for (_, ty) in model.types[id.0 as usize].kind.types() {
                self.used(ty);
            }
        }
    }
}

/// The declared audience, if it is one.
const fn declared(audience: Audience) -> Option<AudienceId> {
    match audience {
        Audience::Named(id) => Some(id),
        _ => None,
    }
}

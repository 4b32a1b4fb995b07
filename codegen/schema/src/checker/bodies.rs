//! Components, entities and services.

use std::collections::BTreeMap;

use playhouse_syntax::ast::{self, DeclarationKind};

use super::{Checker, names::SymbolKind, numbers::Numbers, tags::TagSpace, types::Place};
use crate::{
    attributes::Place as At,
    evolution::key::Space,
    model::{
        Call, Component, ComponentId, Entity, EntityId, EntityKind, Head, PackageId, Property,
        RoleId, Service, ServiceId, Slot,
    },
    rules,
};

impl<'a> Checker<'a> {
    pub(super) fn component(
        &mut self,
        id: ComponentId,
        file: usize,
        declaration: &'a ast::Declaration,
        package: PackageId,
        numbers: &mut BTreeMap<PackageId, Numbers>,
    ) {
        let DeclarationKind::Component {
            number,
            name,
            generics,
            requires,
            body,
        } = &declaration.kind
        else {
            return;
        };
        if let Some(first) = generics.first() {
            self.report(rules::later::generic_component(first.span, &name.text));
            return;
        }
        let attributes = self.attributes(file, &declaration.attributes, At::Component);
        let number = self.id_number("component", *number, name, package, numbers);
        let mut required = Vec::new();
        for path in requires {
            let Some(symbol) = self.resolve(file, path, "component") else {
                continue;
            };
            match self.symbol(symbol).kind {
                SymbolKind::Component(id) => required.push(id),
                _ => self.report_wrong_kind(path, symbol, "a component"),
            }
        }
        for slot in &body.slots {
            self.report(rules::entities::slot_type(slot.name.span, true));
        }
        let mut space = self.tag_space(&body.reserved, false);
        let key = self.numbered_key(package, number.into());
        space.owner = key.clone().map(|key| (key, Space::Member));
        let properties = self.properties(file, &mut space, body);
        let mut calls_space = self.tag_space(&body.reserved, true);
        calls_space.owner = key.map(|key| (key, Space::Call));
        let calls = self.calls(file, &mut calls_space, body);
        let marks = self.marks(&attributes);
        let component = &mut self.model.components[id.0 as usize];
        component.head.marks = marks;
        component.number = number;
        component.requires = required;
        component.properties = properties;
        component.calls = calls;
        component.reserved = space.model;
        component.reserved_calls = calls_space.model;
    }

    fn properties(&mut self, file: usize, space: &mut TagSpace, body: &ast::Body) -> Vec<Property> {
        let mut properties = Vec::with_capacity(body.fields.len());
        for field in &body.fields {
            properties.extend(self.property(file, space, field));
        }
        properties.sort_by_key(|property| property.member.tag);
        properties
    }

    fn calls(&mut self, file: usize, space: &mut TagSpace, body: &ast::Body) -> Vec<Call> {
        let mut calls = Vec::with_capacity(body.calls.len());
        for call in &body.calls {
            calls.extend(self.call(file, space, call));
        }
        calls.sort_by_key(|call| call.tag);
        calls
    }

    fn role(&mut self, file: usize, path: &ast::Path) -> Option<RoleId> {
        let symbol = self.resolve(file, path, "role")?;
        if let SymbolKind::Role(role) = self.symbol(symbol).kind {
            return Some(role);
        }
        self.report_wrong_kind(path, symbol, "a role");
        None
    }

    pub(super) fn entity(
        &mut self,
        id: EntityId,
        file: usize,
        declaration: &'a ast::Declaration,
        package: PackageId,
        numbers: &mut BTreeMap<PackageId, Numbers>,
    ) {
        let DeclarationKind::Entity {
            number,
            name,
            kind,
            container,
            role,
            body,
        } = &declaration.kind
        else {
            return;
        };
        let attributes = self.attributes(file, &declaration.attributes, At::Entity);
        let number = self.id_number("entity", *number, name, package, numbers);
        let kind = kind
            .as_ref()
            .and_then(|kind| self.entity_kind(file, kind))
            .unwrap_or(EntityKind::Instance);
        let container = self.container(file, name, &kind, container.as_ref());
        let role = match (role, kind == EntityKind::Local) {
            (Some(path), true) => {
                let message = format!("`{}` is local: it is where its container is", name.text);
                let help = "remove `on ...`";
                self.report(rules::entities::entity_role(path.span, message, help));
                None
            }
            (Some(path), false) => self.role(file, path),
            (None, true) => None,
            (None, false) => {
                let message = format!("entity `{}` has no role", name.text);
                let help =
                    "name the role whose nodes it lives on, behind the kind: `keyed(u64) on lobby`";
                self.report(rules::entities::entity_role(name.span, message, help));
                None
            }
        };
        let mut space = self.tag_space(&body.reserved, false);
        let key = self.numbered_key(package, number.into());
        space.owner = key.clone().map(|key| (key, Space::Member));
        let mut slots = Vec::with_capacity(body.slots.len());
        for slot in &body.slots {
            slots.extend(self.slot(file, &mut space, slot));
        }
        slots.sort_by_key(|slot| slot.tag);
        let properties = self.properties(file, &mut space, body);
        let mut calls_space = self.tag_space(&body.reserved, true);
        calls_space.owner = key.map(|key| (key, Space::Call));
        let calls = self.calls(file, &mut calls_space, body);
        let marks = self.marks(&attributes);
        let entity = &mut self.model.entities[id.0 as usize];
        entity.head.marks = marks;
        entity.number = number;
        entity.kind = kind;
        entity.container = container;
        entity.role = role;
        entity.slots = slots;
        entity.properties = properties;
        entity.calls = calls;
        entity.reserved = space.model;
        entity.reserved_calls = calls_space.model;
        entity.deadline_us = attributes.time("deadline");
        entity.tick_us = attributes.time("tick");
    }

    fn entity_kind(&mut self, file: usize, written: &ast::EntityKind) -> Option<EntityKind> {
        let kind = match written.name.text.as_str() {
            "keyed" => {
                let mut keys = Vec::new();
                for arg in &written.args {
                    let Some(ty) = self.ty(Place::in_file(file), arg) else {
                        continue;
                    };
                    if ty.optional || !self.is_key(&ty) {
                        let message = format!("`{}` can't be a key", self.shown(&ty));
                        let help = "keys are integers, strings, uuids, enums and newtypes of these, never optional";
                        self.report(rules::entities::entity_key(arg.span, message, help));
                    }
                    keys.push(ty);
                }
                if written.args.is_empty() || written.args.len() > 4 {
                    let message = match written.args.len() {
                        0 => "`keyed` needs the type of its key".to_owned(),
                        parts => format!("a key has one to four parts, not {parts}"),
                    };
                    let help =
                        "write `keyed(AccountId)`, or `keyed(Region, u32)` for several parts";
                    self.report(rules::entities::entity_key(written.span, message, help));
                }
                return Some(EntityKind::Keyed(keys));
            }
            "instance" => EntityKind::Instance,
            "singleton" => EntityKind::Singleton,
            "per_node" => EntityKind::PerNode,
            "local" => EntityKind::Local,
            other => {
                self.report(rules::entities::entity_kind(written.name.span, other));
                return None;
            }
        };
        if !written.args.is_empty() {
            let message = format!("`{}` takes no key", written.name.text);
            let help = format!("write `{}` alone, or `keyed(...)`", written.name.text);
            self.report(rules::entities::entity_key(written.span, message, &help));
        }
        Some(kind)
    }

    fn container(
        &mut self,
        file: usize,
        name: &ast::Name,
        kind: &EntityKind,
        written: Option<&ast::Path>,
    ) -> Option<EntityId> {
        match (written, *kind == EntityKind::Local) {
            (None, false) => None,
            (None, true) => {
                let message = format!("local entity `{}` names no container", name.text);
                let help = "name the entity that it lives in: `local in Battle`";
                self.report(rules::entities::entity_container(name.span, message, help));
                None
            }
            (Some(path), false) => {
                let message = format!("`{}` is not local, so it lives in nothing", name.text);
                let help = "remove `in ...`, or make it `local`";
                self.report(rules::entities::entity_container(path.span, message, help));
                None
            }
            (Some(path), true) => {
                let symbol = self.resolve(file, path, "entity")?;
                if let SymbolKind::Entity(id) = self.symbol(symbol).kind {
                    return Some(id);
                }
                self.report_wrong_kind(path, symbol, "an entity");
                None
            }
        }
    }

    fn slot(&mut self, file: usize, space: &mut TagSpace, slot: &ast::Slot) -> Option<Slot> {
        let attributes = self.attributes(file, &slot.attributes, At::Slot);
        let tag = self.tag(space, "slot", slot.tag, &slot.name);
        let ty = slot.ty.as_ref()?;
        if !ty.args.is_empty() || ty.bound.is_some() || !ty.optional.is_empty() {
            self.report(rules::entities::slot_type(ty.span, false));
            return None;
        }
        let symbol = self.resolve(file, &ty.path, "component")?;
        let SymbolKind::Component(component) = self.symbol(symbol).kind else {
            self.report_wrong_kind(&ty.path, symbol, "a component");
            return None;
        };
        let sync = attributes.find("sync");
        if let (Some(sync), Some(hidden)) = (sync, attributes.find("hidden")) {
            let why = "nothing of a hidden slot is synced";
            let error = rules::attributes::attribute_conflict(
                sync.span,
                "`@sync`",
                "`@hidden`",
                hidden.span,
                why,
            );
            self.report(error);
        }
        Some(Slot {
            name: slot.name.text.clone(),
            tag,
            component,
            sync: sync.map(|sync| {
                sync.audience("audience")
                    .unwrap_or(crate::model::Audience::Owner)
            }),
            transient: attributes.has("transient"),
            hidden: attributes.has("hidden"),
            docs: slot.docs.clone(),
            line: self.line(slot.name.span),
            span: slot.name.span,
            marks: self.marks(&attributes),
        })
    }

    pub(super) fn service(
        &mut self,
        id: ServiceId,
        file: usize,
        declaration: &'a ast::Declaration,
        package: PackageId,
        numbers: &mut BTreeMap<PackageId, Numbers>,
    ) {
        let DeclarationKind::Service {
            number,
            name,
            role,
            body,
        } = &declaration.kind
        else {
            return;
        };
        let attributes = self.attributes(file, &declaration.attributes, At::Service);
        let number = self.id_number("service", *number, name, package, numbers);
        let role = match role {
            Some(path) => self.role(file, path),
            None => {
                let message = format!("service `{}` has no role", name.text);
                let help = format!(
                    "name the role whose nodes run it: `service {} on backend`",
                    name.text
                );
                self.report(rules::entities::entity_role(name.span, message, &help));
                None
            }
        };
        let state = body.fields.first().map(|field| field.name.span);
        if let Some(span) = state.or(body.slots.first().map(|slot| slot.name.span)) {
            self.report(rules::entities::service_state(span, &name.text));
        }
        for reserved in body.reserved.iter().filter(|reserved| !reserved.calls) {
            self.report(rules::entities::service_state(reserved.span, &name.text));
        }
        for call in &body.calls {
            let word = match call.word {
                ast::CallWord::Rpc | ast::CallWord::Oneway => continue,
                ast::CallWord::Event => "events",
                ast::CallWord::Timer => "timers",
                ast::CallWord::ClientRpc => "client rpcs",
            };
            self.report(rules::calls::service_calls(call.word_span, word));
        }
        let mut space = self.tag_space(&body.reserved, true);
        let key = self.numbered_key(package, number.into());
        space.owner = key.map(|key| (key, Space::Call));
        let calls = self.calls(file, &mut space, body);
        for call in calls.iter().filter(|call| call.durable) {
            self.report(rules::calls::service_calls(call.span, "durable calls"));
        }
        for call in calls.iter().filter(|call| call.committed) {
            self.report(rules::calls::service_calls(call.span, "committed calls"));
        }
        let marks = self.marks(&attributes);
        let service = &mut self.model.services[id.0 as usize];
        service.head.marks = marks;
        service.number = number;
        service.role = role.unwrap_or(RoleId(0));
        service.calls = calls;
        service.reserved_calls = space.model;
        service.deadline_us = attributes.time("deadline");
    }
}

pub(super) fn placeholder_component(head: Head) -> Component {
    Component {
        head,
        number: 0,
        requires: Vec::new(),
        properties: Vec::new(),
        calls: Vec::new(),
        reserved: Default::default(),
        reserved_calls: Default::default(),
        client: false,
        digest: 0,
    }
}

pub(super) fn placeholder_entity(head: Head) -> Entity {
    Entity {
        head,
        number: 0,
        kind: EntityKind::Instance,
        container: None,
        role: None,
        slots: Vec::new(),
        properties: Vec::new(),
        calls: Vec::new(),
        reserved: Default::default(),
        reserved_calls: Default::default(),
        deadline_us: None,
        tick_us: None,
        client: false,
        digest: 0,
    }
}

pub(super) fn placeholder_service(head: Head) -> Service {
    Service {
        head,
        number: 0,
        role: RoleId(0),
        calls: Vec::new(),
        reserved_calls: Default::default(),
        deadline_us: None,
        client: false,
        digest: 0,
    }
}

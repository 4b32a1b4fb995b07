//! Components, entities and services: numbers, slots, references; their property structs stand in `properties`.

use std::collections::BTreeSet;

use playhouse_schema::model::{
    Component, Entity, EntityKind, Head, PackageId, Service, Shape, Slot, Type, TypeKind,
};

use super::names::{Owner, ident};
use super::newtypes::is_key_part;
use super::properties::{Body, Claimed};
use super::scope::Scope;
use super::structs::deprecated;
use super::text::Text;
use super::types::int_name;
use super::values::hexadecimal;
use super::{Side, finders, logic, proxies};
use crate::names::{screaming, snake};

/// The component `component`.
pub(super) fn emit_component(
    scope: &Scope<'_>,
    text: &mut Text,
    component: &Component,
    descriptor: &str,
) {
    let body = Body {
        scope,
        head: &component.head,
        properties: &component.properties,
        descriptor,
    };
    let owner = Owner {
        name: &component.head.name,
        package: component.head.package,
        calls: &component.calls,
    };
    body.emit(text, |text, claimed| {
        proxies::sent(scope, text, claimed, &owner);
    });
    text.gap();
    numbers(
        scope,
        text,
        &component.head,
        component.number,
        component.digest,
    );
    text.gap();
    target(scope, text, &component.head, None);
    proxies::emit(scope, text, &component.head, &component.calls, &[]);
    logic::emit_component(scope, text, component, descriptor);
}

/// The entity `entity`.
pub(super) fn emit_entity(scope: &Scope<'_>, text: &mut Text, entity: &Entity, descriptor: &str) {
    let body = Body {
        scope,
        head: &entity.head,
        properties: &entity.properties,
        descriptor,
    };
    let owner = Owner {
        name: &entity.head.name,
        package: entity.head.package,
        calls: &entity.calls,
    };
    body.emit(text, |text, claimed| {
        slots(text, claimed, &entity.slots);
        let reference = reference(scope, text, claimed, entity);
        if let (Some(reference), Side::Server) = (reference, scope.world.side) {
            proxies::entity_of(scope, text, claimed, entity, &reference);
            finders::emit(scope, text, claimed, entity);
        }
        proxies::sent(scope, text, claimed, &owner);
    });
    text.gap();
    numbers(scope, text, &entity.head, entity.number, entity.digest);
    text.gap();
    let package = scope.model().packages[entity.head.package.0 as usize].number;
    target(scope, text, &entity.head, Some((package, entity.number)));
    let slots = proxies::slot_proxies(scope, entity);
    proxies::emit(scope, text, &entity.head, &entity.calls, &slots);
    logic::emit_entity(scope, text, entity, descriptor);
}

/// The service `service`.
pub(super) fn emit_service(
    scope: &Scope<'_>,
    text: &mut Text,
    service: &Service,
    descriptor: &str,
) {
    text.docs(&service.head.docs);
    deprecated(text, service.head.marks.deprecated.as_deref());
    text.line("#[derive(Debug, Clone, Copy)]");
    text.line(&format!("pub struct {};", service.head.name));
    text.gap();
    numbers(scope, text, &service.head, service.number, service.digest);
    if scope.world.side == Side::Server {
        proxies::service_ways(scope, text, service);
    }
    proxies::emit(scope, text, &service.head, &service.calls, &[]);
    logic::emit_service(scope, text, service, descriptor);
}

fn numbers(scope: &Scope<'_>, text: &mut Text, head: &Head, number: u16, digest: u64) {
    let PackageId(package) = head.package;
    let package = scope.model().packages[package as usize].number;
    text.open(&format!("impl v1::Numbered for {} {{", head.name));
    text.line(&format!("const PACKAGE: u16 = {package};"));
    text.line(&format!("const NUMBER: u16 = {number};"));
    text.line(&format!("const DIGEST: u64 = {};", hexadecimal(digest)));
    text.close("}");
}

fn target(scope: &Scope<'_>, text: &mut Text, head: &Head, entity: Option<(u16, u16)>) {
    let (option, none, some) = (scope.std("Option"), scope.std("None"), scope.std("Some"));
    let value = match entity {
        None => none,
        Some((package, number)) => format!("{some}(({package}, {number}))"),
    };
    text.open(&format!("impl v1::Target for {} {{", head.name));
    text.line(&format!("const ENTITY: {option}<(u16, u16)> = {value};"));
    text.close("}");
}

/// Tags of slots.
fn slots(text: &mut Text, claimed: &mut Claimed, slots: &[Slot]) {
    for slot in slots {
        text.gap();
        text.line(&format!("/// The slot `{}`.", slot.name));
        if !slot.docs.is_empty() {
            text.line("///");
            text.docs(&slot.docs);
        }
        deprecated(text, slot.marks.deprecated.as_deref());
        let name = claimed.claim(&format!("{}_SLOT", screaming(&slot.name)));
        text.line(&format!("pub const {name}: u8 = {};", slot.tag));
    }
}

/// How entities are referred to: the name of the method.
fn reference(
    scope: &Scope<'_>,
    text: &mut Text,
    claimed: &mut Claimed,
    entity: &Entity,
) -> Option<String> {
    let params = entity_params(scope, entity)?;
    let what = which(entity);
    text.gap();
    text.line(&format!("/// A reference to {what}."));
    text.line("#[must_use]");
    let name = claimed.claim("reference");
    let head: Vec<String> = params.iter().map(KeyParam::head).collect();
    text.function(&format!("pub fn {name}("), &head, ") -> v1::Ref<Self> {");
    let parts: Vec<String> = params.into_iter().map(|param| param.part).collect();
    let line = parts.join(", ");
    if line.len() + 2 <= 60 {
        text.line(&format!("v1::Ref::to_entity([{line}])"));
    } else {
        text.open("v1::Ref::to_entity([");
        for part in parts {
            text.line(&format!("{part},"));
        }
        text.close("])");
    }
    text.close("}");
    Some(name)
}

/// Which entity of its type an address is of, in words.
pub(super) const fn which(entity: &Entity) -> &'static str {
    match &entity.kind {
        EntityKind::Keyed(_) | EntityKind::Local => "the one with this key",
        EntityKind::Instance => "the one with this number",
        EntityKind::Singleton => "the only one",
        EntityKind::PerNode => "the one on this node",
    }
}

/// A parameter for a part of a key.
pub(super) struct KeyParam {
    pub(super) name: String,
    ty: String,
    /// The part made of it.
    part: String,
}

impl KeyParam {
    fn new(name: &str, ty: &str, part: &str) -> Self {
        let [name, ty, part] = [name, ty, part].map(str::to_owned);
        Self { name, ty, part }
    }

    /// As a function declares it.
    pub(super) fn head(&self) -> String {
        format!("{}: {}", self.name, self.ty)
    }
}

/// What tells `entity` from others of its type; none if it has no address.
pub(super) fn entity_params(scope: &Scope<'_>, entity: &Entity) -> Option<Vec<KeyParam>> {
    Some(match &entity.kind {
        EntityKind::Local => return None,
        EntityKind::Keyed(parts) => key_params(scope, parts),
        EntityKind::Instance => vec![KeyParam::new("instance", "u64", "instance.into()")],
        EntityKind::Singleton => Vec::new(),
        EntityKind::PerNode => vec![KeyParam::new("node", "&str", "node.into()")],
    })
}

/// The Rust types of the parts of the key of `entity`.
pub(super) fn key_types(scope: &Scope<'_>, entity: &Entity) -> Vec<String> {
    match &entity.kind {
        EntityKind::Keyed(parts) => parts.iter().map(|part| scope.rust_type(part)).collect(),
        EntityKind::Instance => vec!["u64".to_owned()],
        EntityKind::PerNode => vec![scope.std("String")],
        EntityKind::Singleton | EntityKind::Local => Vec::new(),
    }
}

/// Parameters for the parts of a key.
fn key_params(scope: &Scope<'_>, parts: &[Type]) -> Vec<KeyParam> {
    let mut taken = BTreeSet::new();
    parts
        .iter()
        .map(|part| {
            let wanted = match &part.shape {
                Shape::Named(id) => snake(&scope.model().type_def(*id).head.name),
                Shape::Int(_) => "number".to_owned(),
                Shape::Uuid => "uuid".to_owned(),
                _ => "text".to_owned(),
            };
            let mut name = ident(&wanted);
            let mut count = 1;
            while !taken.insert(name.clone()) {
                count += 1;
                name = format!("{wanted}_{count}");
            }
            let (ty, made) = match &part.shape {
                Shape::String => ("&str".to_owned(), format!("{name}.into()")),
                // An enum stands in a key by its number.
                Shape::Named(id) if !is_key_part(scope, part) => {
                    let ty = scope.rust_type(part);
                    match &scope.model().type_def(*id).kind {
                        TypeKind::Enum { repr, .. } => {
                            (ty, format!("{}::from({name}).into()", int_name(*repr)))
                        }
                        _ => (ty, format!("{name}.into()")),
                    }
                }
                _ => (scope.rust_type(part), format!("{name}.into()")),
            };
            KeyParam {
                name,
                ty,
                part: made,
            }
        })
        .collect()
}

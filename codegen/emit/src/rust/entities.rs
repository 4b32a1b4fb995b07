//! Components, entities and services: numbers, slots, references; their property structs stand in `properties`.

use std::collections::BTreeSet;

use playhouse_schema::model::{
    Component, Entity, EntityKind, Head, PackageId, Service, Shape, Slot, Type, TypeKind,
};

use super::names::ident;
use super::newtypes::is_key_part;
use super::properties::{Body, Claimed};
use super::scope::Scope;
use super::structs::deprecated;
use super::text::Text;
use super::types::int_name;
use super::values::hexadecimal;
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
    body.emit(text, |_, _| {});
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
}

/// The entity `entity`.
pub(super) fn emit_entity(scope: &Scope<'_>, text: &mut Text, entity: &Entity, descriptor: &str) {
    let body = Body {
        scope,
        head: &entity.head,
        properties: &entity.properties,
        descriptor,
    };
    body.emit(text, |text, claimed| {
        slots(text, claimed, &entity.slots);
        reference(scope, text, claimed, entity);
    });
    text.gap();
    numbers(scope, text, &entity.head, entity.number, entity.digest);
    text.gap();
    let package = scope.model().packages[entity.head.package.0 as usize].number;
    target(scope, text, &entity.head, Some((package, entity.number)));
}

/// The service `service`.
pub(super) fn emit_service(scope: &Scope<'_>, text: &mut Text, service: &Service) {
    text.docs(&service.head.docs);
    deprecated(text, service.head.marks.deprecated.as_deref());
    text.line("#[derive(Debug, Clone, Copy)]");
    text.line(&format!("pub struct {};", service.head.name));
    text.gap();
    numbers(scope, text, &service.head, service.number, service.digest);
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

/// How entities are referred to.
fn reference(scope: &Scope<'_>, text: &mut Text, claimed: &mut Claimed, entity: &Entity) {
    let (what, params): (&str, Vec<(String, String, String)>) = match &entity.kind {
        EntityKind::Local => return,
        EntityKind::Keyed(parts) => ("the one with this key", key_params(scope, parts)),
        EntityKind::Instance => (
            "the one with this number",
            vec![key_param("instance", "u64", "instance.into()")],
        ),
        EntityKind::Singleton => ("the only one", Vec::new()),
        EntityKind::PerNode => (
            "the one on this node",
            vec![key_param("node", "&str", "node.into()")],
        ),
    };
    text.gap();
    text.line(&format!("/// A reference to {what}."));
    text.line("#[must_use]");
    let name = claimed.claim("reference");
    let head: Vec<String> = params
        .iter()
        .map(|(name, ty, _)| format!("{name}: {ty}"))
        .collect();
    text.function(&format!("pub fn {name}("), &head, ") -> v1::Ref<Self> {");
    let parts: Vec<String> = params.into_iter().map(|(_, _, part)| part).collect();
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
}

fn key_param(name: &str, ty: &str, part: &str) -> (String, String, String) {
    (name.to_owned(), ty.to_owned(), part.to_owned())
}

/// Parameters for the parts of a key: name, type, and the part made of it.
fn key_params(scope: &Scope<'_>, parts: &[Type]) -> Vec<(String, String, String)> {
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
            (name, ty, made)
        })
        .collect()
}

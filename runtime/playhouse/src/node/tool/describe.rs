//! What `playhouse describe` shows: the node, and the schema that it was built with, as JSON.

use serde_json::{Map, Value, json};

use super::target::shown;
use crate::descriptor::{
    Call, Component, Declaration, Entity, Exposed, Head, Member, Package, Schema, Service, Type,
};

/// What a node says of itself.
#[derive(Debug, Clone)]
pub(in crate::node) struct About {
    pub(in crate::node) name: String,
    pub(in crate::node) roles: Vec<String>,
    pub(in crate::node) shards: usize,
    pub(in crate::node) schema: &'static Schema,
    /// Services by package and number.
    pub(in crate::node) services: Vec<(u16, u16)>,
    /// Entity types by package and number.
    pub(in crate::node) entities: Vec<(u16, u16)>,
}

/// The whole description. What is `@internal` is left out, as it can't be called either.
pub(in crate::node) fn describe(about: &About) -> Value {
    json!({
        "node": {
            "name": about.name,
            "version": env!("CARGO_PKG_VERSION"),
            "roles": about.roles,
            "shards": about.shards,
            "digest": hex(about.schema.digest),
        },
        "packages": about.schema.packages.iter().map(|it| package(about, it)).collect::<Vec<_>>(),
    })
}

fn package(about: &About, package: &Package) -> Value {
    let (mut services, mut entities, mut components, mut types) = (vec![], vec![], vec![], vec![]);
    for declaration in package.declarations() {
        match declaration {
            Declaration::Service(it) if shown(&it.head.attributes) => {
                services.push(service(about, it));
            }
            Declaration::Entity(it) if shown(&it.head.attributes) => {
                entities.push(entity(about, it));
            }
            Declaration::Component(it) if shown(&it.head.attributes) => {
                components.push(component(it));
            }
            Declaration::Type(it) if shown(&it.head.attributes) => types.push(declared(it)),
            _ => {}
        }
    }
    json!({
        "name": package.name,
        "number": package.number,
        "services": services,
        "entities": entities,
        "components": components,
        "types": types,
    })
}

/// What every declaration says first.
fn head(head: &Head, number: u16, digest: u64) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("name".to_owned(), head.name.into());
    map.insert("number".to_owned(), number.into());
    map.insert("digest".to_owned(), hex(digest).into());
    docs(&mut map, head.docs);
    if let Some(text) = head.attributes.deprecated {
        map.insert("deprecated".to_owned(), text.into());
    }
    map
}

fn docs(map: &mut Map<String, Value>, docs: &str) {
    if !docs.is_empty() {
        map.insert("docs".to_owned(), docs.into());
    }
}

fn service(about: &About, service: &Service) -> Value {
    let mut map = head(&service.head, service.number, service.digest);
    let running = about.services.contains(&(service.package, service.number));
    map.insert("role".to_owned(), service.role.head.name.into());
    map.insert("running".to_owned(), running.into());
    map.insert("calls".to_owned(), calls(service.calls));
    map.into()
}

fn entity(about: &About, entity: &Entity) -> Value {
    let mut map = head(&entity.head, entity.number, entity.digest);
    let running = about.entities.contains(&(entity.package, entity.number));
    map.insert("kind".to_owned(), entity.kind.to_string().into());
    map.insert(
        "role".to_owned(),
        entity.role.map(|role| role.head.name).into(),
    );
    map.insert("running".to_owned(), running.into());
    let slots = entity.slots.iter().map(|slot| {
        json!({
            "name": slot.name,
            "tag": slot.tag,
            "component": slot.component.head.name,
            "package": slot.component.head.package,
        })
    });
    map.insert("slots".to_owned(), slots.collect());
    map.insert("calls".to_owned(), calls(entity.calls));
    map.into()
}

fn component(component: &Component) -> Value {
    let mut map = head(&component.head, component.number, component.digest);
    map.insert("calls".to_owned(), calls(component.calls));
    map.into()
}

fn declared(ty: &Type) -> Value {
    let mut map = Map::new();
    map.insert("name".to_owned(), ty.head.name.into());
    map.insert("kind".to_owned(), ty.kind.as_str().into());
    map.insert("outline".to_owned(), ty.outline().into());
    docs(&mut map, ty.head.docs);
    map.into()
}

fn calls(calls: &[Call]) -> Value {
    calls
        .iter()
        .filter(|call| shown(&call.attributes))
        .map(call)
        .collect()
}

fn call(call: &Call) -> Value {
    let mut map = Map::new();
    map.insert("name".to_owned(), call.name.into());
    map.insert("tag".to_owned(), call.tag.into());
    map.insert("kind".to_owned(), call.kind.as_str().into());
    map.insert("signature".to_owned(), call.to_string().into());
    map.insert("params".to_owned(), call.params.iter().map(param).collect());
    if let Some(result) = &call.result {
        map.insert("result".to_owned(), result.to_string().into());
    }
    if let Some(error) = call.throws {
        map.insert("throws".to_owned(), error.head.name.into());
    }
    if let Some(exposed) = &call.exposed {
        map.insert("exposed".to_owned(), rate(exposed));
    }
    if let Some(micros) = call.deadline_us {
        map.insert("deadline_us".to_owned(), micros.into());
    }
    map.insert("idempotent".to_owned(), call.idempotent.into());
    docs(&mut map, call.docs);
    map.into()
}

fn param(member: &Member) -> Value {
    json!({
        "name": member.name,
        "type": member.ty.to_string(),
        "required": member.default.is_none(),
    })
}

fn rate(exposed: &Exposed) -> Value {
    json!({
        "count": exposed.count,
        "per_us": exposed.per_us,
        "burst": exposed.burst,
        "guest": exposed.guest,
        "for": exposed.audience.map(|audience| audience.head.name),
    })
}

/// Digests as text: JSON's numbers don't hold 64 bits.
fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

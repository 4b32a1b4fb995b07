//! Digests: 64 bits for all that decides how values of a type, or the calls of an entity, are read.
//!
//! What counts is what two peers must agree on: tags, types, bounds, defaults (they are not sent), which members are
//! required, what is closed, the integer that carries an open enum; of calls the kind, the parameters, the result, the
//! error, and whether they are exposed, durable or idempotent; of entities the kind, the key, the role and the slots.
//! Names do not count, nor do newtypes as such, the values of an open enum, comments, audiences, rates, `@persist`, or
//! the default of a property, which is always sent. So two peers whose digests agree read each other; if they do not
//! agree, they may still. What a digest can't see is a number that came to mean something else: two values of an open
//! enum exchanged, an error thrown in place of another one of the same arms. That is for `compat` to see.
//!
//! A digest is the first 8 bytes of the SHA-256 of canonical text in which other types stand as their digests. Types
//! that reach each other have no order in which that could be done: each is hashed over the text of its whole circle
//! (the strongly connected component), visited from itself, the types of the circle numbered as they are met.

use sha2::{Digest as _, Sha256};

use super::{form::intersection, surface::value_text};
use crate::model::{
    ArmBody, Bound, Call, CallKind, EntityKind, Member, Model, Property, RefTarget, Shape, Type,
    TypeDef, TypeId, TypeKind,
};

mod circle;

/// The digests of a model, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// By [`TypeId`].
    pub types: Vec<u64>,
    /// By [`ComponentId`](crate::model::ComponentId).
    pub components: Vec<u64>,
    /// By [`EntityId`](crate::model::EntityId).
    pub entities: Vec<u64>,
    /// By [`ServiceId`](crate::model::ServiceId).
    pub services: Vec<u64>,
    /// Of the whole: of every type, component, entity and service of the project's packages.
    pub root: u64,
}

/// Computes the digests of `model`.
#[must_use]
pub fn of(model: &Model) -> Digests {
    let texts: Vec<Text> = model
        .types
        .iter()
        .map(|def| type_text(model, def))
        .collect();
    let types = circle::digests(&texts);
    let close = |text: &Text| hash(&text.closed(&types));
    let components: Vec<u64> = model
        .components
        .iter()
        .map(|component| {
            let mut text = Text::of("component");
            text.properties(model, &component.properties);
            text.calls(model, &component.calls);
            close(&text)
        })
        .collect();
    let entities = model.entities.iter().map(|entity| {
        let mut text = Text::of("entity ");
        match &entity.kind {
            EntityKind::Keyed(parts) => {
                text.push("keyed");
                for part in parts {
                    text.push(" ");
                    text.ty(model, part);
                }
            }
            EntityKind::Instance => text.push("instance"),
            EntityKind::Singleton => text.push("singleton"),
            EntityKind::PerNode => text.push("per_node"),
            EntityKind::Local => text.push("local"),
        }
        if let Some(role) = entity.role {
            text.push(&format!(" on {}", model.roles[role.0 as usize].head.name));
        }
        if let Some(container) = entity.container {
            text.push(&format!(" in {}", entity_id(model, container.0 as usize)));
        }
        for slot in &entity.slots {
            let component = components[slot.component.0 as usize];
            let hidden = if slot.hidden { " hidden" } else { "" };
            text.push(&format!("|slot {} {component:016x}{hidden}", slot.tag));
        }
        text.properties(model, &entity.properties);
        text.calls(model, &entity.calls);
        close(&text)
    });
    let entities = entities.collect();
    let services = model.services.iter().map(|service| {
        let mut text = Text::of("service");
        text.calls(model, &service.calls);
        close(&text)
    });
    let services = services.collect();
    let mut digests = Digests {
        types,
        components,
        entities,
        services,
        root: 0,
    };
    digests.root = root(model, &digests);
    digests
}

/// Fills in the `digest` of `model` and of every type, component, entity and service in it.
pub fn fill(model: &mut Model) {
    let digests = of(model);
    model.digest = digests.root;
    for (def, digest) in model.types.iter_mut().zip(&digests.types) {
        def.digest = *digest;
    }
    for (component, digest) in model.components.iter_mut().zip(&digests.components) {
        component.digest = *digest;
    }
    for (entity, digest) in model.entities.iter_mut().zip(&digests.entities) {
        entity.digest = *digest;
    }
    for (service, digest) in model.services.iter_mut().zip(&digests.services) {
        service.digest = *digest;
    }
}

/// A digest as the lock and the descriptor write it: 16 hexadecimal digits.
#[must_use]
pub fn text(digest: u64) -> String {
    format!("{digest:016x}")
}

fn root(model: &Model, digests: &Digests) -> u64 {
    let local = |package: crate::model::PackageId| &model.packages[package.0 as usize];
    let mut lines = Vec::new();
    for (def, digest) in model.types.iter().zip(&digests.types) {
        if local(def.head.package).local {
            lines.push(format!("type {digest:016x}"));
        }
    }
    let components = model.components.iter().zip(&digests.components);
    let components = components.map(|(c, digest)| (c.head.package, c.number, digest));
    let entities = model.entities.iter().zip(&digests.entities);
    let entities = entities.map(|(e, digest)| (e.head.package, e.number, digest));
    let services = model.services.iter().zip(&digests.services);
    let services = services.map(|(s, digest)| (s.head.package, s.number, digest));
    for (package, number, digest) in components.chain(entities).chain(services) {
        if local(package).local {
            lines.push(format!("{}#{number} {digest:016x}", local(package).number));
        }
    }
    lines.sort();
    hash(&lines.join("\n"))
}

/// The first 8 bytes of the SHA-256 of `text`, the first byte the highest.
fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// Canonical text in which other types are still open.
#[derive(Debug, Default)]
struct Text {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Plain(String),
    Type(usize),
}

impl Text {
    fn of(text: &str) -> Self {
        Self {
            parts: vec![Part::Plain(text.to_owned())],
        }
    }

    fn push(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Plain(last)) => last.push_str(text),
            _ => self.parts.push(Part::Plain(text.to_owned())),
        }
    }

    /// The types that stand in it.
    fn types(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().filter_map(|part| match part {
            Part::Type(index) => Some(*index),
            Part::Plain(_) => None,
        })
    }

    /// The text with the digest of each type in its place.
    fn closed(&self, types: &[u64]) -> String {
        self.filled(&mut |index| text(types.get(index).copied().unwrap_or_default()))
    }

    fn filled(&self, fill: &mut dyn FnMut(usize) -> String) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Plain(plain) => out.push_str(plain),
                Part::Type(index) => out.push_str(&fill(*index)),
            }
        }
        out
    }

    fn ty(&mut self, model: &Model, ty: &Type) {
        self.bounded(model, ty, &Bound::None);
    }

    fn bounded(&mut self, model: &Model, ty: &Type, outer: &Bound) {
        let bound = intersection(&ty.bound, outer);
        match &ty.shape {
            Shape::Bool => self.push("bool"),
            Shape::Int(int) => self.push(int.name()),
            Shape::F32 => self.push("f32"),
            Shape::F64 => self.push("f64"),
            Shape::String => self.push("string"),
            Shape::Bytes => self.push("bytes"),
            Shape::Timestamp => self.push("timestamp"),
            Shape::Duration => self.push("duration"),
            Shape::Uuid => self.push("uuid"),
            Shape::List(element) => self.container("list<", model, &[element.as_ref()]),
            Shape::Set(element) => self.container("set<", model, &[element.as_ref()]),
            Shape::Map(key, value) => {
                self.container("map<", model, &[key.as_ref(), value.as_ref()])
            }
            Shape::Ref(RefTarget::Entity(id)) => {
                self.push(&format!("ref entity {}", entity_id(model, id.0 as usize)));
            }
            Shape::Ref(RefTarget::Component(_)) => self.push("ref component"),
            Shape::Named(TypeId(index)) => {
                let index = *index as usize;
                match &model.types[index] {
                    TypeDef {
                        kind: TypeKind::Newtype { inner, .. },
                        recursive: false,
                        ..
                    } => {
                        self.bounded(model, inner, &bound);
                        self.push(if ty.optional { "?" } else { "" });
                        return;
                    }
                    _ => self.parts.push(Part::Type(index)),
                }
            }
        }
        self.push(&bound_text(&bound));
        self.push(if ty.optional { "?" } else { "" });
    }

    fn container(&mut self, open: &str, model: &Model, parts: &[&Type]) {
        self.push(open);
        for (index, part) in parts.iter().enumerate() {
            self.push(if index == 0 { "" } else { "," });
            self.ty(model, part);
        }
        self.push(">");
    }

    fn members(&mut self, model: &Model, members: &[Member]) {
        for member in members {
            self.push(&format!("|{} ", member.tag));
            self.ty(model, &member.ty);
            match &member.default {
                Some(default) => self.push(&format!("={}", value_text(default))),
                None => self.push(" required"),
            }
        }
    }

    fn properties(&mut self, model: &Model, properties: &[Property]) {
        for property in properties {
            self.push(&format!("|property {} ", property.member.tag));
            self.ty(model, &property.member.ty);
            self.push(if property.member.default.is_none() {
                " required"
            } else {
                ""
            });
        }
    }

    fn calls(&mut self, model: &Model, calls: &[Call]) {
        for call in calls {
            let kind = match call.kind {
                CallKind::Rpc => "rpc",
                CallKind::Oneway => "oneway",
                CallKind::Event => "event",
                CallKind::Timer => "timer",
                CallKind::ClientRpc => "client rpc",
            };
            let mut line = format!("|{kind} {}", call.tag);
            let exposed = call.exposed.is_some();
            for (word, holds) in [
                (" exposed", exposed),
                (" durable", call.durable),
                (" idempotent", call.idempotent),
                (" stream", call.stream),
            ] {
                line.push_str(if holds { word } else { "" });
            }
            self.push(&line);
            self.push("(");
            self.members(model, &call.params);
            self.push(")");
            if let Some(result) = &call.result {
                self.push("->");
                self.ty(model, result);
            }
            if let Some(TypeId(error)) = call.throws {
                self.push("!");
                self.parts.push(Part::Type(error as usize));
            }
        }
    }
}

fn bound_text(bound: &Bound) -> String {
    match bound {
        Bound::None => String::new(),
        Bound::Int { min, max } => format!("[{min}..{max}]"),
        Bound::Float { min, max } => format!("[{min:?}..{max:?}]"),
        Bound::Length { min, max } => format!("[{min}..{max:?}]"),
    }
}

fn entity_id(model: &Model, index: usize) -> String {
    let entity = &model.entities[index];
    format!(
        "{}#{}",
        model.packages[entity.head.package.0 as usize].number, entity.number
    )
}

fn type_text(model: &Model, def: &TypeDef) -> Text {
    let mut text = Text::default();
    match &def.kind {
        TypeKind::Struct { members, .. } => {
            text.push("struct");
            text.members(model, members);
        }
        TypeKind::Enum {
            repr,
            closed,
            values,
            ..
        } => {
            let mut numbers: Vec<i64> = values.iter().map(|value| value.number).collect();
            numbers.sort_unstable();
            let line = match (*closed, numbers.contains(&0)) {
                (true, _) => format!("closed enum {numbers:?}"),
                (false, true) => format!("enum {} with 0", repr.name()),
                (false, false) => format!("enum {}", repr.name()),
            };
            text.push(&line);
        }
        TypeKind::Flags { repr, .. } => text.push(&format!("flags {}", repr.name())),
        TypeKind::Union { closed, arms, .. } => {
            text.push(if *closed { "closed union" } else { "union" });
            text.arms(model, arms);
        }
        TypeKind::Error { arms, .. } => {
            text.push("union");
            text.arms(model, arms);
        }
        TypeKind::Newtype { inner, .. } => text.ty(model, inner),
    }
    text
}

impl Text {
    fn arms(&mut self, model: &Model, arms: &[crate::model::Arm]) {
        for arm in arms {
            self.push(&format!("|arm {}", arm.tag));
            match &arm.body {
                ArmBody::Nothing => {}
                ArmBody::Type(ty) => {
                    self.push(" ");
                    self.ty(model, ty);
                }
                ArmBody::Members(members) => {
                    self.push("{");
                    self.members(model, members);
                    self.push("}");
                }
            }
        }
    }
}

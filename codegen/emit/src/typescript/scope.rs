//! What of a schema is written: all of it, or what a client needs.

use std::collections::BTreeSet;

use playhouse_schema::model::{
    ArmBody, Call, CallKind, Head, Item, Member, Model, Property, Shape, TypeId, TypeKind, Value,
};

use crate::names::pascal;

/// How much of a schema becomes TypeScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// What a client may call, receives, or sees: exposed calls, events, client rpcs, synced properties, and the types
    /// that these reach. Constants whose type a client knows, unless they are internal.
    #[default]
    Client,
    /// Everything, in both directions: for tools and tests.
    All,
}

impl Scope {
    /// Whether `item` is written.
    pub(super) fn includes(self, model: &Model, item: Item) -> bool {
        match item {
            Item::Role(_) | Item::Audience(_) => false,
            _ if self == Self::All => true,
            Item::Type(id) => model.types[id.0 as usize].client,
            Item::Component(id) => model.components[id.0 as usize].client,
            Item::Entity(id) => model.entities[id.0 as usize].client,
            Item::Service(id) => model.services[id.0 as usize].client,
            Item::Const(id) => {
                let constant = &model.consts[id.0 as usize];
                let known = match constant.ty.shape {
                    Shape::Named(id) => model.types[id.0 as usize].client,
                    _ => true,
                };
                known && !constant.head.marks.internal
            }
        }
    }

    /// The calls that are written.
    pub(super) fn calls(self, calls: &[Call]) -> Vec<&Call> {
        calls
            .iter()
            .filter(|call| self == Self::All || for_client(call))
            .collect()
    }

    /// The properties that are written.
    pub(super) fn properties(self, properties: &[Property]) -> Vec<&Property> {
        properties
            .iter()
            .filter(|property| self == Self::All || property.sync.is_some())
            .collect()
    }
}

/// Whether a client makes or receives `call`.
fn for_client(call: &Call) -> bool {
    call.exposed.is_some() || matches!(call.kind, CallKind::Event | CallKind::ClientRpc)
}

/// Name and place of an item.
pub(super) fn head(model: &Model, item: Item) -> &Head {
    match item {
        Item::Type(id) => &model.types[id.0 as usize].head,
        Item::Const(id) => &model.consts[id.0 as usize].head,
        Item::Role(id) => &model.roles[id.0 as usize].head,
        Item::Audience(id) => &model.audiences[id.0 as usize].head,
        Item::Component(id) => &model.components[id.0 as usize].head,
        Item::Entity(id) => &model.entities[id.0 as usize].head,
        Item::Service(id) => &model.services[id.0 as usize].head,
    }
}

/// The types inside of the namespace of a component, entity or service.
pub(super) fn inner_names(model: &Model, scope: Scope, item: Item) -> Vec<String> {
    let (calls, properties): (&[Call], &[Property]) = match item {
        Item::Component(id) => {
            let component = &model.components[id.0 as usize];
            (&component.calls, &component.properties)
        }
        Item::Entity(id) => {
            let entity = &model.entities[id.0 as usize];
            (&entity.calls, &entity.properties)
        }
        Item::Service(id) => (&model.services[id.0 as usize].calls, &[]),
        _ => (&[], &[]),
    };
    let mut names = Vec::new();
    if !scope.properties(properties).is_empty() {
        names.push("Change".to_owned());
    }
    for call in scope.calls(calls) {
        if !call.params.is_empty() {
            names.push(args_name(call));
        }
    }
    names
}

/// The type of a call's arguments, inside of its owner's namespace.
pub(super) fn args_name(call: &Call) -> String {
    format!("{}Args", pascal(&call.name))
}

/// The structs that are the default of a member somewhere: values are compared with them when they are written.
pub(super) fn elided(model: &Model) -> BTreeSet<TypeId> {
    let mut elided = BTreeSet::new();
    for definition in &model.types {
        match &definition.kind {
            TypeKind::Struct { members, .. } => note_all(model, members, &mut elided),
            TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                for arm in arms {
                    if let ArmBody::Members(members) = &arm.body {
                        note_all(model, members, &mut elided);
                    }
                }
            }
            _ => {}
        }
    }
    let calls = model
        .components
        .iter()
        .flat_map(|component| &component.calls);
    let calls = calls.chain(model.entities.iter().flat_map(|entity| &entity.calls));
    for call in calls.chain(model.services.iter().flat_map(|service| &service.calls)) {
        note_all(model, &call.params, &mut elided);
    }
    elided
}

fn note_all(model: &Model, members: &[Member], elided: &mut BTreeSet<TypeId>) {
    for member in members {
        if let Some(default) = &member.default {
            note(model, &member.ty.shape, default, elided);
        }
    }
}

fn note(model: &Model, shape: &Shape, default: &Value, elided: &mut BTreeSet<TypeId>) {
    match (shape, default) {
        (Shape::Named(id), default) => match &model.types[id.0 as usize].kind {
            TypeKind::Newtype { inner, .. } => note(model, &inner.shape, default, elided),
            _ if *default == Value::Struct => {
                elided.insert(*id);
            }
            _ => {}
        },
        (Shape::List(element), Value::Repeat(_, value)) => {
            note(model, &element.shape, value, elided)
        }
        _ => {}
    }
}

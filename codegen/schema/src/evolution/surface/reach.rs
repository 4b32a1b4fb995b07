//! Which types are in stored documents, and of which types clients can send values.

use crate::model::{ArmBody, CallKind, Model, Shape, Type, TypeId, TypeKind};

/// By [`TypeId`]: whether the type is reachable from where it matters.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// From a persisted property.
    pub(super) stored: Vec<bool>,
    /// From a parameter of an exposed call or the result of a client rpc.
    pub(super) input: Vec<bool>,
}

impl Reach {
    pub(super) fn of(model: &Model) -> Self {
        let properties = model
            .components
            .iter()
            .flat_map(|component| &component.properties)
            .chain(model.entities.iter().flat_map(|entity| &entity.properties));
        let persisted = properties.filter(|property| property.persist.is_some());
        let stored = persisted.map(|property| &property.member.ty).collect();
        let calls = model
            .components
            .iter()
            .flat_map(|component| &component.calls)
            .chain(model.entities.iter().flat_map(|entity| &entity.calls))
            .chain(model.services.iter().flat_map(|service| &service.calls));
        let mut input = Vec::new();
        for call in calls {
            if call.exposed.is_some() {
                input.extend(call.params.iter().map(|param| &param.ty));
            }
            if call.kind == CallKind::ClientRpc {
                input.extend(&call.result);
            }
        }
        Self {
            stored: reachable(model, stored),
            input: reachable(model, input),
        }
    }
}

fn reachable<'a>(model: &'a Model, mut waiting: Vec<&'a Type>) -> Vec<bool> {
    let mut reached = vec![false; model.types.len()];
    while let Some(ty) = waiting.pop() {
        match &ty.shape {
            Shape::List(element) | Shape::Set(element) => waiting.push(element),
            Shape::Map(key, value) => waiting.extend([key.as_ref(), value.as_ref()]),
            Shape::Named(TypeId(index)) => {
                let index = *index as usize;
                if !std::mem::replace(&mut reached[index], true) {
                    waiting.extend(parts(&model.types[index].kind));
                }
            }
            _ => {}
        }
    }
    reached
}

/// The types of everything in a type.
fn parts(kind: &TypeKind) -> Vec<&Type> {
    match kind {
        TypeKind::Struct { members, .. } => members.iter().map(|member| &member.ty).collect(),
        TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
            let bodies = arms.iter().flat_map(|arm| match &arm.body {
                ArmBody::Nothing => Vec::new(),
                ArmBody::Type(ty) => vec![ty],
                ArmBody::Members(members) => members.iter().map(|member| &member.ty).collect(),
            });
            bodies.collect()
        }
        TypeKind::Newtype { inner, .. } => vec![inner],
        TypeKind::Enum { .. } | TypeKind::Flags { .. } => Vec::new(),
    }
}

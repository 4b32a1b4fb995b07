//! What an absent member stands for, where the schema does not say.

use super::Checker;
use crate::model::{ArmBody, Bound, Member, Shape, Type, TypeId, TypeKind, Value};

/// Whether a struct has a default: unknown, being worked out, or known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    No,
    Busy,
    Is(bool),
}

impl Checker<'_> {
    /// Gives every member without a written default the one of its type, if that has one.
    pub(super) fn fill_defaults(&mut self) {
        let mut structs = vec![Known::No; self.model.types.len()];
        for index in 0..self.model.types.len() {
            let id = TypeId(u32::try_from(index).unwrap_or(u32::MAX));
            self.struct_has_default(id, &mut structs);
        }
        let has_default = |id: TypeId| structs[id.0 as usize] == Known::Is(true);
        let mut model = std::mem::take(&mut self.model);
        for index in 0..model.types.len() {
            let mut kind = std::mem::replace(
                &mut model.types[index].kind,
                TypeKind::Struct {
                    members: Vec::new(),
                    reserved: Default::default(),
                },
            );
            match &mut kind {
                TypeKind::Struct { members, .. } => fill(&model, members.iter_mut(), &has_default),
                TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                    for arm in arms {
                        if let ArmBody::Members(members) = &mut arm.body {
                            fill(&model, members.iter_mut(), &has_default);
                        }
                    }
                }
                _ => {}
            }
            model.types[index].kind = kind;
        }
        let mut components = std::mem::take(&mut model.components);
        let mut entities = std::mem::take(&mut model.entities);
        let mut services = std::mem::take(&mut model.services);
        let properties = components
            .iter_mut()
            .flat_map(|component| &mut component.properties);
        let properties = properties.chain(
            entities
                .iter_mut()
                .flat_map(|entity| &mut entity.properties),
        );
        fill(
            &model,
            properties.map(|property| &mut property.member),
            &has_default,
        );
        let calls = components
            .iter_mut()
            .flat_map(|component| &mut component.calls);
        let calls = calls.chain(entities.iter_mut().flat_map(|entity| &mut entity.calls));
        let calls = calls.chain(services.iter_mut().flat_map(|service| &mut service.calls));
        fill(
            &model,
            calls.flat_map(|call| &mut call.params),
            &has_default,
        );
        model.components = components;
        model.entities = entities;
        model.services = services;
        self.model = model;
        self.check_param_order();
    }

    fn struct_has_default(&self, id: TypeId, known: &mut Vec<Known>) -> bool {
        match known[id.0 as usize] {
            Known::Is(is) => return is,
            // Only an infinite type gets here; it is reported elsewhere.
            Known::Busy => return false,
            Known::No => {}
        }
        known[id.0 as usize] = Known::Busy;
        let is = match &self.type_def(id).kind {
            TypeKind::Struct { members, .. } => members
                .iter()
                .all(|member| member.default.is_some() || self.type_has_default(&member.ty, known)),
            _ => false,
        };
        known[id.0 as usize] = Known::Is(is);
        is
    }

    fn type_has_default(&self, ty: &Type, known: &mut Vec<Known>) -> bool {
        // Work out the structs on the way first; the rest is one rule for all.
        let mut inner = ty;
        while let Shape::List(element) = &inner.shape {
            inner = element;
        }
        if let Shape::Named(id) = inner.shape {
            self.struct_has_default(id, known);
        }
        let has = |id: TypeId| known[id.0 as usize] == Known::Is(true);
        implicit(&self.model, ty, &has).is_some()
    }

    /// Parameters with a default stand behind those without.
    fn check_param_order(&mut self) {
        let mut errors = Vec::new();
        for call in self.model.calls() {
            let mut before: Option<&Member> = None;
            for param in &call.params {
                match (&param.default, before) {
                    (Some(_), _) if param.default_written || param.ty.optional => {
                        before = Some(param)
                    }
                    (None, Some(before)) => {
                        errors.push(crate::rules::calls::param_order(
                            param.span,
                            &param.name,
                            &before.name,
                        ));
                    }
                    _ => {}
                }
            }
        }
        for error in errors {
            self.report(error);
        }
    }
}

fn fill<'m>(
    model: &crate::model::Model,
    members: impl Iterator<Item = &'m mut Member>,
    has_default: &impl Fn(TypeId) -> bool,
) {
    for member in members {
        if member.default.is_none() {
            member.default = implicit(model, &member.ty, has_default);
        }
    }
}

/// The default of a type: zero or empty, unless bounds exclude it.
fn implicit(
    model: &crate::model::Model,
    ty: &Type,
    struct_has_default: &impl Fn(TypeId) -> bool,
) -> Option<Value> {
    if ty.optional {
        return Some(Value::None);
    }
    match &ty.shape {
        Shape::Bool => Some(Value::Bool(false)),
        Shape::Int(_) => match ty.bound {
            Bound::Int { min, max } if min > 0 || max < 0 => None,
            _ => Some(Value::Int(0)),
        },
        Shape::F32 | Shape::F64 => match ty.bound {
            Bound::Float { min, max } if min > 0.0 || max < 0.0 => None,
            _ => Some(Value::Float(0.0)),
        },
        Shape::String | Shape::Bytes | Shape::Set(_) | Shape::Map(..) => match ty.bound {
            Bound::Length { min, .. } if min > 0 => None,
            _ => Some(Value::Empty),
        },
        Shape::List(element) => match ty.bound {
            Bound::Length {
                min,
                max: Some(max),
            } if min == max && min > 0 => {
                let element = implicit(model, element, struct_has_default)?;
                Some(Value::Repeat(min, Box::new(element)))
            }
            Bound::Length { min, .. } if min > 0 => None,
            _ => Some(Value::Empty),
        },
        Shape::Duration => Some(Value::Int(0)),
        Shape::Timestamp | Shape::Uuid | Shape::Ref(_) => None,
        Shape::Named(id) => match &model.types[id.0 as usize].kind {
            TypeKind::Struct { .. } => struct_has_default(*id).then_some(Value::Struct),
            TypeKind::Enum { values, .. } => values
                .iter()
                .any(|value| value.number == 0)
                .then_some(Value::Int(0)),
            TypeKind::Flags { .. } => Some(Value::Flags(0)),
            TypeKind::Newtype { default, .. } => {
                default.clone().filter(|value| within(value, &ty.bound))
            }
            TypeKind::Union { .. } | TypeKind::Error { .. } => None,
        },
    }
}

/// Whether a newtype's default is within the bound of a use.
fn within(value: &Value, bound: &Bound) -> bool {
    let fits = |length: usize, min: u32, max: Option<u32>| {
        length >= min as usize && max.is_none_or(|max| length <= max as usize)
    };
    match (value, bound) {
        (Value::Int(value), Bound::Int { min, max }) => (min..=max).contains(&value),
        (Value::Float(value), Bound::Float { min, max }) => (min..=max).contains(&value),
        (Value::String(text), Bound::Length { min, max }) => fits(text.chars().count(), *min, *max),
        (Value::Empty, Bound::Length { min, max }) => fits(0, *min, *max),
        (Value::Repeat(count, _), Bound::Length { min, max }) => fits(*count as usize, *min, *max),
        _ => true,
    }
}

//! Ways through the model.

use super::{ArmBody, Call, Member, Model, RefTarget, Shape, Type, TypeId, TypeKind};

impl Model {
    /// Every call: of components, of entities, of services.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let components = self
            .components
            .iter()
            .flat_map(|component| &component.calls);
        let entities = self.entities.iter().flat_map(|entity| &entity.calls);
        let services = self.services.iter().flat_map(|service| &service.calls);
        components.chain(entities).chain(services)
    }

    /// The definition of a named type.
    #[must_use]
    pub fn type_def(&self, id: TypeId) -> &super::TypeDef {
        &self.types[id.0 as usize]
    }

    /// The name of what a ref points at.
    #[must_use]
    pub fn target_name(&self, target: RefTarget) -> &str {
        match target {
            RefTarget::Entity(id) => &self.entities[id.0 as usize].head.name,
            RefTarget::Component(id) => &self.components[id.0 as usize].head.name,
        }
    }
}

impl TypeKind {
    /// The types written in a definition, with the member or arm that each belongs to.
    pub fn types(&self) -> impl Iterator<Item = (Option<&str>, &Type)> {
        let (members, arms, inner): (&[Member], &[super::Arm], Option<&Type>) = match self {
            Self::Struct { members, .. } => (members, &[], None),
            Self::Union { arms, .. } | Self::Error { arms, .. } => (&[], arms, None),
            Self::Newtype { inner, .. } => (&[], &[], Some(inner)),
            Self::Enum { .. } | Self::Flags { .. } => (&[], &[], None),
        };
        let in_arms = arms.iter().flat_map(|arm| {
            let (ty, members): (Option<&Type>, &[Member]) = match &arm.body {
                ArmBody::Nothing => (None, &[]),
                ArmBody::Type(ty) => (Some(ty), &[]),
                ArmBody::Members(members) => (None, members),
            };
            let name = Some(arm.name.as_str());
            ty.into_iter()
                .chain(members.iter().map(|member| &member.ty))
                .map(move |ty| (name, ty))
        });
        members
            .iter()
            .map(|member| (Some(member.name.as_str()), &member.ty))
            .chain(in_arms)
            .chain(inner.map(|ty| (None, ty)))
    }
}

impl Type {
    /// The named types in this type.
    pub fn named(&self, out: &mut Vec<TypeId>) {
        match &self.shape {
            Shape::Named(id) => out.push(*id),
            Shape::List(element) | Shape::Set(element) => element.named(out),
            Shape::Map(key, value) => {
                key.named(out);
                value.named(out);
            }
            _ => {}
        }
    }
}

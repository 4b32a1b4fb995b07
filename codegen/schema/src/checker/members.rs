//! Fields, arms and what they share: a tag, a name, a type, a default.

use playhouse_syntax::ast::{self, ArmBody as WrittenBody, DeclarationKind};

use super::{Checker, Work, tags::TagSpace, types::Place};
use crate::{
    attributes::Place as At,
    evolution::{
        Key,
        key::{Root, Space},
    },
    model::{Arm, ArmBody, Marks, Member, PackageId, Reserved, Type, TypeId, TypeKind, Value},
    rules,
};

impl<'a> Checker<'a> {
    /// A type with its default.
    pub(super) fn typed(
        &mut self,
        place: Place<'_>,
        ty: Option<&ast::Type>,
        default: Option<&ast::Value>,
    ) -> Option<(Type, Option<Value>)> {
        let ty = self.ty(place, ty?)?;
        let Some(written) = default else {
            return Some((ty, None));
        };
        if ty.optional {
            self.report(rules::values::default_optional(written.span));
            return Some((ty, None));
        }
        let value = self.default_value(place.file, written, &ty);
        Some((ty, value))
    }

    pub(super) fn member(
        &mut self,
        place: Place<'_>,
        space: &mut TagSpace,
        what: &str,
        field: &ast::Field,
        marks: Marks,
    ) -> Option<Member> {
        let tag = self.tag(space, what, field.tag, &field.name);
        let (ty, default) = self.typed(place, field.ty.as_ref(), field.default.as_ref())?;
        Some(Member {
            name: field.name.text.clone(),
            tag,
            ty,
            default_written: default.is_some(),
            default,
            docs: field.docs.clone(),
            line: self.line(field.name.span),
            span: field.name.span,
            marks,
        })
    }

    /// The fields of a struct or an arm; `key` is what the lock calls it.
    pub(super) fn fields(
        &mut self,
        place: Place<'_>,
        key: Option<Key>,
        fields: &ast::Fields,
    ) -> (Vec<Member>, Reserved) {
        self.no_reserved_calls(&fields.reserved);
        let mut space = self.tag_space(&fields.reserved, false);
        space.owner = key.map(|key| (key, Space::Field));
        let mut members = Vec::with_capacity(fields.fields.len());
        for field in &fields.fields {
            let attributes = self.attributes(place.file, &field.attributes, At::Field);
            let marks = self.marks(&attributes);
            members.extend(self.member(place, &mut space, "field", field, marks));
        }
        members.sort_by_key(|member| member.tag);
        (members, space.model)
    }

    /// The arms of a union or an error; `key` is what the lock calls it.
    pub(super) fn arms(
        &mut self,
        place: Place<'_>,
        key: Option<Key>,
        union: &ast::Union,
    ) -> (Vec<Arm>, Reserved) {
        self.no_reserved_calls(&union.reserved);
        let mut space = self.tag_space(&union.reserved, false);
        space.owner = key.clone().map(|key| (key, Space::Arm));
        let mut arms = Vec::with_capacity(union.arms.len());
        for arm in &union.arms {
            let attributes = self.attributes(place.file, &arm.attributes, At::Value);
            let tag = self.tag(&mut space, "arm", arm.tag, &arm.name);
            let body = match &arm.body {
                WrittenBody::Nothing => ArmBody::Nothing,
                WrittenBody::Type(ty) => match self.ty(place, ty) {
                    Some(ty) => ArmBody::Type(ty),
                    None => continue,
                },
                WrittenBody::Fields(fields) => {
                    let key = key.as_ref().map(|key| key.step(Space::Arm, tag));
                    ArmBody::Members(self.fields(place, key, fields).0)
                }
            };
            arms.push(Arm {
                name: arm.name.text.clone(),
                tag,
                body,
                docs: arm.docs.clone(),
                line: self.line(arm.name.span),
                span: arm.name.span,
                marks: self.marks(&attributes),
            });
        }
        arms.sort_by_key(|arm| arm.tag);
        (arms, space.model)
    }

    /// What the lock calls a type.
    pub(super) fn named_key(&self, package: PackageId, name: &str) -> Key {
        let package = &self.model.packages[package.0 as usize].name;
        Key::declaration(package, Root::Named(name.to_owned()))
    }

    /// Lowers what stands in the braces of the struct or union `declaration` into the type `id`.
    pub(super) fn lower_members_of(
        &mut self,
        id: TypeId,
        declaration: &'a ast::Declaration,
        place: Place<'_>,
    ) {
        let head = &self.type_def(id).head;
        let key = self.named_key(head.package, &head.name);
        let kind = match &declaration.kind {
            DeclarationKind::Struct { fields, .. } => {
                let (members, reserved) = self.fields(place, Some(key), fields);
                TypeKind::Struct { members, reserved }
            }
            DeclarationKind::Union(union) => {
                if union.arms.is_empty() {
                    let kind = if union.error { "error" } else { "union" };
                    self.report(rules::types::no_values(
                        union.name.span,
                        kind,
                        &union.name.text,
                    ));
                }
                let (arms, reserved) = self.arms(place, Some(key), union);
                if union.error {
                    TypeKind::Error { arms, reserved }
                } else {
                    TypeKind::Union {
                        closed: union.closed,
                        arms,
                        reserved,
                    }
                }
            }
            _ => return,
        };
        let attributes = self.attributes(place.file, &declaration.attributes, At::Type);
        let marks = self.marks(&attributes);
        let def = &mut self.model.types[id.0 as usize];
        def.kind = kind;
        def.head.marks = marks;
        self.types[id.0 as usize] = Work::Done;
    }
}

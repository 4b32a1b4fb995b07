//! Properties of components and entities.

use playhouse_syntax::ast;

use super::{
    Checker,
    attributes::{Arg, Attributes},
    tags::TagSpace,
    types::Place,
};
use crate::{
    attributes::Place as At,
    model::{Audience, Persist, Property, Shape, Sync, Type},
    rules,
};

impl Checker<'_> {
    /// A property of a component or entity.
    pub(super) fn property(
        &mut self,
        file: usize,
        space: &mut TagSpace,
        field: &ast::Field,
    ) -> Option<Property> {
        let place = Place::in_file(file);
        let attributes = self.attributes(file, &field.attributes, At::Property);
        let marks = self.marks(&attributes);
        let member = self.member(place, space, "property", field, marks);
        self.position_lost |=
            attributes.is_lost() || (member.is_none() && attributes.has("position"));
        let member = member?;
        let persist = attributes.find("persist").map(|persist| Persist {
            every_us: persist.time("every"),
        });
        let sync = attributes.find("sync").map(|sync| Sync {
            audience: sync.audience("audience").unwrap_or(Audience::Owner),
            latest: sync.arg("latest").is_some(),
            every_us: sync.time("every"),
            quantize: sync.positive("quantize"),
            within: sync.positive("within"),
        });
        let property = Property {
            persist,
            sync,
            position: attributes.has("position"),
            unique: attributes.has("unique"),
            index: attributes.has("index"),
            handoff: attributes.has("handoff"),
            priority: match attributes
                .find("priority")
                .and_then(|found| found.arg("value"))
            {
                Some(Arg::Byte(value)) => *value,
                _ => 0,
            },
            member,
        };
        self.check_property(&property, &attributes, field);
        Some(property)
    }

    fn check_property(&mut self, property: &Property, attributes: &Attributes, field: &ast::Field) {
        let shown = self.shown(&property.member.ty);
        let base = self.base(&property.member.ty);
        for name in ["unique", "index"] {
            let Some(found) = attributes.find(name) else {
                continue;
            };
            if !self.can_index(&property.member.ty) {
                self.report(rules::attributes::index_type(found.span, name, &shown));
            }
            if property.persist.is_none() && !attributes.is_lost() {
                self.report(rules::attributes::needs_persist(
                    found.span, name, "persist",
                ));
            }
        }
        if let (Some(handoff), Some(persist)) =
            (attributes.find("handoff"), attributes.find("persist"))
        {
            let why = "what is persisted moves with the entity anyway";
            self.report(rules::attributes::attribute_conflict(
                handoff.span,
                "`@handoff`",
                "`@persist`",
                persist.span,
                why,
            ));
        }
        if let (Some(priority), None) = (attributes.find("priority"), &property.sync)
            && !attributes.is_lost()
        {
            self.report(rules::attributes::needs_persist(
                priority.span,
                "priority",
                "sync",
            ));
        }
        if let Some(sync) = attributes.find("sync") {
            if let Some(span) = sync.arg_span("quantize")
                && !self.has_floats(&property.member.ty)
            {
                self.report(rules::attributes::quantize_type(span, &shown));
            }
            if let Some(span) = sync.arg_span("within")
                && sync.audience("audience") != Some(Audience::Near)
            {
                self.report(rules::attributes::within(span));
            }
        }
        if property.position && (base.optional || !self.is_vector(&base)) {
            let place = field.ty.as_ref().map_or(field.span, |ty| ty.span);
            self.report(rules::entities::position_type(place, &shown));
        }
    }

    fn can_index(&self, ty: &Type) -> bool {
        let base = self.base(ty).shape;
        self.is_key(ty) || matches!(base, Shape::Bool | Shape::Timestamp | Shape::Duration)
    }

    fn is_vector(&self, base: &Type) -> bool {
        self.is_math(base, &["Vec2", "Vec3"])
    }

    fn has_floats(&self, ty: &Type) -> bool {
        let base = self.base(ty);
        matches!(base.shape, Shape::F32 | Shape::F64)
            || self.is_math(&base, &["Vec2", "Vec3", "Quat"])
    }

    fn is_math(&self, base: &Type, names: &[&str]) -> bool {
        let Shape::Named(id) = base.shape else {
            return false;
        };
        let head = &self.type_def(id).head;
        let package = &self.model.packages[head.package.0 as usize];
        package.name == "playhouse.math" && names.contains(&head.name.as_str())
    }
}

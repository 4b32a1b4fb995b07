//! Getters, setters and guards of properties.

use playhouse_schema::model::{Member, Property, Shape, Type, TypeKind};

use super::{Body, Claimed, Held, ends, errors_doc, held, watch_name};
use crate::rust::names::ident;
use crate::rust::structs::deprecated;
use crate::rust::text::Text;
use crate::rust::values::quoted;

impl Body<'_, '_> {
    pub(super) fn watch(&self, property: &Property) -> String {
        let persist = if property.persist.is_some() {
            ".persist()"
        } else {
            ""
        };
        let sync = if property.sync.is_some() {
            ".sync()"
        } else {
            ""
        };
        format!("v1::Watch::new({}){persist}{sync}", property.member.tag)
    }

    pub(super) fn accessors(&self, text: &mut Text, claimed: &mut Claimed, property: &Property) {
        let scope = self.scope;
        let member = &property.member;
        let (name, ty) = (ident(&member.name), &member.ty);
        if member.docs.is_empty() {
            text.line(&format!("/// The property `{}`.", member.name));
        }
        text.docs(&member.docs);
        deprecated(text, member.marks.deprecated.as_deref());
        text.line("#[must_use]");
        let (returned, value) = self.getter(ty, &name);
        text.open(&format!("pub fn {name}(&self) -> {returned} {{"));
        text.line(&value);
        text.close("}");
        text.gap();

        let watch = format!("Self::{}", watch_name(member));
        let tracker = format!("&mut self.{}", self.tracker());
        let guard = match held(ty) {
            Held::Plain => return self.setters(text, claimed, property, &watch),
            Held::List(element) => {
                format!(
                    "v1::ListMut<'_, {}, {}>",
                    scope.codec(element),
                    ends(&ty.bound)
                )
            }
            Held::Set(element) => {
                format!(
                    "v1::SetMut<'_, {}, {}>",
                    scope.codec(element),
                    ends(&ty.bound)
                )
            }
            Held::Map(key, value) => {
                let (key, value) = (scope.codec(key), scope.codec(value));
                format!("v1::MapMut<'_, {key}, {value}, {}>", ends(&ty.bound))
            }
        };
        text.line(&format!("/// Changes `{}`.", member.name));
        let method = claimed.claim(&format!("{}_mut", member.name));
        text.function(
            &format!("pub fn {method}("),
            &["&mut self".to_owned()],
            &format!(") -> {guard} {{"),
        );
        text.chain(
            &format!("self.{name}"),
            &[format!(".guard({watch}, {tracker})")],
        );
        text.close("}");
    }

    /// What a getter returns, and how.
    fn getter(&self, ty: &Type, name: &str) -> (String, String) {
        let scope = self.scope;
        let field = format!("self.{name}");
        if scope.world.facts.copy(ty) {
            return (scope.rust_type(ty), field);
        }
        let option = |inner: &str| format!("{}<&{inner}>", scope.std("Option"));
        match (&ty.shape, ty.optional) {
            (Shape::String, false) => ("&str".to_owned(), format!("&{field}")),
            (Shape::String, true) => (option("str"), format!("{field}.as_deref()")),
            (Shape::List(element), false) => (
                format!("&[{}]", scope.rust_type(element)),
                format!("&{field}"),
            ),
            (Shape::List(element), true) => (
                option(&format!("[{}]", scope.rust_type(element))),
                format!("{field}.as_deref()"),
            ),
            (_, true) => (option(&scope.plain_type(ty)), format!("{field}.as_ref()")),
            (_, false) => (format!("&{}", scope.rust_type(ty)), format!("&{field}")),
        }
    }

    fn setters(&self, text: &mut Text, claimed: &mut Claimed, property: &Property, watch: &str) {
        let scope = self.scope;
        let member = &property.member;
        let (name, ty) = (ident(&member.name), &member.ty);
        let bounded = scope.world.facts.bounded(ty);
        let setter = claimed.claim(&format!("set_{}", member.name));
        text.line(&format!("/// Sets `{}`.", member.name));
        if bounded {
            errors_doc(text, "If the value breaks its bounds; nothing has changed.");
        }
        let result = if bounded { " -> v1::Result<()>" } else { "" };
        let params = [
            "&mut self".to_owned(),
            format!("value: {}", scope.rust_type(ty)),
        ];
        text.function(
            &format!("pub fn {setter}("),
            &params,
            &format!("){result} {{"),
        );
        if bounded {
            let args = [quoted(&member.name), "&value".to_owned()];
            text.call(&format!("v1::check::<{}>(", scope.codec(ty)), &args, ")?;");
        }
        let place = format!("&mut self.{name}");
        let tracker = format!("&mut self.{}", self.tracker());
        match self.step(property) {
            None => text.call(
                "v1::set(",
                &[place, "value".to_owned(), watch.to_owned(), tracker],
                ");",
            ),
            Some(step) => text.call(
                "v1::set_rounded(",
                &[
                    place,
                    "value".to_owned(),
                    format!("{step:?}"),
                    watch.to_owned(),
                    tracker,
                ],
                ");",
            ),
        }
        if bounded {
            text.line(&format!("{}(())", scope.std("Ok")));
        }
        text.close("}");
        if self.has_parts(ty) {
            text.gap();
            self.updater(text, claimed, member, &setter, bounded);
        }
    }

    /// Whether the value has parts that one may want to change alone.
    fn has_parts(&self, ty: &Type) -> bool {
        let Shape::Named(id) = ty.shape else {
            return ty.optional && !self.scope.world.facts.copy(ty);
        };
        matches!(
            self.scope.model().type_def(id).kind,
            TypeKind::Struct { .. } | TypeKind::Union { .. }
        )
    }

    fn updater(
        &self,
        text: &mut Text,
        claimed: &mut Claimed,
        member: &Member,
        setter: &str,
        bounded: bool,
    ) {
        let scope = self.scope;
        let updater = claimed.claim(&format!("update_{}", member.name));
        text.line(&format!(
            "/// Changes a copy of `{}`, which then takes its place.",
            member.name
        ));
        if bounded {
            errors_doc(
                text,
                "If the new value breaks its bounds; nothing has changed.",
            );
        }
        let result = if bounded { " -> v1::Result<()>" } else { "" };
        let params = [
            "&mut self".to_owned(),
            format!("change: impl FnOnce(&mut {})", scope.rust_type(&member.ty)),
        ];
        text.function(
            &format!("pub fn {updater}("),
            &params,
            &format!("){result} {{"),
        );
        text.line(&format!(
            "let mut value = {}::clone(&self.{});",
            scope.std("Clone"),
            ident(&member.name)
        ));
        text.line("change(&mut value);");
        let end = if bounded { "" } else { ";" };
        text.line(&format!("self.{setter}(value){end}"));
        text.close("}");
    }

    /// The step to which a property is rounded for sync.
    pub(super) fn step(&self, property: &Property) -> Option<f64> {
        let step = property.sync.as_ref()?.quantize?;
        self.scope
            .world
            .facts
            .rounds(&property.member.ty)
            .then_some(step)
    }
}

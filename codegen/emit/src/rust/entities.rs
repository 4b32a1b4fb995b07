//! Components, entities and services: property structs that track what changed, numbers, references.

use std::collections::BTreeSet;

use playhouse_schema::model::{
    Bound, Component, Entity, EntityKind, Head, Member, PackageId, Property, Service, Shape, Slot,
    Type, TypeKind,
};

use super::names::ident;
use super::newtypes::is_key_part;
use super::scope::Scope;
use super::structs::{deprecated, redacted_debug};
use super::text::Text;
use super::types::int_name;
use super::values::{hexadecimal, quoted};
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

/// Names that are used up in one `impl`.
struct Claimed(BTreeSet<String>);

impl Claimed {
    /// `name`, or something like it that is free.
    fn claim(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

/// A property struct.
struct Body<'s, 'm> {
    scope: &'s Scope<'m>,
    head: &'s Head,
    properties: &'s [Property],
    descriptor: &'s str,
}

/// How a property is held.
enum Held<'t> {
    Plain,
    List(&'t Type),
    Set(&'t Type),
    Map(&'t Type, &'t Type),
}

fn held(ty: &Type) -> Held<'_> {
    match &ty.shape {
        _ if ty.optional => Held::Plain,
        Shape::List(element) => Held::List(element),
        Shape::Set(element) => Held::Set(element),
        Shape::Map(key, value) => Held::Map(key, value),
        _ => Held::Plain,
    }
}

/// Both ends of a length, written out.
fn ends(bound: &Bound) -> String {
    match bound {
        Bound::Length { min, max } => format!("{min}, {}", max.unwrap_or(u32::MAX)),
        _ => format!("0, {}", u32::MAX),
    }
}

impl Body<'_, '_> {
    fn emit(&self, text: &mut Text, more: impl FnOnce(&mut Text, &mut Claimed)) {
        let name = &self.head.name;
        self.definition(text);
        self.default_impl(text);
        text.gap();

        let getters = self
            .properties
            .iter()
            .map(|property| property.member.name.clone());
        let mut claimed = Claimed(getters.collect());
        let mut inherent = text.inner();
        for property in self.properties {
            let watch = self.watch(property);
            inherent.line(&format!(
                "const {}: v1::Watch = {watch};",
                watch_name(&property.member)
            ));
        }
        self.constructor(&mut inherent, &mut claimed);
        for property in self.properties {
            inherent.gap();
            self.accessors(&mut inherent, &mut claimed, property);
        }
        more(&mut inherent, &mut claimed);
        let inherent = inherent.into_string();
        if !inherent.is_empty() {
            text.line(&format!("impl {name} {{"));
            text.raw(inherent.trim_start_matches('\n'));
            text.line("}");
            text.gap();
        }

        self.properties_impl(text);
        text.gap();
        self.check_impl(text);
    }

    /// The name of the field that holds the tracker, which no property has.
    fn tracker(&self) -> &'static str {
        if self
            .properties
            .iter()
            .any(|property| property.member.name == "tracker")
        {
            "tracker_"
        } else {
            "tracker"
        }
    }

    fn redacts(&self) -> bool {
        self.head.marks.redact
            || self
                .properties
                .iter()
                .any(|property| property.member.marks.redact)
    }

    fn required(&self) -> impl Iterator<Item = &Member> {
        let members = self.properties.iter().map(|property| &property.member);
        members.filter(|member| member.default.is_none())
    }

    fn field_type(&self, ty: &Type) -> String {
        let scope = self.scope;
        match held(ty) {
            Held::Plain => scope.rust_type(ty),
            Held::List(element) => format!("v1::TrackedList<{}>", scope.rust_type(element)),
            Held::Set(element) => format!("v1::TrackedSet<{}>", scope.rust_type(element)),
            Held::Map(key, value) => {
                format!(
                    "v1::TrackedMap<{}, {}>",
                    scope.rust_type(key),
                    scope.rust_type(value)
                )
            }
        }
    }

    fn is_derived_default(&self) -> bool {
        self.properties.iter().all(|property| {
            let member = &property.member;
            member
                .default
                .as_ref()
                .is_some_and(|default| self.scope.is_rust_default(&member.ty, default))
        })
    }

    fn definition(&self, text: &mut Text) {
        text.docs(&self.head.docs);
        deprecated(text, self.head.marks.deprecated.as_deref());
        let debug = if self.redacts() { "" } else { "Debug, " };
        let default = if self.is_derived_default() {
            ", Default"
        } else {
            ""
        };
        text.line(&format!("#[derive({debug}Clone{default})]"));
        text.open(&format!("pub struct {} {{", self.head.name));
        for property in self.properties {
            let member = &property.member;
            let ty = format!("{},", self.field_type(&member.ty));
            text.broken(&format!("{}:", ident(&member.name)), &ty);
        }
        text.line(&format!("{}: v1::Tracker,", self.tracker()));
        text.close("}");
        if self.redacts() {
            text.gap();
            let shown: Vec<(&str, bool)> = self
                .properties
                .iter()
                .map(|property| {
                    let member = &property.member;
                    (
                        member.name.as_str(),
                        self.head.marks.redact || member.marks.redact,
                    )
                })
                .collect();
            redacted_debug(text, &self.head.name, &shown);
        }
    }

    /// The value that a property begins with.
    fn initial(&self, member: &Member) -> String {
        let Some(default) = &member.default else {
            return member.name.clone();
        };
        let value = self.scope.value(&member.ty, default);
        self.tracked(&member.ty, value)
    }

    fn tracked(&self, ty: &Type, value: String) -> String {
        match held(ty) {
            Held::Plain => value,
            Held::List(_) => format!("v1::TrackedList::new({value})"),
            Held::Set(_) => format!("v1::TrackedSet::new({value})"),
            Held::Map(..) => format!("v1::TrackedMap::new({value})"),
        }
    }

    fn fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = self
            .properties
            .iter()
            .map(|property| {
                let member = &property.member;
                let name = ident(&member.name);
                match &member.default {
                    None if matches!(held(&member.ty), Held::Plain) => name,
                    None => format!("{name}: {}", self.tracked(&member.ty, name.clone())),
                    Some(_) => format!("{name}: {}", self.initial(member)),
                }
            })
            .collect();
        fields.push(format!("{}: v1::Tracker::new()", self.tracker()));
        fields
    }

    fn default_impl(&self, text: &mut Text) {
        if self.is_derived_default() || self.required().next().is_some() {
            return;
        }
        text.gap();
        text.open(&format!(
            "impl {} for {} {{",
            self.scope.std("Default"),
            self.head.name
        ));
        text.open("fn default() -> Self {");
        text.literal("Self", &self.fields(), "");
        text.close("}");
        text.close("}");
    }

    /// `new`, with what has no default.
    fn constructor(&self, text: &mut Text, claimed: &mut Claimed) {
        let required: Vec<&Member> = self.required().collect();
        if required.is_empty() {
            return;
        }
        let scope = self.scope;
        let params: Vec<String> = required
            .iter()
            .map(|member| format!("{}: {}", ident(&member.name), scope.rust_type(&member.ty)))
            .collect();
        let bounded: Vec<&&Member> = required
            .iter()
            .filter(|member| scope.world.facts.bounded(&member.ty))
            .collect();
        text.gap();
        text.line("/// With what has no default; all else begins with its own.");
        let name = claimed.claim("new");
        if bounded.is_empty() {
            text.line("#[must_use]");
            text.function(&format!("pub fn {name}("), &params, ") -> Self {");
            text.literal("Self", &self.fields(), "");
        } else {
            errors_doc(text, "If a value breaks its bounds.");
            text.function(
                &format!("pub fn {name}("),
                &params,
                ") -> v1::Result<Self> {",
            );
            for member in bounded {
                let codec = scope.codec(&member.ty);
                let args = [quoted(&member.name), format!("&{}", ident(&member.name))];
                text.call(&format!("v1::check::<{codec}>("), &args, ")?;");
            }
            text.literal(&format!("{}(Self", scope.std("Ok")), &self.fields(), ")");
        }
        text.close("}");
    }

    fn watch(&self, property: &Property) -> String {
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

    fn accessors(&self, text: &mut Text, claimed: &mut Claimed, property: &Property) {
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
    fn step(&self, property: &Property) -> Option<f64> {
        let step = property.sync.as_ref()?.quantize?;
        self.scope
            .world
            .facts
            .rounds(&property.member.ty)
            .then_some(step)
    }

    fn properties_impl(&self, text: &mut Text) {
        let scope = self.scope;
        let (option, some, none) = (scope.std("Option"), scope.std("Some"), scope.std("None"));
        let ok = scope.std("Ok");
        text.open(&format!("impl v1::Properties for {} {{", self.head.name));
        text.broken(
            "const PROPERTIES: &'static [v1::descriptor::Property] =",
            &format!("descriptor::{}.properties;", self.descriptor),
        );
        text.gap();
        text.open("fn tracker(&self) -> &v1::Tracker {");
        text.line(&format!("&self.{}", self.tracker()));
        text.close("}");
        text.gap();

        if self.properties.is_empty() {
            text.open(&format!(
                "fn property(&self, _: u8) -> {option}<v1::Property<'_>> {{"
            ));
            text.line(&none);
            text.close("}");
            text.gap();
            text.function(
                "fn apply_change(",
                &["&mut self", "_: u8", "_: &mut v1::Reader<'_>"].map(str::to_owned),
                ") -> v1::Result<bool> {",
            );
            text.line(&format!("{ok}(false)"));
            text.close("}");
        } else {
            text.open(&format!(
                "fn property(&self, tag: u8) -> {option}<v1::Property<'_>> {{"
            ));
            text.open(&format!("{some}(match tag {{"));
            for property in self.properties {
                let member = &property.member;
                let field = format!("&self.{}", ident(&member.name));
                let held = match (held(&member.ty), self.step(property)) {
                    (Held::Plain, None) => format!("Plain({field})"),
                    (Held::Plain, Some(step)) => format!("Rounded({field}, {step:?})"),
                    _ => format!("Container({field})"),
                };
                text.line(&format!("{} => v1::Property::{held},", member.tag));
            }
            text.line(&format!("_ => return {none},"));
            text.close("})");
            text.close("}");
            text.gap();
            self.apply_change(text);
        }
        text.gap();
        text.open("fn clear_changes(&mut self, consumer: v1::Consumer) {");
        text.line(&format!("self.{}.clear(consumer);", self.tracker()));
        for property in self.properties {
            let member = &property.member;
            if !matches!(held(&member.ty), Held::Plain) {
                text.line(&format!(
                    "self.{}.clear_changes(consumer);",
                    ident(&member.name)
                ));
            }
        }
        text.close("}");
        text.close("}");
    }

    fn apply_change(&self, text: &mut Text) {
        let scope = self.scope;
        text.function(
            "fn apply_change(",
            &["&mut self", "tag: u8", "r: &mut v1::Reader<'_>"].map(str::to_owned),
            ") -> v1::Result<bool> {",
        );
        text.open("match tag {");
        for property in self.properties {
            let member = &property.member;
            let ty = &member.ty;
            let (function, codecs) = match held(ty) {
                Held::Plain => ("apply", scope.codec(ty)),
                Held::List(element) => (
                    "apply_list",
                    format!("{}, {}", scope.codec(element), ends(&ty.bound)),
                ),
                Held::Set(element) => (
                    "apply_set",
                    format!("{}, {}", scope.codec(element), ends(&ty.bound)),
                ),
                Held::Map(key, value) => {
                    let (key, value) = (scope.codec(key), scope.codec(value));
                    ("apply_map", format!("{key}, {value}, {}", ends(&ty.bound)))
                }
            };
            let args = [
                quoted(&member.name),
                format!("&mut self.{}", ident(&member.name)),
                "r".to_owned(),
            ];
            let head = format!("v1::{function}::<{codecs}>(");
            text.arm_call(&member.tag.to_string(), &head, &args, ")?");
        }
        text.line(&format!("_ => return {}(false),", scope.std("Ok")));
        text.close("}");
        text.line(&format!("{}(true)", scope.std("Ok")));
        text.close("}");
    }

    fn check_impl(&self, text: &mut Text) {
        let scope = self.scope;
        let bounded: Vec<&Member> = self
            .properties
            .iter()
            .map(|property| &property.member)
            .filter(|member| scope.world.facts.bounded(&member.ty))
            .collect();
        if bounded.is_empty() {
            return text.line(&format!("impl v1::Check for {} {{}}", self.head.name));
        }
        text.open(&format!("impl v1::Check for {} {{", self.head.name));
        text.open("fn check(&self) -> v1::Result<()> {");
        for member in bounded {
            let args = [
                quoted(&member.name),
                format!("&self.{}", ident(&member.name)),
            ];
            text.call(
                &format!("v1::check::<{}>(", scope.codec(&member.ty)),
                &args,
                ")?;",
            );
        }
        text.line(&format!("{}(())", scope.std("Ok")));
        text.close("}");
        text.close("}");
    }
}

fn watch_name(member: &Member) -> String {
    format!("WATCH_{}", screaming(&member.name))
}

fn errors_doc(text: &mut Text, what: &str) {
    text.line("///");
    text.line("/// # Errors");
    text.line("///");
    text.line(&format!("/// {what}"));
}

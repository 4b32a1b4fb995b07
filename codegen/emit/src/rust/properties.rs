//! Property structs: values that track what changed of them.

mod accessors;
mod traits;

use std::collections::BTreeSet;

use playhouse_schema::model::{Bound, Head, Member, Property, Shape, Type};

use super::names::ident;
use super::scope::Scope;
use super::structs::{deprecated, redacted_debug};
use super::text::Text;
use super::values::quoted;
use crate::names::screaming;

/// Names that are used up in one `impl`.
#[derive(Default)]
pub(super) struct Claimed(BTreeSet<String>);

impl Claimed {
    /// `name`, or something like it that is free.
    pub(super) fn claim(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

/// A property struct.
pub(super) struct Body<'s, 'm> {
    pub(super) scope: &'s Scope<'m>,
    pub(super) head: &'s Head,
    pub(super) properties: &'s [Property],
    pub(super) descriptor: &'s str,
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
    pub(super) fn emit(&self, text: &mut Text, more: impl FnOnce(&mut Text, &mut Claimed)) {
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

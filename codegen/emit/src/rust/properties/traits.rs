//! What the runtime asks of property structs: their changes and their bounds.

use playhouse_schema::model::Member;

use super::{Body, Held, ends, held};
use crate::rust::names::ident;
use crate::rust::text::Text;
use crate::rust::values::quoted;

impl Body<'_, '_> {
    pub(super) fn properties_impl(&self, text: &mut Text) {
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

    pub(super) fn check_impl(&self, text: &mut Text) {
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

//! What errors have beyond unions: text, sources, conversions.

use playhouse_schema::model::{Arm, ArmBody, Member, Shape, Type, TypeKind};

use super::{Union, binding, bound};
use crate::names::spaced;
use crate::rust::names::variant;
use crate::rust::scope::Scope;
use crate::rust::text::Text;

/// Writes the implementations of an error out.
pub(super) fn emit(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    text.gap();
    display_impl(scope, text, union);
    text.gap();
    error_impl(scope, text, union);
    text.gap();
    text.line(&format!("impl v1::Thrown for {} {{}}", union.def.head.name));
    for arm in union.arms {
        if let Some(ty) = composed(scope, arm) {
            text.gap();
            from_impl(scope, text, union, arm, ty);
        }
    }
}

/// The error type that an arm of an error composes, if it does.
fn composed<'m>(scope: &Scope<'m>, arm: &'m Arm) -> Option<&'m Type> {
    let ArmBody::Type(ty) = &arm.body else {
        return None;
    };
    let Shape::Named(id) = ty.shape else {
        return None;
    };
    let is_error = matches!(scope.model().type_def(id).kind, TypeKind::Error { .. });
    (is_error && !ty.optional).then_some(ty)
}

fn display_impl(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    text.open(&format!(
        "impl ::core::fmt::Display for {} {{",
        union.def.head.name
    ));
    text.open("fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {");
    text.open("match self {");
    for arm in union.arms {
        let (variant, says) = (variant(&arm.name), spaced(&arm.name));
        let redacted = arm.marks.redact || union.def.head.marks.redact;
        match &arm.body {
            _ if redacted => {
                let rest = match &arm.body {
                    ArmBody::Nothing => "",
                    ArmBody::Type(_) => "(_)",
                    ArmBody::Members(_) => " { .. }",
                };
                text.line(&format!("Self::{variant}{rest} => f.write_str({says:?}),"));
            }
            ArmBody::Type(_) if composed(scope, arm).is_some() => {
                text.line(&format!(
                    "Self::{variant}(error) => write!(f, \"{says}: {{error}}\"),"
                ));
            }
            ArmBody::Type(_) => {
                let line = format!("Self::{variant}(value) => write!(f, \"{says}: {{value:?}}\"),");
                text.line(&line);
            }
            ArmBody::Members(members) if !members.is_empty() => {
                let told: Vec<&Member> = members
                    .iter()
                    .filter(|member| !member.marks.redact)
                    .collect();
                let fields: Vec<String> = told.iter().map(|member| binding(member)).collect();
                let parts: Vec<String> = told
                    .iter()
                    .map(|member| format!("{} {{{}:?}}", spaced(&member.name), bound(&member.name)))
                    .collect();
                let message = format!("\"{says}: {}\"", parts.join(", "));
                if parts.is_empty() {
                    text.line(&format!(
                        "Self::{variant} {{ .. }} => f.write_str({says:?}),"
                    ));
                    continue;
                }
                let open_ended = told.len() < members.len();
                let pattern = text.pattern(&format!("Self::{variant}"), &fields, open_ended);
                text.arm_call(&pattern, "write!(", &["f".to_owned(), message], ")");
            }
            ArmBody::Members(_) => {
                text.line(&format!("Self::{variant} {{}} => f.write_str({says:?}),"));
            }
            ArmBody::Nothing => {
                text.line(&format!("Self::{variant} => f.write_str({says:?}),"));
            }
        }
    }
    if !union.closed {
        let what = "an error of a newer schema, tag";
        text.line(&format!(
            "Self::Unknown(arm) => write!(f, \"{what} {{}}\", arm.tag()),"
        ));
    }
    text.close("}");
    text.close("}");
    text.close("}");
}

fn error_impl(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>) {
    let name = &union.def.head.name;
    let composing: Vec<String> = union
        .arms
        .iter()
        .filter(|arm| composed(scope, arm).is_some())
        .map(|arm| variant(&arm.name))
        .collect();
    if composing.is_empty() {
        return text.line(&format!("impl ::core::error::Error for {name} {{}}"));
    }
    let (option, some) = (scope.std("Option"), scope.std("Some"));
    text.open(&format!("impl ::core::error::Error for {name} {{"));
    text.open(&format!(
        "fn source(&self) -> {option}<&(dyn ::core::error::Error + 'static)> {{"
    ));
    text.open("match self {");
    for variant in &composing {
        text.line(&format!("Self::{variant}(error) => {some}(error),"));
    }
    if !union.closed || composing.len() < union.arms.len() {
        text.line(&format!("_ => {},", scope.std("None")));
    }
    text.close("}");
    text.close("}");
    text.close("}");
}

fn from_impl(scope: &Scope<'_>, text: &mut Text, union: &Union<'_>, arm: &Arm, ty: &Type) {
    let from = scope.plain_type(ty);
    text.open(&format!(
        "impl {}<{from}> for {} {{",
        scope.std("From"),
        union.def.head.name
    ));
    text.open(&format!("fn from(error: {from}) -> Self {{"));
    let boxed = scope.is_held_boxed(union.id, ty);
    let error = if boxed {
        format!("{}::new(error)", scope.std("Box"))
    } else {
        "error".to_owned()
    };
    text.line(&format!("Self::{}({error})", variant(&arm.name)));
    text.close("}");
    text.close("}");
}

//! Newtypes and constants.

use playhouse_schema::model::{Const, Shape, Type, TypeDef, TypeId, TypeKind, Value};

use super::names::ident;
use super::scope::Scope;
use super::structs::{declaration_docs, deprecated};
use super::text::Text;

/// The newtype `def`.
pub(super) fn emit(
    scope: &Scope<'_>,
    text: &mut Text,
    id: TypeId,
    def: &TypeDef,
    inner: &Type,
    default: Option<&Value>,
) {
    let name = &def.head.name;
    let facts = scope.world.facts.of(id);
    let redacted = def.head.marks.redact;
    let derived = default.is_some_and(|default| scope.is_rust_default(inner, default));

    declaration_docs(text, def);
    let mut derives = Vec::new();
    if !redacted {
        derives.push("Debug");
    }
    derives.push("Clone");
    if facts.copy {
        derives.push("Copy");
    }
    if derived {
        derives.push("Default");
    }
    derives.push("PartialEq");
    if !facts.floats {
        derives.push("Eq");
    }
    if is_ordered(scope, inner) {
        derives.extend(["PartialOrd", "Ord"]);
    }
    if !facts.floats {
        derives.push("Hash");
    }
    text.line(&format!("#[derive({})]", derives.join(", ")));
    let ty = scope.rust_type(inner);
    text.line(&format!("pub struct {name}(pub {ty});"));
    text.gap();

    if redacted {
        text.open(&format!("impl ::core::fmt::Debug for {name} {{"));
        text.open("fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {");
        super::structs::shown(text, "tuple", name, &["&v1::Redacted".to_owned()], "finish");
        text.close("}");
        text.close("}");
        text.gap();
    }
    if let (false, Some(default)) = (derived, default) {
        text.open(&format!("impl {} for {name} {{", scope.std("Default")));
        text.open("fn default() -> Self {");
        text.line(&format!("Self({})", scope.value(inner, default)));
        text.close("}");
        text.close("}");
        text.gap();
    }
    if facts.rounds {
        text.open(&format!("impl v1::Round for {name} {{"));
        text.open("fn rounded(&self, step: f64) -> Self {");
        text.line("Self(v1::Round::rounded(&self.0, step))");
        text.close("}");
        text.close("}");
        text.gap();
    }
    let mut traits = Vec::new();
    if shows(scope, inner) && !redacted {
        traits.push("Display");
    }
    if is_key_part(scope, inner) {
        traits.push("KeyPart");
    }
    let traits = if traits.is_empty() {
        String::new()
    } else {
        format!("; {}", traits.join(", "))
    };
    text.line(&format!(
        "v1::newtype!({name}({ty}): {}{traits});",
        scope.codec(inner)
    ));
}

/// Whether values have an order that is also that of the wire.
fn is_ordered(scope: &Scope<'_>, ty: &Type) -> bool {
    match &ty.shape {
        Shape::Bool
        | Shape::Int(_)
        | Shape::String
        | Shape::Bytes
        | Shape::Timestamp
        | Shape::Duration
        | Shape::Uuid => true,
        Shape::Named(id) => match &scope.model().type_def(*id).kind {
            TypeKind::Enum { .. } => true,
            TypeKind::Newtype { inner, .. } => is_ordered(scope, inner),
            _ => false,
        },
        _ => false,
    }
}

/// Whether Rust can show the value to people.
fn shows(scope: &Scope<'_>, ty: &Type) -> bool {
    match &ty.shape {
        Shape::Bool
        | Shape::Int(_)
        | Shape::F32
        | Shape::F64
        | Shape::String
        | Shape::Timestamp
        | Shape::Duration
        | Shape::Uuid => !ty.optional,
        Shape::Named(id) => {
            let def = scope.model().type_def(*id);
            match &def.kind {
                TypeKind::Newtype { inner, .. } => !def.head.marks.redact && shows(scope, inner),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether the value can be part of an entity's key.
pub(super) fn is_key_part(scope: &Scope<'_>, ty: &Type) -> bool {
    match &ty.shape {
        Shape::Int(_) | Shape::String | Shape::Uuid => true,
        Shape::Named(id) => match &scope.model().type_def(*id).kind {
            TypeKind::Newtype { inner, .. } => is_key_part(scope, inner),
            _ => false,
        },
        _ => false,
    }
}

/// The constant `constant`.
pub(super) fn emit_const(scope: &Scope<'_>, text: &mut Text, constant: &Const) {
    text.docs(&constant.head.docs);
    deprecated(text, constant.head.marks.deprecated.as_deref());
    // An owned string can't be a constant, so that a newtype over one is left off here.
    let (ty, value) = match &constant.value {
        Value::String(value) => ("&str".to_owned(), format!("{value:?}")),
        Value::Empty => ("&str".to_owned(), "\"\"".to_owned()),
        value => (
            scope.rust_type(&constant.ty),
            scope.value(&constant.ty, value),
        ),
    };
    let name = ident(&crate::names::screaming(&constant.head.name));
    text.broken(&format!("pub const {name}: {ty} ="), &format!("{value};"));
}

//! What ties user code to the schema: descriptors by type, and the macro that `#[component]`, `#[entity]` and `#[service]`
//! judge the user's code by.
//!
//! The macro has the name of the type, so that one `use` brings both, and calls the procedural macro back with what the
//! schema says and with whatever it was given. No path leads from it into the schema's crate: all types are reached from
//! the path that the user wrote. What it hands on:
//!
//! ```text
//! payload = "{" owner "[" call* "]" "[" slot* "]" "}" user-tokens
//! owner   = kind "name" "path of the .idl" line
//! kind    = component | service | entity (keyed | instance | singleton | per_node | local)
//! call    = "{" word tag ident line "signature" "[" (ident "Rust type" ",")* "]" "Rust result" "}"
//! word    = rpc | oneway | timer     -- what the server implements
//!         | event | client           -- what it sends
//! slot    = "{" tag ident line "component" "}"
//! ```
//!
//! Identifiers are as in Rust, raw ones among them. Rust types are for messages alone. Slots stand in order of activation:
//! what a component requires comes before it, and ties go by tag.

use playhouse_schema::model::{
    Call, CallKind, Component, Entity, EntityKind, Head, Model, RefTarget, Service, Shape, Slot,
    Type, TypeKind,
};

use super::Side;
use super::entities::key_types;
use super::names::ident;
use super::scope::Scope;
use super::text::Text;
use super::types::int_name;

/// What `component` is to the host and to the macros.
pub(super) fn emit_component(
    scope: &Scope<'_>,
    text: &mut Text,
    component: &Component,
    descriptor: &str,
) {
    let name = &component.head.name;
    text.gap();
    text.open(&format!("impl v1::ComponentSchema for {name} {{"));
    descriptor_function(text, "Component", descriptor);
    text.close("}");
    if scope.world.side == Side::Client {
        return;
    }
    let is_handled = |call: &Call| {
        matches!(
            call.kind,
            CallKind::Rpc | CallKind::Oneway | CallKind::Timer
        )
    };
    if !component.calls.iter().any(is_handled) {
        text.gap();
        own_logic(text, name);
    }
    text.gap();
    described(
        scope,
        text,
        &component.head,
        "component",
        &component.calls,
        &[],
    );
}

/// What `entity` is to the host and to the macros.
pub(super) fn emit_entity(scope: &Scope<'_>, text: &mut Text, entity: &Entity, descriptor: &str) {
    let name = &entity.head.name;
    text.gap();
    text.open(&format!("impl v1::EntitySchema for {name} {{"));
    let types = key_types(scope, entity);
    let key = match types.as_slice() {
        [one] => one.clone(),
        types => format!("({})", types.join(", ")),
    };
    text.line(&format!("type Key = {key};"));
    text.gap();
    descriptor_function(text, "Entity", descriptor);
    text.gap();
    key_function(scope, text, entity, &types);
    text.close("}");
    for slot in &entity.slots {
        let component = &scope.model().components[slot.component.0 as usize];
        let component = scope.declared(&component.head);
        text.gap();
        text.open(&format!("impl v1::HasSlot<{}> for {name} {{", slot.tag));
        text.line(&format!("type Component = {component};"));
        text.close("}");
    }
    if scope.world.side == Side::Client {
        return;
    }
    let kind = match entity.kind {
        EntityKind::Keyed(_) => "entity keyed",
        EntityKind::Instance => "entity instance",
        EntityKind::Singleton => "entity singleton",
        EntityKind::PerNode => "entity per_node",
        EntityKind::Local => "entity local",
    };
    text.gap();
    let slots = in_order_of_activation(scope.model(), &entity.slots);
    described(scope, text, &entity.head, kind, &entity.calls, &slots);
}

/// What `service` is to the host and to the macros.
pub(super) fn emit_service(
    scope: &Scope<'_>,
    text: &mut Text,
    service: &Service,
    descriptor: &str,
) {
    text.gap();
    text.open(&format!(
        "impl v1::ServiceSchema for {} {{",
        service.head.name
    ));
    descriptor_function(text, "Service", descriptor);
    text.close("}");
    if scope.world.side == Side::Server {
        text.gap();
        described(scope, text, &service.head, "service", &service.calls, &[]);
    }
}

fn descriptor_function(text: &mut Text, kind: &str, descriptor: &str) {
    text.open(&format!(
        "fn descriptor() -> &'static v1::descriptor::{kind} {{"
    ));
    text.line(&format!("&descriptor::{descriptor}"));
    text.close("}");
}

/// `key`: the typed key of the parts of an address.
fn key_function(scope: &Scope<'_>, text: &mut Text, entity: &Entity, types: &[String]) {
    let (option, some, none) = (scope.std("Option"), scope.std("Some"), scope.std("None"));
    text.open(&format!(
        "fn key(key: &v1::EntityKey) -> {option}<Self::Key> {{"
    ));
    let parts: &[Type] = match &entity.kind {
        EntityKind::Keyed(parts) => parts,
        _ => &[],
    };
    let names: Vec<String> = match types.len() {
        1 => vec!["part".to_owned()],
        count => (1..=count).map(|number| format!("part_{number}")).collect(),
    };
    text.open(&format!("let [{}] = key.parts() else {{", names.join(", ")));
    text.line(&format!("return {none};"));
    text.close("};");
    let mut values = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let Some(part) = parts.get(index) else {
            // An instance's number or a node's name.
            values.push(format!("v1::key_part::<{}>({name})?", types[index]));
            continue;
        };
        let value = part_value(scope, part, name);
        if scope.world.facts.bounded(part) {
            text.broken(&format!("let {name} ="), &format!("{value};"));
            let codec = scope.plain_codec(part);
            let args = ["\"key\"".to_owned(), format!("&{name}")];
            text.call(&format!("v1::check::<{codec}>("), &args, ").ok()?;");
            values.push(name.clone());
        } else {
            values.push(value);
        }
    }
    match values.as_slice() {
        [value] => text.line(&format!("{some}({value})")),
        values => {
            let line = values.join(", ");
            if text.column() + some.len() + line.len() + 4 <= 60 + text.column() {
                text.line(&format!("{some}(({line}))"));
            } else {
                text.open(&format!("{some}(("));
                for value in values {
                    text.line(&format!("{value},"));
                }
                text.close("))");
            }
        }
    }
    text.close("}");
}

/// The value of a part of a key, as an expression that may return early.
fn part_value(scope: &Scope<'_>, ty: &Type, place: &str) -> String {
    match &ty.shape {
        Shape::Named(id) => {
            let def = scope.model().type_def(*id);
            let name = scope.declared(&def.head);
            match &def.kind {
                TypeKind::Newtype { inner, .. } => {
                    format!("{name}({})", part_value(scope, inner, place))
                }
                TypeKind::Enum { closed, .. } => {
                    let early = if *closed { "?" } else { "" };
                    format!("{name}::from_number(v1::key_part({place})?){early}")
                }
                _ => format!("v1::key_part({place})?"),
            }
        }
        _ => format!("v1::key_part::<{}>({place})?", scope.plain_type(ty)),
    }
}

/// A component without calls of the server: its properties are all there is to it.
fn own_logic(text: &mut Text, name: &str) {
    text.open(&format!("impl v1::logic::Component for {name} {{"));
    text.line("type Schema = Self;");
    text.gap();
    text.open("fn properties(&self) -> &Self {");
    text.line("self");
    text.close("}");
    text.gap();
    text.open("fn properties_mut(&mut self) -> &mut Self {");
    text.line("self");
    text.close("}");
    text.close("}");
    text.gap();
    text.line(&format!("impl v1::logic::Hooks for {name} {{}}"));
    text.gap();
    text.open(&format!("impl v1::logic::ComponentCalls for {name} {{"));
    text.line("fn register(_: &mut impl v1::logic::Calls<Self>) {}");
    text.close("}");
}

/// The macro.
fn described(
    scope: &Scope<'_>,
    text: &mut Text,
    head: &Head,
    kind: &str,
    calls: &[Call],
    slots: &[&Slot],
) {
    let macro_name = scope.world.names.macro_of(head);
    text.line("#[doc(hidden)]");
    text.line("#[macro_export]");
    text.line("#[rustfmt::skip]");
    text.open(&format!("macro_rules! {macro_name} {{"));
    text.open("($($user:tt)*) => { ::playhouse::__private::v1::implement! {");
    text.open("{");
    text.line(&format!(
        "{kind} {:?} {:?} {}",
        head.name, head.path, head.line
    ));
    text.open("[");
    for call in calls {
        text.line(&call_line(scope.model(), call));
    }
    text.close("]");
    text.open("[");
    for slot in slots {
        let component = &scope.model().components[slot.component.0 as usize]
            .head
            .name;
        let (tag, line, name) = (slot.tag, slot.line, ident(&slot.name));
        text.line(&format!("{{ {tag} {name} {line} {component:?} }}"));
    }
    text.close("]");
    text.close("}");
    text.line("$($user)*");
    text.close("} };");
    text.close("}");
    text.gap();
    text.line("#[doc(hidden)]");
    text.line(&format!("pub use {macro_name} as {};", head.name));
}

fn call_line(model: &Model, call: &Call) -> String {
    let word = match call.kind {
        CallKind::Rpc => "rpc",
        CallKind::Oneway => "oneway",
        CallKind::Event => "event",
        CallKind::Timer => "timer",
        CallKind::ClientRpc => "client",
    };
    let params: String = call
        .params
        .iter()
        .map(|param| format!("{} {:?}, ", ident(&param.name), shown(model, &param.ty)))
        .collect();
    let result = match call.kind {
        CallKind::Rpc | CallKind::ClientRpc => {
            let output = call
                .result
                .as_ref()
                .map_or_else(|| "()".to_owned(), |ty| shown(model, ty));
            let fault = call.throws.map_or_else(
                || "Failure".to_owned(),
                |id| format!("CallError<{}>", model.type_def(id).head.name),
            );
            format!("Result<{output}, {fault}>")
        }
        _ => "()".to_owned(),
    };
    let (tag, name, line) = (call.tag, ident(&call.name), call.line);
    let signature = signature(model, call);
    format!("{{ {word} {tag} {name} {line} {signature:?} [ {params}] {result:?} }}")
}

/// A call as the schema writes it.
fn signature(model: &Model, call: &Call) -> String {
    let word = match call.kind {
        CallKind::Rpc => "rpc",
        CallKind::Oneway => "oneway",
        CallKind::Event => "event",
        CallKind::Timer => "timer",
        CallKind::ClientRpc => "client rpc",
    };
    let params: Vec<String> = call
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, model.type_text(&param.ty)))
        .collect();
    let mut text = format!("{word} {} {}({})", call.tag, call.name, params.join(", "));
    if let Some(result) = &call.result {
        text.push_str(" -> ");
        text.push_str(&model.type_text(result));
    }
    if let Some(id) = call.throws {
        text.push_str(" throws ");
        text.push_str(&model.type_def(id).head.name);
    }
    text
}

/// A Rust type as messages show it, without paths.
fn shown(model: &Model, ty: &Type) -> String {
    let plain = match &ty.shape {
        Shape::Bool => "bool".to_owned(),
        Shape::Int(int) => int_name(*int).to_owned(),
        Shape::F32 => "f32".to_owned(),
        Shape::F64 => "f64".to_owned(),
        Shape::String => "String".to_owned(),
        Shape::Bytes => "Bytes".to_owned(),
        Shape::Timestamp => "Timestamp".to_owned(),
        Shape::Duration => "Duration".to_owned(),
        Shape::Uuid => "Uuid".to_owned(),
        Shape::List(element) => format!("Vec<{}>", shown(model, element)),
        Shape::Set(element) => format!("BTreeSet<{}>", shown(model, element)),
        Shape::Map(key, value) => {
            format!("BTreeMap<{}, {}>", shown(model, key), shown(model, value))
        }
        Shape::Ref(RefTarget::Entity(id)) => {
            format!("Ref<{}>", model.entities[id.0 as usize].head.name)
        }
        Shape::Ref(RefTarget::Component(id)) => {
            format!("Ref<{}>", model.components[id.0 as usize].head.name)
        }
        Shape::Named(id) => model.type_def(*id).head.name.clone(),
    };
    if ty.optional {
        format!("Option<{plain}>")
    } else {
        plain
    }
}

/// What a component requires before it, ties by tag.
fn in_order_of_activation<'m>(model: &Model, slots: &'m [Slot]) -> Vec<&'m Slot> {
    let mut waiting: Vec<&Slot> = slots.iter().collect();
    let mut ordered = Vec::with_capacity(slots.len());
    while !waiting.is_empty() {
        let is_free = |slot: &&Slot| {
            let requires = &model.components[slot.component.0 as usize].requires;
            let mut others = waiting.iter().filter(|other| other.tag != slot.tag);
            !others.any(|other| requires.contains(&other.component))
        };
        // The schema has no circles; the first is taken if it had.
        let next = waiting.iter().position(is_free).unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}

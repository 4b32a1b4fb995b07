//! Lints of what is declared and not used or not described.

use std::collections::BTreeSet;

use super::{Context, Found};
use crate::model::{Head, Item, TypeId};

/// Declarations without docs.
pub(super) fn missing_docs(context: &Context<'_>, found: &mut Found) {
    let model = context.model;
    for package in model.packages.iter().filter(|package| package.local) {
        for item in package.modules.iter().flat_map(|module| &module.items) {
            let head: &Head = match *item {
                Item::Type(id) => &model.type_def(id).head,
                Item::Const(id) => &model.consts[id.0 as usize].head,
                Item::Role(id) => &model.roles[id.0 as usize].head,
                Item::Audience(id) => &model.audiences[id.0 as usize].head,
                Item::Component(id) => &model.components[id.0 as usize].head,
                Item::Entity(id) => &model.entities[id.0 as usize].head,
                Item::Service(id) => &model.services[id.0 as usize].head,
            };
            if head.docs.is_empty() {
                let message = format!("`{}` has no doc comment", head.name);
                found.push(found.warning(head.span, message).help(
                    "say above it in a line what it is: `/// ...`; it goes into the generated code",
                ));
            }
        }
    }
}

/// Types that nothing reaches.
pub(super) fn unused_type(context: &Context<'_>, found: &mut Found) {
    let model = context.model;
    let mut waiting: Vec<TypeId> = Vec::new();
    for call in model.calls() {
        for ty in call
            .params
            .iter()
            .map(|param| &param.ty)
            .chain(&call.result)
        {
            ty.named(&mut waiting);
        }
        waiting.extend(call.throws);
    }
    let components = model
        .components
        .iter()
        .flat_map(|component| &component.properties);
    let properties = components.chain(model.entities.iter().flat_map(|entity| &entity.properties));
    properties.for_each(|property| property.member.ty.named(&mut waiting));
    for entity in &model.entities {
        if let crate::model::EntityKind::Keyed(keys) = &entity.kind {
            keys.iter().for_each(|key| key.named(&mut waiting));
        }
    }
    model
        .consts
        .iter()
        .for_each(|constant| constant.ty.named(&mut waiting));
    let params = model
        .audiences
        .iter()
        .filter_map(|audience| audience.param.as_ref());
    params.for_each(|param| param.named(&mut waiting));
    let mut reached: BTreeSet<TypeId> = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            model
                .type_def(id)
                .kind
                .types()
                .for_each(|(_, ty)| ty.named(&mut waiting));
        }
    }
    // A package without calls and state is there for others: its types are its purpose.
    let calls_or_state = |package| {
        model
            .components
            .iter()
            .any(|component| component.head.package == package)
            || model
                .entities
                .iter()
                .any(|entity| entity.head.package == package)
            || model
                .services
                .iter()
                .any(|service| service.head.package == package)
    };
    for (index, def) in model.types.iter().enumerate() {
        let id = TypeId(u32::try_from(index).unwrap_or(u32::MAX));
        let own = context.is_own(&def.head) && def.instance.is_none();
        if own && !reached.contains(&id) && calls_or_state(def.head.package) {
            let message = format!("nothing uses `{}`", def.head.name);
            found.push(
                found
                    .warning(def.head.span, message)
                    .help("remove it, or use it"),
            );
        }
    }
}

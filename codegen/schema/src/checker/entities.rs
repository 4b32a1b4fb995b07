//! Rules over whole entities: what their components require, who owns them, where they are.

use playhouse_syntax::Span;

use super::{Checker, closure::components};
use crate::{
    model::{Audience, Call, CallKind, Entity, EntityKind, Property},
    rules,
};

/// What one part of an entity, itself or a slot, brings along.
struct Part<'m> {
    /// Where to point: the slot; for the entity itself the member.
    slot: Option<Span>,
    properties: &'m [Property],
    calls: &'m [Call],
    hidden: bool,
    narrowed: Option<Audience>,
}

impl Checker<'_> {
    pub(super) fn check_entities(&mut self) {
        self.check_requires();
        let model = std::mem::take(&mut self.model);
        let mut errors = Vec::new();
        for entity in &model.entities {
            let parts = parts(&model, entity);
            self.check_slots(&model, entity, &mut errors);
            check_owner(entity, &parts, &mut errors);
            let is_lost = self.broken || self.position_lost;
            check_position(entity, &parts, is_lost, &mut errors);
            check_creation(entity, &parts, &mut errors);
            check_local(&model, entity, &mut errors);
        }
        let calls = model
            .components
            .iter()
            .flat_map(|component| &component.calls);
        let calls = calls.chain(model.entities.iter().flat_map(|entity| &entity.calls));
        for call in calls {
            if call.exposed.as_ref().is_some_and(|exposed| exposed.guest) {
                errors.push(rules::attributes::guest(call.span));
            }
        }
        self.model = model;
        for error in errors {
            self.report(error);
        }
    }

    fn check_requires(&mut self) {
        let edges: Vec<Vec<usize>> = self
            .model
            .components
            .iter()
            .map(|component| component.requires.iter().map(|id| id.0 as usize).collect())
            .collect();
        for mut group in components(&edges) {
            group.sort_unstable();
            let first = group[0];
            if group.len() == 1 && !edges[first].contains(&first) {
                continue;
            }
            let mut names: Vec<&str> = group
                .iter()
                .map(|&index| self.model.components[index].head.name.as_str())
                .collect();
            names.push(names[0]);
            let span = self.model.components[first].head.span;
            let error = rules::entities::requires_cycle(span, &names.join(" -> "));
            self.report(error);
        }
    }

    fn check_slots(
        &self,
        model: &crate::model::Model,
        entity: &Entity,
        errors: &mut Vec<playhouse_syntax::Diagnostic>,
    ) {
        for slot in &entity.slots {
            let component = &model.components[slot.component.0 as usize];
            for required in &component.requires {
                if !entity
                    .slots
                    .iter()
                    .any(|other| other.component == *required)
                {
                    let lacks = &model.components[required.0 as usize].head.name;
                    errors.push(rules::entities::requires_unfilled(
                        slot.span,
                        &entity.head.name,
                        &component.head.name,
                        lacks,
                        component.head.span,
                    ));
                }
            }
        }
    }
}

fn parts<'m>(model: &'m crate::model::Model, entity: &'m Entity) -> Vec<Part<'m>> {
    let own = Part {
        slot: None,
        properties: &entity.properties,
        calls: &entity.calls,
        hidden: false,
        narrowed: None,
    };
    let slots = entity.slots.iter().map(|slot| {
        let component = &model.components[slot.component.0 as usize];
        Part {
            slot: Some(slot.span),
            properties: &component.properties,
            calls: &component.calls,
            hidden: slot.hidden,
            narrowed: slot.sync,
        }
    });
    std::iter::once(own).chain(slots).collect()
}

/// Sync, events and client rpcs to the owner need somebody who can own.
fn check_owner(
    entity: &Entity,
    parts: &[Part<'_>],
    errors: &mut Vec<playhouse_syntax::Diagnostic>,
) {
    let kind = match entity.kind {
        EntityKind::Singleton => "a singleton",
        EntityKind::PerNode => "one per node",
        EntityKind::Local => "a local entity",
        EntityKind::Keyed(_) | EntityKind::Instance => return,
    };
    let name = &entity.head.name;
    for part in parts.iter().filter(|part| !part.hidden) {
        for property in part.properties {
            let audience = property
                .sync
                .as_ref()
                .map(|sync| part.narrowed.unwrap_or(sync.audience));
            if audience == Some(Audience::Owner) {
                let what = format!("property `{}`", property.member.name);
                let span = part.slot.unwrap_or(property.member.span);
                errors.push(rules::calls::no_owner(span, &what, name, kind));
            }
        }
        for call in part.calls {
            let what = match call.kind {
                CallKind::ClientRpc => "client rpc",
                CallKind::Event if call.to.contains(&Audience::Owner) => "event",
                _ => continue,
            };
            let what = format!("{what} `{}`", call.name);
            errors.push(rules::calls::no_owner(
                part.slot.unwrap_or(call.span),
                &what,
                name,
                kind,
            ));
        }
    }
}

/// `near` measures from one position.
fn check_position(
    entity: &Entity,
    parts: &[Part<'_>],
    is_lost: bool,
    errors: &mut Vec<playhouse_syntax::Diagnostic>,
) {
    let visible = || parts.iter().filter(|part| !part.hidden);
    let user = visible().find_map(|part| {
        let slot = part.slot.filter(|_| part.narrowed == Some(Audience::Near));
        let property = part.properties.iter().find(|property| {
            property
                .sync
                .as_ref()
                .is_some_and(|sync| sync.audience == Audience::Near)
        });
        let call = part
            .calls
            .iter()
            .find(|call| call.to.contains(&Audience::Near));
        slot.or(property.map(|property| property.member.span))
            .or(call.map(|call| call.span))
    });
    let positions: Vec<Span> = visible()
        .flat_map(|part| part.properties)
        .filter(|property| property.position)
        .map(|property| property.member.span)
        .collect();
    if is_lost && positions.is_empty() {
        return;
    }
    if let Some(user) = user.filter(|_| positions.len() != 1) {
        errors.push(rules::entities::position_count(
            entity.head.span,
            &entity.head.name,
            user,
            &positions,
        ));
    }
}

/// Entities that come to be by themselves have nobody to give values.
fn check_creation(
    entity: &Entity,
    parts: &[Part<'_>],
    errors: &mut Vec<playhouse_syntax::Diagnostic>,
) {
    let kind = match entity.kind {
        EntityKind::Singleton => "a singleton",
        EntityKind::PerNode => "one per node",
        _ => return,
    };
    for part in parts {
        for property in part.properties {
            if property.member.default.is_none() {
                errors.push(rules::entities::required_unfilled(
                    part.slot.unwrap_or(entity.head.span),
                    &entity.head.name,
                    kind,
                    &property.member.name,
                    property.member.span,
                ));
            }
        }
    }
}

fn check_local(
    model: &crate::model::Model,
    entity: &Entity,
    errors: &mut Vec<playhouse_syntax::Diagnostic>,
) {
    if entity.kind != EntityKind::Local {
        return;
    }
    for call in &entity.calls {
        if matches!(call.kind, CallKind::Rpc | CallKind::Oneway) {
            errors.push(rules::entities::local_calls(call.span, &entity.head.name));
        }
    }
    for slot in entity.slots.iter().filter(|slot| !slot.hidden) {
        let component = &model.components[slot.component.0 as usize];
        if component.calls.iter().any(|call| call.exposed.is_some()) {
            errors.push(rules::entities::local_calls(slot.span, &entity.head.name));
        }
    }
    for property in entity
        .properties
        .iter()
        .filter(|property| property.persist.is_some())
    {
        let what = format!("`{}`", property.member.name);
        errors.push(rules::entities::local_persist(
            property.member.span,
            (&what, "persisted", "@persist"),
            &entity.head.name,
        ));
    }
    let timers = entity
        .calls
        .iter()
        .filter(|call| call.kind == CallKind::Timer && call.durable);
    for timer in timers {
        let what = format!("timer `{}`", timer.name);
        errors.push(rules::entities::local_persist(
            timer.span,
            (&what, "durable", "@durable"),
            &entity.head.name,
        ));
    }
    if let Some(container) = entity.container {
        let container = &model.entities[container.0 as usize];
        if container.kind == EntityKind::Local {
            let message = format!(
                "`{}` can't live in `{}`, which is local itself",
                entity.head.name, container.head.name
            );
            let help = "a container has an address: let both live in the same one";
            errors.push(rules::entities::entity_container(
                entity.head.span,
                message,
                help,
            ));
        }
    }
}

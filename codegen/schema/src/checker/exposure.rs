//! What clients can send is bounded, and what clients need is marked.

use std::collections::HashMap;

use playhouse_syntax::Span;

use super::Checker;
use crate::{
    model::{ArmBody, Bound, Call, CallKind, Member, Model, Shape, Type, TypeId, TypeKind},
    rules,
};

/// The first unbounded part below something: the way to it, its type in words, its place.
#[derive(Debug, Clone)]
struct Unbounded {
    path: String,
    shown: String,
    span: Option<Span>,
}

impl Checker<'_> {
    pub(super) fn check_exposure(&mut self) {
        let mut search = Search {
            model: &self.model,
            known: HashMap::new(),
        };
        let mut errors = Vec::new();
        for call in self.model.calls() {
            if call.exposed.is_some() {
                for param in &call.params {
                    if let Some(found) = search.ty(&param.ty, Some(param.span)) {
                        let path = format!("{}{}", param.name, found.path);
                        let part = found.span.filter(|&span| span != param.span);
                        errors.push(rules::calls::unbounded(
                            param.span,
                            &call.name,
                            &path,
                            &found.shown,
                            part,
                        ));
                    }
                }
            }
            if call.exposed.is_some() || call.kind == CallKind::ClientRpc {
                let found = call
                    .result
                    .as_ref()
                    .and_then(|result| search.ty(result, None));
                let thrown = call.throws.and_then(|id| search.named(id));
                let found = found.map(|found| ("result", found));
                if let Some((what, found)) = found.or(thrown.map(|found| ("error", found))) {
                    let path = format!("{what}{}", found.path);
                    let error = rules::calls::unbounded(
                        call.span,
                        &call.name,
                        &path,
                        &found.shown,
                        found.span,
                    );
                    errors.push(error);
                }
            }
        }
        for error in errors {
            self.report(error);
        }
        self.mark_client();
    }

    fn mark_client(&mut self) {
        let mut waiting: Vec<TypeId> = Vec::new();
        let calls_reach = |calls: &[Call], hidden: bool, waiting: &mut Vec<TypeId>| {
            let mut any = false;
            for call in calls {
                let reached = match call.kind {
                    CallKind::Rpc | CallKind::Oneway => call.exposed.is_some(),
                    CallKind::Event | CallKind::ClientRpc => true,
                    CallKind::Timer => false,
                };
                if hidden || !reached {
                    continue;
                }
                any = true;
                for ty in call
                    .params
                    .iter()
                    .map(|param| &param.ty)
                    .chain(&call.result)
                {
                    ty.named(waiting);
                }
                waiting.extend(call.throws);
            }
            any
        };
        for component in &mut self.model.components {
            component.client = calls_reach(&component.calls, false, &mut waiting);
            for property in component
                .properties
                .iter()
                .filter(|property| property.sync.is_some())
            {
                component.client = true;
                property.member.ty.named(&mut waiting);
            }
        }
        for entity in &mut self.model.entities {
            entity.client = calls_reach(&entity.calls, false, &mut waiting);
            for property in entity
                .properties
                .iter()
                .filter(|property| property.sync.is_some())
            {
                entity.client = true;
                property.member.ty.named(&mut waiting);
            }
            let components = &self.model.components;
            entity.client |= entity
                .slots
                .iter()
                .any(|slot| !slot.hidden && components[slot.component.0 as usize].client);
            if let (true, crate::model::EntityKind::Keyed(keys)) = (entity.client, &entity.kind) {
                keys.iter().for_each(|key| key.named(&mut waiting));
            }
        }
        for service in &mut self.model.services {
            service.client = calls_reach(&service.calls, false, &mut waiting);
        }
        while let Some(id) = waiting.pop() {
            let def = &mut self.model.types[id.0 as usize];
            if std::mem::replace(&mut def.client, true) {
                continue;
            }
            for (_, ty) in self.model.types[id.0 as usize].kind.types() {
                ty.named(&mut waiting);
            }
        }
    }
}

struct Search<'m> {
    model: &'m Model,
    /// By type: `None` while it is looked through (a circle is bounded by the reader's depth).
    known: HashMap<TypeId, Option<Unbounded>>,
}

impl Search<'_> {
    fn ty(&mut self, ty: &Type, span: Option<Span>) -> Option<Unbounded> {
        let open = matches!(ty.bound, Bound::None | Bound::Length { max: None, .. });
        let here = |path: &str| {
            Some(Unbounded {
                path: path.to_owned(),
                shown: self.model.type_text(ty),
                span,
            })
        };
        match &ty.shape {
            Shape::String | Shape::Bytes if open => here(""),
            Shape::List(_) | Shape::Set(_) | Shape::Map(..) if open => here(""),
            Shape::List(element) | Shape::Set(element) => self.within(element, span, "[]"),
            Shape::Map(key, value) => self
                .within(key, span, "{key}")
                .or_else(|| self.within(value, span, "{}")),
            Shape::Named(id) => {
                // A bound at the use of a newtype over a string or container closes it.
                let closes = matches!(ty.bound, Bound::Length { max: Some(_), .. });
                if let (true, TypeKind::Newtype { inner, .. }) =
                    (closes, &self.model.type_def(*id).kind)
                {
                    let mut inner = inner.clone();
                    inner.bound = ty.bound.clone();
                    return self.ty(&inner, span);
                }
                self.named(*id)
            }
            _ => None,
        }
    }

    fn within(&mut self, ty: &Type, span: Option<Span>, step: &str) -> Option<Unbounded> {
        let mut found = self.ty(ty, span)?;
        found.path.insert_str(0, step);
        Some(found)
    }

    fn named(&mut self, id: TypeId) -> Option<Unbounded> {
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        self.known.insert(id, None);
        let model = self.model;
        let mut found = None;
        match &model.type_def(id).kind {
            TypeKind::Struct { members, .. } => found = self.members(members),
            TypeKind::Union { arms, .. } | TypeKind::Error { arms, .. } => {
                for arm in arms {
                    let below = match &arm.body {
                        ArmBody::Nothing => None,
                        ArmBody::Type(ty) => self.ty(ty, Some(arm.span)),
                        ArmBody::Members(members) => self.members(members),
                    };
                    if let Some(mut below) = below {
                        below.path.insert_str(0, &format!(".{}", arm.name));
                        found = Some(below);
                        break;
                    }
                }
            }
            TypeKind::Newtype { inner, .. } => {
                found = self.ty(inner, Some(model.type_def(id).head.span));
            }
            TypeKind::Enum { .. } | TypeKind::Flags { .. } => {}
        }
        self.known.insert(id, found.clone());
        found
    }

    fn members(&mut self, members: &[Member]) -> Option<Unbounded> {
        members.iter().find_map(|member| {
            let mut found = self.ty(&member.ty, Some(member.span))?;
            found.path.insert_str(0, &format!(".{}", member.name));
            Some(found)
        })
    }
}

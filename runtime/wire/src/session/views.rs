//! Newest state, which passes by the sequence: what it is based on, and how new it is.

use std::collections::BTreeMap;

use super::rules::{Rule, Rules};
use crate::message::Latest;
use crate::value::EntityRef;

/// What a client knows of the entities whose newest state it follows. Nothing for most sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Views(BTreeMap<EntityRef, View>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct View {
    incarnation: u64,
    /// The number of the last change of structure.
    base: u64,
    /// The newest version that was applied onto it.
    version: u64,
}

impl Views {
    pub(super) fn structural(
        &mut self,
        entity: &EntityRef,
        incarnation: u64,
        base: u64,
        views_max: u32,
    ) {
        let views = &mut self.0;
        if let Some(view) = views.get_mut(entity) {
            if view.incarnation != incarnation {
                view.version = 0;
            }
            view.incarnation = incarnation;
            view.base = base;
        } else if views.len() < views_max as usize {
            let view = View {
                incarnation,
                base,
                version: 0,
            };
            views.insert(entity.clone(), view);
        }
    }

    pub(super) fn gone(&mut self, entity: &EntityRef) {
        self.0.remove(entity);
    }

    /// Whether this state is newer than all before, and for what is there.
    pub(super) fn take(&mut self, latest: &Latest<'_>, rules: Rules) -> bool {
        let Some(view) = self.0.get_mut(&latest.entity) else {
            return false;
        };
        let fits = latest.incarnation == view.incarnation && latest.base == view.base;
        let rises = latest.version > view.version;
        if !fits && rules.has(Rule::LatestNamesBase) || !rises && rules.has(Rule::LatestRises) {
            return false;
        }
        view.version = latest.version;
        true
    }
}

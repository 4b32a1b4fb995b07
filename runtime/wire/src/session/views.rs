//! Newest state, which passes by the sequence: what it is based on, and how new it is.

use std::collections::BTreeMap;

use super::rules::{Rule, Rules};
use crate::message::Latest;
use crate::value::EntityRef;

/// The entities whose newest state a session follows. Nothing for most sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Views(pub(super) BTreeMap<EntityRef, View>);

/// What one side knows of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct View {
    /// Which life of it.
    pub(super) incarnation: u64,
    /// The number of its last change of structure.
    pub(super) base: u64,
    /// The newest version: at the client of what was applied, at the home of what was sent.
    pub(super) version: u64,
}

impl Views {
    /// The message of this number made the entity, or changed it so that older state does not fit. Whether it is followed: of too
    /// many the one that was so first is let go. Both sides see these messages in one order, so that they follow the same.
    pub(super) fn structural(
        &mut self,
        entity: &EntityRef,
        incarnation: u64,
        base: u64,
        views_max: u32,
    ) -> bool {
        if let Some(view) = self.0.get_mut(entity) {
            if view.incarnation != incarnation {
                view.version = 0;
            }
            view.incarnation = incarnation;
            view.base = base;
            return true;
        }
        if self.0.len() >= views_max as usize {
            let first = self.0.iter().min_by_key(|(_, view)| view.base);
            let Some(first) = first.map(|(entity, _)| entity.clone()) else {
                return false;
            };
            self.0.remove(&first);
        }
        let view = View {
            incarnation,
            base,
            version: 0,
        };
        self.0.insert(entity.clone(), view);
        true
    }

    pub(super) fn has(&self, entity: &EntityRef) -> bool {
        self.0.contains_key(entity)
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

    /// The next version of an entity's state.
    pub(super) fn next(&mut self, entity: &EntityRef) -> Option<&View> {
        let view = self.0.get_mut(entity)?;
        view.version = view.version.saturating_add(1);
        Some(view)
    }
}

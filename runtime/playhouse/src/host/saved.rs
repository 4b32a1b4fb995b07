//! What of an entity type is saved, and how its parts are read and filled. Types of which nothing is saved have documents
//! too where nodes share a store: who runs an entity stands in its document.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use playhouse_store::{Path, Table, Update, Value};

use super::cell::{Access, EntityCell, Hosted};
use crate::descriptor::{self, EntityKind};
use crate::document::{self, Misfit};
use crate::logic::Entity;
use crate::persist;
use crate::properties::{Consumer, Properties, Tags};

/// What of an entity type is saved.
pub(super) struct Saved {
    /// The collection of its documents.
    pub(super) collection: Arc<str>,
    /// Whether there is anything to save. The documents of other types say whose an entity is, and nothing else.
    pub(super) persistent: bool,
    parts: Vec<SavedPart>,
    /// Whether all its properties wait equally long.
    pub(super) one_interval: bool,
}

/// The entity itself or one of its slots, if it has properties that are saved.
struct SavedPart {
    tag: u8,
    /// Where its properties stand.
    at: Path,
    properties: &'static [descriptor::Property],
    run: Box<dyn SavePart>,
}

/// Reads and fills the properties of one part.
trait SavePart {
    /// What changed since it was saved.
    fn changed(&self, cell: &dyn Hosted) -> Tags;

    /// Whether a handler has it just now.
    fn is_busy(&self, cell: &dyn Hosted) -> bool;

    /// Adds what changed, and takes it for saved.
    fn save(&self, cell: &dyn Hosted, at: &Path, update: &mut Update);

    /// As `save`, of a part that its handler has.
    fn save_held(&self, logic: &mut dyn Any, at: &Path, update: &mut Update);

    /// Whether `logic` is this part.
    fn is_mine(&self, logic: &dyn Any) -> bool;

    /// Takes what was saved.
    fn load(&self, cell: &dyn Hosted, table: &Table, at: &Path) -> Result<(), Misfit>;

    /// Takes everything for saved.
    fn settle(&self, cell: &dyn Hosted);
}

struct PartOf<E, L, P, G> {
    access: G,
    of: fn(&mut L) -> &mut P,
    part: PhantomData<fn() -> E>,
}

impl<E: Entity, L: 'static, P: Properties, G: Access<E, L>> PartOf<E, L, P, G> {
    fn with<R>(&self, cell: &dyn Hosted, f: impl FnOnce(&mut P) -> R) -> Option<R> {
        let cell = (cell as &dyn Any).downcast_ref::<EntityCell<E>>()?;
        // One whose handler runs is not looked at: it is when the handler has ended.
        let mut logic = self.access.of(cell).try_borrow_mut().ok()?;
        Some(f((self.of)(&mut logic)))
    }

    fn take(props: &mut P, at: &Path, update: &mut Update) {
        document::save(props, P::PERSISTED, at, update);
        props.clear_changes(Consumer::Persist);
    }
}

impl<E: Entity, L: 'static, P: Properties, G: Access<E, L>> SavePart for PartOf<E, L, P, G> {
    fn changed(&self, cell: &dyn Hosted) -> Tags {
        let changed = self.with(cell, |props| {
            if props.tracker().touched(Consumer::Persist).is_empty() {
                return Tags::NONE;
            }
            props.changed(Consumer::Persist).and(P::PERSISTED)
        });
        changed.unwrap_or_default()
    }

    fn is_busy(&self, cell: &dyn Hosted) -> bool {
        self.with(cell, |_| ()).is_none()
    }

    fn save(&self, cell: &dyn Hosted, at: &Path, update: &mut Update) {
        self.with(cell, |props| Self::take(props, at, update));
    }

    fn save_held(&self, logic: &mut dyn Any, at: &Path, update: &mut Update) {
        if let Some(logic) = logic.downcast_mut::<L>() {
            Self::take((self.of)(logic), at, update);
        }
    }

    fn is_mine(&self, logic: &dyn Any) -> bool {
        logic.is::<L>()
    }

    fn load(&self, cell: &dyn Hosted, table: &Table, at: &Path) -> Result<(), Misfit> {
        self.with(cell, |props| {
            let loaded = document::load(props, table, at);
            props.clear_changes(Consumer::Persist);
            loaded
        })
        .unwrap_or(Ok(()))
    }

    fn settle(&self, cell: &dyn Hosted) {
        self.with(cell, |props| props.clear_changes(Consumer::Persist));
    }
}

impl Saved {
    /// Of an entity type; none if it never has documents. Its parts are added one by one.
    pub(super) fn of(entity: &'static descriptor::Entity) -> Option<Box<Self>> {
        let persistent = persist::is_persistent(entity);
        let owned = matches!(
            entity.kind,
            EntityKind::Keyed(_) | EntityKind::Singleton | EntityKind::Instance
        );
        (persistent || owned).then(|| {
            Box::new(Self {
                collection: document::collection(entity).into(),
                persistent,
                parts: Vec::new(),
                one_interval: true,
            })
        })
    }

    /// With the part in slot `tag`, whose properties stand at `at`.
    pub(super) fn part<E: Entity, L: 'static, P: Properties + 'static, G: Access<E, L>>(
        &mut self,
        tag: u8,
        at: Path,
        access: G,
        of: fn(&mut L) -> &mut P,
    ) {
        if P::PERSISTED.is_empty() {
            return;
        }
        self.one_interval &= P::PROPERTIES
            .iter()
            .all(|property| property.persist.is_none_or(|it| it.every_us.is_none()));
        self.parts.push(SavedPart {
            tag,
            at,
            properties: P::PROPERTIES,
            run: Box::new(PartOf::<E, L, P, G> {
                access,
                of,
                part: PhantomData,
            }),
        });
    }

    /// How long what changed may wait, in microseconds; none if nothing changed.
    pub(super) fn wait_us(&self, cell: &dyn Hosted, every_us: u64) -> Option<u64> {
        let mut shortest = None;
        for part in &self.parts {
            let changed = part.run.changed(cell);
            if changed.is_empty() {
                continue;
            }
            if self.one_interval {
                return Some(every_us);
            }
            for property in part.properties {
                if changed.contains(property.member.tag) {
                    let own = property.persist.and_then(|it| it.every_us);
                    let wait = own.and_then(|us| u64::try_from(us).ok());
                    let wait = wait.unwrap_or(every_us);
                    shortest = Some(shortest.map_or(wait, |shortest: u64| shortest.min(wait)));
                }
            }
        }
        shortest
    }

    /// Whether a handler has one of the parts just now: what it changed can't be seen.
    pub(super) fn is_busy(&self, cell: &dyn Hosted) -> bool {
        self.parts.iter().any(|part| part.run.is_busy(cell))
    }

    /// What changed; it counts as saved from here on. `held` is the part, in its slot, that a handler has just now.
    pub(super) fn take(&self, cell: &dyn Hosted, mut held: Option<(u8, &mut dyn Any)>) -> Update {
        let mut update = Update::new();
        for part in &self.parts {
            match &mut held {
                Some((tag, logic)) if *tag == part.tag => {
                    part.run.save_held(&mut **logic, &part.at, &mut update);
                }
                _ => part.run.save(cell, &part.at, &mut update),
            }
        }
        update
    }

    /// Whether `logic` is the part in slot `tag`, or there is nothing to save in that slot.
    pub(super) fn holds(&self, tag: u8, logic: &dyn Any) -> bool {
        let part = self.parts.iter().find(|part| part.tag == tag);
        part.is_none_or(|part| part.run.is_mine(logic))
    }

    /// Fills the parts from a document.
    pub(super) fn load(&self, cell: &dyn Hosted, root: &Value) -> Result<(), Misfit> {
        for part in &self.parts {
            match root.at(&part.at.0) {
                None => part.run.settle(cell),
                Some(section) => {
                    let table = section.entries().ok_or_else(|| {
                        Misfit::new(part.at.clone(), "expected a table of properties")
                    })?;
                    part.run.load(cell, table, &part.at)?;
                }
            }
        }
        Ok(())
    }
}

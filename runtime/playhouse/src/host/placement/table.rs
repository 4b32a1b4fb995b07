//! The entities that a shard calls elsewhere: where each was last, and the calls that are not over.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use playhouse_cluster::placement::{Caller, Rules};
use playhouse_wire::EntityRef;
use rustc_hash::FxHashMap;

use super::super::calls::CallId;
use super::placed::Placed;
use crate::call::{Address, Failure};

/// Most entities elsewhere that a shard remembers while it has no calls for them: of those that were called least
/// lately, half are forgotten for one more.
pub const LOCATIONS_MAX: usize = 65_536;

/// What a shard knows of entities elsewhere.
#[derive(Default)]
pub(in crate::host) struct Placements {
    /// Those called lately.
    young: RefCell<FxHashMap<EntityRef, Rc<Entry>>>,
    /// Those called before: forgotten, if idle, when the young have become too many.
    old: RefCell<FxHashMap<EntityRef, Rc<Entry>>>,
    /// Calls that wait or are underway.
    pub(super) open: Cell<usize>,
    /// Who was asked for which entities, by the serial of the link.
    pub(super) asked: RefCell<BTreeMap<u64, Vec<EntityRef>>>,
    /// Entities whose calls ended with their links, and that were not told yet.
    pub(super) broken: RefCell<Vec<(Rc<Entry>, playhouse_store::Owner)>>,
    /// Who is there.
    pub(super) sight: super::sight::Sight,
    /// Where nodes were that were there once: a node that left the view may still own.
    pub(super) nodes: RefCell<FxHashMap<Arc<str>, Address>>,
    /// Entities whose activation has just ended with calls of this node in its mailbox, which are about to be made anew: in
    /// their order, and behind them those that were made since. None is empty.
    pub(super) returning: RefCell<FxHashMap<EntityRef, VecDeque<Spot>>>,
    /// Questions of others that wait for a claim.
    pub(super) locates: RefCell<FxHashMap<EntityRef, Vec<super::locating::Then>>>,
}

/// A place in the line of calls that waited for an activation that is over. Each makes itself anew when its task is polled,
/// which may be in any order.
pub(super) enum Spot {
    /// It was in the mailbox, and has not been made anew yet.
    Kept(CallId),
    /// It goes on once those before it have.
    Placed(Rc<Placed>),
}

/// One entity elsewhere.
pub(in crate::host) struct Entry {
    pub(super) entity: EntityRef,
    pub(super) caller: RefCell<Caller<Rc<Placed>>>,
    /// The number of the last call.
    pub(super) last: Cell<u64>,
    /// The machine is being asked what to do.
    pub(super) driven: Cell<bool>,
    /// The link by which it was asked for.
    pub(super) asked: Cell<Option<u64>>,
    /// Nodes that could not be asked, or could not help, since all were asked last.
    pub(super) avoided: RefCell<Vec<Arc<str>>>,
    /// Those of them that could not be asked.
    pub(super) unheard: RefCell<Vec<Arc<str>>>,
    /// Who was asked last.
    pub(super) candidate: RefCell<Arc<str>>,
    /// Who ran it last, as far as is known.
    pub(super) last_node: RefCell<Option<Arc<str>>>,
    /// Why nobody could be found.
    pub(super) failure: RefCell<Option<Failure>>,
}

impl Entry {
    fn new(entity: EntityRef, rules: Rules) -> Rc<Self> {
        Rc::new(Self {
            entity,
            caller: RefCell::new(Caller::new(rules)),
            last: Cell::new(0),
            driven: Cell::new(false),
            asked: Cell::new(None),
            avoided: RefCell::default(),
            unheard: RefCell::default(),
            candidate: RefCell::new("".into()),
            last_node: RefCell::default(),
            failure: RefCell::default(),
        })
    }
}

/// The same entity, whatever slot of it is meant.
pub(super) fn whole(address: &EntityRef) -> EntityRef {
    EntityRef {
        slot: 0,
        ..address.clone()
    }
}

impl Placements {
    /// Whether calls to the entity wait or are underway.
    pub(super) fn is_busy(&self, address: &EntityRef) -> bool {
        if self.open.get() == 0 && self.returning.borrow().is_empty() {
            return false;
        }
        self.returning.borrow().contains_key(&whole(address))
            || self
                .find(&whole(address))
                .is_some_and(|entry| !entry.caller.borrow().is_idle())
    }

    /// How many calls stand in the line of those that return to an entity, and whether this one was kept a place there.
    pub(super) fn line_of(&self, entity: &EntityRef, call: CallId) -> (usize, bool) {
        let returning = self.returning.borrow();
        let Some(line) = returning.get(entity) else {
            return (0, false);
        };
        let is_kept = |spot: &Spot| matches!(spot, Spot::Kept(kept) if *kept == call);
        (line.len(), line.iter().any(is_kept))
    }

    /// A call takes the place that it was kept in the line of its entity, or the last one.
    pub(super) fn stand_in_line(&self, call: CallId, placed: Rc<Placed>) {
        let mut returning = self.returning.borrow_mut();
        let line = returning.entry(placed.entry.entity.clone()).or_default();
        let is_kept = |spot: &&mut Spot| matches!(spot, Spot::Kept(kept) if *kept == call);
        match line.iter_mut().find(is_kept) {
            Some(spot) => *spot = Spot::Placed(placed),
            None => line.push_back(Spot::Placed(placed)),
        }
    }

    /// The first of a line that need not wait any more.
    pub(super) fn next_in_line(&self, entity: &EntityRef) -> Option<Rc<Placed>> {
        let mut returning = self.returning.borrow_mut();
        let line = returning.get_mut(entity)?;
        let next = match line.pop_front()? {
            Spot::Placed(placed) => Some(placed),
            kept @ Spot::Kept(_) => {
                line.push_front(kept);
                None
            }
        };
        if line.is_empty() {
            returning.remove(entity);
        }
        next
    }

    /// A call that was kept a place in the line is not made anew.
    pub(super) fn leave_line(&self, entity: &EntityRef, call: CallId) {
        let mut returning = self.returning.borrow_mut();
        if let Some(line) = returning.get_mut(entity) {
            line.retain(|spot| !matches!(spot, Spot::Kept(kept) if *kept == call));
            if line.is_empty() {
                returning.remove(entity);
            }
        }
    }

    pub(super) fn find(&self, entity: &EntityRef) -> Option<Rc<Entry>> {
        if let Some(entry) = self.young.borrow().get(entity) {
            return Some(Rc::clone(entry));
        }
        let entry = self.old.borrow_mut().remove(entity)?;
        self.keep(&entry);
        Some(entry)
    }

    /// What is known of an entity, from now on if nothing was.
    pub(super) fn entry(&self, entity: EntityRef, rules: Rules) -> Rc<Entry> {
        if let Some(entry) = self.find(&entity) {
            return entry;
        }
        let entry = Entry::new(entity, rules);
        self.keep(&entry);
        entry
    }

    fn keep(&self, entry: &Rc<Entry>) {
        let mut young = self.young.borrow_mut();
        if young.len() >= LOCATIONS_MAX / 2 {
            let mut old = self.old.borrow_mut();
            let mut elder = std::mem::replace(&mut *old, std::mem::take(&mut *young));
            // What is not over stays, and is bounded by the number of calls.
            elder.retain(|_, entry| !entry.caller.borrow().is_idle());
            young.extend(elder);
        }
        young.insert(entry.entity.clone(), Rc::clone(entry));
    }

    /// How many entities are remembered.
    pub(in crate::host) fn len(&self) -> usize {
        self.young.borrow().len() + self.old.borrow().len()
    }
}

impl fmt::Debug for Placements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Placements({} entities, {} calls)",
            self.len(),
            self.open.get()
        )
    }
}

#[cfg(test)]
mod tests {
    use playhouse_wire::{EntityKey, KeyPart};

    use super::*;

    fn entity(number: u64) -> EntityRef {
        EntityRef {
            package: 1,
            number: 2,
            slot: 0,
            key: EntityKey::new([KeyPart::Unsigned(number)]),
        }
    }

    #[test]
    fn of_idle_entities_those_that_were_called_least_lately_are_forgotten() {
        let placements = Placements::default();
        let many = LOCATIONS_MAX as u64 * 3;
        for number in 0..many {
            placements.entry(entity(number), Rules::default());
            // One is called all the time.
            assert!(placements.find(&entity(0)).is_some());
            assert!(placements.len() <= LOCATIONS_MAX);
        }
        assert!(placements.find(&entity(many - 1)).is_some());
        assert!(placements.find(&entity(1)).is_none());
    }
}

//! One live entity.
//!
//! Its own state and each component stand in cells of their own, so that the handler of one reaches the others. The
//! lease on the whole, which makes its calls run one at a time, is `Header::holder`.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use playhouse_wire::EntityKey;

use super::calls::CallId;
use super::rare::Rare;
use crate::logic::{Entity, Slot};

/// Where an entity stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Calls run.
    Live,
    /// It ends as soon as the call that runs has ended.
    Ending,
    /// It is no more; what waits for it looks for the next of its key.
    Over,
}

/// What the host knows of a live entity of whatever type.
pub(crate) struct Header {
    pub(super) key: EntityKey,
    /// Index of its type on this shard.
    pub(super) kind: u32,
    /// Its number, if it is local.
    pub(super) local: u32,
    pub(super) life: Cell<Life>,
    /// Whether it is persistent, so that what its handlers change is saved.
    pub(super) saved: Cell<bool>,
    /// The call that it is leased to.
    pub(super) holder: Cell<CallId>,
    /// Calls that wait for their turn, first come first served.
    #[expect(
        clippy::box_collection,
        reason = "an idle entity pays for a pointer, not for a queue"
    )]
    pub(super) waiters: RefCell<Option<Box<VecDeque<CallId>>>>,
    pub(super) rare: RefCell<Option<Box<Rare>>>,
}

impl Header {
    pub(super) const fn new(kind: u32, key: EntityKey, local: u32) -> Self {
        Self {
            key,
            kind,
            local,
            life: Cell::new(Life::Live),
            saved: Cell::new(false),
            holder: Cell::new(CallId::NONE),
            waiters: RefCell::new(None),
            rare: RefCell::new(None),
        }
    }

    /// Looks at what only some entities have.
    pub(super) fn rare<R>(&self, f: impl FnOnce(&Rare) -> R) -> Option<R> {
        self.rare.borrow().as_deref().map(f)
    }

    /// Changes what only some entities have, from now on this one too.
    pub(super) fn rare_mut<R>(&self, f: impl FnOnce(&mut Rare) -> R) -> R {
        f(self.rare.borrow_mut().get_or_insert_default())
    }
}

/// A live entity of whatever type.
pub(crate) trait Hosted: Any {
    fn header(&self) -> &Header;
}

impl fmt::Debug for dyn Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hosted({:?})", self.header().key)
    }
}

/// A live entity.
pub(super) struct EntityCell<E: Entity> {
    pub(super) header: Header,
    pub(super) own: RefCell<E>,
    pub(super) slots: E::Slots,
}

impl<E: Entity> EntityCell<E> {
    pub(super) fn new(kind: u32, key: EntityKey, local: u32, own: E) -> Rc<Self> {
        Rc::new(Self {
            header: Header::new(kind, key, local),
            own: RefCell::new(own),
            slots: E::slots(),
        })
    }
}

impl<E: Entity> Hosted for EntityCell<E> {
    fn header(&self) -> &Header {
        &self.header
    }
}

/// From an entity to the part of it whose handlers are meant.
pub(super) trait Access<E: Entity, L>: Copy + 'static {
    fn of(self, cell: &EntityCell<E>) -> &RefCell<L>;
}

/// The entity's own struct.
#[derive(Clone, Copy)]
pub(super) struct Own;

impl<E: Entity> Access<E, E> for Own {
    #[inline]
    fn of(self, cell: &EntityCell<E>) -> &RefCell<E> {
        &cell.own
    }
}

/// A component in its slot.
pub(super) struct In<E: Entity, L>(pub(super) fn(&E::Slots) -> &Slot<L>);

impl<E: Entity, L> Clone for In<E, L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Entity, L> Copy for In<E, L> {}

impl<E: Entity, L: 'static> Access<E, L> for In<E, L> {
    #[inline]
    fn of(self, cell: &EntityCell<E>) -> &RefCell<L> {
        &(self.0)(&cell.slots).0
    }
}

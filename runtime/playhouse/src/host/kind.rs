//! What one shard knows of an entity type: its handlers, hooks and slots, and its live entities.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use hashbrown::HashTable;
use playhouse_wire::EntityKey;
use rustc_hash::FxHasher;

use super::cell::{Access, EntityCell, Hosted, In, Own};
use super::egress::decode_outcome;
use super::handler::{EncodedCall, Handler, TypedCall};
use super::handoff::{Moving, moving_part};
use super::hooks::{HooksOf, RunHook};
use super::placement::{Decoded, decode_nothing};
use super::saved::Saved;
use super::timers::TimerHost;
use crate::call::{Arguments, Failure, Rpc};
use crate::descriptor;
use crate::document;
use crate::document::UpgradeHook;
use crate::host::Cx;
use crate::logic::{
    Calls, ComponentCalls, ComponentSchema, Entity, EntityCalls, EntitySchema, HookSet, Hooks, Slot,
};
use crate::metrics::CallTally;

/// An entity type on one shard.
pub(super) struct Kind {
    pub(super) descriptor: &'static descriptor::Entity,
    /// Its place among the types of the shard.
    pub(super) index: u32,
    /// The struct that the user made for it.
    pub(super) logic: TypeId,
    /// By tag; the first is the entity itself.
    pub(super) slots: Vec<Option<SlotHost>>,
    /// Tags in order of activation; the entity itself last.
    pub(super) order: Vec<u8>,
    /// Hooks that anything in it has written.
    pub(super) hooks: HookSet,
    /// What of it is saved, if it is persistent.
    pub(super) saved: Option<Box<Saved>>,
    /// What of it moves with it though it is not saved.
    pub(super) moving: Moving,
    parts: Vec<(TypeId, u8, Box<dyn Part>)>,
    construct: fn(u32, &EntityKey) -> Option<Rc<dyn Hosted>>,
    table: RefCell<HashTable<Rc<dyn Hosted>>>,
    pub(super) next_instance: Cell<u64>,
}

/// What fills a slot, or the entity itself.
pub(super) struct SlotHost {
    /// Name of the slot; empty for the entity itself.
    pub(super) name: &'static str,
    pub(super) calls: Vec<Option<CallHost>>,
    pub(super) timers: Vec<Option<TimerHost>>,
    pub(super) hooks: HookSet,
    /// The hook `upgrade`, if there is one.
    pub(super) upgrade: Option<UpgradeHook>,
    pub(super) runner: Box<dyn RunHook>,
}

/// A call that has a handler.
pub(super) struct CallHost {
    pub(super) call: &'static descriptor::Call,
    pub(super) deadline_us: u64,
    /// A `Box<dyn TypedCall<A, O, X>>`.
    pub(super) typed: Box<dyn Any>,
    pub(super) encoded: Box<dyn EncodedCall>,
    pub(super) tally: Rc<CallTally>,
}

/// Microseconds that a call has if neither the schema nor the caller says anything.
pub const DEADLINE_DEFAULT_US: u64 = playhouse_wire::message::DEADLINE_DEFAULT_US;

impl Kind {
    pub(super) fn of<E: EntityCalls>(index: u32) -> Self {
        let descriptor = <E::Schema as EntitySchema>::descriptor();
        let mut own = Registrar::<E, E, Own>::new(Own, descriptor.deadline_us);
        E::register(&mut own);
        let mut kind = Self {
            descriptor,
            index,
            logic: TypeId::of::<E>(),
            slots: vec![Some(own.finish(""))],
            order: Vec::new(),
            hooks: E::WRITTEN,
            saved: Saved::of(descriptor),
            moving: Moving::default(),
            parts: Vec::new(),
            construct: |index, key| {
                let own = E::construct(key)?;
                Some(EntityCell::new(index, key.clone(), 0, own))
            },
            table: RefCell::default(),
            next_instance: Cell::new(0),
        };
        kind.part::<E, E, Own>(0, Own, |logic| logic);
        kind.part_of_type::<E, E, Own>(TypeId::of::<E::Schema>(), 0, Own, |logic| {
            logic.properties_mut()
        });
        if let (Some(saved), Some(at)) = (&mut kind.saved, document::place(descriptor, 0)) {
            saved.part::<E, E, E::Schema, Own>(0, at, Own, E::properties_mut);
        }
        kind.moving.add(moving_part::<E, E, E::Schema, Own>(
            0,
            Own,
            E::properties_mut,
        ));
        E::register_slots(&mut EntitySlots {
            kind: &mut kind,
            entity: std::marker::PhantomData,
        });
        kind.order.push(0);
        kind
    }

    fn part<E: Entity, L: 'static, G: Access<E, L>>(
        &mut self,
        tag: u8,
        access: G,
        view: fn(&mut L) -> &mut dyn Any,
    ) {
        self.part_of_type(TypeId::of::<L>(), tag, access, view);
    }

    fn part_of_type<E: Entity, L: 'static, G: Access<E, L>>(
        &mut self,
        ty: TypeId,
        tag: u8,
        access: G,
        view: fn(&mut L) -> &mut dyn Any,
    ) {
        let part = PartOf {
            access,
            view,
            entity: std::marker::PhantomData::<fn() -> E>,
        };
        self.parts.push((ty, tag, Box::new(part)));
    }

    /// Whether anything of its entities outlives them.
    pub(super) fn is_persistent(&self) -> bool {
        self.saved.as_ref().is_some_and(|saved| saved.persistent)
    }

    #[inline]
    pub(super) fn call(&self, slot: u8, tag: u8) -> Option<&CallHost> {
        let slot = self.slots.get(usize::from(slot))?.as_ref()?;
        slot.calls.get(usize::from(tag))?.as_ref()
    }

    /// All calls that have handlers, with the names of their slots.
    pub(super) fn hosted_calls(&self) -> impl Iterator<Item = (&'static str, &CallHost)> {
        let slots = self.slots.iter().flatten();
        slots.flat_map(|slot| slot.calls.iter().flatten().map(|call| (slot.name, call)))
    }

    /// The handler of a timer: nobody can call it.
    pub(super) fn timer(&self, slot: u8, tag: u8) -> Option<&TimerHost> {
        let slot = self.slots.get(usize::from(slot))?.as_ref()?;
        slot.timers.get(usize::from(tag))?.as_ref()
    }

    /// The hooks `upgrade`, with their slots, in order of activation.
    pub(super) fn upgrades(&self) -> Vec<(u8, UpgradeHook)> {
        let written = |tag: &u8| {
            let slot = self.slots.get(usize::from(*tag))?.as_ref()?;
            Some((*tag, slot.upgrade?))
        };
        self.order.iter().filter_map(written).collect()
    }

    /// Makes the entity with this key, if it is a type whose entities their first use makes.
    pub(super) fn construct(&self, key: &EntityKey) -> Option<Rc<dyn Hosted>> {
        (self.construct)(self.index, key)
    }

    #[inline]
    pub(super) fn find(&self, key: &EntityKey) -> Option<Rc<dyn Hosted>> {
        let table = self.table.borrow();
        let found = table.find(hash(key), |cell| cell.header().key == *key)?;
        Some(Rc::clone(found))
    }

    pub(super) fn insert(&self, cell: Rc<dyn Hosted>) {
        let code = hash(&cell.header().key);
        self.table
            .borrow_mut()
            .insert_unique(code, cell, |cell| hash(&cell.header().key));
    }

    /// Takes this very entity out of the table.
    pub(super) fn remove(&self, cell: &Rc<dyn Hosted>) {
        let code = hash(&cell.header().key);
        let mut table = self.table.borrow_mut();
        if let Ok(entry) = table.find_entry(code, |other| Rc::ptr_eq(other, cell)) {
            entry.remove();
        }
    }

    /// Makes room for this many more entities at once.
    pub(super) fn reserve(&self, more: usize) {
        self.table
            .borrow_mut()
            .reserve(more, |cell| hash(&cell.header().key));
    }

    pub(super) fn len(&self) -> usize {
        self.table.borrow().len()
    }

    /// The live entities, in no order that means anything.
    pub(super) fn live(&self) -> Vec<Rc<dyn Hosted>> {
        let mut live: Vec<_> = self.table.borrow().iter().cloned().collect();
        // By key, so that what is done to each is done in the same order in every run.
        live.sort_by(|a, b| a.header().key.cmp(&b.header().key));
        live
    }

    /// Shows `f` the part of `cell` that is a `T`: a struct of the user, or its properties. Of several, the first in
    /// order of tags, or the one in `slot`.
    pub(super) fn visit(
        &self,
        cell: &dyn Hosted,
        ty: TypeId,
        slot: Option<u8>,
        f: &mut dyn FnMut(&mut dyn Any),
    ) -> Visit {
        let part = self
            .parts
            .iter()
            .filter(|(part, tag, _)| *part == ty && slot.is_none_or(|slot| slot == *tag))
            .min_by_key(|(_, tag, _)| *tag);
        match part {
            Some((.., part)) => part.visit(cell, f),
            None => Visit::Absent,
        }
    }
}

#[inline]
fn hash(key: &EntityKey) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Kind({}, {} live)",
            self.descriptor.head.name,
            self.len()
        )
    }
}

/// What came of looking for a part of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visit {
    Seen,
    /// It is at work itself: its handler runs.
    Busy,
    /// The entity has no such part.
    Absent,
}

/// A part of an entity that can be shown to a closure.
trait Part {
    fn visit(&self, cell: &dyn Hosted, f: &mut dyn FnMut(&mut dyn Any)) -> Visit;
}

struct PartOf<E, L, G> {
    access: G,
    view: fn(&mut L) -> &mut dyn Any,
    entity: std::marker::PhantomData<fn() -> E>,
}

impl<E: Entity, L: 'static, G: Access<E, L>> Part for PartOf<E, L, G> {
    fn visit(&self, cell: &dyn Hosted, f: &mut dyn FnMut(&mut dyn Any)) -> Visit {
        let Some(cell) = (cell as &dyn Any).downcast_ref::<EntityCell<E>>() else {
            return Visit::Absent;
        };
        match self.access.of(cell).try_borrow_mut() {
            Ok(mut logic) => {
                f((self.view)(&mut logic));
                Visit::Seen
            }
            Err(_) => Visit::Busy,
        }
    }
}

/// Takes the slots of an entity type, in order of activation.
pub struct EntitySlots<'a, E: Entity> {
    kind: &'a mut Kind,
    entity: std::marker::PhantomData<fn() -> E>,
}

impl<E: Entity> EntitySlots<'_, E> {
    /// The slot `tag` holds an `L`, found by `get`.
    pub fn slot<L: ComponentCalls>(&mut self, tag: u8, get: fn(&E::Slots) -> &Slot<L>) {
        let access = In::<E, L>(get);
        let component = <L::Schema as ComponentSchema>::descriptor();
        let slots = self.kind.descriptor.slots;
        let name = slots.iter().find(|slot| slot.tag == tag);
        let mut registrar =
            Registrar::<E, L, In<E, L>>::new(access, self.kind.descriptor.deadline_us);
        L::register(&mut registrar);
        let slot = registrar.finish(name.map_or(component.head.name, |slot| slot.name));
        let index = usize::from(tag);
        if self.kind.slots.len() <= index {
            self.kind.slots.resize_with(index + 1, || None);
        }
        self.kind.slots[index] = Some(slot);
        self.kind.order.push(tag);
        self.kind.hooks = self.kind.hooks.and(L::WRITTEN);
        self.kind.part::<E, L, _>(tag, access, |logic| logic);
        let place = document::place(self.kind.descriptor, tag);
        if let (Some(saved), Some(at)) = (&mut self.kind.saved, place) {
            saved.part::<E, L, L::Schema, _>(tag, at, access, L::properties_mut);
        }
        self.kind.moving.add(moving_part::<E, L, L::Schema, _>(
            tag,
            access,
            L::properties_mut,
        ));
        let schema = TypeId::of::<L::Schema>();
        // A component that is its own logic is in the list already.
        if schema != TypeId::of::<L>() {
            self.kind
                .part_of_type::<E, L, _>(schema, tag, access, |logic| logic.properties_mut());
        }
    }
}

impl<E: Entity> fmt::Debug for EntitySlots<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntitySlots({:?})", self.kind.order)
    }
}

/// Collects the handlers of one slot.
struct Registrar<E, L, G> {
    access: G,
    deadline_us: u64,
    calls: Vec<Option<CallHost>>,
    timers: Vec<Option<TimerHost>>,
    part: std::marker::PhantomData<fn() -> (E, L)>,
}

impl<E: Entity, L: Hooks, G: Access<E, L>> Registrar<E, L, G> {
    fn new(access: G, deadline_us: Option<i64>) -> Self {
        Self {
            access,
            deadline_us: micros(deadline_us).unwrap_or(DEADLINE_DEFAULT_US),
            calls: Vec::new(),
            timers: Vec::new(),
            part: std::marker::PhantomData,
        }
    }

    fn add<A: Arguments, O, X, F>(&mut self, ready: bool, run: F, decode: Decoded<Result<O, X>>)
    where
        Handler<E, L, G, A, O, X, F>: TypedCall<A, O, X> + EncodedCall + Clone,
        O: 'static,
        X: 'static,
        F: 'static,
    {
        let index = usize::from(A::TAG);
        if self.calls.len() <= index {
            self.calls.resize_with(index + 1, || None);
        }
        let handler = Handler::<E, L, G, A, O, X, F>::new(self.access, ready, run)
            .decoded(decode)
            .committed(A::call().committed);
        let typed: Box<dyn TypedCall<A, O, X>> = Box::new(handler.clone());
        self.calls[index] = Some(CallHost {
            call: A::call(),
            deadline_us: micros(A::call().deadline_us).unwrap_or(self.deadline_us),
            typed: Box::new(typed),
            encoded: Box::new(handler),
            tally: Rc::default(),
        });
    }

    fn finish(self, name: &'static str) -> SlotHost {
        SlotHost {
            name,
            calls: self.calls,
            timers: self.timers,
            hooks: L::WRITTEN,
            upgrade: L::UPGRADE,
            runner: Box::new(HooksOf::<E, L, G>::new(self.access)),
        }
    }
}

pub(super) fn micros(value: Option<i64>) -> Option<u64> {
    value.and_then(|micros| u64::try_from(micros).ok())
}

impl<E: Entity, L: Hooks, G: Access<E, L>> Calls<L> for Registrar<E, L, G> {
    fn rpc<A: Rpc, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<A::Output, A::Fault> + Copy + 'static,
    {
        self.add::<A, A::Output, A::Fault, F>(ready, handler, decode_outcome::<A>);
    }

    fn oneway<A: Arguments, F>(&mut self, ready: bool, handler: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
    {
        self.add::<A, (), Failure, F>(ready, handler, decode_nothing);
    }

    fn timer<A: Arguments, F>(&mut self, _ready: bool, handler: F)
    where
        F: AsyncFn(&mut L, &mut Cx, A) -> Result<(), Failure> + Copy + 'static,
    {
        let index = usize::from(A::TAG);
        if self.timers.len() <= index {
            self.timers.resize_with(index + 1, || None);
        }
        self.timers[index] = Some(TimerHost::new::<E, L, G, A, F>(self.access, handler));
    }
}

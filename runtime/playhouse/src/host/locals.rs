//! Entities that live in another one and can't be called from outside: puppets and flyers of a battle.
//!
//! They share the lease of the one that they live in: while one of its handlers runs, all of them are its own.

use std::any::{Any, TypeId, type_name};
use std::rc::Rc;

use playhouse_wire::EntityKey;

use super::Cx;
use super::cell::{EntityCell, Hosted, Life};
use super::kind::Visit;
use super::lease::leased;
use super::shard::Shard;
use crate::call::{Failure, FailureKind};
use crate::descriptor::EntityKind;
use crate::logic::{Entity, Hook};

/// Most local entities that live in one entity at a time.
pub const LOCALS_MAX: usize = 65_536;

impl Cx {
    fn whole(&self) -> Option<Rc<dyn Hosted>> {
        self.cell().map(|cell| leased(&cell))
    }

    /// Makes a local entity in this one, and returns its number. Numbers are not used again.
    ///
    /// # Errors
    ///
    /// If the node doesn't run the type, if it lives in another type of entity, or if [`LOCALS_MAX`] live here already.
    pub fn spawn_local_entity<L: Entity>(&mut self, logic: L) -> Result<u32, Failure> {
        let shard = Rc::clone(self.shard());
        let Some(whole) = self.whole() else {
            return Err(invalid("a service has no local entities"));
        };
        let ty = TypeId::of::<L>();
        let Some(kind) = shard.kinds.iter().find(|kind| kind.logic == ty) else {
            return Err(invalid(
                "the node does not run it: add it with `.entity::<..>()`",
            ));
        };
        let container = shard.kind(whole.header().kind).descriptor;
        let EntityKind::Local(lives_in) = kind.descriptor.kind else {
            return Err(invalid("it is no local entity: use `create`"));
        };
        if (lives_in.0.package, lives_in.0.number) != (container.package, container.number) {
            return Err(invalid("it lives in another type of entity"));
        }
        let cell = whole.header().rare_mut(|rare| {
            if rare.locals.len() >= LOCALS_MAX {
                return Err(Failure::not_executed(FailureKind::Overloaded)
                    .because("too many local entities live in the entity"));
            }
            rare.last_local += 1;
            let number = rare.last_local;
            let cell: Rc<dyn Hosted> =
                EntityCell::new(kind.index, EntityKey::default(), number, logic);
            cell.header()
                .rare_mut(|rare| rare.container = Some(Rc::downgrade(&whole)));
            rare.locals.insert(number, Rc::clone(&cell));
            Ok(cell)
        })?;
        if kind.hooks.has(Hook::Created) || kind.hooks.has(Hook::Loaded) {
            // They come after the handler that runs now.
            shard.run_hooks(&cell, &[Hook::Created, Hook::Loaded], |_| ());
        }
        Ok(cell.header().local)
    }

    /// Shows `f` the local entity with this number; none if there is none, or if it is no `L`.
    ///
    /// # Panics
    ///
    /// If it is the one whose handler runs: that one is `self`.
    pub fn local<L: Entity, R>(&self, number: u32, f: impl FnOnce(&mut L) -> R) -> Option<R> {
        let whole = self.whole()?;
        let cell = whole
            .header()
            .rare(|rare| rare.locals.get(&number).cloned())
            .flatten()?;
        self.shard().show_local(&*cell, 0, f)
    }

    /// Shows `f` every local entity that is an `L`, in order of their numbers.
    ///
    /// # Panics
    ///
    /// As [`Cx::local`].
    pub fn each_local<L: Entity>(&self, mut f: impl FnMut(u32, &mut L)) {
        let locals: Vec<Rc<dyn Hosted>> = self
            .whole()
            .and_then(|whole| {
                whole
                    .header()
                    .rare(|rare| rare.locals.values().cloned().collect())
            })
            .unwrap_or_default();
        for cell in locals {
            let number = cell.header().local;
            self.shard().show_local(&*cell, 0, |local| f(number, local));
        }
    }

    /// Runs `f` as if it were a handler of the local entity with this number: events that it sends come from there, and
    /// timers that it sets belong to it.
    pub fn as_local<L: Entity, R>(
        &mut self,
        number: u32,
        f: impl FnOnce(&mut L, &mut Self) -> R,
    ) -> Option<R> {
        self.as_local_slot(number, 0, f)
    }

    /// As [`Cx::as_local`], of the component in this slot of the local entity.
    pub fn as_local_slot<L: 'static, R>(
        &mut self,
        number: u32,
        slot: u8,
        f: impl FnOnce(&mut L, &mut Self) -> R,
    ) -> Option<R> {
        let whole = self.whole()?;
        let cell = whole
            .header()
            .rare(|rare| rare.locals.get(&number).cloned())
            .flatten()?;
        let outer = (self.cell()?, self.slot());
        self.become_part(Rc::clone(&cell), slot);
        let shard = Rc::clone(self.shard());
        let shown = shard.show_local(&*cell, slot, |local| f(local, self));
        self.become_part(outer.0, outer.1);
        shown
    }

    /// Ends a local entity; whether there was one. Its hook `destroyed` comes after the handler that runs now.
    pub fn remove_local(&mut self, number: u32) -> bool {
        let Some(whole) = self.whole() else {
            return false;
        };
        let removed = whole.header().rare_mut(|rare| rare.locals.remove(&number));
        let Some(cell) = removed else {
            return false;
        };
        let shard = Rc::clone(self.shard());
        shard.forget_timers(&whole, number);
        if shard.kind(cell.header().kind).hooks.has(Hook::Destroyed) {
            let over = Rc::clone(&cell);
            shard.run_hooks(&cell, &[Hook::Destroyed], move |_| {
                over.header().life.set(Life::Over);
            });
        } else {
            cell.header().life.set(Life::Over);
        }
        true
    }
}

impl Shard {
    fn show_local<L: 'static, R>(
        &self,
        cell: &dyn Hosted,
        slot: u8,
        f: impl FnOnce(&mut L) -> R,
    ) -> Option<R> {
        let (mut f, mut result) = (Some(f), None);
        let mut show = |part: &mut dyn Any| {
            if let (Some(part), Some(f)) = (part.downcast_mut(), f.take()) {
                result = Some(f(part));
            }
        };
        let kind = self.kind(cell.header().kind);
        let visit = kind.visit(cell, TypeId::of::<L>(), Some(slot), &mut show);
        assert!(
            visit != Visit::Busy,
            "`{}` is at work itself: use `self`",
            type_name::<L>()
        );
        result
    }
}

#[cold]
fn invalid(why: &str) -> Failure {
    Failure::not_executed(FailureKind::Invalid).because(why)
}

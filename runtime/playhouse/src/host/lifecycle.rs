//! How entities come to be and how they end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use playhouse_store::End;
use playhouse_wire::{EntityKey, EntityRef, KeyPart};

use super::calls::{CallId, Place};
use super::cell::{Hosted, Life};
use super::dispatch::no_such_target;
use super::kind::Kind;
use super::lease::Turn;
use super::loading::Manner;
use super::route::{Home, INSTANCE_BITS};
use super::shard::{NEVER, Shard};
use crate::call::{Failure, FailureKind, Target};
use crate::descriptor::EntityKind;
use crate::host::Cx;
use crate::logic::Hook;

impl Shard {
    /// Makes the entities of this shard that are there from the beginning: singletons and the node's own.
    pub fn start(self: &Rc<Self>) {
        for kind in &self.kinds {
            let key = match kind.descriptor.kind {
                // Of all nodes one has it.
                EntityKind::Singleton if self.is_placed(kind) => continue,
                EntityKind::Singleton => EntityKey::default(),
                EntityKind::PerNode => EntityKey::new([KeyPart::from(&*self.node)]),
                EntityKind::Keyed(_) | EntityKind::Instance | EntityKind::Local(_) => continue,
            };
            let address = EntityRef {
                package: kind.descriptor.package,
                number: kind.descriptor.number,
                slot: 0,
                key,
            };
            let target = Target::Entity(address.clone());
            if let Ok(Home::Here) = self.home(&target)
                && let Err(failure) = self.live(kind, &address.key)
            {
                let entity = kind.descriptor.head.name;
                tracing::error!(entity, %failure, "an entity can't begin");
            }
        }
        if self.index == 0 {
            self.begin_sweeping();
            self.begin_claiming();
            self.begin_clearing();
        }
    }

    /// Ends every entity of this shard: at once, or when the call that runs on it has ended. Their hooks `destroyed`
    /// run, but not those of persistent ones: they are saved and given back. [`Shard::all_at_rest`] when all is over.
    pub fn stop(self: &Rc<Self>) {
        if let Some(keeper) = self.keeper() {
            keeper.stopping.set(true);
        }
        for kind in &self.kinds {
            for cell in kind.live() {
                self.end_soon(&cell, End::Released);
            }
        }
    }

    /// Whether all shards of the node have come to rest, as far as each has said by calling this. A stopping shard goes on
    /// serving until then, since hooks and background work of the others may call it.
    #[must_use]
    pub fn all_at_rest(&self) -> bool {
        let closing = self.keeper().map_or(0, |keeper| keeper.closing.get());
        let at_rest = self.calls_open() == 0
            && self.background.get() == 0
            && closing == 0
            && !self.dirty.get();
        self.fabric.set_quiet(self.index, at_rest);
        at_rest && self.fabric.all_quiet()
    }

    /// The shard has ended: calls of others to it fail at once from now on.
    pub fn close(&self) {
        if let Some(keeper) = self.keeper() {
            keeper.closed.set(true);
        }
        self.fabric.close(self.index);
        // They hold the node, which holds this shard.
        drop((self.egress.take(), self.port.take()));
    }

    /// The live entity with this key. Of a keyed type, the first use makes it.
    pub(super) fn live(
        self: &Rc<Self>,
        kind: &Kind,
        key: &EntityKey,
    ) -> Result<Rc<dyn Hosted>, Failure> {
        self.live_as(kind, key, Manner::USED)
    }

    /// As `live`; a persistent one that is not live is claimed in this manner.
    pub(super) fn live_as(
        self: &Rc<Self>,
        kind: &Kind,
        key: &EntityKey,
        manner: Manner,
    ) -> Result<Rc<dyn Hosted>, Failure> {
        if let Some(cell) = kind.find(key) {
            return Ok(cell);
        }
        if self.is_placed(kind) {
            self.stands()?;
        }
        if let Some(keeper) = self.keeper_of(kind) {
            keeper.may_claim(self.call_time())?;
        }
        match kind.descriptor.kind {
            EntityKind::PerNode if *key != EntityKey::new([KeyPart::from(&*self.node)]) => {
                Err(no_such_target())
            }
            EntityKind::Keyed(_) | EntityKind::Singleton | EntityKind::PerNode => {
                let cell = self.construct(kind, key)?.ok_or_else(no_such_target)?;
                self.begin_life(kind, &cell, manner);
                Ok(cell)
            }
            // One that has a document comes back.
            EntityKind::Instance if self.keeper_of(kind).is_some() => {
                let cell = self.construct(kind, key)?.ok_or_else(no_such_target)?;
                self.begin_life(kind, &cell, manner);
                Ok(cell)
            }
            EntityKind::Instance | EntityKind::Local(_) => Err(no_such_target()),
        }
    }

    /// Runs the user's `construct`, whose panic is not its caller's.
    pub(super) fn construct(
        &self,
        kind: &Kind,
        key: &EntityKey,
    ) -> Result<Option<Rc<dyn Hosted>>, Failure> {
        catch_unwind(AssertUnwindSafe(|| kind.construct(key))).map_err(|_| {
            self.panics.set(self.panics.get() + 1);
            let entity = kind.descriptor.head.name;
            tracing::error!(entity, shard = self.index, "`construct` panicked");
            Failure::not_executed(FailureKind::Internal)
                .because("the entity can't begin: its `construct` panics")
        })
    }

    /// The entity is there from now on. Its hooks come before its first call.
    pub(super) fn begin_life(self: &Rc<Self>, kind: &Kind, cell: &Rc<dyn Hosted>, manner: Manner) {
        kind.insert(Rc::clone(cell));
        if let Some(keeper) = self.keeper_of(kind) {
            return self.begin_loading(keeper, kind, cell, manner);
        }
        self.begin_ticks(kind, cell);
        if kind.hooks.has(Hook::Created) || kind.hooks.has(Hook::Loaded) {
            self.run_hooks(cell, &[Hook::Created, Hook::Loaded], |_| ());
        }
    }

    /// The key of a new instance: it says on which shard it lives.
    pub(super) fn new_instance(&self, kind: &Kind) -> EntityKey {
        if self.keeper_of(kind).is_some() {
            return self.lasting_instance(kind);
        }
        let count = kind.next_instance.get() + 1;
        kind.next_instance.set(count);
        EntityKey::new([KeyPart::Unsigned(
            u64::from(self.index) << INSTANCE_BITS | count,
        )])
    }

    /// The key of a new instance that has a document: unlike that of any other, in whatever life of whatever node.
    fn lasting_instance(&self, kind: &Kind) -> EntityKey {
        loop {
            let key = EntityKey::new([KeyPart::Unsigned(self.env.random() >> 2)]);
            let target = Target::Entity(EntityRef {
                package: kind.descriptor.package,
                number: kind.descriptor.number,
                slot: 0,
                key: key.clone(),
            });
            // A few draws: its hash says on which shard it lives.
            if matches!(self.home(&target), Ok(Home::Here)) {
                return key;
            }
        }
    }

    /// Runs hooks of all parts of an entity that have them, as a call that nobody waits for; then `then`.
    pub(super) fn run_hooks(
        self: &Rc<Self>,
        cell: &Rc<dyn Hosted>,
        hooks: &'static [Hook],
        then: impl FnOnce(&Rc<Self>) + 'static,
    ) {
        let place = Place::Entity(Rc::clone(cell));
        let call = self
            .calls
            .borrow_mut()
            .insert(place, 0, 0, CallId::NONE, NEVER, None);
        let turn = match self.turn(cell, call) {
            Ok(turn) => turn,
            Err(failure) => {
                tracing::warn!(entity = self.call_path(call), "hooks left out: {failure}");
                self.ended(call);
                return then(self);
            }
        };
        if let Some(call) = self.calls.borrow_mut().get_mut(call) {
            call.is_hook = !hooks.is_empty();
        }
        self.caller_done(call);
        let shard = Rc::clone(self);
        let future = Box::pin(async move {
            let mut cx = match turn {
                Turn::Mine(cx) => cx,
                Turn::Queued(queued) => match queued.await {
                    Ok(cx) => cx,
                    Err(_) => return,
                },
            };
            for hook in hooks {
                shard.run_hook(&mut cx, *hook, 0).await;
            }
        });
        let shard = Rc::clone(self);
        self.run_detached(call, future, move || then(&shard));
    }

    /// Runs one hook of all parts that have it: in order of activation, endings the other way round.
    pub(super) async fn run_hook(self: &Rc<Self>, cx: &mut Cx, hook: Hook, step: u64) {
        let Some(cell) = cx.cell() else {
            return;
        };
        let kind = self.kind(cell.header().kind);
        if !kind.hooks.has(hook) {
            return;
        }
        let mut order = kind.order.clone();
        if matches!(
            hook,
            Hook::Destroyed | Hook::Lost | Hook::Moving | Hook::Replaced
        ) {
            order.reverse();
        }
        for tag in order {
            let slot = kind.slots.get(usize::from(tag)).and_then(Option::as_ref);
            if let Some(slot) = slot.filter(|slot| slot.hooks.has(hook)) {
                cx.enter_slot(tag);
                slot.runner.run(&*cell, hook, step, cx).await;
            }
        }
    }

    /// A handler panicked: what it left behind is not to be trusted.
    #[cold]
    pub(super) fn crashed(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let whole = super::lease::leased(cell);
        let header = whole.header();
        let persisted = header.persisted();
        let begun = persisted.as_ref().is_some_and(|it| it.begun.get());
        if let Some(persisted) = persisted.filter(|_| !begun) {
            let why = "the entity can't begin: a hook of it panics";
            let failure = Failure::not_executed(FailureKind::Internal).because(why);
            *persisted.failure.borrow_mut() = Some(failure);
        }
        let bound = header.rare(|rare| rare.session.is_some()) == Some(true);
        let sends = self.activation(&whole, |activation| activation.has_rows()) == Some(true);
        let wakes = self.may_wake(&whole);
        self.leave(&whole);
        if begun && (bound || sends || wakes) {
            // Its client, its messages and its timers go on with what was saved.
            self.begin_soon(header.kind, header.key.clone());
        } else if sends || wakes {
            self.begin_later(header.kind, header.key.clone());
        }
    }

    /// The entity is in no table any more.
    pub(super) fn leave(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let header = cell.header();
        if header.life.replace(Life::Over) == Life::Over {
            return;
        }
        self.kind(header.kind).remove(cell);
        self.clear_timers(cell);
        let Some(persisted) = header.persisted() else {
            return self.turn_away(header);
        };
        self.part_from_store(cell, &persisted);
        let failure = persisted.failure.borrow().clone();
        match failure {
            Some(failure) => self.refuse_all(header, &failure),
            None => self.turn_away(header),
        }
    }

    /// The entity's last call has ended: its hooks `destroyed`, then nothing.
    pub(super) fn end(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        let header = cell.header();
        let kind = self.kind(header.kind);
        // Not found from here on: the next of its key is another.
        kind.remove(cell);
        if !kind.hooks.has(Hook::Destroyed) {
            return self.leave(cell);
        }
        let place = Place::Entity(Rc::clone(cell));
        let call = self
            .calls
            .borrow_mut()
            .insert(place.clone(), 0, 0, CallId::NONE, NEVER, None);
        self.caller_done(call);
        header.holder.set(call);
        header.life.set(Life::Over);
        self.clear_timers(cell);
        self.turn_away(header);
        let mut cx = Cx::new(self, place, call);
        let shard = Rc::clone(self);
        let future = Box::pin(async move {
            shard.run_hook(&mut cx, Hook::Destroyed, 0).await;
        });
        self.run_detached(call, future, || ());
    }

    /// The entity ends when the call that runs on it has ended, or at once; its document is deleted.
    pub(super) fn destroy(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        self.end_soon(cell, End::Deleted);
    }

    /// The entity is released when the call that runs on it has ended, or at once; calls that come meanwhile wait for the
    /// next of its key.
    pub(super) fn release_soon(self: &Rc<Self>, cell: &Rc<dyn Hosted>) {
        self.end_soon(cell, End::Released);
    }

    /// The entity ends when the call that runs on it has ended, or at once.
    fn end_soon(self: &Rc<Self>, cell: &Rc<dyn Hosted>, end: End) {
        let header = cell.header();
        if header.life.get() != Life::Live {
            let moves = header.persisted().is_some_and(|it| it.is_moving());
            if end == End::Deleted && moves {
                // It is seen to when it would move.
                self.ends_as(cell, end);
            }
            return;
        }
        header.life.set(Life::Ending);
        self.ends_as(cell, end);
        if header.holder.get().is_none() {
            match header.persisted() {
                Some(persisted) => self.rested(cell, &persisted),
                None => self.end(cell),
            }
        }
    }

    /// Polls a future of the host once, and gives it a task if it waits.
    pub(super) fn run_detached(
        self: &Rc<Self>,
        call: CallId,
        mut future: super::hooks::Local<'static, ()>,
        then: impl FnOnce() + 'static,
    ) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if self.is_deep() || !self.may_start(call) {
            return self.park(call, future, |_| (), |()| then());
        }
        match self.poll_in(call, future.as_mut(), &mut context) {
            Ok(std::task::Poll::Pending) => self.park(call, future, |_| (), |()| then()),
            Ok(std::task::Poll::Ready(())) | Err(_) => {
                drop(future);
                self.handler_done(call);
                then();
            }
        }
    }

    /// Makes an entity out of its user's struct.
    pub(super) fn create<L: crate::logic::Entity>(
        self: &Rc<Self>,
        logic: L,
    ) -> Result<EntityKey, Failure> {
        let ty = std::any::TypeId::of::<L>();
        let kind = self.kinds.iter().find(|kind| kind.logic == ty);
        let kind = kind.ok_or_else(|| {
            Failure::not_executed(FailureKind::NotFound)
                .because("the node does not run this type of entity: add it with `.entity::<..>()`")
        })?;
        if !matches!(kind.descriptor.kind, EntityKind::Instance) {
            return Err(Failure::not_executed(FailureKind::Invalid).because(
                "only entities of kind `instance` are created; keyed ones are there when they are called",
            ));
        }
        if let Some(keeper) = self.keeper_of(kind) {
            keeper.may_claim(self.call_time())?;
        }
        let key = self.new_instance(kind);
        let cell: Rc<dyn Hosted> = super::cell::EntityCell::new(kind.index, key.clone(), 0, logic);
        self.begin_life(kind, &cell, Manner::NEW);
        Ok(key)
    }
}
